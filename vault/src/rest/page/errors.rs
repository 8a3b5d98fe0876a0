//! Every error that a vault answers over REST, with its cause and what its caller should do.

mod certificates;
mod forms;

use strongroom_core::{Advice, ObjectKind, ObjectName, Permission, advice::table as markdown, advise};
use strongroom_engine::{BadParameter, MalformedBackup, ObjectError, store::StoreError};
use strongroom_keys::{Algorithm, BadKey, Curve, KeyError, KeyOperation, KeyType, Member as KeyMember};

use super::super::{answer::Unwritable, error::Problem, host::HostError};
use crate::{
    access::Failure,
    auth::AuthError,
    keys::{
        release::{NotReleased, authority::NotAttested},
        statement::Unsigned,
        usable::Unusable,
    },
    policy::Closed,
};

/// The table, by status.
pub(super) fn table(name: &ObjectName) -> String {
    let mut rows = Vec::new();
    let mut add = |problem: Problem, advice: Advice| rows.push((problem, advice));
    for (error, advice) in forms::forms() {
        add(error.into(), advice);
    }
    let parameters = parameters().into_iter();
    let objects = parameters.map(|(error, advice)| (ObjectError::from(error), advice));
    let objects = objects.chain(objects_and_store(name));
    let operations = certificates::operations(name).into_iter();
    let objects = objects.chain(operations.map(|(error, advice)| (error.into(), advice)));
    let failures = objects.map(|(error, advice)| (Failure::from(error), advice));
    let of_certificates = certificates::certificates().into_iter();
    let of_certificates = of_certificates.map(|(error, advice)| (error.into(), advice));
    for (failure, advice) in failures.chain(of_certificates).chain(failures_of_the_vault()) {
        add((&failure).into(), advice);
    }
    for (error, advice) in tokens() {
        add(error.into(), advice);
    }
    for (error, advice) in hosts() {
        add(error.into(), advice);
    }
    add(Unwritable.into(), FAULT);
    add(Unsigned.into(), FAULT);
    rows.sort_by_key(|(problem, _)| problem.status());
    let rows = rows.into_iter().map(|(problem, advice)| {
        let inner = problem
            .inner_code()
            .map_or_else(String::new, |inner| format!("`{inner}`"));
        [
            problem.status().to_string(),
            format!("`{}`", problem.code()),
            inner,
            // Some of Azure's sentences have an end of line.
            problem.message().trim_end().to_owned(),
            advice.cause.to_owned(),
            advice.cure.to_owned(),
        ]
    });
    let head = [
        "status",
        "code",
        "inner code",
        "what the vault says",
        "cause",
        "what to do",
    ];
    markdown(head, rows)
}

/// Of what no request leads to that we know of.
const FAULT: Advice = Advice {
    cause: "A fault of this release. The request was carried out all the same.",
    cure: "Read the secret again. Report the fault with the answer's `x-ms-request-id`.",
};

advise! { parameters(): BadParameter;
    BadParameter::ValueTooLarge(_), [BadParameter::ValueTooLarge(25_600)],
        "The value is longer than a secret may hold.",
        "Keep larger data elsewhere, and its key here.";
    BadParameter::ContentTypeTooLong(_), [BadParameter::ContentTypeTooLong(255)],
        "The content type is longer than it may be.",
        "Shorten the content type.";
    BadParameter::TooManyTags { .. }, [BadParameter::TooManyTags { kind: SECRET, limit: 15 }],
        "The secret would have more tags than it may.",
        "Send fewer tags.";
    BadParameter::TagName(_), [BadParameter::TagName(512)],
        "The name of a tag is empty or too long.",
        "Give each tag such a name.";
    BadParameter::TagValue(_), [BadParameter::TagValue(512)],
        "The value of a tag is too long.",
        "Shorten the value of the tag.";
    BadParameter::ExpiresBeforeStart, [BadParameter::ExpiresBeforeStart],
        "The dates are in the wrong order, also together with the one that the version has already.",
        "Send both dates in their order. An update keeps the date that it does not give; null clears it.";
    BadParameter::MaxResults(_), [BadParameter::MaxResults(25)],
        "The number is outside its range.",
        "Send such a number, or leave `maxresults` out.";
    BadParameter::SkipToken, [BadParameter::SkipToken],
        "The token is of another list, or of another vault.",
        "Begin the list again. A token is of one list of one vault.";
    BadParameter::TooManyVersions { .. }, [BadParameter::TooManyVersions { kind: SECRET, limit: 500 }],
        "The secret has more versions than one backup holds.",
        "Set the current value under another name, and back that up.";
    BadParameter::BackupTooLarge(_), [BadParameter::BackupTooLarge(25_165_824)],
        "The versions of the secret together are longer than a backup.",
        "Set the current value under another name, and back that up instead.";
    BadParameter::ExportableChange, [BadParameter::ExportableChange],
        "The update makes a key exportable, or one that is so no more.",
        "Leave `exportable` out, or make a new key.";
    BadParameter::NotExportable, [BadParameter::NotExportable],
        "The update holds a release policy, which only an exportable key has.",
        "Leave `release_policy` out, or make a key with `exportable`.";
    BadParameter::ImmutableReleasePolicy, [BadParameter::ImmutableReleasePolicy],
        "The release policy of the current version was made immutable.",
        "Leave `release_policy` out. A new version of the key may have another.";
}

