//! What kstatus, and with it Flux, takes an object for that the operator has not seen yet.

use serde_json::{Value, json};
use strongroom_admission as admission;
use strongroom_testing::kstatus;

use super::examples;

/// One object of each kind, as the API server gives it after it was created.
pub fn fresh() -> [Value; 3] {
    ["Vault", "AccessPolicy", "SecretRef"].map(|kind| {
        let examples = examples("accepted");
        let example = examples.iter().find(|example| example.objects[0]["kind"] == kind);
        let mut object = admission::create(&example.expect(kind).objects[0]).unwrap();
        object["metadata"]["generation"] = json!(1);
        object
    })
}

#[test]
fn an_object_that_the_operator_has_not_seen_is_in_progress() {
    for mut object in fresh() {
        let kind = object["kind"].to_string();
        assert_eq!(object["status"], json!({"observedGeneration": -1}), "{kind}");
        assert_eq!(kstatus::of(&object), "InProgress", "{kind}");
        // Without the default, nothing says that anybody is to look at it.
        object.as_object_mut().unwrap().remove("status");
        assert_eq!(kstatus::of(&object), "Current", "{kind}");
    }
}

#[test]
fn an_object_that_was_edited_since_the_operator_saw_it_is_in_progress() {
    for mut object in fresh() {
        let ready = json!([{"type": "Ready", "status": "True", "reason": "Serving", "message": ""}]);
        object["status"] = json!({"observedGeneration": 1, "conditions": ready});
        assert_eq!(kstatus::of(&object), "Current");
        object["metadata"]["generation"] = json!(2);
        assert_eq!(kstatus::of(&object), "InProgress");
    }
}
