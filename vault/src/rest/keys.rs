//! Keys: the paths, the bodies and the answers of their operations (Keys/routes.tsp of the REST API specifications).

mod answer;
mod attestation;
mod body;
mod policy;
mod random;
mod release;
mod work;

use axum::response::Response;
use strongroom_core::{ObjectKind, Operation};
use strongroom_engine::{CryptoKey, KeyWriteRequest};
use strongroom_keys::KeyOperation;

use self::body::{CreateBody, ImportBody, UpdateBody};
use super::{
    answer as common,
    body::MAX_BODY,
    call::{Call, Command, CommandError},
    error::Problem,
    life, respond,
    route::{
        Life, Segment,
        Segment::{Name, Version, Word},
        Shape,
        Verb::{Delete, Get, Patch, Post, Put},
        check, life, own,
    },
};
use crate::access::keys::NewKey;

const KEY: &[Segment] = &[Word("keys"), Name];
const VERSION: &[Segment] = &[Word("keys"), Name, Version];
const DELETED_KEY: &[Segment] = &[Word("deletedkeys"), Name];

/// The paths of keys. A row with a word stands before one that takes any text in the word's place.
#[rustfmt::skip]
pub(super) const SHAPES: &[Shape] = &[
    own(Post, &[Word("keys"), Name, Word("create")], Operation::KeyCreate),
    own(Put, KEY, Operation::KeyImport),
    own(Post, &[Word("keys"), Name, Word("rotate")], Operation::KeyRotate),
    own(Get, &[Word("keys"), Name, Word("rotationpolicy")], Operation::KeyRotationPolicyGet),
    own(Put, &[Word("keys"), Name, Word("rotationpolicy")], Operation::KeyRotationPolicySet),
    life(Get, KEY, Operation::KeyGet, Life::Get),
    own(Patch, KEY, Operation::KeyUpdate),
    life(Delete, KEY, Operation::KeyDelete, Life::Delete),
    life(Get, &[Word("keys"), Name, Word("versions")], Operation::KeyListVersions, Life::ListVersions),
    life(Post, &[Word("keys"), Name, Word("backup")], Operation::KeyBackup, Life::Backup),
    own(Post, &[Word("keys"), Name, Word("encrypt")], Operation::KeyEncrypt),
    own(Post, &[Word("keys"), Name, Word("decrypt")], Operation::KeyDecrypt),
    own(Post, &[Word("keys"), Name, Word("sign")], Operation::KeySign),
    own(Post, &[Word("keys"), Name, Word("verify")], Operation::KeyVerify),
    own(Post, &[Word("keys"), Name, Word("wrapkey")], Operation::KeyWrap),
    own(Post, &[Word("keys"), Name, Word("unwrapkey")], Operation::KeyUnwrap),
    own(Post, &[Word("keys"), Name, Word("release")], Operation::KeyRelease),
    own(Get, &[Word("keys"), Name, Word("attestation")], Operation::KeyGetAttestation),
    own(Post, &[Word("keys"), Name, Word("securewrapkey")], Operation::KeySecureWrap),
    own(Post, &[Word("keys"), Name, Word("secureunwrapkey")], Operation::KeySecureUnwrap),
    life(Get, VERSION, Operation::KeyGet, Life::Get),
    own(Patch, VERSION, Operation::KeyUpdate),
    own(Post, &[Word("keys"), Name, Version, Word("encrypt")], Operation::KeyEncrypt),
    own(Post, &[Word("keys"), Name, Version, Word("decrypt")], Operation::KeyDecrypt),
    own(Post, &[Word("keys"), Name, Version, Word("sign")], Operation::KeySign),
    own(Post, &[Word("keys"), Name, Version, Word("verify")], Operation::KeyVerify),
    own(Post, &[Word("keys"), Name, Version, Word("wrapkey")], Operation::KeyWrap),
    own(Post, &[Word("keys"), Name, Version, Word("unwrapkey")], Operation::KeyUnwrap),
    own(Post, &[Word("keys"), Name, Version, Word("release")], Operation::KeyRelease),
    own(Get, &[Word("keys"), Name, Version, Word("attestation")], Operation::KeyGetAttestation),
    own(Post, &[Word("keys"), Name, Version, Word("securewrapkey")], Operation::KeySecureWrap),
    own(Post, &[Word("keys"), Name, Version, Word("secureunwrapkey")], Operation::KeySecureUnwrap),
    own(Post, &[Word("rng")], Operation::KeyGetRandomBytes),
    life(Get, &[Word("keys")], Operation::KeyList, Life::List),
    life(Post, &[Word("keys"), Word("restore")], Operation::KeyRestore, Life::Restore),
    life(Get, &[Word("deletedkeys")], Operation::KeyListDeleted, Life::ListDeleted),
    life(Get, DELETED_KEY, Operation::KeyGetDeleted, Life::GetDeleted),
    life(Delete, DELETED_KEY, Operation::KeyPurge, Life::Purge),
    life(Post, &[Word("deletedkeys"), Name, Word("recover")], Operation::KeyRecover, Life::Recover),
];

