//! How a vault is found.

use serde_json::json;

use super::metadata;
use crate::{
    object::{Desired, Kind},
    target::{Target, port},
};

/// What clients use.
pub fn front(target: &Target<'_>) -> Desired {
    let name = target.name.to_string();
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": metadata::owned(target, &name),
        "spec": {
            "selector": metadata::selector(target),
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
pub fn internal(target: &Target<'_>) -> Desired {
    let name = format!("{}-internal", target.name);
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": metadata::owned(target, &name),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": true,
            "selector": metadata::selector(target),
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
