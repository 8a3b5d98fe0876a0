//! An exchange by the node driver for a pod of its node.

use serde_json::{Value, json};
use strongroom_client::identity::ACTOR_TOKEN_TYPE;
use strongroom_testing::cluster::AccountToken;
use strongroom_wire::token::Claims;

use crate::{VAULT, installation::Installation, now};

fn driver(node: &str) -> AccountToken {
    AccountToken::of_pod("strongroom-node", "strongroom-csi", node)
}

async fn exchange_by(
    installation: &Installation,
    subject: &AccountToken,
    actor: &AccountToken,
) -> (u16, Value) {
    let (subject, actor) = (
        subject.sign(&installation.cluster),
        actor.sign(&installation.cluster),
    );
    installation
        .exchange(&[
            ("scope", VAULT),
            ("client_assertion", &subject),
            ("actor_token", &actor),
            ("actor_token_type", ACTOR_TOKEN_TYPE),
        ])
        .await
}

#[tokio::test]
async fn for_the_driver_of_the_pods_node_the_token_lives_as_long_as_the_pods() {
    let installation = Installation::start().await;
    let pod = AccountToken {
        exp: now() + 3600,
        ..AccountToken::of_pod("shop", "api", "n1")
    };
    let (status, body) = exchange_by(&installation, &pod, &driver("n1")).await;
    assert_eq!(status, 200, "{body}");
    let claims: Claims = installation.verify(body["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (claims.exp, claims.sub.as_str()),
        (pod.exp, "system:serviceaccount:shop:api")
    );
}

#[tokio::test]
async fn another_nodes_driver_another_account_or_a_bad_actor_token_is_refused() {
    let installation = Installation::start().await;
    let pod = AccountToken::of_pod("shop", "api", "n1");
    for actor in [driver("n2"), AccountToken::of_pod("shop", "strongroom-csi", "n1")] {
        let (status, body) = exchange_by(&installation, &pod, &actor).await;
        assert_eq!((status, &body["error"]), (400, &json!("unauthorized_client")));
    }
    let expired = AccountToken {
        exp: now() - 1,
        ..driver("n1")
    };
    let (status, body) = exchange_by(&installation, &pod, &expired).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
}
