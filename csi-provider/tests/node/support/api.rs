//! The API server: `SecretRef`s to read, events to take.

use serde_json::{Value, json};
use strongroom_testing::ApiServer;

#[derive(Clone, Default)]
pub struct Api(pub ApiServer);

impl Api {
    /// Puts a SecretRef of these files from vault `prod` of `team-a`.
    pub fn put(&self, namespace: &str, name: &str, files: &Value) {
        self.put_of("team-a", namespace, name, files);
    }

    /// The same from vault `prod` of another namespace.
    pub fn put_of(&self, vault: &str, namespace: &str, name: &str, files: &Value) {
        let spec = json!({
            "vaultRef": {"name": "prod", "namespace": vault}, "serviceAccountName": "api", "files": files,
        });
        let object = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        });
        self.0.put(&path(namespace, name), object);
    }

    /// The same, with a status that says whether policy lets account `api` read them.
    pub fn put_authorized(&self, namespace: &str, name: &str, files: &Value, authorized: &str) {
        self.put(namespace, name, files);
        let condition = json!({
            "type": "Authorized", "status": authorized, "reason": "Permitted", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        let mut object = self.0.get(&path(namespace, name)).unwrap();
        object["status"] = json!({"conditions": [condition]});
        self.0.put(&path(namespace, name), object);
    }

    pub fn delete(&self, namespace: &str, name: &str) {
        self.0.remove(&path(namespace, name));
    }

    /// The reasons and notes of the events so far.
    pub fn notes(&self) -> Vec<String> {
        let events = self.0.written().into_iter().map(|write| write.body);
        let note = |event: Value| {
            format!(
                "{}: {}",
                event["reason"].as_str().unwrap(),
                event["note"].as_str().unwrap()
            )
        };
        events.map(note).collect()
    }

    pub fn count(&self) -> u64 {
        self.0.reads()
    }
}

fn path(namespace: &str, name: &str) -> String {
    format!("/apis/strongroom.dev/v1alpha1/namespaces/{namespace}/secretrefs/{name}")
}
