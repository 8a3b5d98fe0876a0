//! Requests to the data port: their lines, headers and bodies.

mod keys;
mod words;

use std::{convert::Infallible, io::Cursor, sync::Arc, time::Duration};

use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, StatusCode, header::AUTHORIZATION};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use strongroom_serving::{accept::Handler as _, tls::ServingCertificate};
use strongroom_testing::signing_key::ISSUER;
use strongroom_vault::rest::{Api, ApiConfig, DataPort};

use self::words::Words;
use super::fixture::{GENUINE, HIDDEN, Served, peer};
use crate::{Seed, Verdict, kept::Kept};

/// After so many inputs the vault is made anew, so that its audit log stays small.
const INPUTS: usize = 2048;
/// Headers of a request, as the listener bounds them.
const HEADERS: usize = 64;

thread_local! {
    static SITE: Kept<Site> = const { Kept::nothing() };
}

/// The API, and what was seen of its answers.
struct Site {
    served: Served,
    port: DataPort,
    words: Words,
    inputs: usize,
}

/// What one input did.
#[derive(Default)]
struct Seen {
    succeeded: bool,
    wrote: bool,
    released: bool,
}

/// The input is what a client sends on a connection of HTTP/1.1. `Bearer genuine` stands for a good token, `ATTESTED` for an
/// attestation of the vault's authority, `BACKUP` for the backup of a key that was purged.
///
/// - Nothing succeeds without a good token, and with none of them what policy denies.
/// - No key is released without an attestation.
/// - No answer is a failure of the vault's own, and each error is one of Azure's form.
/// - What succeeds is in the audit log.
pub fn rest_request(input: &[u8]) -> Verdict {
    SITE.with(|kept| {
        let (seen, is_used_up) = kept.with(Site::start, |site| {
            site.served.stop_clock();
            site.inputs += 1;
            let seen = site.converse(&site.words.filled(input));
            assert!(
                !seen.released || words::attests(input),
                "a key is released without an attestation"
            );
            // Each input is judged alone: none sees what another wrote.
            let is_used_up = seen.wrote || site.inputs >= INPUTS;
            (seen, is_used_up)
        });
        if is_used_up {
            kept.forget();
        }
        Verdict::taken_if(seen.succeeded)
    })
}

impl Site {
    fn start() -> Self {
        let served = Served::start();
        let config = ApiConfig {
            vault: strongroom_core::VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            domains: strongroom_core::Domains::of_cluster("cluster.local"),
            identity_url: ISSUER.into(),
            certificate: ServingCertificate::load(&served.files.path("tls")).unwrap(),
        };
        let api = Api::new(Arc::clone(&served.access), &served.service, config);
        Self {
            port: DataPort::new(api),
            words: Words::of(&served),
            served,
            inputs: 0,
        }
    }

    /// Serves one connection to its end.
    fn converse(&self, input: &[u8]) -> Seen {
        let seen = Mutex::new(Seen::default());
        let service = service_fn(|request| self.answer(request, &seen));
        let wire = tokio::io::join(Cursor::new(input.to_vec()), tokio::io::sink());
        let connection = async {
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10))
                .max_headers(HEADERS)
                .max_buf_size(16 << 10)
                // The input has an end; a client would wait for its answers.
                .half_close(true)
                .serve_connection(TokioIo::new(wire), service)
                .await
        };
        // What hyper refuses never reaches the vault.
        let _ = self.served.runtime.block_on(connection);
        seen.into_inner()
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        seen: &Mutex<Seen>,
    ) -> Result<Response<Full<bytes::Bytes>>, Infallible> {
        let method = request.method().clone();
        let is_release = method == Method::POST && names_release(request.uri().path());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer());
        let is_genuine = self.put_token(&mut request);
        let audited = self.served.service.audit.head().sequence;
        let response = self.port.handle(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        judge(parts.status, &body, &parts.headers);
        if parts.status.is_success() {
            assert!(is_genuine, "a request without a good token succeeds");
            let log = self.served.service.audit.head().sequence;
            assert!(
                method != Method::GET || log > audited,
                "a read is not in the audit log"
            );
            let mut seen = seen.lock();
            seen.succeeded = true;
            seen.wrote |= method != Method::GET;
            seen.released |= is_release;
        }
        Ok(Response::from_parts(parts, Full::new(body)))
    }

    /// Puts the good token where the input has the word for it, and says whether it did.
    fn put_token(&self, request: &mut Request<Body>) -> bool {
        let headers = request.headers_mut();
        let stands_for_it = |value: &HeaderValue| value.as_bytes() == format!("Bearer {GENUINE}").as_bytes();
        let is_alone = headers.get_all(AUTHORIZATION).iter().count() == 1;
        let is_genuine = is_alone && headers.get(AUTHORIZATION).is_some_and(stands_for_it);
        if is_genuine {
            let token = format!("Bearer {}", self.served.token);
            headers.insert(AUTHORIZATION, HeaderValue::try_from(token).unwrap());
        }
        is_genuine
    }
}

/// Whether a path is of a release: `/keys/NAME/release`, or with a version before the last word.
fn names_release(path: &str) -> bool {
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    let is = |word: Option<&&str>, name: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(name));
    words.len() > 2 && is(words.first(), "keys") && is(words.last(), "release")
}

