//! What a vault says, as an input of the target has it.

use prost::Message as _;
use serde_json::json;
use strongroom_wire::watch::{
    Changed, Content, Contents, NamedState, ObjectKind, ObjectState, RefChanged, Revoked, ServerMessage,
    Subscribed, server_message::Message as Said,
};

/// The id of the one subscription.
const ID: &str = "v";

/// A version of a secret that is there.
pub fn secret(name: &str, version: u8) -> NamedState {
    NamedState {
        name: name.into(),
        version: format!("{version:032x}"),
        state: ObjectState::Available.into(),
        ..NamedState::default()
    }
}

/// A version of a key that is there.
pub fn key(name: &str, version: u8) -> NamedState {
    NamedState {
        kind: ObjectKind::Key.into(),
        ..secret(name, version)
    }
}

/// An object in a state that no vault of this release says.
pub fn unknown(name: &str) -> NamedState {
    NamedState {
        name: name.into(),
        state: 99,
        ..NamedState::default()
    }
}

pub fn subscribed(objects: Vec<NamedState>) -> Vec<u8> {
    said(Said::Subscribed(Subscribed {
        id: ID.into(),
        objects,
    }))
}

pub fn changed(objects: Vec<NamedState>) -> Vec<u8> {
    said(Said::Changed(Changed {
        id: ID.into(),
        objects,
    }))
}

pub fn ref_changed() -> Vec<u8> {
    said(Said::RefChanged(RefChanged { id: ID.into() }))
}

/// In words of its own, which nobody is shown.
pub fn revoked(reason: i32) -> Vec<u8> {
    said(Said::Revoked(Revoked {
        id: ID.into(),
        reason,
        message: "CANARY\n".into(),
    }))
}

/// The value of each, which is the same for all.
pub fn values(of: Vec<NamedState>) -> Vec<u8> {
    contents(of.into_iter().map(|state| (state, b"hunter2".to_vec())))
}

/// The public part of a key whose id begins with `kid`.
pub fn public_key(state: NamedState, kid: &str) -> Vec<u8> {
    let jwk = json!({
        "kid": format!("{kid}{}", state.version), "kty": "EC", "key_ops": ["sign", "verify"], "crv": "P-256",
        // RFC 7517, appendix A.1.
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    });
    contents([(state, jwk.to_string().into_bytes())])
}

fn contents(of: impl IntoIterator<Item = (NamedState, Vec<u8>)>) -> Vec<u8> {
    let content = |(state, value)| Content {
        state: Some(state),
        value,
    };
    said(Said::Contents(Contents {
        id: ID.into(),
        contents: of.into_iter().map(content).collect(),
    }))
}

/// A happening of the target: the choice, the length, the message.
fn said(said: Said) -> Vec<u8> {
    let message = ServerMessage { message: Some(said) }.encode_to_vec();
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    [&[3][..], &length, &message].concat()
}
