//! What is wrong with the form of a request: its path, its query, its body.

use strongroom_core::{Advice, advise, name::NameError};
use strongroom_engine::crypto_key::rotation::RulesError;

use super::super::super::{
    body::{BodyError, IssuerMember, MAX_BODY, Member},
    error::FormError,
    query::QueryError,
    route::{RouteError, Verb, Verbs},
};
use crate::keys::release::policy::PolicyError;

/// All of it.
pub(super) fn forms() -> Vec<(FormError, Advice)> {
    let routes = routes().into_iter().map(|(error, advice)| (error.into(), advice));
    let queries = queries()
        .into_iter()
        .map(|(error, advice)| (error.into(), advice));
    let bodies = bodies().into_iter().map(|(error, advice)| (error.into(), advice));
    routes.chain(queries).chain(bodies).collect()
}

advise! { routes(): RouteError;
    RouteError::Path, [RouteError::Path],
        "The path has empty or encoded parts, or dot segments.",
        "Send the path as the [table of operations](api.md#operations) has it. It is not decoded: a name has no character to encode.";
    RouteError::Name(_), [RouteError::Name(NameError::Object), RouteError::Name(NameError::Version)],
        "The name or the version in the path is not of its form.",
        "Correct the name, or leave the version out to mean the latest.";
    RouteError::NamedMethod, [RouteError::NamedMethod],
        "The headers that name a method in the place of POST are there twice, disagree, or stand beside another method.",
        "Send one of these headers, once, and POST; or the method itself and no header.";
    RouteError::Unknown, [RouteError::Unknown],
        "The path is of no operation that a vault has.",
        "Compare the path with the [table of operations](api.md#operations).";
    RouteError::Method(_), [RouteError::Method(Verbs::default().with(Verb::Get))],
        "The path has operations, but none with this method.",
        "Use a method that the header `Allow` names.";
    RouteError::Nameless(_), [RouteError::Nameless(Verb::Post)],
        "The path has two slashes where the name of a certificate or of an issuer belongs.",
        "Send the name.";
}

advise! { queries(): QueryError;
    QueryError::TooLong, [QueryError::TooLong],
        "The query is longer than any that the API has.",
        "Send only the parameters of the API.";
    QueryError::Twice, [QueryError::Twice],
        "A parameter is in the query twice.",
        "Send each parameter once.";
    QueryError::NoApiVersion, [QueryError::NoApiVersion],
        "The client names no version of the API.",
        "Add `api-version=` with a version of the [list](api.md#versions).";
    QueryError::ApiVersion, [QueryError::ApiVersion],
        "The version of the API is one that this vault does not know.",
        "Send a version of the [list](api.md#versions). A client that is newer than the vault can be told an older version.";
    QueryError::OutContentType, [QueryError::OutContentType],
        "The parameter names another form.",
        "Send one of the two, or leave the parameter out: it changes nothing for a secret that belongs to no certificate.";
    QueryError::MaxResults, [QueryError::MaxResults],
        "The number is not written in digits.",
        "Send a number from 1 to 25.";
    QueryError::SkipToken, [QueryError::SkipToken],
        "The token was changed, or is of another vault.",
        "Follow `nextLink` as it was answered.";
}

