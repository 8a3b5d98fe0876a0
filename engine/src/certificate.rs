//! Certificates: what describes them, and the key and the secret of the same name that are part of each.
//!
//! A certificate changes by requests of its own ([`CertificateRequest`]), each of which changes its key and its secret in the
//! same transaction. The three share their versions' ids. What a certificate, a request for one or a policy says is the
//! server's to know: here they are bytes, and what the schedule needs of them stands beside them.

pub mod object;
pub mod request;

mod change;
mod linked;
mod operation;

use std::convert::Infallible;

use strongroom_audit::Event;
use strongroom_core::{ObjectKind, ObjectName, Timestamp, Version};

use self::object::{CertificateObject, OperationState};
pub use self::request::CertificateRequest;
use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder},
        encoded::Encoded,
        task::Due,
    },
    object::{
        answer,
        blob::BackupBlob,
        error, expiry,
        kind::Kind,
        limits::ObjectLimits,
        request as generic,
        tasks::{LifeChange, Tasks},
        transaction::Transaction,
        view::{HeadFieldsOf, View},
    },
};

/// A version of a certificate.
pub type CertificateBundle = answer::Bundle<Certificate>;

/// A change of a certificate.
pub type CertificateWriteRequest = generic::WriteRequest<Certificate>;

/// The bytes of a certificate in DER at most.
pub const DER_BYTES: usize = 64 * 1024;

/// The server issues what an operation asks for, or ends the operation.
pub const ISSUE: u8 = 4;

/// The server begins the operation that renews the certificate.
pub const RENEW: u8 = 5;

/// The kind of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {}

impl Kind for Certificate {
    const KIND: ObjectKind = ObjectKind::Certificates;
    // As the real service: what is refused is the secret.
    const READ_WHEN_DISABLED: bool = true;
    // It is public.
    const SHOWS_CONTENT_ALWAYS: bool = true;

    type Content = CertificateContent;
    type Fields = CertificateFields;
    type Patch = Infallible;
    type Object = CertificateObject;
    type Amendment = Infallible;
    type Own = CertificateRequest;

    fn is_complete(fields: &CertificateFields) -> bool {
        fields.thumbprint.is_some()
    }

    fn own_grows(request: &CertificateRequest) -> bool {
        request.grows()
    }

    fn backed_up(object: &CertificateObject) -> CertificateObject {
        CertificateObject {
            policy: object.policy.clone(),
            operation: None,
        }
    }

    fn check_content(_: &ObjectLimits, content: &CertificateContent) -> Result<(), error::BadParameter> {
        if content.0.len() > DER_BYTES {
            return Err(error::BadParameter::ValueTooLarge(DER_BYTES));
        }
        Ok(())
    }

    fn check_fields(_: &ObjectLimits, _: &CertificateFields) -> Result<(), error::BadParameter> {
        Ok(())
    }

    fn patch(_: &mut CertificateFields, patch: &Infallible) {
        match *patch {}
    }

    fn may_grow(patch: &Infallible) -> bool {
        match *patch {}
    }

    fn amend(_: &mut CertificateObject, amendment: &Infallible, _: Timestamp) {
        match *amendment {}
    }

    fn answer_to_set(content: &CertificateContent) -> Option<CertificateContent> {
        Some(content.clone())
    }
}

impl Tasks for Certificate {
    fn apply_own(
        transaction: &mut Transaction<'_>,
        request: &CertificateRequest,
    ) -> Result<answer::Answer<Self>, error::ObjectError> {
        match request {
            CertificateRequest::Begin(begin) => operation::begin(transaction, begin),
            CertificateRequest::Complete(complete) => operation::complete(transaction, complete),
            CertificateRequest::End { name, operation, end } => {
                operation::end(transaction, name, *operation, end)
            }
            CertificateRequest::Cancel { name } => operation::cancel(transaction, name),
            CertificateRequest::Forget { name } => operation::forget(transaction, name),
            CertificateRequest::Import(import) => change::import(transaction, import),
            CertificateRequest::Update(update) => change::update(transaction, update),
        }
    }

