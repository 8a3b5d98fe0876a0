//! How a vault is found.

use serde_json::json;
use strongroom_core::ports;

use super::metadata;
use crate::{
    object::{Desired, Kind},
    target::Target,
};

/// What clients use.
pub fn front(target: &Target<'_>) -> Desired {
    let name = target.name().to_string();
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": metadata::owned(target, &name),
        "spec": {
            "selector": metadata::selector(target),
            "ports": [{"name": "https", "port": 443, "targetPort": ports::VAULT, "protocol": "TCP"}],
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
    let name = target.reference.replicas_service();
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": metadata::owned(target, &name),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": true,
            "selector": metadata::selector(target),
            "ports": [
                {"name": "https", "port": ports::VAULT, "targetPort": ports::VAULT, "protocol": "TCP"},
                {"name": "admin", "port": ports::VAULT_ADMIN, "targetPort": ports::VAULT_ADMIN, "protocol": "TCP"},
                {"name": "health", "port": ports::HEALTH, "targetPort": ports::HEALTH, "protocol": "TCP"},
            ],
        },
    });
    Desired {
        kind: Kind::Service,
        name,
        object,
    }
}
