//! What is wrong with a request about certificates.

use strongroom_certificates::{
    alternative_names::AlternativeNamesError,
    authority::AuthorityError,
    certificate::CertificateError as Unreadable,
    chain::ChainError,
    content::{ContentError, MergeError},
    name::NameError,
    pem::PemError,
    pkcs12::Pkcs12Error,
    policy::{Member as PolicyMember, PolicyError, UnissuablePolicy},
    profile::ProfileError,
};
use strongroom_core::{ObjectKind, ObjectName, advise};
use strongroom_engine::{ObjectError, object::error::OperationError};
use strongroom_keys::{Curve, KeyKind, PrivateKeyDerError};

use crate::certificates::{
    authority::TermsError, contacts::ContactsError, error::CertificateError, issuers::IssuerError,
    revoked::RevokeError,
};

advise! { pub(super) operations(name: &ObjectName): OperationError;
    OperationError::NotFound(_), [OperationError::NotFound(name.clone())],
        "The certificate has no operation, or not the one that `request_id` names, or there is no such certificate.",
        "Check the name. `POST /certificates/{name}/create` begins an operation; one that was deleted is gone.";
    OperationError::InProgress, [OperationError::InProgress],
        "An operation that makes a version of this certificate has not ended.",
        "Wait until it has ended, or merge what was issued for it. To give it up, send `DELETE /certificates/{name}/pending`.";
    OperationError::Ended, [OperationError::Ended],
        "The operation is completed, cancelled or failed.",
        "Read it with `GET /certificates/{name}/pending`. A new one begins with `POST /certificates/{name}/create`.";
}

/// A secret that is part of a certificate.
pub(super) fn managed(name: &ObjectName) -> ObjectError {
    ObjectError::Managed {
        kind: ObjectKind::Secrets,
        name: name.clone(),
        operation: "delete",
    }
}

/// A secret that has the name of a new certificate.
pub(super) fn name_of_another(name: &ObjectName) -> ObjectError {
    ObjectError::NameOfAnother {
        kind: ObjectKind::Secrets,
        name: name.clone(),
    }
}