    fn change_linked(
        transaction: &mut Transaction<'_>,
        head: &HeadFieldsOf<Self>,
        change: LifeChange,
    ) -> Result<(), error::ObjectError> {
        linked::change(transaction, head, change)
    }

    fn back_up_linked(
        view: View<'_>,
        head: &HeadFieldsOf<Self>,
    ) -> Result<Option<Vec<BackupBlob>>, error::ObjectError> {
        linked::back_up(view, head).map(Some)
    }

    fn linked_backup_room(view: View<'_>, head: &HeadFieldsOf<Self>) -> Result<usize, error::ObjectError> {
        linked::backup_room(view, head)
    }

    fn restore_linked(
        transaction: &mut Transaction<'_>,
        restored: &[Version],
        name: &ObjectName,
        blobs: &[BackupBlob],
    ) -> Result<(), error::ObjectError> {
        linked::restore(transaction, restored, name, blobs)
    }

    fn due_of(head: &HeadFieldsOf<Self>) -> Vec<Due> {
        let operation = head.object.operation.as_ref();
        if let Some(OperationState::InProgress(progress)) = operation.map(|operation| &operation.state) {
            let issue = expiry::own::<Self>(head, ISSUE, progress.issue_at);
            return issue.into_iter().chain(end_of(head)).collect();
        }
        let renew = expiry::own::<Self>(head, RENEW, renewal_of(head));
        renew.into_iter().chain(end_of(head)).collect()
    }

    fn is_the_servers(number: u8) -> bool {
        number == ISSUE || number == RENEW
    }

    fn perform(
        number: u8,
        transaction: &mut Transaction<'_>,
        name: &ObjectName,
    ) -> Result<Option<Event>, error::ObjectError> {
        expiry::perform::<Self>(number, transaction, name)
    }
}

/// When the current version is renewed, where no operation is in progress.
fn renewal_of(head: &HeadFieldsOf<Certificate>) -> Option<Timestamp> {
    if !Certificate::is_complete(&head.current.own) {
        return None;
    }
    let trigger = head.object.policy.as_ref()?.lifetime.renew?;
    let at = trigger.renewal(&head.current)?;
    let ended = head
        .object
        .operation
        .as_ref()
        .and_then(|operation| operation.ended);
    Some(ended.map_or(at, |ended| at.max(object::again_at(ended, &head.current))))
}

/// What there is to say of the end of the current version: when the policy says so, else when it is usual.
fn end_of(head: &HeadFieldsOf<Certificate>) -> Vec<Due> {
    if !Certificate::is_complete(&head.current.own) {
        return Vec::new();
    }
    let policy = head.object.policy.as_ref();
    let said = policy.and_then(|policy| policy.lifetime.notify?.at(&head.current));
    let notice = said.or_else(|| head.current.expires.and_then(expiry::usual_notice));
    expiry::due_of::<Certificate>(head, notice).collect()
}

/// A certificate in DER; nothing while it is not issued. Only this crate makes one, so that no generic request can make a
/// version without its key and its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateContent(pub Box<[u8]>);

impl Encoded for CertificateContent {
    fn put(&self, encoder: &mut Encoder) {
        encoder.bytes(&self.0);
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        decoder.bytes().map(|bytes| Self(bytes.into()))
    }

    fn room(&self) -> usize {
        4 + self.0.len()
    }
}

/// What a certificate notes about a version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateFields {
    /// The SHA-1 of its DER, by which Azure's clients know it; none while it is not issued.
    pub thumbprint: Option<[u8; 20]>,
    /// Whether its chain stays in the order that it came in, where that was said.
    pub preserve_order: Option<bool>,
}

impl Encoded for CertificateFields {
    fn put(&self, encoder: &mut Encoder) {
        encoder
            .option(self.thumbprint.as_ref(), |e, thumbprint| {
                e.array(thumbprint);
            })
            .option(self.preserve_order, |e, is_preserved| {
                e.bool(is_preserved);
            });
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            thumbprint: decoder.option(Decoder::array)?,
            preserve_order: decoder.option(Decoder::bool)?,
        })
    }

    fn room(&self) -> usize {
        24
    }
}
