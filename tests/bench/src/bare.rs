//! The least that could answer a GET: axum, rustls and AES-256-GCM, no policy, no store, no audit.
//!
//! It is given whole answers of the vault, keeps each encrypted in memory, and sends the same bytes again: headers and
//! body. What the vault costs above it is the price of everything that makes it a vault.

use std::{collections::HashMap, fs, io::Write, net::TcpListener, path::Path, sync::Arc};

use anyhow::{Context, Result};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use axum::{
    Router,
    extract::{self, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

use crate::serve;

/// The file of answers below the directory, one JSON object a line.
pub const ANSWERS: &str = "answers.jsonl";

/// An answer of the vault.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// The secret's name.
    pub name: String,
    /// The headers, but for those that hyper adds.
    pub headers: Vec<(String, String)>,
    /// The body, as the vault sent it.
    pub body: String,
}

struct Bodies {
    key: RandomizedNonceKey,
    headers: HeaderMap,
    sealed: HashMap<String, Sealed>,
}

struct Sealed {
    nonce: [u8; NONCE_LEN],
    bytes: Vec<u8>,
}

/// Serves the answers in `directory`, and says its port on standard output.
pub async fn run(directory: &Path) -> Result<()> {
    let bodies = load(directory)?;
    let router = Router::new()
        .route("/secrets/{name}", get(answer))
        .with_state(Arc::new(bodies));
    let tcp = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", tcp.local_addr()?);
    std::io::stdout().flush()?;
    serve::run(tcp, directory, router).await
}

async fn answer(State(bodies): State<Arc<Bodies>>, extract::Path(name): extract::Path<String>) -> Response {
    let Some(body) = bodies.open(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    (bodies.headers.clone(), body).into_response()
}

impl Bodies {
    fn open(&self, name: &str) -> Option<Vec<u8>> {
        let sealed = self.sealed.get(name)?;
        let mut bytes = sealed.bytes.clone();
        let nonce = Nonce::assume_unique_for_key(sealed.nonce);
        let length = self
            .key
            .open_in_place(nonce, Aad::empty(), &mut bytes)
            .ok()?
            .len();
        bytes.truncate(length);
        Some(bytes)
    }
}

fn load(directory: &Path) -> Result<Bodies> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key)?;
    let mut bodies = Bodies {
        key: RandomizedNonceKey::new(&AES_256_GCM, &key)?,
        headers: HeaderMap::new(),
        sealed: HashMap::new(),
    };
    let text = fs::read_to_string(directory.join(ANSWERS)).context("cannot read the answers")?;
    for line in text.lines() {
        let recorded: Recorded = serde_json::from_str(line)?;
        let mut bytes = recorded.body.into_bytes();
        let nonce = bodies.key.seal_in_place_append_tag(Aad::empty(), &mut bytes)?;
        let nonce = *nonce.as_ref();
        bodies.sealed.insert(recorded.name, Sealed { nonce, bytes });
        if bodies.headers.is_empty() {
            for (name, value) in recorded.headers {
                bodies
                    .headers
                    .insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
            }
        }
    }
    Ok(bodies)
}
