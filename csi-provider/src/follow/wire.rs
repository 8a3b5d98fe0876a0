//! Watch's messages as events and actions.

use strongroom_client::identity::VaultToken;
use strongroom_core::{ObjectKind, ObjectPath, VaultRef, Version};
use strongroom_wire::watch::{
    self, Ack, Fetch, NamedState, RefName, Renew, StateError, Subscribe, client_message, revoked,
    server_message::Message,
};

use super::state::{Fetched, Reading, Refused, VaultMessage};
use crate::{
    source::load::{Reason, key_files_of_json},
    volume::{Content, Facts, Value, spec::Object},
};

/// The message of `vault`. What of it cannot be read is left out: it is about no object of any SecretRef.
pub fn message(message: Message, vault: &VaultRef) -> VaultMessage {
    match message {
        Message::Subscribed(subscribed) => VaultMessage::Subscribed(readings(&subscribed.objects)),
        Message::Changed(changed) => VaultMessage::Changed(readings(&changed.objects)),
        Message::RefChanged(_) => VaultMessage::RefChanged,
        Message::Contents(contents) => {
            let contents = contents.contents.into_iter();
            VaultMessage::Contents(contents.filter_map(|content| fetched(content, vault)).collect())
        }
        Message::Revoked(revoked) => VaultMessage::Revoked {
            refused: refused(revoked.reason()),
            note: revocation(revoked.reason()).to_owned(),
        },
    }
}

fn readings(states: &[NamedState]) -> Vec<(ObjectPath, Reading)> {
    states.iter().filter_map(reading).collect()
}

fn reading(state: &NamedState) -> Option<(ObjectPath, Reading)> {
    let object = state.object()?;
    let reading = match state.object_state() {
        Ok(state) => Reason::unless_available(state),
        Err(error @ StateError::Unknown) => Err(Reason::Refused(error.to_string())),
        Err(StateError::Version(_)) => return None,
    };
    Some((object, reading))
}

fn fetched(mut content: watch::Content, vault: &VaultRef) -> Option<(ObjectPath, Fetched)> {
    let (object, reading) = reading(content.state.as_ref()?)?;
    let fetched = reading.and_then(|version| {
        let value = match object.kind {
            ObjectKind::Secrets => Value::Secret(Content::from(std::mem::take(&mut content.value)).into()),
            ObjectKind::Keys => Value::Key(key_files_of_json(&content.value, vault, &object.name, version)?),
            // No SecretRef asks for one: of a certificate its secret is watched.
            ObjectKind::Certificates => return Err(Reason::NotFound),
        };
        Ok((version, value))
    });
    Some((object, fetched))
}

const fn refused(reason: revoked::Reason) -> Refused {
    match reason {
        revoked::Reason::TokenRefused | revoked::Reason::TokenExpired => Refused::Token,
        revoked::Reason::Unspecified
        | revoked::Reason::Limit
        | revoked::Reason::Invalid
        | revoked::Reason::Forbidden => Refused::Subscription,
    }
}

/// What the vault says, in words of ours: a vault's own would reach the events of pods in other namespaces.
pub const fn revocation(reason: revoked::Reason) -> &'static str {
    match reason {
        revoked::Reason::TokenRefused => "the vault refuses the pod's token",
        revoked::Reason::TokenExpired => "the vault says that the pod's token has expired",
        revoked::Reason::Limit => "the vault has no room for the subscription",
        revoked::Reason::Invalid => "the vault cannot read the subscription",
        revoked::Reason::Forbidden => "policy allows the account to get none of the objects",
        revoked::Reason::Unspecified => "the vault ended the subscription and does not say why",
    }
}

/// Subscribe, for a volume.
pub fn subscribe(facts: &Facts, token: &VaultToken, objects: &[Object]) -> client_message::Message {
    let named = objects.iter().map(|object| (object, object.version));
    client_message::Message::Subscribe(Subscribe {
        id: facts.id.to_string(),
        token: token.expose().to_owned(),
        r#ref: Some(RefName {
            namespace: facts.pod.namespace.to_string(),
            name: facts.secret_ref.to_string(),
        }),
        objects: of_kind(ObjectKind::Secrets, named.clone()),
        keys: of_kind(ObjectKind::Keys, named),
    })
}

/// Renew, for a volume.
pub fn renew(facts: &Facts, token: &VaultToken) -> client_message::Message {
    client_message::Message::Renew(Renew {
        id: facts.id.to_string(),
        token: token.expose().to_owned(),
    })
}

/// Fetch, for a volume.
pub fn fetch(facts: &Facts, objects: &[ObjectPath]) -> client_message::Message {
    let names = |kind| {
        let of_kind = objects.iter().filter(move |object| object.kind == kind);
        of_kind.map(|object| object.name.to_string()).collect()
    };
    client_message::Message::Fetch(Fetch {
        id: facts.id.to_string(),
        names: names(ObjectKind::Secrets),
        keys: names(ObjectKind::Keys),
    })
}

/// Ack, for a volume.
pub fn acknowledge(
    facts: &Facts,
    objects: &[(Object, Option<Version>)],
    error: String,
) -> client_message::Message {
    let held = objects.iter().map(|(object, held)| (object, *held));
    client_message::Message::Ack(Ack {
        id: facts.id.to_string(),
        objects: of_kind(ObjectKind::Secrets, held.clone()),
        keys: of_kind(ObjectKind::Keys, held),
        error,
    })
}

/// The objects of `kind` as the protocol has them, each with that version.
fn of_kind<'a>(
    kind: ObjectKind,
    objects: impl Iterator<Item = (&'a Object, Option<Version>)>,
) -> Vec<watch::ObjectName> {
    let name = |(object, version): (&Object, Option<Version>)| watch::ObjectName {
        name: object.name.to_string(),
        version: version.map(|version| version.to_string()).unwrap_or_default(),
    };
    objects
        .filter(|(object, _)| object.kind == kind)
        .map(name)
        .collect()
}

#[cfg(test)]
mod tests;
