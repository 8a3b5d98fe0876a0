use strongroom_wire::watch::{Contents, ObjectState, Revoked};

use super::*;
use crate::{pod::Pod, volume::mount::MountPaths};

const V1: &str = "11111111111111111111111111111111";

fn state(name: &str, version: &str, state: ObjectState) -> NamedState {
    NamedState {
        name: name.into(),
        version: version.into(),
        state: state.into(),
        ..NamedState::default()
    }
}

fn secret(name: &str) -> ObjectPath {
    ObjectPath {
        kind: ObjectKind::Secrets,
        name: name.parse().unwrap(),
    }
}

fn vault() -> VaultRef {
    VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap())
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
            (secret("db"), Ok(V1.parse().unwrap())),
            (secret("other"), Err(Reason::NotPermitted)),
        ]
    );
}

#[test]
fn a_state_of_another_release_is_a_reason_and_no_version() {
    let later = NamedState {
        name: "db".into(),
        state: 99,
        ..NamedState::default()
    };
    let heard = readings(&[later]);
    assert!(
        matches!(heard.as_slice(), [(_, Err(Reason::Refused(_)))]),
        "{heard:?}"
    );
}

fn contents(kind: watch::ObjectKind, value: &str) -> Vec<(ObjectPath, Fetched)> {
    let mut state = state("db", V1, ObjectState::Available);
    state.set_kind(kind);
    let said = Message::Contents(Contents {
        id: "v".into(),
        contents: vec![watch::Content {
            state: Some(state),
            value: value.as_bytes().to_vec(),
        }],
    });
    match message(said, &vault()) {
        VaultMessage::Contents(contents) => contents,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_content_of_a_secret_is_any_and_that_of_a_key_is_a_key() {
    let pem = "-----BEGIN PUBLIC KEY-----";
    let value = Value::Secret(Content::from(pem.as_bytes().to_vec()).into());
    let version = V1.parse().unwrap();
    assert_eq!(
        contents(watch::ObjectKind::Secret, pem),
        [(secret("db"), Ok((version, value)))]
    );
    let key = ObjectPath {
        kind: ObjectKind::Keys,
        ..secret("db")
    };
    for said in [pem, "", "{}", "hunter2"] {
        let heard = contents(watch::ObjectKind::Key, said);
        let refused = Reason::Refused("the vault gave no JWK".to_owned());
        assert_eq!(heard, [(key.clone(), Err(refused))], "{said}");
    }
    let oct = format!(r#"{{"kid":"https://prod.team-a.svc/keys/db/{V1}","kty":"oct"}}"#);
    let heard = contents(watch::ObjectKind::Key, &oct);
    assert_eq!(heard, [(key, Err(Reason::Symmetric))]);
}

#[test]
fn each_object_is_asked_for_in_the_list_of_its_kind() {
    let object = |kind, name: &str| Object {
        kind,
        name: name.parse().unwrap(),
        version: None,
    };
    let objects = [object(ObjectKind::Secrets, "db"), object(ObjectKind::Keys, "db")];
    let paths: Vec<_> = objects.iter().map(Object::path).collect();
    let client_message::Message::Fetch(fetch) = fetch(&facts(), &paths) else {
        panic!("it is no Fetch")
    };
    assert_eq!(
        (fetch.names, fetch.keys),
        (vec!["db".to_owned()], vec!["db".to_owned()])
    );
    let version = Some(V1.parse().unwrap());
    let held = objects.clone().map(|object| (object, version));
    let client_message::Message::Ack(ack) = acknowledge(&facts(), &held[..1], String::new()) else {
        panic!("it is no Ack")
    };
    assert_eq!((ack.objects.len(), ack.keys.len()), (1, 0));
    let client_message::Message::Ack(ack) = acknowledge(&facts(), &held[1..], String::new()) else {
        panic!("it is no Ack")
    };
    assert_eq!((ack.objects.len(), ack.keys[0].version.as_str()), (0, V1));
}

fn facts() -> Facts {
    Facts {
        id: "csi-1".parse().unwrap(),
        paths: MountPaths {
            own: "/own".into(),
            target: "/target".into(),
        },
        pod: Pod {
            namespace: "shop".parse().unwrap(),
            name: "api-0".parse().unwrap(),
            uid: "u-1".parse().unwrap(),
            account: "api".parse().unwrap(),
        },
        secret_ref: "db".parse().unwrap(),
        group: None,
    }
}

#[test]
fn a_revocation_is_reported_in_our_words_whatever_the_vault_says() {
    let said = Message::Revoked(Revoked {
        id: "v".into(),
        reason: revoked::Reason::Forbidden.into(),
        message: "go to https://elsewhere.example and log in".into(),
    });
    let heard = message(said, &vault());
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
