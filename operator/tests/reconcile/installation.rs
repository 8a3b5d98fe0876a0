//! What the leader keeps in the release namespace.

use axum::{extract::Request, middleware, middleware::Next};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::{Value, json};
use strongroom_operator::{
    installation::{self, InstallationError},
    pki::{AuthoritySubject, Succession},
};
use strongroom_testing::ApiServer;
use time::{Duration, OffsetDateTime};

use crate::context::leader;

const PATH: &str = "/api/v1/namespaces/strongroom-system/secrets/strongroom-admin-ca";

#[tokio::test]
async fn a_leader_that_was_paused_puts_no_authority_over_its_successors() {
    let server = ApiServer::default();
    let context = leader(&server).await;
    let (client, settings) = (&context.client, &context.settings);
    let mut paused = installation::authorities(client, settings).await.unwrap();
    let stored = server.get(PATH).unwrap();
    // What the paused leader read long ago, and is about to renew.
    let long_ago = OffsetDateTime::now_utc() - Duration::days(9 * 365);
    paused.admin = Succession::create(&AuthoritySubject::Admin, long_ago).unwrap();
    let moved = installation::maintain(client, settings, &mut paused).await;
    assert!(
        matches!(
            moved,
            Err(InstallationError::Moved {
                name: "strongroom-admin-ca"
            })
        ),
        "{moved:?}"
    );
    assert_eq!(server.get(PATH), Some(stored));
}

/// The Secret of an authority that has neither successor nor predecessor.
fn stored(line: &Succession, version: &str) -> Value {
    let encoded = |text: &str| STANDARD.encode(text);
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "strongroom.dev/authority",
        "metadata": {"name": "strongroom-admin-ca", "resourceVersion": version},
        "data": {"tls.crt": encoded(line.current.certificate()), "tls.key": encoded(&line.current.key_pem())},
    })
}

/// It is paused between its look at what is stored and its write.
#[tokio::test]
async fn a_leader_puts_no_authority_over_one_that_was_stored_since_it_looked() {
    let server = ApiServer::default();
    let context = leader(&server).await;
    let settings = &context.settings;
    let founded = |days| {
        let day = OffsetDateTime::now_utc() - Duration::days(days);
        Succession::create(&AuthoritySubject::Admin, day).unwrap()
    };
    // It is about to have a successor.
    server.put(PATH, stored(&founded(9 * 365), "old"));
    let mut authorities = installation::authorities(&context.client, settings)
        .await
        .unwrap();
    let theirs = stored(&founded(0), "new");
    let (table, other) = (server.clone(), theirs.clone());
    let meanwhile = move |request: Request, next: Next| {
        let is_look = request.method() == Method::GET && request.uri().path() == PATH;
        let (table, other) = (table.clone(), other.clone());
        async move {
            let answer = next.run(request).await;
            if is_look {
                table.put(PATH, other);
            }
            answer
        }
    };
    let router = server.router().layer(middleware::from_fn(meanwhile));
    let client = kube::Client::new(router, "default");
    let refused = installation::maintain(&client, settings, &mut authorities).await;
    assert!(
        matches!(
            &refused,
            Err(InstallationError::Api {
                step: "store an authority",
                source,
            }) if source.code() == Some(409)
        ),
        "{refused:?}"
    );
    assert_eq!(server.get(PATH), Some(theirs));
}
