//! The Watch protocol, generated from `proto/strongroom/v1/watch.proto`, which documents it.

#![allow(missing_docs, clippy::pedantic, clippy::use_self, reason = "generated code")]

use std::fmt;

use zeroize::Zeroize;

tonic::include_proto!("strongroom.v1");

impl fmt::Debug for Subscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("id", &self.id)
            .field("r#ref", &self.r#ref)
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Renew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renew")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_a_message_shows_neither_token_nor_value() {
        let subscribe = Subscribe {
            id: "v".into(),
            token: "CANARY".into(),
            ..Default::default()
        };
        let message = ClientMessage {
            message: Some(client_message::Message::Subscribe(subscribe)),
        };
        let contents = Contents {
            id: "v".into(),
            contents: vec![Content {
                state: None,
                value: b"CANARY".to_vec(),
            }],
        };
        let renew = Renew {
            id: "v".into(),
            token: "CANARY".into(),
        };
        let text = format!("{message:?} {contents:?} {renew:?}");
        assert!(!text.contains("CANARY") && !text.contains("67, 65"), "{text}");
    }
}
