//! Watch's messages as events and actions.

use strongroom_client::identity::VaultToken;
use strongroom_core::{ObjectName, Version};
use strongroom_wire::watch::{
    self, Ack, Fetch, NamedState, RefName, Renew, StateError, Subscribe, client_message, revoked,
    server_message::Message,
};

use super::state::{Reading, Refused, VaultMessage};
use crate::{
    source::load::Reason,
    volume::{Content, Facts, spec::Object},
};

/// The vault's message. What of it cannot be read is left out: it is about no object of any SecretRef.
pub fn message(message: Message) -> VaultMessage {
    match message {
        Message::Subscribed(subscribed) => VaultMessage::Subscribed(readings(&subscribed.objects)),
        Message::Changed(changed) => VaultMessage::Changed(readings(&changed.objects)),
        Message::RefChanged(_) => VaultMessage::RefChanged,
        Message::Contents(contents) => {
            VaultMessage::Contents(contents.contents.into_iter().filter_map(content).collect())
        }
        Message::Revoked(revoked) => VaultMessage::Revoked {
            refused: refused(revoked.reason()),
            note: revocation(revoked.reason()).to_owned(),
        },
    }
}

fn readings(states: &[NamedState]) -> Vec<(ObjectName, Reading)> {
    states.iter().filter_map(reading).collect()
}

fn reading(state: &NamedState) -> Option<(ObjectName, Reading)> {
    let name = state.name.parse().ok()?;
    let reading = match state.object_state() {
        Ok(state) => Reason::unless_available(state),
        Err(error @ StateError::Unknown) => Err(Reason::Refused(error.to_string())),
        Err(StateError::Version(_)) => return None,
    };
    Some((name, reading))
}

fn content(mut content: watch::Content) -> Option<(ObjectName, Reading, Content)> {
    let value = Content::from(std::mem::take(&mut content.value));
    let (name, reading) = reading(content.state.as_ref()?)?;
    Some((name, reading, value))
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
    let name = |object: &Object| watch::ObjectName {
        name: object.name.to_string(),
        version: version(object.version),
    };
    client_message::Message::Subscribe(Subscribe {
        id: facts.id.to_string(),
        token: token.expose().to_owned(),
        r#ref: Some(RefName {
            namespace: facts.pod.namespace.to_string(),
            name: facts.secret_ref.to_string(),
        }),
        objects: objects.iter().map(name).collect(),
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
pub fn fetch<'a>(facts: &Facts, names: impl IntoIterator<Item = &'a ObjectName>) -> client_message::Message {
    client_message::Message::Fetch(Fetch {
        id: facts.id.to_string(),
        names: names.into_iter().map(ToString::to_string).collect(),
    })
}

/// Ack, for a volume.
pub fn acknowledge(
    facts: &Facts,
    objects: &[(Object, Option<Version>)],
    error: String,
) -> client_message::Message {
    let name = |(object, held): &(Object, Option<Version>)| watch::ObjectName {
        name: object.name.to_string(),
        version: version(*held),
    };
    client_message::Message::Ack(Ack {
        id: facts.id.to_string(),
        objects: objects.iter().map(name).collect(),
        error,
    })
}

fn version(version: Option<Version>) -> String {
    version.map(|version| version.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use strongroom_wire::watch::{ObjectState, Revoked};

    use super::*;

    const V1: &str = "11111111111111111111111111111111";

    fn state(name: &str, version: &str, state: ObjectState) -> NamedState {
        NamedState {
            name: name.into(),
            version: version.into(),
            state: state.into(),
        }
    }

    #[test]
    fn what_is_no_state_of_an_object_is_not_heard() {
        let states = [
            state("../x", V1, ObjectState::Available),
            state("", "", ObjectState::NotFound),
            state("db", "none", ObjectState::Available),
            state("db", V1, ObjectState::Available),
            state("other", "", ObjectState::Forbidden),
        ];
        assert_eq!(
            readings(&states),
            [
                ("db".parse().unwrap(), Ok(V1.parse().unwrap())),
                ("other".parse().unwrap(), Err(Reason::NotPermitted)),
            ]
        );
    }

    #[test]
    fn a_state_of_another_release_is_a_reason_and_no_version() {
        let later = NamedState {
            name: "db".into(),
            version: String::new(),
            state: 99,
        };
        let heard = readings(&[later]);
        assert!(
            matches!(heard.as_slice(), [(_, Err(Reason::Refused(_)))]),
            "{heard:?}"
        );
    }

    #[test]
    fn a_revocation_is_reported_in_our_words_whatever_the_vault_says() {
        let heard = message(Message::Revoked(Revoked {
            id: "v".into(),
            reason: revoked::Reason::Forbidden.into(),
            message: "go to https://elsewhere.example and log in".into(),
        }));
        let VaultMessage::Revoked { note, .. } = heard else {
            panic!("{heard:?}")
        };
        assert_eq!(note, "policy allows the account to get none of the objects");
    }

    #[test]
    fn only_a_refused_token_is_worth_another_one() {
        for reason in [revoked::Reason::TokenExpired, revoked::Reason::TokenRefused] {
            assert_eq!(refused(reason), Refused::Token, "{reason:?}");
        }
        for reason in [
            revoked::Reason::Forbidden,
            revoked::Reason::Limit,
            revoked::Reason::Invalid,
            revoked::Reason::Unspecified,
        ] {
            assert_eq!(refused(reason), Refused::Subscription, "{reason:?}");
        }
    }
}
