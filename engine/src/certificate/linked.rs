//! The key and the secret that are part of a certificate: of its name, with its versions' ids, changed with it alone.

use strongroom_core::{ObjectName, Version};

use super::{
    Certificate,
    request::{Issued, Update},
};
use crate::{
    crypto_key::{CryptoKey, KeyFields, KeyMaterial, KeyPatch},
    format::{
        fields::{AttributesPatch, Change},
        tags::Tags,
    },
    object::{
        apply::{lifecycle, restore, set, update as generic},
        backup::{self, BackedUpObject},
        blob::BackupBlob,
        error::{MalformedBackup, ObjectError, damaged},
        kind::Kind,
        tasks::{LifeChange, Tasks},
        transaction::Transaction,
        view::{HeadFieldsOf, View, is_past, not_found},
    },
    secret::{CertificatePart, Secret, SecretFields, SecretPatch},
};

/// A version that is issued.
pub(super) struct NewVersion<'a> {
    pub(super) name: &'a ObjectName,
    pub(super) version: Version,
    pub(super) issued: &'a Issued,
    pub(super) preserve_order: Option<bool>,
    pub(super) parts: Parts<'a>,
    pub(super) enabled: bool,
    pub(super) tags: &'a Tags,
}

impl NewVersion<'_> {
    /// The attributes, which are those of the certificate itself.
    pub(super) const fn attributes(&self) -> AttributesPatch {
        AttributesPatch {
            enabled: Some(self.enabled),
            not_before: Change::Set(self.issued.not_before),
            expires: Change::Set(self.issued.expires),
        }
    }
}

/// The key of a new version.
pub(super) struct Parts<'a> {
    pub(super) material: &'a KeyMaterial,
    pub(super) key: &'a KeyFields,
}

/// Checks that no object of the three kinds has the name. A deleted one has it, too, until its time has come.
pub(super) fn free(transaction: &mut Transaction<'_>, name: &ObjectName) -> Result<(), ObjectError> {
    set::free_name::<Certificate>(transaction, name)?;
    free_of_others(transaction, name)
}

/// Checks that no key and no secret has the name.
fn free_of_others(transaction: &mut Transaction<'_>, name: &ObjectName) -> Result<(), ObjectError> {
    free_of::<CryptoKey>(transaction, name)?;
    free_of::<Secret>(transaction, name)
}

fn free_of<K: Tasks>(transaction: &mut Transaction<'_>, name: &ObjectName) -> Result<(), ObjectError> {
    let view = transaction.view.of::<K>();
    if view.is_live(name)? {
        return Err(name_of_another::<K>(name));
    }
    match view.deleted(name)? {
        None => Ok(()),
        Some(head) if is_past(&head, transaction.now) => lifecycle::remove::<K>(transaction, name, &head),
        Some(_) => Err(name_of_another::<K>(name)),
    }
}

/// Puts the version of the key and of the secret.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    new: &NewVersion<'_>,
    previous: Option<Version>,
) -> Result<(), ObjectError> {
    let key = KeyFields {
        is_part: true,
        ..new.parts.key.clone()
    };
    let secret = SecretFields {
        content_type: Some(new.issued.content_type.clone()),
        part: Some(CertificatePart { previous }),
    };
    check_before::<CryptoKey>(transaction, new.name, previous)?;
    check_before::<Secret>(transaction, new.name, previous)?;
    put_one::<CryptoKey>(transaction, new, new.parts.material, &key)?;
    put_one::<Secret>(transaction, new, &new.issued.secret, &secret)
}

/// Checks that the object of the name is the part of the version before, and that there is none before the first: the
/// versions of another object must not go on as those of a part.
fn check_before<K: Tasks>(
    transaction: &Transaction<'_>,
    name: &ObjectName,
    previous: Option<Version>,
) -> Result<(), ObjectError> {
    let live = transaction.view.of::<K>().live(name)?;
    match (live, previous) {
        (None, None) => Ok(()),
        (Some(head), Some(previous)) if is_part::<K>(&head.fields) && head.fields.version == previous => {
            Ok(())
        }
        (Some(_), None) => Err(name_of_another::<K>(name)),
        (Some(_) | None, Some(_)) => Err(damaged_part(name)),
    }
}

fn put_one<K: Tasks>(
    transaction: &mut Transaction<'_>,
    new: &NewVersion<'_>,
    content: &K::Content,
    fields: &K::Fields,
) -> Result<(), ObjectError> {
    let given = set::Given {
        version: Some(new.version),
        content,
        fields,
        attributes: &new.attributes(),
        tags: new.tags,
    };
    set::set::<K>(transaction, new.name, &given).map(drop)
}

/// Changes the attributes and tags of a version of the key and of the secret.
pub(super) fn update(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    version: Version,
    given: &Update,
) -> Result<(), ObjectError> {
    update_one::<CryptoKey>(transaction, name, version, given, &KeyPatch::default())?;
    update_one::<Secret>(transaction, name, version, given, &SecretPatch::default())
}

