//! What may be done with secrets alone (Key Vault API, Secrets/routes.tsp).

use http::Method;
use secrecy::ExposeSecret as _;
use strongroom_core::{ObjectName, Version, limits::VALUE_BYTES};

use super::{
    Call, NewSecret, Secret, SecretChange, SecretItem, VaultClient, VaultError, collection::Secrets, path,
    written,
};
use crate::identity::VaultToken;

impl VaultClient {
    /// Makes a new version. Never repeated once it may have been carried out.
    pub async fn set_secret(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        secret: &NewSecret,
    ) -> Result<Secret, VaultError> {
        // An escape takes at most six bytes; with that much room no unwiped copy is left by a growing buffer.
        let room = 6 * secret.value.expose_secret().len() + (64 << 10);
        let call = Call::new(Method::PUT, path::<Secrets>(name, None)).body(written(secret, room)?);
        self.json(token, call).await
    }

    /// Reads a version; the current one without `version`.
    pub async fn get_secret(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
    ) -> Result<Secret, VaultError> {
        let secret: Secret = self
            .json(token, Call::new(Method::GET, path::<Secrets>(name, version)))
            .await?;
        if !secret.id.is_of(name, version) {
            return Err(VaultError::OtherObject);
        }
        if secret.value.expose_secret().len() > VALUE_BYTES {
            return Err(VaultError::LargeValue);
        }
        Ok(secret)
    }

    /// Changes what is known about a version; the current one without `version`.
    pub async fn update_secret(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
        change: &SecretChange,
    ) -> Result<SecretItem, VaultError> {
        let call = Call::new(Method::PATCH, path::<Secrets>(name, version)).body(written(change, 16 << 10)?);
        self.json(token, call).await
    }
}
