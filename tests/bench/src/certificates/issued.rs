//! Certificates of the vault, from the request to the moment that they are issued.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::Authority;
use tokio::task::JoinSet;

use super::{
    CLIENTS,
    asked::{Asked, issuer, pending, post},
};
use crate::{
    api::SigningKey,
    load::{self, Call, Connection, Target, Until},
    process::Usage,
};

/// How long a vault waits before it issues what is asked for.
pub const WAITS: Duration = Duration::from_secs(2);

/// How often a client that waits asks whether it is issued.
const ASKS: Duration = Duration::from_millis(10);

/// How long all that was asked for may take after the last request.
const DEADLINE: Duration = Duration::from_mins(2);

/// Imports an authority with a key like `key`, and makes an issuer of it that permits what is measured.
pub async fn set_authority(target: &Target, key: SigningKey) -> Result<()> {
    let authority = match key {
        SigningKey::Rsa2048 => Authority::with_rsa("bench"),
        SigningKey::P256 => Authority::new("bench"),
    };
    let (name, pem) = (format!("ca-{}", key.name()), authority.signed().both());
    let policy = json!({"secret_props": {"contentType": "application/x-pem-file"}});
    let import = post(
        format!("/certificates/{name}/import?api-version=2026-04-01"),
        &json!({"value": pem, "policy": policy}),
    );
    let terms = json!({
        "certificate": name,
        "dnsSuffixes": ["bench.example"],
        "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
        "maxValidityMonths": 12,
    });
    let set = Call {
        method: Method::PUT,
        path: format!("/certificates/issuers/{}?api-version=2026-04-01", issuer(key)),
        body: json!({"provider": "Strongroom", "strongroom": terms})
            .to_string()
            .into(),
    };
    for call in [import, set] {
        let path = call.path.clone();
        let answer = target.once(call).await?;
        ensure!(
            answer.status.is_success(),
            "{path}: {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
    }
    Ok(())
}

/// How many were issued, and what that took.
#[derive(Debug)]
pub struct Issued {
    /// How many.
    pub count: usize,
    /// From the first request until the last one was issued, without the time that a vault waits before it issues.
    pub elapsed: Duration,
    /// What the vault spent on it.
    pub cpu: Duration,
}

/// Lets clients ask for one certificate after another for so long, and waits until all are issued.
pub async fn issue(
    target: &Target,
    usage: Usage,
    asked: Asked,
    prefix: &str,
    length: Duration,
) -> Result<Issued> {
    let (begun, before, names) = (Instant::now(), usage.cpu()?, prefix.to_owned());
    let call = move |number| asked.of_the_vault(&format!("{names}-{number}"));
    let run = load::run(target, usage, CLIENTS, Until::Elapsed(length), call).await?;
    let count = run.latencies.len();
    let (mut connection, deadline, mut found) = (target.connect().await?, Instant::now() + DEADLINE, 0);
    // A client whose time was over may have taken a number.
    for number in 0..count + CLIENTS {
        found += usize::from(wait(&mut connection, &format!("{prefix}-{number}"), deadline).await?);
    }
    ensure!(found == count, "{found} of {count} certificates are there");
    Ok(Issued {
        count,
        elapsed: begun.elapsed().saturating_sub(WAITS),
        cpu: usage.cpu()?.saturating_sub(before),
    })
}

/// How long each of so many clients waits for one certificate, from its request until it sees it issued.
pub async fn awaited(target: &Target, asked: Asked, prefix: &str) -> Result<Vec<Duration>> {
    let (target, mut clients) = (Arc::new(target.clone()), JoinSet::new());
    for client in 0..CLIENTS {
        let (target, name) = (Arc::clone(&target), format!("{prefix}-{client}"));
        clients.spawn(async move {
            let mut connection = target.connect().await?;
            let begun = Instant::now();
            let answer = connection.send(asked.of_the_vault(&name)).await?;
            ensure!(answer.status.is_success(), "{name}: {}", answer.status);
            ensure!(
                wait(&mut connection, &name, begun + DEADLINE).await?,
                "{name} is not there"
            );
            Ok(begun.elapsed())
        });
    }
    clients.join_all().await.into_iter().collect()
}

/// Waits until the certificate is issued. False if there is none of the name.
async fn wait(connection: &mut Connection, name: &str, deadline: Instant) -> Result<bool> {
    loop {
        let answer = connection.send(pending(name)).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        let body: Value = serde_json::from_slice(&answer.body)?;
        match body.get("status").and_then(Value::as_str) {
            Some("completed") => return Ok(true),
            Some("inProgress") if Instant::now() < deadline => tokio::time::sleep(ASKS).await,
            _ => bail!("{name}: {} {body}", answer.status),
        }
    }
}
