//! How a vault is found.

use serde_json::json;

use super::{Desired, Subject, port};
use crate::object::Kind;

/// What clients use.
pub fn front(subject: &Subject<'_>) -> Desired {
    let name = subject.name.to_string();
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": subject.owned(&name),
        "spec": {
            "selector": subject.selector(),
            "ports": [{"name": "https", "port": 443, "targetPort": port::DATA, "protocol": "TCP"}],
        },
    });
    Desired {
        kind: Kind::Service,
        name,
        object,
    }
}

/// Each replica by its own name, ready or not: how the operator reaches the admin port.
pub fn internal(subject: &Subject<'_>) -> Desired {
    let name = format!("{}-internal", subject.name);
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": subject.owned(&name),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": true,
            "selector": subject.selector(),
            "ports": [
                {"name": "https", "port": port::DATA, "targetPort": port::DATA, "protocol": "TCP"},
                {"name": "admin", "port": port::ADMIN, "targetPort": port::ADMIN, "protocol": "TCP"},
                {"name": "health", "port": port::HEALTH, "targetPort": port::HEALTH, "protocol": "TCP"},
            ],
        },
    });
    Desired {
        kind: Kind::Service,
        name,
        object,
    }
}
