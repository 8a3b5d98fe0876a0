//! Backups: one object with all its versions in one sealed blob.
//!
//! Format 5 holds the backups of the objects that are part of a certificate; other kinds have none, and are written in format
//! 4, which holds what the kind notes about the object, beside its versions. It names the kind, keeps the spelling of the
//! name, and says how it was encrypted. Older programs wrote format 3, which holds the versions alone, format 2, which does
//! not say how it was encrypted, and format 1, which is of a secret.

use std::{collections::HashSet, sync::Arc};

use strongroom_core::{ObjectKind, ObjectName, Version};
use zeroize::Zeroizing;

use super::{
    blob::BackupBlob,
    error::{BadParameter, MalformedBackup, ObjectError, damaged},
    kind::Kind,
    tasks::Tasks,
    view::{FieldsOf, HeadOf, KindView, View, current_place},
};
use crate::{
    crypt::{
        cipher::{self, Form},
        keyring::Keyring,
    },
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        encoded::Encoded as _,
        id::{Located, kind_byte, kind_of_byte},
        key, version as body,
    },
};

const MAGIC: Magic = *b"SRbk";

/// The format of blobs without a kind.
const OF_SECRETS: u16 = 1;

/// The first format whose sealed part says how it was encrypted.
const NUMBERED: u16 = 3;

/// The first format with what the kind notes about the object.
const WITH_OBJECT: u16 = 4;

/// The format with the objects that are part of this one, and the newest.
const WITH_LINKED: u16 = 5;

/// How many objects are part of one at most.
const LINKED: u8 = 2;

/// The bytes of the number of versions, which begins the body.
const COUNT: usize = 4;

/// The bytes of the body before each version: its id, and its length.
const ENTRY: usize = 20;

/// The bytes of one record of the index and of the place that it leads to, in memory.
const PLACE: usize = 256;

/// A version as a backup holds it.
#[derive(Debug)]
pub(crate) struct BackedUp<K: Kind> {
    pub(crate) version: Version,
    pub(crate) content: K::Content,
    pub(crate) fields: FieldsOf<K>,
}

/// An object as a backup holds it.
#[derive(Debug)]
pub(crate) struct BackedUpObject<K: Kind> {
    /// The name, in the spelling that the object had.
    pub(crate) name: ObjectName,
    /// The versions, the current one last.
    pub(crate) versions: Vec<BackedUp<K>>,
    /// What the kind notes about the object.
    pub(crate) object: K::Object,
    /// The backups of the objects that are part of it.
    pub(crate) linked: Vec<BackupBlob>,
}

/// A backup that was asked for with a bound on its memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundedBackup {
    /// The backup.
    Made(BackupBlob),
    /// None: making it may hold so many bytes, which is more than it may.
    Needs(usize),
}

/// The versions of a backup before any is opened.
struct Plan<K: Kind> {
    head: Arc<HeadOf<K>>,
    /// The current version last.
    places: Vec<Located>,
    /// The bytes of the body at most: a record is longer than what the body holds of it.
    body_bytes: usize,
    /// The bytes of the longest record.
    longest: usize,
    /// The bytes that making the backups of its parts may hold.
    linked: usize,
}

impl<K: Tasks> Plan<K> {
    /// Reads how long each version of a live object is.
    fn of(view: KindView<'_, K>, name: &ObjectName) -> Result<Self, ObjectError> {
        let head = view.require_live(name)?;
        let places = places(view, name, &head)?;
        let (mut sum, mut longest) = (COUNT, 0);
        for place in &places {
            let length = view.version_record(name, *place)?.as_bytes().len();
            sum += length;
            longest = longest.max(length);
        }
        Ok(Self {
            linked: K::linked_backup_room(view.view, &head.fields)?,
            head,
            places,
            body_bytes: sum.min(view.view.rules.limits.backup_bytes),
            longest,
        })
    }

    /// The bytes that making the backup may hold: the body, the body sealed, and the blob around it; of the version that
    /// is added its record, its plaintext, what that decodes to, and its part of the body; and the places. The backups of its parts
    /// are in the body, too.
    const fn room(&self) -> usize {
        self.body_bytes * 3 + self.longest * 4 + self.places.len() * PLACE + self.linked * 4
    }
}

/// Makes the backup of a live object, which is no part of another.
pub(crate) fn make<K: Tasks>(view: KindView<'_, K>, name: &ObjectName) -> Result<BackupBlob, ObjectError> {
    carry_out(view, name, &Plan::of(refuse_managed(view, name)?, name)?)
}

/// Makes the backup of an object that is part of another.
pub(crate) fn make_part<K: Tasks>(view: View<'_>, name: &ObjectName) -> Result<BackupBlob, ObjectError> {
    let view = view.of::<K>();
    carry_out(view, name, &Plan::of(view, name)?)
}

/// The bytes that making the backup of a part may hold.
pub(crate) fn room_of_part<K: Tasks>(view: View<'_>, name: &ObjectName) -> Result<usize, ObjectError> {
    Ok(Plan::of(view.of::<K>(), name)?.room())
}