advise! { pub(super) certificates(): CertificateError;
    CertificateError::Policy(_), [
            PolicyError::Member(PolicyMember::KeyType).into(),
            PolicyError::Member(PolicyMember::KeySize).into(),
            PolicyError::Member(PolicyMember::Curve).into(),
            PolicyError::Member(PolicyMember::ContentType).into(),
            PolicyError::Member(PolicyMember::Subject).into(),
            PolicyError::Member(PolicyMember::KeyUsages).into(),
            PolicyError::Member(PolicyMember::ExtendedKeyUsages).into(),
            PolicyError::Member(PolicyMember::ValidityMonths).into(),
            PolicyError::Member(PolicyMember::IsAuthority).into(),
            PolicyError::Member(PolicyMember::LifetimeActions).into(),
            PolicyError::Member(PolicyMember::LifetimePercentage).into(),
            PolicyError::Member(PolicyMember::DaysBeforeExpiry).into(),
            PolicyError::Member(PolicyMember::ActionType).into(),
            PolicyError::Member(PolicyMember::IssuerName).into(),
            PolicyError::Subject(NameError::EmptyPart).into(),
            PolicyError::AlternativeNames(AlternativeNamesError::TooMany(201)).into(),
            PolicyError::Nameless.into(),
            PolicyError::KeySize { kind: KeyKind::Rsa, size: 1024 }.into(),
            PolicyError::KeySizeOfCurve { curve: Curve::P256, size: 384 }.into(),
            PolicyError::DaysBeforeExpiry { most: 27 }.into(),
            PolicyError::TooLong.into()
        ],
        "The policy is none that a certificate can have.",
        "Correct the member. Leave out what is to be as usual.";
    CertificateError::NoPolicy, [CertificateError::NoPolicy],
        "The certificate is not there yet, and the body has no policy.",
        "Send a `policy`, as `{\"x509_props\":{\"subject\":\"CN=example.com\"},\"issuer\":{\"name\":\"Self\"}}`.";
    CertificateError::NoIssuer, [CertificateError::NoIssuer],
        "No issuer of this vault has the name.",
        "Set the issuer with `PUT /certificates/issuers/{issuer}`, or name `Self` or `Unknown`.";
    CertificateError::IssuerDisabled, [CertificateError::IssuerDisabled],
        "Somebody has disabled the issuer that the policy names.",
        "Enable it with `PATCH /certificates/issuers/{issuer}`, or name another one.";
    CertificateError::Unreachable(_), [CertificateError::Unreachable("DigiCert".into())],
        "The issuer is of a provider outside the cluster, which no vault asks. The operation ends with this error.",
        "Name `Self`, `Unknown`, or an [issuer](certificates.md#issuers) of the provider `Strongroom`.";
    CertificateError::NotDecided, [CertificateError::NotDecided],
        "The issuer was set, or became one of the provider `Strongroom`, after the policy named it. Nobody was asked whether its owner may use it, so no version is renewed by it.",
        "Send the policy again with `PATCH /certificates/{name}/policy`: that needs `certificates/strongroom/issuers/use`.";
    CertificateError::NoAuthority(_), [CertificateError::NoAuthority("ca".into())],
        "The certificate that the issuer signs with was deleted, disabled or never issued.",
        "Import the authority with its private key, or enable it.";
    CertificateError::Authority(_), [
            AuthorityError::NoAuthority.into(),
            AuthorityError::Nameless.into(),
            AuthorityError::NameConstraints.into()
        ],
        "The certificate that the issuer signs with is none of an authority, or has constraints that a vault does not know.",
        "Name a certificate with `CA:TRUE` and, if it says what its key is for, `keyCertSign`.";
    CertificateError::Terms(_), [TermsError::DNS_SUFFIXES.into()],
        "A member of `strongroom` is not what it may be.",
        "Correct the member that the error names: [issuers](certificates.md#issuers).";
    CertificateError::Issuer(_), [
            IssuerError::NotFound.into(),
            IssuerError::Reserved.into(),
            IssuerError::TooMany.into(),
            IssuerError::Provider.into(),
            IssuerError::TooLong.into(),
            IssuerError::TooLarge.into(),
            IssuerError::NoTerms.into(),
            IssuerError::OtherProvider.into()
        ],
        "There is no such issuer, or it would be none.",
        "Compare its name and its members with the [issuers](certificates.md#issuers) of a vault.";
    CertificateError::Contacts(_), [
            ContactsError::NotFound.into(),
            ContactsError::TooMany.into(),
            ContactsError::TooLong.into()
        ],
        "Nobody has set contacts, or there are too many.",
        "Set them with `PUT /certificates/contacts`.";
    CertificateError::Revoke(RevokeError::TooMany), [RevokeError::TooMany.into()],
        "The list of the authority is full.",
        "Import the authority with a new key, as the next version: what it signs is on a list of its own. Give certificates shorter lives.";
    CertificateError::Revoke(RevokeError::NotIssued), [RevokeError::NotIssued.into()],
        "The operation that makes the version has not ended, or failed.",
        "Name the version that is to be revoked: `GET /certificates/{name}/versions` lists them.";
    CertificateError::Revoke(_), [
            RevokeError::NoList.into(),
            RevokeError::NoAuthority("ca".into()).into(),
            RevokeError::NotSigned("ca".into()).into()
        ],
        "No authority of this vault issued the certificate, or not one that is still there.",
        "Have its issuer revoke it. A certificate that this vault issued before it kept lists names none: renew it. [Revocation](certificates.md#revocation).";
    CertificateError::NoList, [CertificateError::NoList],
        "The path names no version of an authority that an issuer of this vault signs with, or that has revoked anything, and that may sign lists.",
        "Read the list at the address that the certificate itself names. An authority whose key usage lacks `cRLSign` has none.";
    CertificateError::Content(_), [
            ContentError::TooLong.into(),
            ContentError::NoPrivateKey.into(),
            ContentError::Pkcs12(Pkcs12Error::WrongPassword).into(),
            ContentError::Pem(PemError::Encrypted).into()
        ],
        "The file is none that can be read, its password is another, or it does not hold one private key with its certificate.",
        "Send a PFX in base64 with its password in `pwd`, or PEM with the private key as it is: `openssl pkcs8 -nodes` writes it.";
    CertificateError::Key(_), [PrivateKeyDerError::Malformed.into()],
        "The private key is of a type that a vault does not keep, or is none.",
        "Import a certificate with a key of RSA with 2048, 3072 or 4096 bits, or of EC.";
    CertificateError::Unreadable(_), [
            Unreadable::TooLarge(65_537).into(),
            Unreadable::Malformed.into(),
            Unreadable::Date.into()
        ],
        "A certificate in the file is not what RFC 5280 says.",
        "Look at it with `openssl x509 -text`, and have it issued again.";
    CertificateError::Chain(_), [
            ChainError::NoLeaf.into(),
            ChainError::SeveralLeaves.into(),
            ChainError::TooLong(101).into()
        ],
        "Not exactly one of the certificates is of the private key.",
        "Send the certificate of the key, and those that it was signed with.";
    CertificateError::Merge(_), [MergeError::Empty.into(), MergeError::TooMany.into()],
        "The member `x5c` holds no certificates, or too many.",
        "Send each certificate as base64 of its DER, that of the request first.";
    CertificateError::OtherKey, [CertificateError::OtherKey],
        "The certificates were issued for another request.",
        "Have a certificate issued for the `csr` of `GET /certificates/{name}/pending`.";
    CertificateError::NotToMerge(_), [CertificateError::NotToMerge("DigiCert".into())],
        "The issuer that the policy names issues the certificate itself.",
        "Wait for the issuer; or delete the operation and create one with the issuer `Unknown`.";
    CertificateError::Expired, [CertificateError::Expired],
        "The certificate ended before it was imported.",
        "Import one that is valid still.";
    CertificateError::Issue(_), [CertificateError::Issue(ProfileError::Nameless.into())],
        "The policy is none that a certificate can be issued for.",
        "Change the policy with `PATCH /certificates/{name}/policy`.";
    CertificateError::Unissuable(_), [
            UnissuablePolicy::Subject(NameError::EmptyPart).into(),
            UnissuablePolicy::ExtendedKeyUsage("1.2".into()).into()
        ],
        "The policy is that of an imported certificate, which says what no request may ask for.",
        "Change the policy with `PATCH /certificates/{name}/policy`, or send one with the request.";
    CertificateError::Request(_), [CertificateError::Request(ProfileError::Validity.into())],
        "The policy is none that a certificate can be asked for.",
        "Change the policy with `PATCH /certificates/{name}/policy`.";
    CertificateError::NotConverted, [CertificateError::NotConverted],
        "The secret of the certificate is PEM, and is asked for as a PFX.",
        "Leave `outContentType` out, and make the PFX of the PEM: `openssl pkcs12 -export`.";
    CertificateError::Unwritable, [CertificateError::Unwritable],
        "A fault of this release.",
        "Report the fault with the answer's `x-ms-request-id`.";
    CertificateError::Damaged, [CertificateError::Damaged],
        "The bytes in the store are not those that the vault wrote.",
        "The vault's owner restores its volume: [Install](install.md).";
}
