//! Every error that a vault answers over REST, with what its caller should do.
//!
//! A table has a row for each variant of its type: one without a row does not compile.

use std::fmt::Write as _;

use strongroom_core::{ObjectKind, ObjectName, Permission, name::NameError};
use strongroom_engine::{BadParameter, ObjectError, store::StoreError};

use super::super::{
    body::{BodyError, MAX_BODY, Member},
    error::{FormError, Problem},
    host::HostError,
    query::QueryError,
    route::{RouteError, Verb, Verbs},
};
use crate::{access::Failure, auth::AuthError, policy::Closed};

/// A function that makes the rows of one type of error: patterns of its variants, samples of them (about the object
/// `name`, where they are about one), and what to do.
macro_rules! cures {
    ($rows:ident($($name:ident)?): $error:ty; $($pattern:pat, [$($sample:expr),*], $cure:expr;)+) => {
        fn $rows($($name: &ObjectName)?) -> Vec<($error, &'static str)> {
            let cure = |error: &$error| match error {
                $($pattern => $cure,)+
            };
            let samples: Vec<$error> = vec![$($($sample,)*)+];
            let row = |sample| {
                let cure = cure(&sample);
                (sample, cure)
            };
            samples.into_iter().map(row).collect()
        }
    };
}

/// The table, by status.
pub(super) fn table(name: &ObjectName) -> String {
    let mut rows = Vec::new();
    let mut add = |problem: Problem, cure| rows.push((problem, cure));
    let forms = routes()
        .into_iter()
        .map(|(error, cure)| (FormError::from(error), cure));
    let forms = forms.chain(queries().into_iter().map(|(error, cure)| (error.into(), cure)));
    let forms = forms.chain(bodies().into_iter().map(|(error, cure)| (error.into(), cure)));
    forms.for_each(|(error, cure)| add(error.into(), cure));
    let parameters = parameters().into_iter();
    let objects = parameters.map(|(error, cure)| (ObjectError::from(error), cure));
    let objects = objects.chain(objects_and_store(name));
    let failures = objects.map(|(error, cure)| (Failure::from(error), cure));
    for (failure, cure) in failures.chain(failures_of_the_vault()) {
        add((&failure).into(), cure);
    }
    for (error, cure) in tokens() {
        add(error.into(), cure);
    }
    for (error, cure) in hosts() {
        add(error.into(), cure);
    }
    rows.sort_by_key(|(problem, _)| problem.status());
    let head = "| status | code | inner code | what the vault says | what to do |\n|---|---|---|---|---|\n";
    rows.iter().fold(head.to_owned(), |mut table, (problem, cure)| {
        let inner = problem
            .inner_code()
            .map_or_else(String::new, |inner| format!("`{inner}`"));
        // A string takes whatever is written to it.
        let _ = writeln!(
            table,
            "| {} | `{}` | {inner} | {} | {cure} |",
            problem.status(),
            problem.code(),
            problem.message(),
        );
        table
    })
}

cures! { routes(): RouteError;
    RouteError::Path, [RouteError::Path],
        "Send the path as the table of operations has it. It is not decoded: a name has no character to encode.";
    RouteError::Name(_), [RouteError::Name(NameError::Object), RouteError::Name(NameError::Version)],
        "Correct the name, or leave the version out to mean the latest.";
    RouteError::NamedMethod, [RouteError::NamedMethod],
        "Send one of these headers, once, and POST; or the method itself and no header.";
    RouteError::Unknown, [RouteError::Unknown],
        "Compare the path with the table of operations. Keys and certificates are not there yet.";
    RouteError::Method(_), [RouteError::Method(Verbs::default().with(Verb::Get))],
        "Use a method that the header `Allow` names.";
}

cures! { queries(): QueryError;
    QueryError::TooLong, [QueryError::TooLong], "Send only the parameters of the API.";
    QueryError::Twice, [QueryError::Twice], "Send each parameter once.";
    QueryError::NoApiVersion, [QueryError::NoApiVersion], "Add `api-version=` with a version of the list above.";
    QueryError::ApiVersion, [QueryError::ApiVersion],
        "Send a version of the list above. A client that is newer than the vault can be told an older version.";
    QueryError::OutContentType, [QueryError::OutContentType],
        "Send one of the two, or leave the parameter out: it changes nothing for a secret that belongs to no certificate.";
    QueryError::MaxResults, [QueryError::MaxResults], "Send a number from 1 to 25.";
    QueryError::SkipToken, [QueryError::SkipToken], "Follow `nextLink` as it was answered.";
}

