//! Why an operation on an object was refused.

use strongroom_core::{ObjectKind, ObjectName, Version};

use crate::{
    format::{codec::CodecError, damage::Damaged},
    object::limits::ObjectLimits,
    store::StoreError,
};

/// The outcome of an operation that was not done. Names are fit to be shown to the caller, values never appear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// No such live object, or no such version: 404, `SecretNotFound` and its like. The sentence is Azure's without its
    /// link, which leads to help for Azure's vaults.
    #[error(
        "A {what} with (name/id) {} was not found in this key vault. If you recently deleted this {what} you may be able to recover it using the correct recovery command.",
        path(*kind, name, *version),
        what = kind.singular()
    )]
    NotFound {
        /// The kind of the object.
        kind: ObjectKind,
        /// The object asked for.
        name: ObjectName,
        /// The version asked for.
        version: Option<Version>,
    },
    /// No such deleted object: 404, `SecretNotFound` and its like.
    #[error("Deleted {} not found: {}", capital(*kind), name.spelling())]
    DeletedNotFound {
        /// The kind of the object.
        kind: ObjectKind,
        /// The object asked for.
        name: ObjectName,
    },
    /// The version asked for is disabled: 403 `Forbidden`, inner `SecretDisabled` and its like.
    #[error("Operation get is not allowed on a disabled {}.", kind.singular())]
    Disabled {
        /// The kind of the object.
        kind: ObjectKind,
        /// The object asked for.
        name: ObjectName,
    },
    /// The name is blocked by a deleted object: 409 `Conflict`, inner `ObjectIsDeletedButRecoverable`.
    #[error(
        "{} {} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the {} can only be recovered or purged.",
        capital(*kind),
        name.spelling(),
        kind.singular()
    )]
    DeletedButRecoverable {
        /// The kind of the object.
        kind: ObjectKind,
        /// The deleted object.
        name: ObjectName,
    },
    /// What the new version was made from is not so any more: 409 `Conflict`.
    #[error(
        "{} {} changed while this request made its new version. Try again.",
        capital(*kind),
        name.spelling()
    )]
    Superseded {
        /// The kind of the object.
        kind: ObjectKind,
        /// The object.
        name: ObjectName,
    },
    /// A restore onto a name that is in use: 409 `Conflict`.
    #[error(
        "{} {} already exists; a backup is restored only where its name is free.",
        capital(*kind),
        name.spelling()
    )]
    NameInUse {
        /// The kind of the object.
        kind: ObjectKind,
        /// The live object.
        name: ObjectName,
    },
    /// It is part of a certificate: 403 `Forbidden`, inner `SecretManagedByKeyVault` and its like. The sentence is Azure's
    /// without its link.
    #[error(
        "Operation \"{operation}\" is not allowed on this {}, since it is associated with a certificate. Perform the operation on the corresponding certificate.",
        part(*kind)
    )]
    Managed {
        /// The kind of the object.
        kind: ObjectKind,
        /// The object.
        name: ObjectName,
        /// What was asked for.
        operation: &'static str,
    },
    /// A first version of a certificate under the name of another key or secret: 409 `Conflict`.
    #[error(
        "A {} named {} is in this vault already, and a certificate keeps its key and its secret under its own name. Choose another name, or delete and purge the {}.",
        kind.singular(),
        name.spelling(),
        kind.singular()
    )]
    NameOfAnother {
        /// The kind of the object that has the name.
        kind: ObjectKind,
        /// That object.
        name: ObjectName,
    },
    /// Why a request about a certificate's operation was refused.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// A purge before the retention's end in a vault with purge protection: 403 `Forbidden`, without an inner code.
    #[error(
        "Operation \"purge\" is not allowed because purge protection is enabled for this vault. The vault purges the {} by itself after the retention period has passed.",
        kind.singular()
    )]
    PurgeProtected {
        /// The kind of the object.
        kind: ObjectKind,
        /// The deleted object.
        name: ObjectName,
    },
    /// The object would have more versions than the vault keeps of one: 403 `Forbidden`, inner `VersionLimitReached`.
    #[error(
        "{} {} would have more than {limit} versions, the most that this vault keeps of one. Delete and purge it, or ask the owner of the vault for a greater limit.",
        capital(*kind),
        name.spelling()
    )]
    TooManyVersions {
        /// The kind of the object.
        kind: ObjectKind,
        /// The object.
        name: ObjectName,
        /// How many versions the vault keeps of one.
        limit: u32,
    },
    /// The objects would take more bytes than the vault keeps: 403 `Forbidden`, inner `StorageLimitReached`.
    #[error(
        "The objects of this vault would take more than {limit} bytes, the most that it keeps. Delete and purge some, or ask the owner of the vault for a greater limit."
    )]
    VaultFull {
        /// How many bytes the vault keeps.
        limit: u64,
    },
    /// The request breaks a rule of the API: 400 `BadParameter`.
    #[error(transparent)]
    BadParameter(#[from] BadParameter),
    /// The blob is no backup that this vault made: 400 `Malformed backup blob`.
    #[error(transparent)]
    MalformedBackup(#[from] MalformedBackup),
    /// A stored record is damaged or not what it should be: 500, and the vault is not ready.
    #[error("Stored data of {what} is damaged.")]
    Corrupt {
        /// Which record.
        what: Box<str>,
    },
    /// The store could not be read: 503.
    #[error("The store cannot be read now.")]
    Store(#[from] StoreError),
}

/// Why a request about the operation that makes a version of a certificate was refused. The sentences are Azure's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// There is none: 404 `PendingCertificateNotFound`.
    #[error("Pending certificate not found: {}", .0.spelling())]
    NotFound(ObjectName),
    /// Another is in progress: 409 with the code `Forbidden`.
    #[error(
        "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress."
    )]
    InProgress,
    /// It has ended: 403 `Forbidden`.
    #[error("Pending status must be in progress to allow update.")]
    Ended,
}

