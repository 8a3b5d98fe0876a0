//! What may be done with an object of any kind (Key Vault API, Secrets/routes.tsp, Keys/routes.tsp,
//! Certificates/routes.tsp).

use http::Method;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use strongroom_core::ObjectName;

use super::{
    BACKUP_LIMIT, Call, NextPage, Octets, PAGE_LIMIT, Page, VaultClient, VaultError, kind::VaultKind, path,
    written,
};
use crate::identity::VaultToken;

/// An object that is deleted and can still be recovered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deleted<T> {
    /// The object, without any secret value.
    #[serde(flatten)]
    pub object: T,
    /// When it was deleted, seconds since 1970.
    #[serde(default)]
    pub deleted_date: Option<i64>,
    /// When it will be purged, seconds since 1970.
    #[serde(default)]
    pub scheduled_purge_date: Option<i64>,
}

/// A whole object with all its versions, readable by the vault that wrote it. Holds nothing plain, yet is kept as if it did.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Backup {
    /// The blob.
    pub value: Octets,
}

impl VaultClient {
    /// One page of the objects that the caller may list.
    pub async fn list<K: VaultKind>(
        &self,
        token: &VaultToken,
        from: Option<&NextPage>,
    ) -> Result<Page<K::Item>, VaultError> {
        self.page(token, (&format!("/{}", K::KIND.as_str()), ""), from)
            .await
    }

    /// Every object that the caller may list, at most `most`.
    pub async fn list_all<K: VaultKind>(
        &self,
        token: &VaultToken,
        most: usize,
    ) -> Result<Vec<K::Item>, VaultError> {
        self.pages(token, &format!("/{}", K::KIND.as_str()), most).await
    }

    /// The same with the objects that have no complete version yet: certificates whose first one is not issued.
    pub async fn list_all_and_pending<K: VaultKind>(
        &self,
        token: &VaultToken,
        most: usize,
    ) -> Result<Vec<K::Item>, VaultError> {
        let path = format!("/{}", K::KIND.as_str());
        self.pages_by(token, (&path, "&includePending=true"), most).await
    }

    /// Every version of an object, at most `most`.
    pub async fn list_versions<K: VaultKind>(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        most: usize,
    ) -> Result<Vec<K::Item>, VaultError> {
        let path = format!("{}/versions", path::<K>(name, None));
        self.pages(token, &path, most).await
    }

    /// Every deleted object that the caller may list, at most `most`.
    pub async fn list_deleted<K: VaultKind>(
        &self,
        token: &VaultToken,
        most: usize,
    ) -> Result<Vec<Deleted<K::Item>>, VaultError> {
        let path = format!("/deleted{}", K::KIND.as_str());
        self.pages(token, &path, most).await
    }

    /// Deletes all versions; they can be recovered until they are purged.
    pub async fn delete<K: VaultKind>(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<Deleted<K::Object>, VaultError> {
        self.json(token, Call::new(Method::DELETE, path::<K>(name, None)))
            .await
    }

    /// A deleted object.
    pub async fn get_deleted<K: VaultKind>(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<Deleted<K::Object>, VaultError> {
        self.json(token, Call::new(Method::GET, deleted_path::<K>(name)))
            .await
    }

    /// Destroys a deleted object for good.
    pub async fn purge_deleted<K: VaultKind>(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<(), VaultError> {
        self.send(token, Call::new(Method::DELETE, deleted_path::<K>(name)))
            .await
            .map(drop)
    }

    /// Brings a deleted object back.
    pub async fn recover_deleted<K: VaultKind>(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<K::Object, VaultError> {
        let path = format!("{}/recover", deleted_path::<K>(name));
        self.json(token, Call::new(Method::POST, path)).await
    }

    /// Takes a backup of all versions.
    pub async fn backup<K: VaultKind>(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<Backup, VaultError> {
        let path = format!("{}/backup", path::<K>(name, None));
        let call = Call::new(Method::POST, path).limit(BACKUP_LIMIT);
        self.json(token, call).await
    }

    /// Restores a backup; the name must be free.
    pub async fn restore<K: VaultKind>(
        &self,
        token: &VaultToken,
        backup: &Backup,
    ) -> Result<K::Object, VaultError> {
        let room = 2 * backup.value.as_bytes().len() + 64;
        let path = format!("/{}/restore", K::KIND.as_str());
        let call = Call::new(Method::POST, path).body(written(backup, room)?);
        self.json(token, call).await
    }

    /// Every page of the list at `path`.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        token: &VaultToken,
        path: &str,
        most: usize,
    ) -> Result<Vec<T>, VaultError> {
        self.pages_by(token, (path, ""), most).await
    }

    /// Every page of the list at a path, each of which is asked for with the same query.
    async fn pages_by<T: DeserializeOwned>(
        &self,
        token: &VaultToken,
        (path, query): (&str, &str),
        most: usize,
    ) -> Result<Vec<T>, VaultError> {
        let mut all = Vec::new();
        let mut next = None;
        // An honest page that is not the last holds something, or skips over a page's worth of what may not be seen.
        for _ in 0..=most {
            let page: Page<T> = self.page(token, (path, query), next.as_ref()).await?;
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

    async fn page<T: DeserializeOwned>(
        &self,
        token: &VaultToken,
        (path, query): (&str, &str),
        from: Option<&NextPage>,
    ) -> Result<Page<T>, VaultError> {
        let from = from.map(NextPage::query).unwrap_or_default();
        let query = format!("{query}{from}");
        let call = Call::new(Method::GET, path.to_owned());
        self.json(token, call.query(&query).limit(PAGE_LIMIT)).await
    }
}

fn deleted_path<K: VaultKind>(name: &ObjectName) -> String {
    format!("/deleted{}/{name}", K::KIND.as_str())
}
