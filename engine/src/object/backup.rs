//! Backups: one secret with all its versions in one sealed blob.

use strongroom_core::{ObjectName, Version};

use crate::{
    crypt::{cipher, head::Head, keyring::Keyring},
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        fields::VersionFields,
        id::Sequence,
        key,
        record::Record,
        records::IndexEntry,
        value::SecretValue,
        version,
    },
    object::{
        blob::BackupBlob,
        error::{BadParameter, ObjectError, damaged},
        view::View,
    },
};

const MAGIC: Magic = *b"SRbk";

/// A version as a backup holds it.
#[derive(Debug)]
pub(crate) struct BackedUp {
    pub(crate) version: Version,
    pub(crate) value: SecretValue,
    pub(crate) fields: VersionFields,
}

/// Makes the backup of a live secret.
pub(crate) fn make(view: View<'_>, name: &ObjectName) -> Result<BackupBlob, ObjectError> {
    let limits = &view.rules.limits;
    let head = view.require_live(name)?;
    let places = places(view, name, &head)?;
    let mut body = Encoder::with_capacity(limits.backup_bytes.min(places.len() * 1024));
    body.u32(head.fields.versions);
    for (version, sequence) in places {
        let (value, fields) = view.open_version(name, &head, (&version, sequence))?;
        let plaintext = version::encode(&value, &fields);
        // The buffer grows by replacement, so that no part of a value stays behind in what it leaves.
        body = body.grown(20 + plaintext.as_bytes().len());
        body.array(version.as_bytes()).bytes(plaintext.as_bytes());
        if body.as_bytes().len() > limits.backup_bytes {
            return Err(BadParameter::BackupTooLarge(limits.backup_bytes).into());
        }
    }
    seal(view.keyring, name, &body)
}

/// Every version, the current one last.
fn places(view: View<'_>, name: &ObjectName, head: &Head) -> Result<Vec<(Version, Sequence)>, ObjectError> {
    let limit = view.rules.limits.backup_versions;
    let older = view.snapshot.scan(&key::all_index(head.object), None, limit)?;
    if older.more || older.records.len() >= limit {
        return Err(BadParameter::TooManyVersions(limit).into());
    }
    let mut places = Vec::with_capacity(older.records.len() + 1);
    for (key, entry) in &older.records {
        let version = key::version_of_index(key).ok_or_else(|| damaged("the index", name))?;
        let IndexEntry(sequence) =
            IndexEntry::decode(view.vault(), entry).map_err(|_| damaged("the index", name))?;
        places.push((version, sequence));
    }
    places.push((head.fields.version, head.fields.sequence));
    if usize::try_from(head.fields.versions) == Ok(places.len()) {
        Ok(places)
    } else {
        Err(damaged("the index", name))
    }
}

fn seal(keyring: &Keyring, name: &ObjectName, body: &Encoder) -> Result<BackupBlob, ObjectError> {
    let (number, key) = keyring
        .current_backup()
        .ok_or_else(|| damaged("the backup key", name))?;
    let mut blob = Encoder::record(MAGIC, keyring.vault());
    blob.u32(number).text(name.as_str());
    let sealed = cipher::seal_deterministic(key, blob.as_bytes(), body.as_bytes())
        .map_err(|_| damaged("the backup key", name))?;
    blob.bytes(&sealed);
    Ok(BackupBlob::new(blob.into_bytes()))
}

/// The name of the secret in `blob`, after the whole blob was authenticated: what policy is asked about.
pub(crate) fn peek(view: View<'_>, blob: &BackupBlob) -> Result<ObjectName, ObjectError> {
    open(view, blob).map(|(name, _)| name)
}

/// The secret in `blob`: its name and its versions, the current one last.
pub(crate) fn open(view: View<'_>, blob: &BackupBlob) -> Result<(ObjectName, Vec<BackedUp>), ObjectError> {
    let limits = &view.rules.limits;
    // Sealing adds little to the versions; a blob beyond this is none of ours.
    if blob.as_bytes().len() > limits.backup_bytes.saturating_add(1024) {
        return Err(BadParameter::BackupTooLarge(limits.backup_bytes).into());
    }
    let (name, plaintext) = unseal(view.keyring, blob).map_err(|_| BadParameter::BackupBlob)?;
    let versions = decode(&plaintext, limits.backup_versions).map_err(|_| BadParameter::BackupBlob)?;
    Ok((name, versions))
}

fn unseal(
    keyring: &Keyring,
    blob: &BackupBlob,
) -> Result<(ObjectName, zeroize::Zeroizing<Vec<u8>>), CodecError> {
    let mut decoder = Decoder::record(blob.as_bytes(), MAGIC, keyring.vault())?;
    let number = decoder.u32()?;
    let name = decoder.object_name()?;
    let sealed = decoder.bytes()?;
    decoder.finish()?;
    let mut context = Encoder::record(MAGIC, keyring.vault());
    context.u32(number).text(name.as_str());
    let key = keyring.backup(number).ok_or(CodecError::Field)?;
    let plaintext = cipher::open(key, context.as_bytes(), sealed).map_err(|_| CodecError::Field)?;
    Ok((name, plaintext))
}

fn decode(plaintext: &[u8], limit: usize) -> Result<Vec<BackedUp>, CodecError> {
    let mut decoder = Decoder::new(plaintext);
    let count = usize::try_from(decoder.u32()?).map_err(|_| CodecError::Field)?;
    if !(1..=limit).contains(&count) {
        return Err(CodecError::Field);
    }
    let mut versions = Vec::with_capacity(count);
    for _ in 0..count {
        let version = Version::from_bytes(decoder.array()?);
        let (value, fields) = version::decode(decoder.bytes()?)?;
        versions.push(BackedUp {
            version,
            value,
            fields,
        });
    }
    decoder.finish()?;
    Ok(versions)
}