fn judge(status: StatusCode, body: &[u8], headers: &http::HeaderMap) {
    let text = String::from_utf8_lossy(body);
    assert!(!status.is_server_error(), "{status}: {text}");
    assert!(
        !text.contains(HIDDEN.1),
        "a secret that policy denies is answered"
    );
    assert!(headers.contains_key("x-ms-request-id"), "an answer without an id");
    if status.is_success() {
        assert!(
            body.is_empty() || serde_json::from_slice::<serde_json::Value>(body).is_ok(),
            "{text}"
        );
    } else {
        let error: serde_json::Value = serde_json::from_slice(body).expect("an error has a body");
        for member in ["code", "message"] {
            assert!(error["error"][member].is_string(), "{text}");
        }
        let is_challenged = headers.contains_key("www-authenticate");
        assert_eq!(is_challenged, status == StatusCode::UNAUTHORIZED, "{status}");
    }
}

/// A request with these headers beside its host.
fn with(line: &str, head: &str, body: &str) -> String {
    let length = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    format!("{line} HTTP/1.1\r\nHost: prod.team-a.svc\r\n{head}{length}\r\n{body}")
}

/// A request with a good token.
fn ask(line: &str, body: &str) -> String {
    with(line, "Authorization: Bearer genuine\r\n", body)
}

/// The body of a set with everything.
const SET: &str = r#"{"value":"v","contentType":"t","attributes":{"enabled":true,"nbf":1,"exp":2000000000},"tags":{"a":"b"}}"#;

/// Requests of every operation, and what is refused at each step.
pub fn seeds() -> Vec<Seed> {
    taken()
        .into_iter()
        .chain(refused())
        .chain(keys::seeds())
        .chain(words::seeds())
        .collect()
}

fn taken() -> Vec<Seed> {
    let taken =
        |name, line: &str, body: &str| Seed::taken(name, ask(&format!("{line}?api-version=7.4"), body));
    let pipelined = format!(
        "{}{}{}",
        ask("PUT /secrets/new?api-version=7.4", SET),
        ask("DELETE /secrets/new?api-version=7.4", ""),
        ask("DELETE /deletedsecrets/new?api-version=7.4", ""),
    );
    vec![
        taken("get", "GET /secrets/db", ""),
        taken("get-latest", "GET //secrets/DB/", ""),
        taken("list", "GET /secrets", ""),
        Seed::taken(
            "list-page",
            ask("GET /secrets?api%2Dversion=2026-04-01&maxresults=1&x=y", ""),
        ),
        taken("versions", "GET /secrets/db/versions", ""),
        taken("list-deleted", "GET /deletedsecrets", ""),
        taken("set", "PUT /secrets/new", SET),
        taken(
            "update",
            "PATCH /secrets/db/",
            r#"{"attributes":{"enabled":false},"tags":{}}"#,
        ),
        taken("update-nothing", "PATCH /secrets/db", ""),
        taken(
            "update-to-nothing",
            "PATCH /secrets/db",
            r#"{"contentType":null,"attributes":{"exp":null,"nbf":null},"tags":null}"#,
        ),
        Seed::taken("named-method", {
            let head = "Authorization: Bearer genuine\r\nX-HTTP-METHOD: DELETE\r\n";
            with("POST /secrets/db?api-version=7.3-preview", head, "")
        }),
        taken("backup", "POST /secrets/db/backup", ""),
        taken("delete", "DELETE /secrets/db", ""),
        Seed::taken("set-delete-purge", pipelined),
        Seed::taken("chunked", {
            let head = "Authorization: Bearer genuine\r\nTransfer-Encoding: chunked\r\n";
            let line = "PUT /secrets/new?api-version=7.4";
            format!(
                "{}10\r\n{}\r\n0\r\n\r\n",
                with(line, head, ""),
                r#"{"value":"vvvv"}"#
            )
        }),
    ]
}

fn refused() -> Vec<Seed> {
    vec![
        Seed::refused("hidden", ask("GET /secrets/hidden?api-version=7.4", "")),
        Seed::refused(
            "restore",
            ask("POST /secrets/restore?api-version=7.4", r#"{"value":"U1Jiaw"}"#),
        ),
        Seed::refused("no-token", with("GET /secrets/db?api-version=7.4", "", "")),
        Seed::refused(
            "made-up-token",
            with(
                "GET /secrets/db?api-version=7.4",
                "Authorization: Bearer a.b.c\r\n",
                "",
            ),
        ),
        Seed::refused(
            "two-tokens",
            with(
                "GET /secrets/db?api-version=7.4",
                "Authorization: Bearer genuine\r\nAuthorization: Bearer genuine\r\n",
                "",
            ),
        ),
        Seed::refused("no-list", {
            let version = "0123456789abcdef0123456789abcdef";
            with(&format!("GET /crl/house/{version}"), "", "")
        }),
        Seed::refused("no-version", ask("GET /secrets/db", "")),
        Seed::refused("no-such-path", ask("GET /secrets/../db?api-version=7.4", "")),
        Seed::refused("no-such-method", ask("TRACE /secrets/db?api-version=7.4", "")),
        Seed::refused("named-method-on-get", {
            let head = "Authorization: Bearer genuine\r\nX-HTTP-METHOD: DELETE\r\n";
            with("GET /secrets/db?api-version=7.4", head, "")
        }),
        Seed::refused(
            "skip-token",
            ask("GET /secrets?api-version=7.4&$skiptoken=AAAA", ""),
        ),
        Seed::refused(
            "half-a-body",
            ask("PUT /secrets/new?api-version=7.4", SET).replace("}}", ""),
        ),
        Seed::refused(
            "a-member-twice",
            ask("PUT /secrets/new?api-version=7.4", r#"{"value":"v","value":"w"}"#),
        ),
        Seed::refused(
            "another-host",
            ask("GET /secrets/db?api-version=7.4", "").replace("prod.", "dev."),
        ),
        Seed::refused(
            "half-a-head",
            "GET /secrets/db?api-version=7.4 HTTP/1.1\r\nHost: prod",
        ),
    ]
}
