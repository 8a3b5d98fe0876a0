//! Restores, whose bodies are large: a client that sends one slowly keeps no other out.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use strongroom_testing::vault::Vault;
use tokio::{io::AsyncWriteExt as _, time::timeout};

use crate::support::raw::connect;

/// Half-sent restores: together more than the vault holds of bodies that arrive.
const SLOW: usize = 12;
const SENT: usize = 8 * 1024 * 1024;
const ANNOUNCED: usize = 16 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_sent_restores_keep_no_other_restore_out() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    let backup = vault.admin(Method::POST, "/secrets/a/backup", None).await.body;
    vault.admin(Method::DELETE, "/secrets/a", None).await;
    vault.admin(Method::DELETE, "/deletedsecrets/a", None).await;
    let token = vault.token("team-a/admin");
    let head = format!(
        "POST /secrets/restore?api-version=7.4 HTTP/1.1\r\nHost: prod.team-a.svc\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {ANNOUNCED}\r\n\r\n"
    );
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        let mut stream = connect(vault.running.addresses().data, &vault.files.path("ca.crt")).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        // The vault may end one of them to make room, and does not read on then.
        let _ = timeout(Duration::from_secs(3), stream.write_all(&vec![b' '; SENT])).await;
        slow.push(stream);
    }
    let restored = vault.admin(Method::POST, "/secrets/restore", Some(backup)).await;
    assert_eq!(restored.status, StatusCode::OK, "{restored:?}");
    assert_eq!(vault.get("/secrets/a").await.body["value"], "v");
}