fn update_one<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    version: Version,
    given: &Update,
    nothing: &K::Patch,
) -> Result<(), ObjectError> {
    let given = generic::Given::<K> {
        fields: nothing,
        attributes: &AttributesPatch {
            enabled: given.enabled,
            ..AttributesPatch::default()
        },
        tags: given.tags.as_ref(),
    };
    generic::update(transaction, name, Some(&version), &given).map(drop)
}

/// Deletes, recovers or purges them, where they are there: a certificate that was not issued has none. Its name may be that
/// of another key or secret since it was deleted.
pub(super) fn change(
    transaction: &mut Transaction<'_>,
    head: &HeadFieldsOf<Certificate>,
    change: LifeChange,
) -> Result<(), ObjectError> {
    if !Certificate::is_complete(&head.current.own) {
        return match change {
            LifeChange::Recover => free_of_others(transaction, &head.name),
            LifeChange::Delete | LifeChange::Purge => Ok(()),
        };
    }
    change_one::<CryptoKey>(transaction, &head.name, change)?;
    change_one::<Secret>(transaction, &head.name, change)
}

fn change_one<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    change: LifeChange,
) -> Result<(), ObjectError> {
    let view = transaction.view.of::<K>();
    match change {
        LifeChange::Delete => {
            let live = view.live(name)?.filter(|head| is_part::<K>(&head.fields));
            live.ok_or_else(|| damaged_part(name))?;
            lifecycle::delete::<K>(transaction, name).map(drop)
        }
        LifeChange::Recover => {
            // Who had a clock that ran ahead may have given the name away.
            let deleted = view.deleted(name)?.filter(|head| is_part::<K>(&head.fields));
            deleted.ok_or_else(|| name_of_another::<K>(name))?;
            lifecycle::recover::<K>(transaction, name).map(drop)
        }
        // It is gone where its name was taken between its time and this purge.
        LifeChange::Purge => match view.deleted(name)?.filter(|head| is_part::<K>(&head.fields)) {
            Some(head) => lifecycle::remove::<K>(transaction, name, &head),
            None => Ok(()),
        },
    }
}

fn is_part<K: Kind>(head: &HeadFieldsOf<K>) -> bool {
    K::is_managed(&head.current.own)
}

fn name_of_another<K: Kind>(name: &ObjectName) -> ObjectError {
    ObjectError::NameOfAnother {
        kind: K::KIND,
        name: name.clone(),
    }
}

/// A certificate without its key or its secret, or with those of another version.
fn damaged_part(name: &ObjectName) -> ObjectError {
    damaged("the key or the secret of a certificate", name)
}

/// The bytes that making their backups may hold.
pub(super) fn backup_room(view: View<'_>, head: &HeadFieldsOf<Certificate>) -> Result<usize, ObjectError> {
    require_complete(head)?;
    let name = &head.name;
    Ok(backup::room_of_part::<CryptoKey>(view, name)? + backup::room_of_part::<Secret>(view, name)?)
}

/// Their backups, that of the key first.
pub(super) fn back_up(
    view: View<'_>,
    head: &HeadFieldsOf<Certificate>,
) -> Result<Vec<BackupBlob>, ObjectError> {
    require_complete(head)?;
    let key = backup::make_part::<CryptoKey>(view, &head.name)?;
    Ok(vec![key, backup::make_part::<Secret>(view, &head.name)?])
}

/// A certificate that was not issued has nothing to back up.
fn require_complete(head: &HeadFieldsOf<Certificate>) -> Result<(), ObjectError> {
    if Certificate::is_complete(&head.current.own) {
        return Ok(());
    }
    Err(not_found::<Certificate>(&head.name, None))
}

/// Restores them from `blobs`, which must be of the same name and of the same versions: each is the vault's own, but might
/// have been put beside another certificate's.
pub(super) fn restore(
    transaction: &mut Transaction<'_>,
    restored: &[Version],
    name: &ObjectName,
    blobs: &[BackupBlob],
) -> Result<(), ObjectError> {
    let [key, secret] = blobs else {
        return Err(MalformedBackup::Corrupt.into());
    };
    restore_one::<CryptoKey>(transaction, restored, name, key)?;
    restore_one::<Secret>(transaction, restored, name, secret)
}

fn restore_one<K: Tasks>(
    transaction: &mut Transaction<'_>,
    restored: &[Version],
    name: &ObjectName,
    blob: &BackupBlob,
) -> Result<(), ObjectError> {
    let part: BackedUpObject<K> = backup::open(transaction.view, blob)?;
    let versions = part.versions.iter().map(|version| version.version);
    let mut fields = part.versions.iter().map(|version| &version.fields.own);
    if part.name != *name || !versions.eq(restored.iter().copied()) || !fields.all(K::is_managed) {
        return Err(MalformedBackup::Corrupt.into());
    }
    restore::bring_back(transaction, &part).map(drop)
}
