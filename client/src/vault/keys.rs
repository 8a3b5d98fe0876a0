//! What may be done with keys alone (Key Vault API, Keys/routes.tsp).

use std::time::Duration;

use http::Method;
use serde::{Deserialize, de::DeserializeOwned};
use strongroom_core::{ObjectName, Version};

use super::{
    Call, Key, KeyChange, KeyImport, KeyInput, KeyResult, KeyWork, NewKey, RotationPolicy, VaultClient,
    VaultError, Verification, collection::Keys, path, written,
};
use crate::identity::VaultToken;

/// How long the making of a key may take, and the check of one that is imported: a vault lets either wait for up to 20
/// seconds, and a large RSA key takes some more.
const MAKING: Duration = Duration::from_secs(45);

/// The room for what is written about a key, without data: tags, and the names of operations.
const ROOM: usize = 16 << 10;

#[derive(Deserialize)]
struct Verdict {
    value: bool,
}

impl VaultClient {
    /// Makes a new version. Never repeated once it may have been carried out.
    pub async fn create_key(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        new: &NewKey,
    ) -> Result<Key, VaultError> {
        let path = format!("{}/create", path::<Keys>(name, None));
        let call = Call::new(Method::POST, path).body(written(new, ROOM)?);
        self.key(token, call.within(MAKING), name, None).await
    }

    /// Makes a new version of a key that was made elsewhere. Never repeated once it may have been carried out.
    pub async fn import_key(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        import: &KeyImport,
    ) -> Result<Key, VaultError> {
        let body = written(import, import.room() + ROOM)?;
        let call = Call::new(Method::PUT, path::<Keys>(name, None)).body(body);
        self.key(token, call.within(MAKING), name, None).await
    }

    /// Makes a new version of the same type. Never repeated once it may have been carried out.
    pub async fn rotate_key(&self, token: &VaultToken, name: &ObjectName) -> Result<Key, VaultError> {
        let path = format!("{}/rotate", path::<Keys>(name, None));
        let call = Call::new(Method::POST, path).within(MAKING);
        self.key(token, call, name, None).await
    }

    /// Reads the public part of a version; of the current one without `version`.
    pub async fn get_key(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
    ) -> Result<Key, VaultError> {
        let call = Call::new(Method::GET, path::<Keys>(name, version));
        self.key(token, call, name, version).await
    }

    /// Changes what is known about a version; the current one without `version`.
    pub async fn update_key(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
        change: &KeyChange,
    ) -> Result<Key, VaultError> {
        let call = Call::new(Method::PATCH, path::<Keys>(name, version)).body(written(change, ROOM)?);
        self.key(token, call, name, version).await
    }

    /// Reads the rotation policy.
    pub async fn rotation_policy(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<RotationPolicy, VaultError> {
        self.json(token, Call::new(Method::GET, policy_path(name))).await
    }

    /// Puts a rotation policy in the place of what the key has; returns it as the vault keeps it.
    pub async fn set_rotation_policy(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        policy: &RotationPolicy,
    ) -> Result<RotationPolicy, VaultError> {
        let call = Call::new(Method::PUT, policy_path(name)).body(written(policy, ROOM)?);
        self.json(token, call).await
    }

    /// Has a version do `work`; the current one without `version`.
    pub async fn use_key(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
        work: KeyWork,
        input: &KeyInput,
    ) -> Result<KeyResult, VaultError> {
        let body = written(input, input.room())?;
        let result: KeyResult = self.work(token, name, version, work.segment(), body).await?;
        if result.kid.is_of(name, version) {
            Ok(result)
        } else {
            Err(VaultError::OtherObject)
        }
    }

    /// Whether a signature is one of a version; of the current one without `version`.
    pub async fn verify(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
        verification: &Verification,
    ) -> Result<bool, VaultError> {
        let body = written(verification, verification.room())?;
        let verdict: Verdict = self.work(token, name, version, "verify", body).await?;
        Ok(verdict.value)
    }

    async fn work<T: DeserializeOwned>(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
        segment: &str,
        body: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<T, VaultError> {
        let path = format!("{}/{segment}", path::<Keys>(name, version));
        let call = Call::new(Method::POST, path).body(body).repeatable();
        self.json(token, call).await
    }

    /// Sends `call`, whose answer is the key that it is about.
    async fn key(
        &self,
        token: &VaultToken,
        call: Call<'_>,
        name: &ObjectName,
        version: Option<&Version>,
    ) -> Result<Key, VaultError> {
        let key: Key = self.json(token, call).await?;
        if key.key.kid.is_of(name, version) {
            Ok(key)
        } else {
            Err(VaultError::OtherObject)
        }
    }
}

fn policy_path(name: &ObjectName) -> String {
    format!("{}/rotationpolicy", path::<Keys>(name, None))
}