advise! { objects_and_store(name: &ObjectName): ObjectError;
    ObjectError::NotFound { .. }, [ObjectError::NotFound { kind: SECRET, name: name.clone(), version: None }],
        "There is no such secret or version, and policy lets the caller know that.",
        "Check the name and the version. A deleted secret comes back by `POST /deletedsecrets/{name}/recover`.";
    ObjectError::DeletedNotFound { .. }, [ObjectError::DeletedNotFound { kind: SECRET, name: name.clone() }],
        "No deleted secret has this name: it is live, was purged, or never was.",
        "Check the name. `GET /deletedsecrets` lists what can be recovered.";
    ObjectError::Disabled { .. }, [ObjectError::Disabled { kind: SECRET, name: name.clone() }],
        "The version is disabled.",
        "Enable the version by an update with `{\"attributes\":{\"enabled\":true}}`, or read another version.";
    ObjectError::DeletedButRecoverable { .. }, [ObjectError::DeletedButRecoverable { kind: SECRET, name: name.clone() }],
        "A deleted secret still holds the name.",
        "Recover the deleted secret, or purge it; its name is free after that.";
    ObjectError::Superseded { .. }, [ObjectError::Superseded { kind: ObjectKind::Keys, name: name.clone() }],
        "The key was changed again and again while this request made a new version of it.",
        "Read the current version, and send the request again if it is still wanted.";
    ObjectError::NameInUse { .. }, [ObjectError::NameInUse { kind: SECRET, name: name.clone() }],
        "The name of the backup's secret is in use.",
        "Delete and purge the secret before its backup is restored.";
    ObjectError::Managed { .. }, [certificates::managed(name)],
        "The key or the secret is part of the certificate of its name, and changes with that alone.",
        "Send the request about the certificate: `/certificates/{name}`.";
    ObjectError::NameOfAnother { .. }, [certificates::name_of_another(name)],
        "A certificate has a key and a secret of its own name, and there is one already that is part of none.",
        "Choose another name; or delete and purge the key or the secret that has it.";
    ObjectError::Operation(_), [],
        "",
        "";
    ObjectError::PurgeProtected { .. }, [ObjectError::PurgeProtected { kind: SECRET, name: name.clone() }],
        "The vault has purge protection.",
        "Wait until `scheduledPurgeDate`, or recover the secret. Purge protection of a vault is not switched off.";
    ObjectError::TooManyVersions { .. }, [ObjectError::TooManyVersions { kind: SECRET, name: name.clone(), limit: 500 }],
        "The secret has as many versions as `spec.limits.versionsPerObject` allows.",
        "Set the value under another name; or the vault's owner raises `spec.limits.versionsPerObject`.";
    ObjectError::VaultFull { .. }, [ObjectError::VaultFull { limit: 16_777_216 }],
        "The objects take as many bytes as `spec.limits.objectBytes` or the volume allow.",
        "Delete and purge what is not needed; or the vault's owner raises `spec.limits.objectBytes`.";
    ObjectError::BadParameter(_), [],
        "",
        "";
    ObjectError::MalformedBackup(MalformedBackup::Format), [MalformedBackup::Format.into()],
        "What is restored is no backup of Strongroom's, such as one of Azure's, or is of a newer release.",
        "Restore a backup that this vault made, as it was answered.";
    ObjectError::MalformedBackup(MalformedBackup::Corrupt), [MalformedBackup::Corrupt.into()],
        "The backup was changed, is another vault's, or is of another kind of object.",
        "Restore it into the vault that made it. A backup is sealed by its vault and authenticated as a whole.";
    ObjectError::Corrupt { .. }, [ObjectError::Corrupt { what: "the head of secrets/db-password".into() }],
        "The bytes of a record are not those that the vault wrote: the volume is failing, or somebody changed it.",
        "The vault's owner restores its volume: [Install](install.md). The pod's log says more.";
    ObjectError::Store(_), [ObjectError::Store(StoreError::Unavailable("".into()))],
        "The vault's volume does not give what it stores.",
        "Try again. If it stays, the vault's owner looks at its volume.";
}

