//! Keys as files of volumes: their public part as PEM and as JWK, which follow rotation.

use std::{path::Path, process::Command, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use strongroom_keys::{Curve, KeyType, OctSize};
use tonic::Code;

use crate::support::{Node, Pod, eventually, in_private_mounts};

const SECOND: Duration = Duration::from_secs(1);
const EC: KeyType = KeyType::Ec(Curve::P256);

/// The point of an EC key that the openssl program finds in a PEM file: x, then y.
fn point_by_openssl(path: &Path) -> Vec<u8> {
    let run = Command::new("openssl")
        .args(["pkey", "-pubin", "-outform", "DER", "-in"])
        .arg(path)
        .output()
        .expect("this test needs openssl in the PATH");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    run.stdout[run.stdout.len() - 64..].to_vec()
}

/// The same of a JWK.
fn point(jwk: &Value) -> Vec<u8> {
    let coordinate = |member: &str| {
        BASE64_URL_SAFE_NO_PAD
            .decode(jwk[member].as_str().unwrap())
            .unwrap()
    };
    [coordinate("x"), coordinate("y")].concat()
}

/// What the pod reads of a JWK file: one line.
fn jwk(node: &Node, pod: &Pod, path: &str) -> Value {
    let text = node.read(pod, path).unwrap();
    assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A node with a volume that shows the key `tokens` as PEM and as JWK, one version of it, and the secret `tokens`.
async fn published(root: std::path::PathBuf, pod: &Pod) -> (Node, String) {
    let node = Node::start(root).await;
    node.vault.put("tokens", "hunter2");
    let first = node.vault.set_key("Tokens", EC);
    node.api.put(
        "shop",
        "app",
        &json!([
            {"path": "tokens", "secret": {"name": "tokens"}},
            {"path": "tokens.pem", "key": {"name": "tokens"}},
            {"path": "tokens.jwk", "key": {"name": "tokens", "encoding": "JWK"}},
            {"path": "first.jwk", "key": {"name": "tokens", "version": first, "encoding": "JWK"}},
        ]),
    );
    node.publish(pod, "app").await.unwrap();
    node.subscribed(1).await;
    (node, first)
}

#[test]
fn a_key_is_shown_as_the_vault_answers_it_and_both_files_follow_a_rotation_within_a_second() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let (node, first) = published(root, &pod).await;
        let at_first = node.vault.jwk("tokens").await;
        assert!(
            at_first["kid"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/keys/Tokens/{first}"))
        );
        assert_eq!(jwk(&node, &pod, "tokens.jwk"), at_first);
        assert_eq!(jwk(&node, &pod, "first.jwk"), at_first);
        let pem = node.target(&pod).join("tokens.pem");
        assert_eq!(point_by_openssl(&pem), point(&at_first));

        let second = node.vault.rotate_key("tokens").await;
        let rotated = node.vault.jwk("tokens").await;
        assert!(rotated["kid"].as_str().unwrap().ends_with(&second));
        assert_ne!(rotated["x"], at_first["x"]);
        eventually("the files show the new version", SECOND, || {
            jwk(&node, &pod, "tokens.jwk") == rotated && point_by_openssl(&pem) == point(&rotated)
        })
        .await;
        assert_eq!(jwk(&node, &pod, "first.jwk"), at_first, "it is pinned");
        assert_eq!(node.read(&pod, "tokens").as_deref(), Some("hunter2"));
        eventually("the new version is acknowledged", SECOND, || {
            node.vault.acknowledged(1)
        })
        .await;
        assert_eq!(node.api.notes(), Vec::<String>::new());
    });
}

/// Secrets and keys have names of their own.
#[test]
fn a_new_version_of_a_secret_changes_no_file_of_the_key_of_that_name() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let (node, _) = published(root, &pod).await;
        let shown = node.vault.jwk("tokens").await;
        node.vault.put("tokens", "hunter3");
        node.reads(&pod, "tokens", "hunter3", SECOND).await;
        assert_eq!(jwk(&node, &pod, "tokens.jwk"), shown);
        eventually("the new version is acknowledged", SECOND, || {
            node.vault.acknowledged(1)
        })
        .await;
    });
}

#[test]
fn a_restarted_driver_follows_the_key_and_the_secret_of_one_name() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let (mut node, _) = published(root, &pod).await;
        node.driver.kill();
        node.restart_driver().await;
        node.subscribed(1).await;
        node.vault.rotate_key("tokens").await;
        let rotated = node.vault.jwk("tokens").await;
        eventually("the file shows the new version", 2 * SECOND, || {
            jwk(&node, &pod, "tokens.jwk") == rotated
        })
        .await;
        assert_eq!(node.read(&pod, "tokens").as_deref(), Some("hunter2"));
    });
}

#[test]
fn a_symmetric_key_is_refused_with_the_file_that_asks_for_it_and_nothing_is_mounted() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = Node::start(root).await;
        node.vault.put("db", "one");
        node.vault.set_key("hidden", KeyType::Oct(OctSize::Bits256));
        node.api.put(
            "shop",
            "app",
            &json!([{"path": "a", "secret": {"name": "db"}}, {"path": "hidden.pem", "key": {"name": "hidden"}}]),
        );
        let refused = node.publish(&pod, "app").await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(
            refused.message(),
            "SecretRef shop/app: 1 of its files cannot be read from vault team-a/prod: hidden.pem (key hidden): it is a \
             symmetric key, which has no public part"
        );
        assert_eq!(node.read(&pod, "a"), None);
    });
}

#[test]
fn a_key_that_becomes_symmetric_leaves_its_files_and_is_reported() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let (node, _) = published(root, &pod).await;
        let shown = node.vault.jwk("tokens").await;
        node.vault.set_key("tokens", KeyType::Oct(OctSize::Bits128));
        eventually("an event says so", SECOND, || {
            node.api.notes().iter().any(|note| {
                note.starts_with("ObjectUnavailable")
                    && note.ends_with(
                        "key tokens: it is a symmetric key, which has no public part; the files stay as they are",
                    )
            })
        })
        .await;
        eventually("the vault knows", SECOND, || node.vault.volumes() == (1, 0, 1)).await;
        node.vault.put("tokens", "hunter3");
        node.reads(&pod, "tokens", "hunter3", SECOND).await;
        assert_eq!(jwk(&node, &pod, "tokens.jwk"), shown);
        node.vault.set_key("tokens", EC);
        let newest = node.vault.jwk("tokens").await;
        eventually("the file shows the new version", SECOND, || {
            jwk(&node, &pod, "tokens.jwk") == newest
        })
        .await;
    });
}

#[test]
fn a_permission_on_secrets_mounts_no_key_and_one_on_keys_no_secret() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.vault.put("db", "hunter2");
        node.vault.set_key("db", EC);
        let files = |source: &str| json!([{"path": "a", source: {"name": "db"}}]);
        node.api.put("shop", "secret", &files("secret"));
        node.api.put("shop", "key", &files("key"));
        for (permissions, may, may_not) in [
            (&["get"][..], "secret", "key"),
            (&["keys/get"][..], "key", "secret"),
        ] {
            node.vault.permit(permissions);
            node.publish(&Pod::new(may), may).await.unwrap();
            let pod = Pod::new(&format!("{may_not}-refused"));
            let refused = node.publish(&pod, may_not).await.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied);
            let command = format!("--permission {may_not}s/get --object db");
            assert!(refused.message().ends_with(&command), "{}", refused.message());
            assert_eq!(node.read(&pod, "a"), None);
        }
    });
}
