//! Sets, gets, lists and deletes a secret: where, and as whom, the environment says.

use std::env;

use azure_identity::WorkloadIdentityCredential;
use azure_security_keyvault_secrets::{ResourceExt, SecretClient, models::SetSecretParameters};
use futures::TryStreamExt;

const NAME: &str = "sdk-rust";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let client = SecretClient::new(
        &env::var("VAULT_URL")?,
        WorkloadIdentityCredential::new(None)?,
        None,
    )?;
    // A first request without a body: azure_core 1.1 loses the body of the first one if it has to repeat that.
    client.list_secret_properties(None)?.try_next().await?;
    let value = SetSecretParameters {
        value: Some("a value".to_owned()),
        ..SetSecretParameters::default()
    };
    let set = client
        .set_secret(NAME, value.try_into()?, None)
        .await?
        .into_model()?;
    println!("set {}", set.id.unwrap_or_default());
    let got = client.get_secret(NAME, None).await?.into_model()?;
    println!("got {}", got.value.unwrap_or_default());
    let mut secrets = client.list_secret_properties(None)?;
    while let Some(secret) = secrets.try_next().await? {
        println!("listed {}", secret.resource_id()?.name);
    }
    let deleted = client.delete_secret(NAME, None).await?.into_model()?;
    println!("deleted {}", deleted.resource_id()?.name);
    client.purge_deleted_secret(NAME, None).await?;
    Ok(())
}