advise! { failures_of_the_vault(): Failure;
    // Said in the words of a form, or on Watch alone.
    Failure::NoSuchOperation
        | Failure::NoSuchMethod
        | Failure::Malformed
        | Failure::BodyTooLong
        | Failure::BodyTooSlow
        | Failure::OtherHolder
        | Failure::NotSubscribed
        | Failure::Limit
        | Failure::Object(_)
        | Failure::Certificate(_), [],
        "",
        "";
    Failure::Throttled(_), [Failure::Throttled(1)],
        "The account sends more requests a second than one account may.",
        "Wait as long as `Retry-After` says. Cache what is read, or spread the load over accounts.";
    Failure::QueueFull, [Failure::QueueFull],
        "Changes come faster than the volume writes them.",
        "Wait and try again: the request changed nothing.";
    Failure::Busy, [Failure::Busy],
        "The memory for large requests is in use.",
        "Wait and try again; send fewer backups, restores and lists at once.";
    Failure::Forbidden(_), [Failure::Forbidden(Permission::SecretGet)],
        "No policy allows it, one denies it, or the object does not exist: the vault does not say which.",
        "The vault's owner grants the permission in an `AccessPolicy`. `strongroom policy check` says what policy says and why.";
    Failure::Closed(Closed::NoBundle), [Failure::Closed(Closed::NoBundle)],
        "The vault is new, or another release's policy is in its store, and the operator has not brought it policy yet.",
        "Try again. If it stays, the conditions of the Vault say why: [Conditions](conditions.md).";
    Failure::Closed(Closed::Stale), [Failure::Closed(Closed::Stale)],
        "The operator did not confirm the policy within `spec.policy.maxStaleness`: it is down, or does not reach the vault.",
        "Look at the operator's pods. The vault answers again once it is confirmed.";
    Failure::Closed(Closed::NotCompared), [Failure::Closed(Closed::NotCompared)],
        "The vault just started, and the operator has not compared its store with what it noted of it.",
        "Try again: it lasts seconds. If it stays, the conditions of the Vault say why: [Conditions](conditions.md).";
    Failure::Closed(Closed::RolledBack), [Failure::Closed(Closed::RolledBack)],
        "The vault's volume is older than what the operator noted of it, or does not follow it.",
        "The vault's owner does as the reason `RollbackDetected` of the Vault says: [Conditions](conditions.md#vault).";
    Failure::Unusable(_), [
            Failure::Unusable(Unusable::Disabled(KeyOperation::WrapKey)),
            Failure::Unusable(Unusable::NotPermitted(KeyOperation::Decrypt)),
            Failure::Unusable(Unusable::NotYetValid(KeyOperation::Sign)),
            Failure::Unusable(Unusable::Expired(KeyOperation::Sign))
        ],
        "The version is disabled, has no such operation among its `key_ops`, or is outside its `nbf` and `exp`.",
        "Use another version; or who may update the key changes its attributes. Outside its dates a key still decrypts, unwraps and verifies.";
    Failure::NotReleased(_), [
            Failure::NotReleased(NotReleased::NotExportable),
            Failure::NotReleased(NotReleased::Disabled),
            Failure::NotReleased(NotReleased::NotAttested(NotAttested::TooLong)),
            Failure::NotReleased(NotReleased::NotAttested(NotAttested::Malformed)),
            Failure::NotReleased(NotReleased::NotAttested(NotAttested::UnknownKey)),
            Failure::NotReleased(NotReleased::NotAttested(NotAttested::Signature)),
            Failure::NotReleased(NotReleased::NotAttested(NotAttested::Issuer)),
            Failure::NotReleased(NotReleased::NotAttested(NotAttested::Expired)),
            Failure::NotReleased(NotReleased::NotAttested(NotAttested::NotYetValid)),
            Failure::NotReleased(NotReleased::PolicyNotMet),
            Failure::NotReleased(NotReleased::NoRecipient),
            Failure::NotReleased(NotReleased::Failed)
        ],
        "The key is not released: it never leaves the vault, or the attestation of the environment is not what its release policy asks for.",
        "Get a new token in the environment, from an authority that the vault's owner has named, and compare its claims with the key's `release_policy`.";
    Failure::Key(_), [
            Failure::Key(KeyError::Incompatible { algorithm: ES256, key: KeyType::Ec(Curve::P256K) }),
            Failure::Key(KeyError::WrongOperation { algorithm: ES256, operation: KeyOperation::Encrypt }),
            Failure::Key(KeyError::Length { member: KeyMember::Value, length: 1, algorithm: ES256, needed: 32 }),
            Failure::Key(KeyError::OaepPadding),
            Failure::Key(KeyError::NotDecrypted),
            Failure::Key(KeyError::BadKey(BadKey::Size(64))),
            Failure::Key(KeyError::BadKey(BadKey::Inconsistent)),
            Failure::Key(KeyError::Damaged)
        ],
        "The algorithm does not fit the key or the operation, a member has a wrong length, what is to be decrypted is not what this key encrypted, or the key is none.",
        "Send what the sentence says. With `The stored key is damaged.` the vault's owner restores its volume: [Install](install.md).";
    Failure::Audit, [Failure::Audit],
        "The audit log's disk is full, slow or failing, and the vault answers nothing that it cannot record.",
        "Try again. If it stays, the audit log's disk is full or slow: [Conditions](conditions.md).";
    Failure::Storage, [Failure::Storage],
        "The volume is full or failing.",
        "Try again: the request changed nothing. If it stays, the volume is full or failing.";
    Failure::OutcomeUnknown, [Failure::OutcomeUnknown],
        "The volume took longer than ten seconds, and may have stored the change.",
        "Read what is there before the change is sent again: it may have been stored.";
}