fn refuse_managed<'a, K: Tasks>(
    view: KindView<'a, K>,
    name: &ObjectName,
) -> Result<KindView<'a, K>, ObjectError> {
    if K::is_managed(&view.require_live(name)?.fields.current.own) {
        return Err(ObjectError::Managed {
            kind: K::KIND,
            name: name.clone(),
            operation: "backup",
        });
    }
    Ok(view)
}

/// Makes the backup of a live object if that holds `room` bytes at most.
pub(crate) fn make_within<K: Tasks>(
    view: KindView<'_, K>,
    name: &ObjectName,
    room: usize,
) -> Result<BoundedBackup, ObjectError> {
    let plan = Plan::of(refuse_managed(view, name)?, name)?;
    if plan.room() > room {
        return Ok(BoundedBackup::Needs(plan.room()));
    }
    carry_out(view, name, &plan).map(BoundedBackup::Made)
}

fn carry_out<K: Tasks>(
    view: KindView<'_, K>,
    name: &ObjectName,
    plan: &Plan<K>,
) -> Result<BackupBlob, ObjectError> {
    let (head, limit) = (&plan.head, view.view.rules.limits.backup_bytes);
    let own = K::backed_up(&head.fields.object);
    let linked = K::back_up_linked(view.view, &head.fields)?;
    let mut body = Encoder::with_capacity(plan.body_bytes + own.room() + linked_bytes(linked.as_deref()));
    body.u32(head.fields.versions);
    for place in &plan.places {
        let (content, fields) = view.open_version(name, head, *place)?;
        let plaintext = body::encode(&content, &fields);
        if body.as_bytes().len() + ENTRY + plaintext.as_bytes().len() > limit {
            return Err(BadParameter::BackupTooLarge(limit).into());
        }
        // It has the room. Where it had not, it would grow by replacement, and leave no part of a value behind.
        body = body.grown(ENTRY + plaintext.as_bytes().len());
        body.array(place.version.as_bytes()).bytes(plaintext.as_bytes());
    }
    own.put(&mut body);
    let format = if let Some(linked) = &linked {
        put_linked(&mut body, linked);
        WITH_LINKED
    } else {
        WITH_OBJECT
    };
    if body.as_bytes().len() > limit {
        return Err(BadParameter::BackupTooLarge(limit).into());
    }
    seal(view.view.keyring, format, K::KIND, &head.fields.name, &body)
}

/// Room that the backups of the parts fit into.
fn linked_bytes(linked: Option<&[BackupBlob]>) -> usize {
    let bytes = linked
        .unwrap_or_default()
        .iter()
        .map(|blob| blob.as_bytes().len() + 4);
    1 + bytes.sum::<usize>()
}

fn put_linked(body: &mut Encoder, linked: &[BackupBlob]) {
    body.u8(u8::try_from(linked.len()).unwrap_or(u8::MAX));
    for blob in linked {
        body.bytes(blob.as_bytes());
    }
}

fn take_linked(decoder: &mut Decoder<'_>) -> Result<Vec<BackupBlob>, CodecError> {
    let count = decoder.u8()?;
    if count > LINKED {
        return Err(CodecError::Field);
    }
    (0..count).map(|_| decoder.bytes().map(BackupBlob::new)).collect()
}

/// Every version, the current one last.
fn places<K: Kind>(
    view: KindView<'_, K>,
    name: &ObjectName,
    head: &HeadOf<K>,
) -> Result<Vec<Located>, ObjectError> {
    let limit = view.view.rules.limits.backup_versions;
    let older = view
        .view
        .snapshot
        .scan(&key::all_index(head.object), None, limit)?;
    if older.more || older.records.len() >= limit {
        return Err(BadParameter::TooManyVersions { kind: K::KIND, limit }.into());
    }
    let mut places = Vec::with_capacity(older.records.len() + 1);
    for (key, entry) in &older.records {
        places.push(view.located(name, (key, entry))?);
    }
    places.push(current_place(head));
    if usize::try_from(head.fields.versions) == Ok(places.len()) {
        Ok(places)
    } else {
        Err(damaged("the index", name))
    }
}

fn seal(
    keyring: &Keyring,
    format: u16,
    kind: ObjectKind,
    name: &ObjectName,
    body: &Encoder,
) -> Result<BackupBlob, ObjectError> {
    let (number, key) = keyring
        .current_backup()
        .ok_or_else(|| damaged("the backup key", name))?;
    let mut blob = Encoder::record_of_format(MAGIC, format, keyring.vault());
    blob.u32(number).u8(kind_byte(kind)).text(name.spelling());
    let sealed = cipher::seal_deterministic(Form::Numbered, key, blob.as_bytes(), body.as_bytes())
        .map_err(|_| damaged("the backup key", name))?;
    blob.bytes(&sealed);
    Ok(BackupBlob::new(blob.into_bytes()))
}

