//! The twelve operations (Key Vault API, Secrets/routes.tsp).

use http::Method;
use secrecy::ExposeSecret as _;
use serde::{Serialize, de::DeserializeOwned};
use strongroom_core::{ObjectName, Version, limits::VALUE_BYTES};
use zeroize::Zeroizing;

use super::{
    BACKUP_LIMIT, Backup, Call, DeletedSecret, NewSecret, NextPage, PAGE_LIMIT, Page, Secret, SecretChange,
    SecretItem, VaultClient, VaultError,
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
        let call = Call::new(Method::PUT, path(name, None)).body(written(secret, room)?);
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
            .json(token, Call::new(Method::GET, path(name, version)))
            .await?;
        let same =
            secret.id.name == *name && version.is_none_or(|version| secret.id.version == Some(*version));
        if !same {
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
        let call = Call::new(Method::PATCH, path(name, version)).body(written(change, 16 << 10)?);
        self.json(token, call).await
    }

    /// Deletes all versions; they can be recovered until they are purged.
    pub async fn delete_secret(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<DeletedSecret, VaultError> {
        self.json(token, Call::new(Method::DELETE, path(name, None)))
            .await
    }

    /// One page of the secrets that the caller may list.
    pub async fn list_secrets(
        &self,
        token: &VaultToken,
        from: Option<&NextPage>,
    ) -> Result<Page<SecretItem>, VaultError> {
        self.page(token, "/secrets".to_owned(), from).await
    }

    /// Every secret that the caller may list, at most `most`.
    pub async fn all_secrets(&self, token: &VaultToken, most: usize) -> Result<Vec<SecretItem>, VaultError> {
        let mut all = Vec::new();
        let mut next = None;
        // An honest page that is not the last holds something, or skips over a page's worth of what may not be seen.
        for _ in 0..=most {
            let page = self.list_secrets(token, next.as_ref()).await?;
            all.extend(page.value);
            next = page.next;
            if all.len() > most {
                break;
            }
            if next.is_none() {
                return Ok(all);
            }
        }
        Err(VaultError::TooMany(most))
    }

    /// One page of a secret's versions.
    pub async fn list_secret_versions(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        from: Option<&NextPage>,
    ) -> Result<Page<SecretItem>, VaultError> {
        self.page(token, format!("/secrets/{name}/versions"), from).await
    }

    /// One page of the deleted secrets.
    pub async fn list_deleted_secrets(
        &self,
        token: &VaultToken,
        from: Option<&NextPage>,
    ) -> Result<Page<DeletedSecret>, VaultError> {
        self.page(token, "/deletedsecrets".to_owned(), from).await
    }

    /// A deleted secret, without value.
    pub async fn get_deleted_secret(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<DeletedSecret, VaultError> {
        self.json(token, Call::new(Method::GET, deleted_path(name))).await
    }

    /// Destroys a deleted secret for good.
    pub async fn purge_deleted_secret(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<(), VaultError> {
        self.send(token, Call::new(Method::DELETE, deleted_path(name)))
            .await
            .map(drop)
    }

    /// Brings a deleted secret back.
    pub async fn recover_deleted_secret(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<SecretItem, VaultError> {
        let call = Call::new(Method::POST, format!("{}/recover", deleted_path(name)));
        self.json(token, call).await
    }

    /// Takes a backup of all versions.
    pub async fn backup_secret(&self, token: &VaultToken, name: &ObjectName) -> Result<Backup, VaultError> {
        let call = Call::new(Method::POST, format!("/secrets/{name}/backup")).limit(BACKUP_LIMIT);
        self.json(token, call).await
    }

    /// Restores a backup; the name must be free.
    pub async fn restore_secret(
        &self,
        token: &VaultToken,
        backup: &Backup,
    ) -> Result<SecretItem, VaultError> {
        let room = secrecy::ExposeSecret::expose_secret(&backup.value).len() + 64;
        let call = Call::new(Method::POST, "/secrets/restore".to_owned()).body(written(backup, room)?);
        self.json(token, call).await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        token: &VaultToken,
        path: String,
        from: Option<&NextPage>,
    ) -> Result<Page<T>, VaultError> {
        let query = from.map(NextPage::query).unwrap_or_default();
        self.json(
            token,
            Call::new(Method::GET, path).query(&query).limit(PAGE_LIMIT),
        )
        .await
    }
}

fn path(name: &ObjectName, version: Option<&Version>) -> String {
    match version {
        None => format!("/secrets/{name}"),
        Some(version) => format!("/secrets/{name}/{version}"),
    }
}

fn deleted_path(name: &ObjectName) -> String {
    format!("/deletedsecrets/{name}")
}

/// `value` as JSON, in a buffer that is wiped and has `room` enough not to grow.
fn written(value: &impl Serialize, room: usize) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *body, value).map_err(|_| VaultError::Unwritable)?;
    Ok(body)
}