cures! { bodies(): BodyError;
    BodyError::TooLong(_), [BodyError::TooLong(MAX_BODY)], "A value has 25 KiB at most. Keep larger data elsewhere, and its key here.";
    BodyError::Timeout, [BodyError::Timeout], "Send the body at once; look for what is slow on the way.";
    BodyError::BrokenOff, [BodyError::BrokenOff], "Send the request again.";
    BodyError::Json { .. }, [BodyError::Json { line: 1, column: 11 }], "Correct the JSON at this place.";
    BodyError::NotAnObject, [BodyError::NotAnObject], "Send an object with the members of the operation.";
    BodyError::Member(_), [
            BodyError::Member(Member::Value),
            BodyError::Member(Member::ContentType),
            BodyError::Member(Member::Attributes),
            BodyError::Member(Member::Enabled),
            BodyError::Member(Member::NotBefore),
            BodyError::Member(Member::Expires),
            BodyError::Member(Member::Tags)
        ],
        "Send the member as the sentence says, or leave it out. The value is never left out.";
    BodyError::Twice(_), [BodyError::Twice(Member::Value)], "Send each member once.";
    BodyError::Missing(_), [BodyError::Missing(Member::Value)], "Add the member.";
    BodyError::TooDeep, [BodyError::TooDeep], "Send only the members of the operation.";
    BodyError::ValueInUpdate, [BodyError::ValueInUpdate], "Use `PUT /secrets/{name}` for a new value.";
    BodyError::Base64, [BodyError::Base64], "Send the backup as it was answered.";
}

cures! { parameters(): BadParameter;
    BadParameter::ValueTooLarge(_), [BadParameter::ValueTooLarge(25_600)], "Keep larger data elsewhere, and its key here.";
    BadParameter::ContentTypeTooLong(_), [BadParameter::ContentTypeTooLong(255)], "Shorten the content type.";
    BadParameter::TooManyTags { .. }, [BadParameter::TooManyTags { kind: SECRET, limit: 15 }], "Send fewer tags.";
    BadParameter::TagName(_), [BadParameter::TagName(512)], "Give each tag such a name.";
    BadParameter::TagValue(_), [BadParameter::TagValue(512)], "Shorten the value of the tag.";
    BadParameter::ExpiresBeforeStart, [BadParameter::ExpiresBeforeStart],
        "Send both dates in their order. An update keeps the date that it does not give; null clears it.";
    BadParameter::MaxResults(_), [BadParameter::MaxResults(25)], "Send such a number, or leave `maxresults` out.";
    BadParameter::SkipToken, [BadParameter::SkipToken], "Begin the list again. A token is of one list of one vault.";
    BadParameter::TooManyVersions { .. }, [BadParameter::TooManyVersions { kind: SECRET, limit: 500 }],
        "Set the current value under another name, and back that up.";
    BadParameter::BackupTooLarge(_), [BadParameter::BackupTooLarge(25_165_824)],
        "Set the current value under another name, and back that up instead.";
    BadParameter::BackupBlob, [BadParameter::BackupBlob],
        "Restore it into the vault that made it. A backup is sealed by its vault and authenticated as a whole.";
}

cures! { objects_and_store(name): ObjectError;
    ObjectError::NotFound { .. }, [ObjectError::NotFound { kind: SECRET, name: name.clone(), version: None }],
        "Check the name and the version. A deleted secret comes back by `POST /deletedsecrets/{name}/recover`.";
    ObjectError::DeletedNotFound { .. }, [ObjectError::DeletedNotFound { kind: SECRET, name: name.clone() }],
        "No deleted secret has this name: it is live, was purged, or never was.";
    ObjectError::Disabled { .. }, [ObjectError::Disabled { kind: SECRET, name: name.clone() }],
        "Enable the version by an update with `{\"attributes\":{\"enabled\":true}}`, or read another version.";
    ObjectError::DeletedButRecoverable { .. }, [ObjectError::DeletedButRecoverable { kind: SECRET, name: name.clone() }],
        "Recover the deleted secret, or purge it; its name is free after that.";
    ObjectError::NameInUse { .. }, [ObjectError::NameInUse { kind: SECRET, name: name.clone() }],
        "Delete and purge the secret before its backup is restored.";
    ObjectError::PurgeProtected { .. }, [ObjectError::PurgeProtected { kind: SECRET, name: name.clone() }],
        "Wait until `scheduledPurgeDate`, or recover the secret. Purge protection of a vault is not switched off.";
    ObjectError::TooManyVersions { .. }, [ObjectError::TooManyVersions { kind: SECRET, name: name.clone(), limit: 500 }],
        "Set the value under another name; or the vault's owner raises `spec.limits.versionsPerObject`.";
    ObjectError::VaultFull { .. }, [ObjectError::VaultFull { limit: 16_777_216 }],
        "Delete and purge what is not needed; or the vault's owner raises `spec.limits.objectBytes`.";
    ObjectError::BadParameter(_), [], "";
    ObjectError::Corrupt { .. }, [ObjectError::Corrupt { what: "the head of secrets/db-password".into() }],
        "The vault's owner restores its volume: [Install](install.md). The pod's log says more.";
    ObjectError::Store(_), [ObjectError::Store(StoreError::Unavailable("".into()))],
        "Try again. If it stays, the vault's owner looks at its volume.";
}