/// The name of the object of kind `K` in `blob`, after the whole blob was authenticated: what policy is asked about.
pub(crate) fn peek<K: Kind>(view: View<'_>, blob: &BackupBlob) -> Result<ObjectName, ObjectError> {
    open::<K>(view, blob).map(|backup| backup.name)
}

/// The object of kind `K` in `blob`.
pub(crate) fn open<K: Kind>(view: View<'_>, blob: &BackupBlob) -> Result<BackedUpObject<K>, ObjectError> {
    let limits = &view.rules.limits;
    // Sealing adds little to the versions; a blob beyond this is none of ours.
    if blob.as_bytes().len() > limits.backup_bytes.saturating_add(1024) {
        return Err(BadParameter::BackupTooLarge(limits.backup_bytes).into());
    }
    let opened = unseal(view.keyring, K::KIND, blob).map_err(MalformedBackup::from)?;
    Ok(decode(opened, limits.backup_versions).map_err(MalformedBackup::from)?)
}

/// A blob that was authenticated.
struct Unsealed {
    format: u16,
    name: ObjectName,
    plaintext: Zeroizing<Vec<u8>>,
}

fn unseal(keyring: &Keyring, kind: ObjectKind, blob: &BackupBlob) -> Result<Unsealed, CodecError> {
    let (mut decoder, format, vault) = Decoder::record_up_to(blob.as_bytes(), MAGIC, WITH_LINKED)?;
    let number = decoder.u32()?;
    let found = match format {
        OF_SECRETS => Some(ObjectKind::Secrets),
        _ => kind_of_byte(decoder.u8()?),
    };
    let text = decoder.text()?;
    let sealed = decoder.bytes()?;
    decoder.finish()?;
    if vault != keyring.vault() || found != Some(kind) {
        return Err(CodecError::Field);
    }
    let mut context = Encoder::record_of_format(MAGIC, format, vault);
    context.u32(number);
    if format != OF_SECRETS {
        context.u8(kind_byte(kind));
    }
    context.text(text);
    let key = keyring.backup(number).ok_or(CodecError::Field)?;
    let form = if format < NUMBERED {
        Form::Unnumbered
    } else {
        Form::Numbered
    };
    let plaintext = cipher::open(form, key, context.as_bytes(), sealed).map_err(|_| CodecError::Field)?;
    Ok(Unsealed {
        format,
        name: text.parse().map_err(|_| CodecError::Field)?,
        plaintext,
    })
}

/// Reads the body. No version may be in it twice: the index of the object that it becomes has one place for each.
fn decode<K: Kind>(opened: Unsealed, limit: usize) -> Result<BackedUpObject<K>, CodecError> {
    let mut decoder = Decoder::new(&opened.plaintext);
    let count = usize::try_from(decoder.u32()?).map_err(|_| CodecError::Field)?;
    if !(1..=limit).contains(&count) {
        return Err(CodecError::Field);
    }
    let mut versions = Vec::with_capacity(count);
    let mut seen = HashSet::with_capacity(count);
    for _ in 0..count {
        let version = Version::from_bytes(decoder.array()?);
        if !seen.insert(*version.as_bytes()) {
            return Err(CodecError::Field);
        }
        let (content, fields) = body::decode(decoder.bytes()?)?;
        versions.push(BackedUp {
            version,
            content,
            fields,
        });
    }
    let object = if opened.format < WITH_OBJECT {
        K::Object::default()
    } else {
        K::Object::take(&mut decoder)?
    };
    let linked = if opened.format < WITH_LINKED {
        Vec::new()
    } else {
        take_linked(&mut decoder)?
    };
    decoder.finish()?;
    Ok(BackedUpObject {
        name: opened.name,
        versions,
        object,
        linked,
    })
}

#[cfg(test)]
mod tests {
    use strongroom_core::Timestamp;

    use super::*;
    use crate::{
        format::fields::VersionFields,
        secret::{Secret, SecretFields, SecretValue},
    };

    #[test]
    fn a_backup_that_holds_one_version_twice_is_refused() {
        let fields = VersionFields {
            own: SecretFields::default(),
            enabled: true,
            not_before: None,
            expires: None,
            created: Timestamp::from_unix(1),
            updated: Timestamp::from_unix(1),
            tags: [].into(),
        };
        let version = body::encode(&SecretValue::new("v".into()), &fields);
        let decoded = |ids: &[u8]| {
            let mut plaintext = Encoder::with_capacity(256);
            plaintext.u32(u32::try_from(ids.len()).unwrap());
            for id in ids {
                plaintext.array(&[*id; 16]).bytes(version.as_bytes());
            }
            let opened = Unsealed {
                format: WITH_OBJECT,
                name: "a".parse().unwrap(),
                plaintext: Zeroizing::new(plaintext.into_bytes()),
            };
            decode::<Secret>(opened, 10).map(|backup| backup.versions.len())
        };
        assert_eq!(decoded(&[1, 2]), Ok(2));
        for twice in [&[1, 1][..], &[1, 2, 1], &[1, 1, 2]] {
            assert_eq!(decoded(twice), Err(CodecError::Field), "{twice:?}");
        }
    }
}
