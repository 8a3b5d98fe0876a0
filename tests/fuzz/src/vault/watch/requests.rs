//! What a node asks, as an input of the target has it.

use strongroom_wire::watch::{
    Ack, ClientMessage, Fetch, ObjectName, RefName, Renew, Subscribe, Unsubscribe,
    client_message::Message as Asked,
};

use super::{super::fixture::GENUINE, framed};

/// The id of the one subscription.
const ID: &str = "v";

/// A call that asks all of it, in that order.
pub fn call(asked: Vec<Asked>) -> Vec<u8> {
    let message = |message| ClientMessage {
        message: Some(message),
    };
    asked
        .into_iter()
        .flat_map(|asked| framed(&message(asked)))
        .collect()
}

/// To secrets of these names.
pub fn subscribe(token: &str, secrets: &[&str]) -> Asked {
    Asked::Subscribe(subscription(token, secrets, &[]))
}

/// To secrets and to keys of these names.
pub fn subscribe_to_both(token: &str, names: &[&str]) -> Asked {
    Asked::Subscribe(subscription(token, names, names))
}

pub fn fetch(secrets: &[&str]) -> Asked {
    Asked::Fetch(Fetch {
        id: ID.into(),
        names: owned(secrets),
        keys: vec![],
    })
}

pub fn fetch_keys(keys: &[&str]) -> Asked {
    Asked::Fetch(Fetch {
        id: ID.into(),
        names: vec![],
        keys: owned(keys),
    })
}

pub fn renew() -> Asked {
    Asked::Renew(Renew {
        id: ID.into(),
        token: GENUINE.into(),
    })
}

/// That a secret and a key of this name are written.
pub fn acknowledge(name: &str) -> Asked {
    Asked::Ack(Ack {
        id: ID.into(),
        objects: objects(&[name]),
        keys: objects(&[name]),
        error: String::new(),
    })
}

pub fn unsubscribe() -> Asked {
    Asked::Unsubscribe(Unsubscribe { id: ID.into() })
}

fn subscription(token: &str, secrets: &[&str], keys: &[&str]) -> Subscribe {
    Subscribe {
        id: ID.into(),
        token: token.into(),
        r#ref: Some(RefName {
            namespace: "shop".into(),
            name: "db".into(),
        }),
        objects: objects(secrets),
        keys: objects(keys),
    }
}

fn objects(names: &[&str]) -> Vec<ObjectName> {
    let object = |name: &&str| ObjectName {
        name: (*name).into(),
        version: String::new(),
    };
    names.iter().map(object).collect()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
