//! The key that a certificate is asked for with: a new one, or that of the version before.

use strongroom_certificates::{content::read_secret, policy::Policy};
use strongroom_core::{ObjectName, Uid, Version};
use strongroom_engine::{CryptoKey, KeyBundle, ObjectError, Objects, Secret, SecretBundle};
use strongroom_keys::{Key, KeyError};

use super::{Keys, successor::SuccessorError};

impl Keys {
    /// The key for the next version of the certificate `name`, as `policy` says: made for `account`, or that of the current
    /// version. A certificate without a version gets a new one; so does one whose key has never left the vault, and whose next
    /// version is to leave it.
    ///
    /// # Errors
    /// The key cannot be read, or not be made.
    pub async fn of_certificate(
        &self,
        objects: &Objects,
        account: &Uid,
        name: &ObjectName,
        policy: &Policy,
    ) -> Result<Key, SuccessorError> {
        if policy.reuses_key()
            && let Some((version, key)) = self.current(objects, name)?
            && policy.key_spec().key_type() == key.key_type()
            && (!policy.is_exportable() || has_left(objects, name, &version)?)
        {
            return Ok(key);
        }
        Ok(self.generate(account, policy.key_spec()).await?)
    }

    /// The key of the current version of `name`.
    fn current(
        &self,
        objects: &Objects,
        name: &ObjectName,
    ) -> Result<Option<(Version, Key)>, SuccessorError> {
        let open = |_, bundle: KeyBundle| {
            let material = bundle.content.ok_or(KeyError::Damaged)?;
            Ok::<_, KeyError>((bundle.version, self.provider.open(material.expose())?))
        };
        match objects.open::<CryptoKey, _>(name, None, |_| None, open) {
            Ok(opened) => Ok(Some(opened?)),
            Err(ObjectError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether the secret of a version holds its private key.
fn has_left(objects: &Objects, name: &ObjectName, version: &Version) -> Result<bool, SuccessorError> {
    let holds = |_, bundle: SecretBundle| {
        let held = bundle.content.and_then(|secret| read_secret(secret.expose()));
        held.is_some_and(|held| !held.private_keys.is_empty())
    };
    Ok(objects.open::<Secret, _>(name, Some(version), |_| None, holds)?)
}