const _: () = check(SHAPES, ObjectKind::Keys);

/// Performs a request about keys.
pub(super) async fn perform(mut call: Call<'_>) -> Result<Response, Problem> {
    let command = match call.route.operation {
        Operation::KeyCreate => {
            let new = create(&mut call).await;
            return make(call, new).await;
        }
        Operation::KeyImport => {
            let new = import(&mut call).await;
            return make(call, new).await;
        }
        Operation::KeyRotate => return rotate(call).await,
        Operation::KeyRotationPolicyGet => return policy::get(call).await,
        Operation::KeyRotationPolicySet => return policy::set(call).await,
        Operation::KeyEncrypt => return work::perform(call, KeyOperation::Encrypt).await,
        Operation::KeyDecrypt => return work::perform(call, KeyOperation::Decrypt).await,
        Operation::KeySign => return work::perform(call, KeyOperation::Sign).await,
        Operation::KeyVerify => return work::perform(call, KeyOperation::Verify).await,
        Operation::KeyWrap => return work::perform(call, KeyOperation::WrapKey).await,
        Operation::KeyUnwrap => return work::perform(call, KeyOperation::UnwrapKey).await,
        Operation::KeySecureWrap => return work::perform(call, KeyOperation::SecureWrapKey).await,
        Operation::KeySecureUnwrap => return work::perform(call, KeyOperation::SecureUnwrapKey).await,
        Operation::KeyRelease => return release::perform(call).await,
        Operation::KeyGetAttestation => return attestation::get(call).await,
        Operation::KeyGetRandomBytes => return random::get(call).await,
        Operation::KeyUpdate => update(&mut call).await.map(Command::Write),
        _ => life::command::<CryptoKey>(&mut call).await,
    };
    call.carry_out(command).await
}

async fn make(call: Call<'_>, new: Result<NewKey, CommandError>) -> Result<Response, Problem> {
    let (call, new) = call.or_refuse(new).await?;
    let answer = call.admitted.create_key(new).await?;
    let json = common::json(&answer, call.host, call.query, call.route)?;
    Ok(respond::success(json, None))
}

async fn rotate(call: Call<'_>) -> Result<Response, Problem> {
    let name = call.name();
    let (call, name) = call.or_refuse(name).await?;
    let answer = call.admitted.rotate_key(name).await?;
    let json = common::json(&answer, call.host, call.query, call.route)?;
    Ok(respond::success(json, None))
}

async fn create(call: &mut Call<'_>) -> Result<NewKey, CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    CreateBody::parse(&bytes)?.into_key(name, call.admitted.authorities())
}

async fn import(call: &mut Call<'_>) -> Result<NewKey, CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    ImportBody::parse(&bytes)?.into_key(name, call.admitted.authorities())
}

async fn update(call: &mut Call<'_>) -> Result<KeyWriteRequest, CommandError> {
    let (name, version) = (call.name()?, call.route.version);
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body = UpdateBody::parse(&bytes, version, call.admitted.authorities())?;
    Ok(KeyWriteRequest::Update {
        name,
        version,
        fields: body.fields,
        attributes: body.attributes,
        tags: body.tags,
    })
}
