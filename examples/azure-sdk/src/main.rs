//! Reads a secret every few seconds with the Azure SDK and its workload identity credential, as a program written for
//! Azure Key Vault does. Nothing here knows of Strongroom: the pod's environment says where the vault and the login are
//! (`examples/azure-sdk.yaml`).

use std::{env, time::Duration};

use anyhow::Context;
use azure_core::http::StatusCode;
use azure_identity::WorkloadIdentityCredential;
use azure_security_keyvault_secrets::SecretClient;

/// How long it waits before it reads again.
const PAUSE: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let vault = env::var("VAULT_URL").context("VAULT_URL is not set")?;
    let name = env::var("SECRET_NAME").context("SECRET_NAME is not set")?;
    let client = SecretClient::new(&vault, WorkloadIdentityCredential::new(None)?, None)?;
    loop {
        println!("{}", read(&client, &name).await);
        tokio::time::sleep(PAUSE).await;
    }
}

/// What came back, without the value: a log is no place for it.
async fn read(client: &SecretClient, name: &str) -> String {
    let answer = match client.get_secret(name, None).await {
        Ok(answer) => answer.into_model(),
        Err(error) => return refused(name, &error),
    };
    match answer {
        Ok(secret) => {
            let length = secret.value.map_or(0, |value| value.chars().count());
            let id = secret.id.unwrap_or_default();
            format!("{name}: {length} characters, {id}")
        }
        Err(error) => format!("{name}: cannot read the answer: {error}"),
    }
}

fn refused(name: &str, error: &azure_core::Error) -> String {
    match error.http_status() {
        Some(StatusCode::Forbidden) => format!("{name}: the vault refuses: {error}"),
        _ => format!("{name}: {error}"),
    }
}
