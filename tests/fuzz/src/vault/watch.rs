//! What a node sends on a Watch stream.

mod requests;

use std::time::Duration;

use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use strongroom_vault::watch::{Limits, Watch};
use strongroom_wire::watch::{
    ClientMessage, Fetch, NamedState, ObjectKind, Renew, ServerMessage, Subscribe,
    client_message::Message as Asked, server_message::Message as Said,
};
use tokio::time::timeout;
use tonic::body::Body;
use tower::ServiceExt as _;

use super::fixture::{GENUINE, HIDDEN, Served, peer};
use crate::{Seed, Verdict, kept::Kept};
use requests::{acknowledge, call, fetch, fetch_keys, renew, subscribe, subscribe_to_both, unsubscribe};

/// For how long a stream may stay whose client has said that it sends no more.
const ENDS: Duration = Duration::from_secs(5);

thread_local! {
    static WATCHED: Kept<(Watch, Served)> = const { Kept::nothing() };
}

/// The input is the body of the one call, frames of gRPC. The token `genuine` stands for a good one.
///
/// - Nothing is answered to a subscription without a good token, and no value that policy denies.
/// - The vault says no more than it is asked: so many messages, and a few for what ends.
/// - When the client has nothing more to say, the stream ends, and nothing of it stays.
pub fn watch_request(input: &[u8]) -> Verdict {
    WATCHED.with(|kept| {
        kept.with(start, |(watch, served)| {
            served.stop_clock();
            let (body, asked) = with_token(input, &served.token);
            served.runtime.block_on(async {
                let said = converse(watch, body).await;
                assert!(
                    said.len() <= 2 * asked.len() + 1,
                    "{} messages to {}",
                    said.len(),
                    asked.len()
                );
                for _ in 0..1000 {
                    if watch.streams() == 0 && watch.subscriptions() == 0 {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                assert_eq!(
                    (watch.streams(), watch.subscriptions()),
                    (0, 0),
                    "something of a stream stays"
                );
                judge(&asked, &said)
            })
        })
    })
}

fn start() -> (Watch, Served) {
    let served = Served::start();
    let guard = served.runtime.enter();
    let watch = Watch::new(
        std::sync::Arc::clone(&served.access),
        &served.service,
        Limits::default(),
    );
    drop(guard);
    (watch, served)
}

/// The frames, with the good token in place of the word for it; and their messages, with the word.
fn with_token(input: &[u8], token: &str) -> (Vec<u8>, Vec<ClientMessage>) {
    let (mut body, mut asked, mut rest) = (Vec::new(), Vec::new(), input);
    while let Some((head, frame, after)) = next_frame(rest) {
        rest = after;
        match ClientMessage::decode(frame) {
            Ok(message) if head == 0 => {
                let mut sent = message.clone();
                if let Some(
                    Asked::Subscribe(Subscribe { token: held, .. }) | Asked::Renew(Renew { token: held, .. }),
                ) = &mut sent.message
                    && *held == GENUINE
                {
                    token.clone_into(held);
                }
                body.extend(framed(&sent));
                asked.push(message);
            }
            Ok(_) | Err(_) => body.extend(frame_of(head, frame)),
        }
    }
    body.extend_from_slice(rest);
    (body, asked)
}

/// The first byte of a frame, its message, and what follows.
fn next_frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([first, length @ ..], rest) = bytes.split_first_chunk::<5>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (message, rest) = rest.split_at_checked(length)?;
    Some((*first, message, rest))
}

fn framed(message: &ClientMessage) -> Vec<u8> {
    frame_of(0, &message.encode_to_vec())
}

fn frame_of(first: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[first][..], &length, message].concat()
}

/// Makes the call, and reads what the vault says to its end.
async fn converse(watch: &Watch, body: Vec<u8>) -> Vec<Said> {
    let mut request = Request::post("/strongroom.v1.Watch/Watch")
        .header(header::CONTENT_TYPE, "application/grpc")
        .body(Body::new(Full::new(bytes::Bytes::from(body))))
        .unwrap();
    request.extensions_mut().insert(peer());
    let mut answer = watch.service().oneshot(request).await.unwrap().into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = timeout(ENDS, answer.frame())
        .await
        .expect("the stream ends with its client")
    {
        if let Ok(data) = frame.unwrap().into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    assert!(
        !bytes
            .windows(HIDDEN.1.len())
            .any(|found| found == HIDDEN.1.as_bytes()),
        "a secret that policy denies is sent"
    );
    let mut said = Vec::new();
    let mut rest = &bytes[..];
    while let Some((_, message, after)) = next_frame(rest) {
        said.push(
            ServerMessage::decode(message)
                .unwrap()
                .message
                .expect("a message says something"),
        );
        rest = after;
    }
    said
}

fn judge(asked: &[ClientMessage], said: &[Said]) -> Verdict {
    let asked = || asked.iter().filter_map(|message| message.message.as_ref());
    let is_good = |id: &str| {
        asked().any(|asked| matches!(asked, Asked::Subscribe(one) if one.id == id && one.token == GENUINE))
    };
    let is_fetched = |id: &str, state: &NamedState| {
        let names = |fetch: &Fetch| match state.kind() {
            ObjectKind::Secret => fetch.names.clone(),
            ObjectKind::Key => fetch.keys.clone(),
            ObjectKind::Certificate => Vec::new(),
        };
        asked().any(|asked| match asked {
            Asked::Fetch(one) if one.id == id => names(one)
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&state.name)),
            _ => false,
        })
    };
    for said in said {
        match said {
            Said::Subscribed(one) => assert!(is_good(&one.id), "a subscription without a good token"),
            Said::Changed(one) => assert!(is_good(&one.id), "a change without a good token"),
            Said::RefChanged(one) => assert!(is_good(&one.id), "a change without a good token"),
            Said::Contents(one) => {
                assert!(is_good(&one.id), "contents without a good token");
                for content in &one.contents {
                    let state = content.state.as_ref().unwrap();
                    assert!(is_fetched(&one.id, state), "{state:?} was not asked for");
                }
            }
            Said::Revoked(one) => assert!(one.id.len() <= 128 && one.message.len() <= 512),
        }
    }
    Verdict::taken_if(said.iter().any(|said| matches!(said, Said::Subscribed(_))))
}

/// Conversations, and what is no conversation.
pub fn seeds() -> Vec<Seed> {
    let good = || subscribe(GENUINE, &["db", "hidden", "none"]);
    let good_to_both = subscribe_to_both(GENUINE, &["db", "hidden", "none"]);
    let all = vec![
        good(),
        fetch(&["db", "hidden"]),
        acknowledge("db"),
        renew(),
        good(),
        unsubscribe(),
    ];
    let made_up = vec![subscribe("a.b.c", &["db"]), fetch(&["db"]), acknowledge("db")];
    vec![
        Seed::taken("all", call(all)),
        Seed::taken("fetch", call(vec![good(), fetch(&["db"])])),
        Seed::taken("keys", call(vec![good_to_both, fetch_keys(&["db", "hidden"])])),
        Seed::taken("twice", call(vec![good(), good()])),
        Seed::refused("made-up-token", call(made_up)),
        Seed::refused("no-objects", call(vec![subscribe(GENUINE, &[])])),
        Seed::refused("one-object-twice", call(vec![subscribe(GENUINE, &["db", "DB"])])),
        Seed::refused("no-message", vec![0, 0, 0, 0, 0]),
        Seed::refused("compressed", vec![1, 0, 0, 0, 1, 0]),
        Seed::refused("too-long", vec![0, 0xff, 0xff, 0xff, 0xff]),
        Seed::refused("nothing", vec![]),
    ]
}
