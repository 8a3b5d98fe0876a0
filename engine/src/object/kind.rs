//! What a kind of object is to the life of objects: data of its own, and rules about it.

use std::fmt;

use strongroom_core::{ObjectKind, Timestamp};

use super::{error::BadParameter, limits::ObjectLimits};
use crate::format::encoded::Encoded;

/// A kind of object. Versions, attributes, soft delete, recovery, purge, backup, restore and lists are the same for every
/// kind; this is what they differ in.
pub trait Kind: fmt::Debug + Send + Sync + Sized + 'static {
    /// The kind, as policy and storage know it.
    const KIND: ObjectKind;

    /// Whether a get answers a version that is disabled.
    const READ_WHEN_DISABLED: bool = false;

    /// Whether a get answers the content. What it does not answer never leaves the vault.
    const SHOWS_CONTENT: bool = true;

    /// Whether what is answered of an object that is deleted, recovered or restored has it, too.
    const SHOWS_CONTENT_ALWAYS: bool = false;

    /// What a version keeps, and lists do not open.
    type Content: Encoded + fmt::Debug + Eq + Send + Sync;

    /// What the kind notes about a version beside its attributes and tags; lists show it.
    type Fields: Encoded + fmt::Debug + Clone + Eq + Send + Sync;

    /// Which of these fields an update changes.
    type Patch: fmt::Debug + Send + Sync;

    /// What the kind notes about an object, whatever the version; a new object has the default.
    type Object: Encoded + Default + fmt::Debug + Clone + Eq + Send + Sync;

    /// What can be said anew of an object.
    type Amendment: fmt::Debug + Send + Sync;

    /// Requests that this kind alone has.
    type Own: fmt::Debug + Send + Sync;

    /// Whether the object with these fields is part of a certificate, and changes with that alone.
    fn is_managed(_fields: &Self::Fields) -> bool {
        false
    }

    /// Whether a version with these fields is complete. Lists leave out an object that is not, unless they are asked for it.
    fn is_complete(_fields: &Self::Fields) -> bool {
        true
    }

    /// Whether the vault's objects may take more room after a request of the kind's own.
    fn own_grows(request: &Self::Own) -> bool;

    /// What a backup holds of what the kind notes about an object.
    fn backed_up(object: &Self::Object) -> Self::Object {
        object.clone()
    }

    /// Checks the content of a request.
    fn check_content(limits: &ObjectLimits, content: &Self::Content) -> Result<(), BadParameter>;

    /// Checks the fields of a request.
    fn check_fields(limits: &ObjectLimits, fields: &Self::Fields) -> Result<(), BadParameter>;

    /// Checks whether `patch` may be made of `fields`.
    fn check_patch(_fields: &Self::Fields, _patch: &Self::Patch) -> Result<(), BadParameter> {
        Ok(())
    }

    /// Changes what `patch` gives; what it does not give stays.
    fn patch(fields: &mut Self::Fields, patch: &Self::Patch);

    /// Whether a version may be longer after `patch`.
    fn may_grow(patch: &Self::Patch) -> bool;

    /// Changes what `amendment` says of the object, at `now`.
    fn amend(object: &mut Self::Object, amendment: &Self::Amendment, now: Timestamp);

    /// What the answer to a set shows of the content.
    fn answer_to_set(content: &Self::Content) -> Option<Self::Content>;
}