advise! { tokens(): AuthError;
    AuthError::Missing, [AuthError::Missing],
        "The client sends no token. SDKs begin so, to learn from the answer where to log in.",
        "Log in as the header `WWW-Authenticate` says, and send the token as `Authorization: Bearer`.";
    AuthError::TooLong | AuthError::Malformed | AuthError::Header, [AuthError::TooLong, AuthError::Malformed, AuthError::Header],
        "What is sent as a token is not one of the identity service's.",
        "Send a token of the identity service, not the service account's own.";
    AuthError::UnknownKey | AuthError::Signature, [AuthError::UnknownKey, AuthError::Signature],
        "The token is signed by a key that the vault does not know: it is another installation's, or the key is withdrawn, or the vault does not reach the identity service.",
        "Get a new token. If it stays, the vault does not reach the identity service, or the token is another cluster's.";
    AuthError::Issuer | AuthError::Subject, [AuthError::Issuer, AuthError::Subject],
        "The token is another installation's.",
        "Get the token from the identity service of this installation.";
    AuthError::Audience, [AuthError::Audience],
        "The token is for another vault or namespace.",
        "Ask for a token of this vault's resource, `https://NAMESPACE.svc`, as the challenge names it.";
    AuthError::Expired, [AuthError::Expired],
        "The token's time is over.",
        "Get a new token. Clients do so by themselves; a clock may be wrong.";
    AuthError::NotYetValid | AuthError::Lifetime, [AuthError::NotYetValid, AuthError::Lifetime],
        "The clocks of the vault's node and of the identity service's differ.",
        "Correct the clocks of the nodes: they may differ by a minute.";
}

advise! { hosts(): HostError;
    HostError::Malformed, [HostError::Malformed],
        "The request names no host, two, or one in another place than the header.",
        "Send one `Host` header (or `:authority`), and the path alone in the request line.";
    HostError::Other, [HostError::Other],
        "The vault is called by a name that is not its own, such as an address or an alias.",
        "Call the vault by a name of its own: `NAME.NAMESPACE.svc`, with or without the cluster's domain.";
}

const SECRET: ObjectKind = ObjectKind::Secrets;

const ES256: Algorithm = Algorithm::Ecdsa(Curve::P256);