cures! { failures_of_the_vault(): Failure;
    // Said in the words of a form, or on Watch alone.
    Failure::NoSuchOperation
        | Failure::NoSuchMethod
        | Failure::Malformed
        | Failure::BodyTooLong
        | Failure::BodyTooSlow
        | Failure::OtherHolder
        | Failure::NotSubscribed
        | Failure::Limit
        | Failure::Object(_), [], "";
    Failure::Throttled(_), [Failure::Throttled(1)],
        "Wait as long as `Retry-After` says. Cache what is read, or spread the load over accounts.";
    Failure::QueueFull, [Failure::QueueFull], "Wait and try again: the request changed nothing.";
    Failure::Busy, [Failure::Busy], "Wait and try again; send fewer backups, restores and lists at once.";
    Failure::Forbidden(_), [Failure::Forbidden(Permission::SecretGet)],
        "The vault's owner grants the permission in an `AccessPolicy`. `strongroom policy check` says what policy says and why.";
    Failure::Closed(_), [
            Failure::Closed(Closed::NoBundle),
            Failure::Closed(Closed::Stale),
            Failure::Closed(Closed::NotCompared),
            Failure::Closed(Closed::RolledBack)
        ],
        "Try again. If it stays, the conditions of the Vault say why: [Conditions](conditions.md).";
    Failure::Audit, [Failure::Audit],
        "Try again. If it stays, the audit log's disk is full or slow: [Conditions](conditions.md).";
    Failure::Storage, [Failure::Storage], "Try again: the request changed nothing. If it stays, the volume is full or failing.";
    Failure::OutcomeUnknown, [Failure::OutcomeUnknown],
        "Read what is there before the change is sent again: it may have been stored.";
}

cures! { tokens(): AuthError;
    AuthError::Missing, [AuthError::Missing],
        "Log in as the header `WWW-Authenticate` says, and send the token as `Authorization: Bearer`.";
    AuthError::TooLong | AuthError::Malformed | AuthError::Header, [AuthError::TooLong, AuthError::Malformed, AuthError::Header],
        "Send a token of the identity service, not the service account's own.";
    AuthError::UnknownKey | AuthError::Signature, [AuthError::UnknownKey, AuthError::Signature],
        "Get a new token. If it stays, the vault does not reach the identity service, or the token is another cluster's.";
    AuthError::Issuer | AuthError::Subject, [AuthError::Issuer, AuthError::Subject],
        "Get the token from the identity service of this installation.";
    AuthError::Audience, [AuthError::Audience],
        "Ask for a token of this vault's resource, `https://NAMESPACE.svc`, as the challenge names it.";
    AuthError::Expired, [AuthError::Expired], "Get a new token. Clients do so by themselves; a clock may be wrong.";
    AuthError::NotYetValid | AuthError::Lifetime, [AuthError::NotYetValid, AuthError::Lifetime],
        "Correct the clocks of the nodes: they may differ by a minute.";
}

cures! { hosts(): HostError;
    HostError::Malformed, [HostError::Malformed], "Send one `Host` header (or `:authority`), and the path alone in the request line.";
    HostError::Other, [HostError::Other],
        "Call the vault by a name of its own: `NAME.NAMESPACE.svc`, with or without the cluster's domain.";
}

const SECRET: ObjectKind = ObjectKind::Secrets;
