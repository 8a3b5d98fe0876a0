//! Bodies that two readers could measure in two ways, that grow when they are unpacked, or that hide what they are.
//!
//! Nothing stands between a client and the vault that could read a request otherwise. What is proved all the same: each
//! request has its own token, whatever was taken for the end of the one before, and nothing is unpacked.

use reqwest::StatusCode;
use serde_json::Value;
use strongroom_testing::vault::Vault;

use crate::{
    audit::records,
    support::raw::{connect, exchange},
};

/// The answers to `request`, sent in one go.
async fn answers(vault: &Vault, request: &[u8]) -> String {
    let mut stream = connect(vault.running.addresses().data, &vault.files.path("ca.crt")).await;
    let mut all = exchange(&mut stream, request).await;
    // A second answer, if there is one.
    all += &exchange(&mut stream, b"").await;
    all
}

fn head(vault: &Vault, framing: &str) -> String {
    let token = vault.token("team-a/admin");
    format!(
        "PUT /secrets/outer?api-version=7.4 HTTP/1.1\r\nHost: prod.team-a.svc\r\n\
         Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n{framing}\r\n"
    )
}

const INNER: &str =
    "DELETE /secrets/kept?api-version=7.4 HTTP/1.1\r\nHost: prod.team-a.svc\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_request_behind_a_body_of_two_lengths_has_no_token_but_its_own() {
    let vault = Vault::start().await;
    vault.set("kept", "v").await;
    let body = r#"{"value":"v"}"#;
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let length = |length: usize| format!("Content-Length: {length}\r\n");
    let whole = chunked.len() + INNER.len();
    for (framing, sent) in [
        (
            format!("{}Transfer-Encoding: chunked\r\n", length(whole)),
            chunked.clone() + INNER,
        ),
        (
            format!("Transfer-Encoding: chunked\r\n{}", length(whole)),
            chunked.clone() + INNER,
        ),
        (length(body.len()), body.to_owned() + INNER),
    ] {
        let answered = answers(&vault, (head(&vault, &framing) + &sent).as_bytes()).await;
        assert!(
            !answered.contains("HTTP/1.1 204") && !answered.contains("deletedDate"),
            "{answered}"
        );
        assert_eq!(vault.get("/secrets/kept").await.body["value"], "v", "{framing}");
    }
    let deletes = records(&vault.files.path("data/audit"))
        .iter()
        .filter(|record| record["operationName"] == "SecretDelete")
        .count();
    assert_eq!(deletes, 0, "what has no token of its own is nobody's request");
}

#[tokio::test]
async fn a_body_whose_length_is_said_twice_or_in_a_way_of_its_own_is_refused() {
    let vault = Vault::start().await;
    let body = r#"{"value":"v"}"#;
    for framing in [
        format!("Content-Length: {}\r\nContent-Length: 2\r\n", body.len()),
        format!("Content-Length: {}, 2\r\n", body.len()),
        format!("Content-Length: +{}\r\n", body.len()),
        "Content-Length: 0x10\r\n".to_owned(),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: 99999999999999999999999\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Transfer-Encoding: identity\r\n".to_owned(),
        "Transfer-Encoding: gzip\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
        " Transfer-Encoding: chunked\r\n".to_owned(),
    ] {
        let answered = answers(&vault, (head(&vault, &framing) + body).as_bytes()).await;
        let is_refused = answered.is_empty() || answered.starts_with("HTTP/1.1 400 ");
        assert!(is_refused, "{framing}: {answered}");
        assert_eq!(
            vault.get("/secrets/outer").await.status,
            StatusCode::NOT_FOUND,
            "{framing}"
        );
    }
}

#[tokio::test]
async fn chunks_with_endless_extensions_or_sizes_are_not_read() {
    let vault = Vault::start().await;
    let chunked = head(&vault, "Transfer-Encoding: chunked\r\n");
    let extension = format!("1;{}\r\n{{\r\n0\r\n\r\n", "x".repeat(4 << 20));
    let many = format!(
        "{}0\r\n\r\n",
        format!("1;{}\r\n \r\n", "y".repeat(200)).repeat(20_000)
    );
    for (what, body) in [
        ("an extension of 4 MiB", extension),
        ("as many extensions as a body may have bytes", many),
        ("a size beyond all numbers", format!("{}\r\n", "f".repeat(17))),
        ("a size that is none", "1g\r\n{\r\n0\r\n\r\n".to_owned()),
        ("a negative size", "-1\r\n{\r\n0\r\n\r\n".to_owned()),
        (
            "a trailer without an end",
            format!("0\r\nX: {}\r\n\r\n", "z".repeat(1 << 20)),
        ),
    ] {
        let answered = answers(&vault, (chunked.clone() + &body).as_bytes()).await;
        assert!(!answered.contains("HTTP/1.1 200"), "{what}: {answered}");
        assert_eq!(
            vault.get("/secrets/outer").await.status,
            StatusCode::NOT_FOUND,
            "{what}"
        );
    }
}

/// `{"value":"v"}`, packed by gzip without its help: one stored block.
fn gzip(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(text.as_bytes());
    let mut checksum = !0_u32;
    for byte in text.bytes() {
        checksum ^= u32::from(byte);
        for _ in 0..8 {
            checksum = (checksum >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(checksum & 1));
        }
    }
    packed.extend((!checksum).to_le_bytes());
    packed.extend(u32::from(length).to_le_bytes());
    packed
}

#[tokio::test]
async fn a_packed_body_is_not_unpacked_and_no_answer_is_packed() {
    let vault = Vault::start().await;
    for encoding in ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let put = vault
            .client
            .put(vault.url("/secrets/outer"))
            .bearer_auth(vault.token("team-a/admin"))
            .header("content-encoding", encoding)
            .header("content-type", "application/json")
            .body(gzip(r#"{"value":"v"}"#));
        let answered = put.send().await.unwrap();
        assert_eq!(answered.status(), StatusCode::BAD_REQUEST, "{encoding}");
    }
    assert_eq!(vault.get("/secrets/outer").await.status, StatusCode::NOT_FOUND);
    vault.set("outer", &"v".repeat(10_000)).await;
    let get = vault
        .client
        .get(vault.url("/secrets/outer"))
        .bearer_auth(vault.token("team-a/admin"))
        .header("accept-encoding", "gzip, deflate, br, zstd");
    let answered = get.send().await.unwrap();
    assert!(!answered.headers().contains_key("content-encoding"));
    let body: Value = answered.json().await.unwrap();
    assert_eq!(body["value"].as_str().unwrap().len(), 10_000);
}