advise! { bodies(): BodyError;
    BodyError::TooLong(_), [BodyError::TooLong(MAX_BODY)],
        "The body is longer than any of its operation.",
        "A value has 25 KiB at most. Keep larger data elsewhere, and its key here.";
    BodyError::Timeout, [BodyError::Timeout],
        "The body came too slowly, or stopped coming.",
        "Send the body at once; look for what is slow on the way.";
    BodyError::BrokenOff, [BodyError::BrokenOff],
        "The connection ended before the body did.",
        "Send the request again.";
    BodyError::Json { .. }, [BodyError::Json { line: 1, column: 11 }],
        "The body is not JSON.",
        "Correct the JSON at this place.";
    BodyError::NotAnObject, [BodyError::NotAnObject],
        "The body is JSON of another kind, such as a list.",
        "Send an object with the members of the operation.";
    BodyError::Member(_), [
            BodyError::Member(Member::Value),
            BodyError::Member(Member::ContentType),
            BodyError::Member(Member::Attributes),
            BodyError::Member(Member::Enabled),
            BodyError::Member(Member::NotBefore),
            BodyError::Member(Member::Expires),
            BodyError::Member(Member::Tags),
            BodyError::Member(Member::KeyType),
            BodyError::Member(Member::KeySize),
            BodyError::Member(Member::PublicExponent),
            BodyError::Member(Member::Curve),
            BodyError::Member(Member::ParameterSet),
            BodyError::Member(Member::Operations),
            BodyError::Member(Member::Exportable),
            BodyError::Member(Member::ReleasePolicy),
            BodyError::Member(Member::Key),
            BodyError::Member(Member::LifetimeActions),
            BodyError::Member(Member::ExpiryTime),
            BodyError::Member(Member::Hsm),
            BodyError::Member(Member::ReleaseContentType),
            BodyError::Member(Member::ReleaseData),
            BodyError::Member(Member::Target),
            BodyError::Member(Member::Nonce),
            BodyError::Member(Member::Encryption),
            BodyError::Member(Member::Count),
            BodyError::Member(Member::CertificatePolicy),
            BodyError::Member(Member::Password),
            BodyError::Member(Member::PreserveOrder),
            BodyError::Member(Member::Cancellation),
            BodyError::Member(Member::Chain),
            BodyError::Member(Member::Contacts),
            BodyError::Member(Member::Issuer(IssuerMember::Provider)),
            BodyError::Member(Member::Issuer(IssuerMember::Credentials)),
            BodyError::Member(Member::Issuer(IssuerMember::AccountId)),
            BodyError::Member(Member::Issuer(IssuerMember::Organization)),
            BodyError::Member(Member::Issuer(IssuerMember::OrganizationId)),
            BodyError::Member(Member::Issuer(IssuerMember::Administrators)),
            BodyError::Member(Member::Issuer(IssuerMember::Authority)),
            BodyError::Member(Member::Jwk(strongroom_keys::Member::N)),
            BodyError::Member(Member::Algorithm),
            BodyError::Member(Member::Bytes),
            BodyError::Member(Member::Digest),
            BodyError::Member(Member::Iv),
            BodyError::Member(Member::Tag),
            BodyError::Member(Member::Aad)
        ],
        "A member of the body has another type than the API says, or a name that the vault does not know.",
        "Send the member as the sentence says, or leave it out where the operation does not need it.";
    BodyError::Twice(_), [BodyError::Twice(Member::Value)],
        "A member is in the body twice.",
        "Send each member once.";
    BodyError::Missing(_), [BodyError::Missing(Member::Value)],
        "The operation needs the member.",
        "Add the member.";
    BodyError::TooDeep, [BodyError::TooDeep],
        "The body holds objects in objects.",
        "Send only the members of the operation.";
    BodyError::ValueInUpdate, [BodyError::ValueInUpdate],
        "The body of an update holds a value.",
        "Use `PUT /secrets/{name}` for a new value.";
    BodyError::Exportable, [BodyError::Exportable],
        "The key is to be exportable, and the body says on no terms.",
        "Send a `release_policy`, or leave `exportable` out.";
    BodyError::ReleasePolicy, [BodyError::ReleasePolicy],
        "The body holds a release policy, which only an exportable key has.",
        "Leave `release_policy` out, or make a key with `exportable`: one that is there cannot become exportable.";
    BodyError::VersionedReleasePolicy, [BodyError::VersionedReleasePolicy],
        "The path names a version, and the body holds a release policy.",
        "Send the update to the key without a version: it is the current version's policy that changes.";
    BodyError::UnknownAuthority, [BodyError::UnknownAuthority],
        "The release policy names an attestation authority that this vault does not know.",
        "The vault's owner names the authority with its keys: [Keys](keys.md#release-a-key-to-an-attested-environment).";
    BodyError::Policy(_), [
            BodyError::Policy(PolicyError::TooLong),
            BodyError::Policy(PolicyError::Form),
            BodyError::Policy(PolicyError::Version),
            BodyError::Policy(PolicyError::Group),
            BodyError::Policy(PolicyError::Authority),
            BodyError::Policy(PolicyError::Equals)
        ],
        "The release policy is not of the form that its grammar has.",
        "Write the policy as [Keys](keys.md#release-a-key-to-an-attested-environment) shows.";
    BodyError::Rotation(_), [
            BodyError::Rotation(RulesError::Life),
            BodyError::Rotation(RulesError::TooEarly),
            BodyError::Rotation(RulesError::TooLate)
        ],
        "The periods of the rotation policy are too short, or do not fit each other.",
        "Let a key live for 28 days at least, and rotate it 7 days or more after its creation and before its expiry.";
    BodyError::NoHsm, [BodyError::NoHsm],
        "The key is to be imported into a hardware security module.",
        "Import the key itself, as a JWK without `key_hsm`, and leave `Hsm` out.";
    BodyError::Base64, [BodyError::Base64],
        "The backup is not of the form in which backups are answered.",
        "Send the backup as it was answered.";
}
