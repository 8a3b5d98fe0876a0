//! The size of a vault's volume: what the claim asks for grows with the spec and never shrinks. Pure.

use kube::api::DynamicObject;
use serde_json::{Value, json};
use strongroom_crds::quantity;

use crate::object::{Desired, subtree};

/// Where a claim says how much it asks for.
const REQUEST: &str = "/spec/resources/requests/storage";

/// What the claim that exists is to ask for, if it is to ask for more than it does.
///
/// One that asks for more already was enlarged by someone, by an autoscaler, or is of an earlier vault with another spec.
/// No storage shrinks a volume: the API server would refuse that for as long as it is tried.
pub(super) fn larger_request(desired: &Desired, existing: &DynamicObject) -> Option<Value> {
    let wanted = desired.object.pointer(REQUEST)?;
    let asked = existing.data.pointer(REQUEST);
    let is_larger = match (bytes(wanted), asked.and_then(bytes)) {
        (Some(wanted), Some(asked)) => wanted > asked,
        // The API server says what is wrong with a size that is none.
        (None, _) | (_, None) => Some(wanted) != asked,
    };
    is_larger.then(|| json!({"resources": subtree(&desired.object, "/spec/resources")}))
}

/// How large the volume is, as the claim says once it has one.
pub(super) fn capacity(existing: &DynamicObject) -> Option<String> {
    let size = existing.data.pointer("/status/capacity/storage")?.as_str()?;
    (size.len() <= 20).then(|| size.to_owned())
}

fn bytes(size: &Value) -> Option<u64> {
    quantity::whole(size.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Kind;

    fn claim(size: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data-prod-0"},
            "spec": {"resources": {"requests": {"storage": size}}},
            "status": {"capacity": {"storage": size}},
        })
    }

    #[test]
    fn a_claim_asks_for_more_and_never_for_less() {
        for (wanted, asked, is_larger) in [
            ("1Gi", "1Gi", false),
            ("1Gi", "1024Mi", false),
            ("2Gi", "1Gi", true),
            ("1Gi", "2Gi", false),
            ("1Gi", "999999999", true),
            ("32Mi", "1Ti", false),
        ] {
            let desired = Desired {
                kind: Kind::PersistentVolumeClaim,
                name: "data-prod-0".to_owned(),
                object: claim(wanted),
            };
            let existing: DynamicObject = serde_json::from_value(claim(asked)).unwrap();
            let request = larger_request(&desired, &existing);
            assert_eq!(request.is_some(), is_larger, "{wanted} {asked}");
            assert_eq!(capacity(&existing).as_deref(), Some(asked));
            if let Some(request) = request {
                assert_eq!(request["resources"]["requests"]["storage"], wanted);
            }
        }
    }
}
