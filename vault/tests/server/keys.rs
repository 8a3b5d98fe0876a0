//! What the vault takes from where its identity keys come from: little, soon, and from nowhere else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use futures::{StreamExt as _, future::join_all, stream};
use http::StatusCode;
use strongroom_testing::{TlsServer, identity::SERVER_NAME, vault::Files};
use tokio::time::{sleep, timeout};

/// What a replica of the identity service answers that is none, or not ours.
#[derive(Debug, Clone, Copy)]
enum Answer {
    RedirectElsewhere,
    RedirectHere,
    Huge,
    Endless,
    Silence,
    Nested,
    NotFound,
}

const ANSWERS: [Answer; 7] = [
    Answer::RedirectElsewhere,
    Answer::RedirectHere,
    Answer::Huge,
    Answer::Endless,
    Answer::Silence,
    Answer::Nested,
    Answer::NotFound,
];

impl Answer {
    async fn give(self, keys: String, elsewhere: String) -> Response {
        match self {
            Self::RedirectElsewhere => Redirect::temporary(&elsewhere).into_response(),
            Self::RedirectHere => Redirect::permanent("/other-keys").into_response(),
            // A good set, with more white space behind it than anybody needs.
            Self::Huge => (keys + &" ".repeat(8 << 20)).into_response(),
            Self::Endless => {
                let keys = stream::once(async move { Bytes::from(keys) });
                let spaces = stream::repeat(()).then(|()| async {
                    sleep(Duration::from_millis(50)).await;
                    Bytes::from_static(b" ")
                });
                Body::from_stream(keys.chain(spaces).map(Ok::<_, std::io::Error>)).into_response()
            }
            Self::Silence => std::future::pending().await,
            Self::Nested => {
                let deep = format!("{{\"keys\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
                deep.into_response()
            }
            Self::NotFound => (StatusCode::NOT_FOUND, keys).into_response(),
        }
    }
}

/// A vault learns no key from this answer, and learns it soon once the answer is good.
async fn try_answer(answer: Answer) {
    let mut files = Files::on_disk().await;
    let keys = files.identity.key_set().to_string();
    let (is_honest, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let other = {
        let (keys, asked) = (keys.clone(), Arc::clone(&asked));
        get(async move || {
            asked.fetch_add(1, Ordering::SeqCst);
            keys
        })
    };
    let anywhere = Router::new().fallback(other.clone());
    let elsewhere = TlsServer::start(&files.serving, SERVER_NAME, anywhere).await;
    let address = format!("https://{}/keys", elsewhere.address());
    let keys_route = {
        let is_honest = Arc::clone(&is_honest);
        get(async move || {
            if is_honest.load(Ordering::SeqCst) {
                keys.into_response()
            } else {
                answer.give(keys, address).await
            }
        })
    };
    let router = Router::new().route("/keys", keys_route).fallback(other);
    let replica = TlsServer::start(&files.serving, SERVER_NAME, router).await;
    files.peers = replica.address();
    let running = files.run();
    // A round takes three seconds at most.
    sleep(Duration::from_secs(4)).await;
    let has_keys = running.service().authenticator.has_keys();
    assert!(!has_keys, "{answer:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 0, "{answer:?} is not followed");
    is_honest.store(true, Ordering::SeqCst);
    let learnt = timeout(Duration::from_secs(12), running.first_keys()).await;
    assert!(learnt.is_ok(), "{answer:?}");
    assert!(running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_taken_from_no_redirect_and_from_no_answer_that_is_long_slow_or_deep() {
    join_all(ANSWERS.map(try_answer)).await;
}