/// Why a blob is no backup that this vault made. The sentences begin as Azure's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedBackup {
    /// It does not begin as a backup of a format that this program knows.
    #[error("Backup blob contains invalid or corrupt version.")]
    Format,
    /// It was altered, or is another vault's, or of another kind of object.
    #[error("Backup blob is corrupt. A vault restores only backups that it made itself.")]
    Corrupt,
}

/// Which rule of the API a request breaks, as a sentence for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadParameter {
    /// The value is longer than the limit.
    #[error("The value exceeds the limit of {0} bytes.")]
    ValueTooLarge(usize),
    /// The content type is longer than the limit.
    #[error("The content type exceeds the limit of {0} characters.")]
    ContentTypeTooLong(usize),
    /// More tags than the limit.
    #[error("A {} can have at most {limit} tags.", kind.singular())]
    TooManyTags {
        /// The kind of the object.
        kind: ObjectKind,
        /// How many tags a version can have.
        limit: usize,
    },
    /// A tag's name is empty or longer than the limit.
    #[error("The name of a tag is 1 to {0} characters.")]
    TagName(usize),
    /// A tag's value is longer than the limit.
    #[error("The value of a tag is at most {0} characters.")]
    TagValue(usize),
    /// `nbf` is not before `exp`.
    #[error("The property exp must be later than the property nbf.")]
    ExpiresBeforeStart,
    /// `maxresults` outside its range.
    #[error("maxresults must be between 1 and {0}.")]
    MaxResults(u32),
    /// The skip token is not one of ours.
    #[error("The skip token is invalid.")]
    SkipToken,
    /// The object has more versions than one backup holds.
    #[error("A backup holds at most {limit} versions; this {} has more.", kind.singular())]
    TooManyVersions {
        /// The kind of the object.
        kind: ObjectKind,
        /// How many versions one backup holds.
        limit: usize,
    },
    /// The backup would exceed, or exceeds, the largest blob.
    #[error("A backup is at most {0} bytes.")]
    BackupTooLarge(usize),
    /// A key cannot become exportable, or cease to be.
    #[error("AKV.SKR.1003: The exportable attribute of a key cannot be changed.")]
    ExportableChange,
    /// A release policy of a key that does not leave the vault.
    #[error("AKV.SKR.1005: Non-exportable keys must not have release policy.")]
    NotExportable,
    /// A release policy that stays as it is.
    #[error("AKV.SKR.1020: Immutable Key Release Policy cannot be modified.")]
    ImmutableReleasePolicy,
}

impl BadParameter {
    /// The page size of `limits`, as the error of a request outside it.
    pub(crate) const fn max_results(limits: &ObjectLimits) -> Self {
        Self::MaxResults(limits.page_items)
    }
}

impl From<CodecError> for MalformedBackup {
    fn from(error: CodecError) -> Self {
        match error {
            CodecError::Magic | CodecError::Format(_) => Self::Format,
            CodecError::Short
            | CodecError::Trailing
            | CodecError::OtherVault
            | CodecError::Field
            | CodecError::Proof => Self::Corrupt,
        }
    }
}

/// The kind at the beginning of a sentence.
const fn capital(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Secrets => "Secret",
        ObjectKind::Keys => "Key",
        ObjectKind::Certificates => "Certificate",
    }
}

/// The kind of what is part of a certificate, as Azure writes it.
const fn part(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Keys => "Key",
        ObjectKind::Secrets | ObjectKind::Certificates => kind.singular(),
    }
}

/// The name as the caller wrote it, with the version that it asked for, as Azure writes it for each kind.
fn path(kind: ObjectKind, name: &ObjectName, version: Option<Version>) -> String {
    let name = name.spelling();
    let between = match kind {
        ObjectKind::Secrets | ObjectKind::Keys => "/",
        ObjectKind::Certificates => "/versions/",
    };
    version.map_or_else(|| name.to_owned(), |version| format!("{name}{between}{version}"))
}

impl From<Damaged> for ObjectError {
    fn from(damaged: Damaged) -> Self {
        Self::Corrupt { what: damaged.what }
    }
}

/// A stored record that does not decode or open.
pub(crate) fn damaged(what: &str, name: &ObjectName) -> ObjectError {
    Damaged::of_object(what, name).into()
}

/// A record of the vault itself that does not decode.
pub(crate) fn damaged_state(what: &str, error: CodecError) -> ObjectError {
    Damaged::of_vault(what, error).into()
}
