//! A policy as JSON. Its members stand in the order in which Azure answers them.

use serde::Serialize;
use serde_json::Value;

use super::{
    issuer::Issuer,
    key::KeyProperties,
    lifetime::{LifetimeAction, Trigger},
    platform::PlatformManaged,
    terms::Terms,
    x509::X509Properties,
};
use crate::{alternative_names::AlternativeNames, usage::KeyUsage};

/// A policy as it is answered, or kept.
#[derive(Debug, Serialize)]
pub struct PolicyDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    key_props: KeyDocument,
    secret_props: SecretDocument,
    x509_props: X509Document<'a>,
    lifetime_actions: Vec<ActionDocument>,
    issuer: IssuerDocument<'a>,
    attributes: AttributesDocument,
    #[serde(rename = "platformManaged", skip_serializing_if = "Option::is_none")]
    platform_managed: Option<PlatformDocument<'a>>,
}

/// What the caller knows of a policy that is answered.
#[derive(Debug, Clone, Copy)]
pub struct PolicyIdentity<'a> {
    /// The URL of the policy.
    pub id: &'a str,
    /// When the certificate got its first policy, in unix seconds.
    pub created: u64,
    /// When the policy changed last, in unix seconds.
    pub updated: u64,
}

#[derive(Debug, Serialize)]
struct KeyDocument {
    exportable: bool,
    kty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_size: Option<usize>,
    reuse_key: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretDocument {
    content_type: &'static str,
}

#[derive(Debug, Serialize)]
struct X509Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sans: Option<NamesDocument<'a>>,
    ekus: &'a [String],
    key_usage: Vec<&'static str>,
    validity_months: u32,
    basic_constraints: ConstraintsDocument,
}

#[derive(Debug, Serialize)]
struct NamesDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_names: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upns: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uris: Option<&'a [String]>,
    #[serde(rename = "ipAddresses", skip_serializing_if = "Option::is_none")]
    ip_addresses: Option<&'a [String]>,
}

#[derive(Debug, Serialize)]
struct ConstraintsDocument {
    ca: bool,
}

#[derive(Debug, Serialize)]
struct ActionDocument {
    trigger: TriggerDocument,
    action: ActionTypeDocument,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum TriggerDocument {
    LifetimePercentage(u32),
    DaysBeforeExpiry(u32),
}

#[derive(Debug, Serialize)]
struct ActionTypeDocument {
    action_type: &'static str,
}

#[derive(Debug, Serialize)]
struct IssuerDocument<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert_transparency: Option<bool>,
}

#[derive(Debug, Serialize)]
struct AttributesDocument {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlatformDocument<'a> {
    certificate_usage: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Value>,
}

impl<'a> PolicyDocument<'a> {
    /// The terms; as an answer, where it has an identity.
    pub(super) fn of(terms: &'a Terms, identity: Option<PolicyIdentity<'a>>) -> Self {
        Self {
            id: identity.map(|identity| identity.id),
            key_props: KeyDocument::of(terms.key),
            secret_props: SecretDocument {
                content_type: terms.content_type.name(),
            },
            x509_props: X509Document::of(&terms.x509),
            lifetime_actions: terms.lifetime_actions.iter().map(ActionDocument::of).collect(),
            issuer: IssuerDocument::of(&terms.issuer),
            attributes: AttributesDocument {
                enabled: terms.enabled,
                created: identity.map(|identity| identity.created),
                updated: identity.map(|identity| identity.updated),
            },
            platform_managed: terms.platform.as_ref().map(PlatformDocument::of),
        }
    }
}

impl KeyDocument {
    fn of(key: KeyProperties) -> Self {
        Self {
            exportable: key.exportable,
            kty: key.key.kind().name(),
            key_size: key.key.size(),
            reuse_key: key.reuse_key,
            crv: key.key.curve().map(strongroom_keys::Curve::name),
        }
    }
}

impl<'a> X509Document<'a> {
    fn of(x509: &'a X509Properties) -> Self {
        Self {
            subject: x509.subject.as_deref(),
            sans: x509.alternative_names.as_ref().map(NamesDocument::of),
            ekus: &x509.extended_key_usages,
            key_usage: x509.key_usages.iter().map(KeyUsage::name).collect(),
            validity_months: x509.validity_months,
            // A request for anything else is refused.
            basic_constraints: ConstraintsDocument { ca: false },
        }
    }
}

impl<'a> NamesDocument<'a> {
    fn of(names: &'a AlternativeNames) -> Self {
        Self {
            emails: names.emails.as_deref(),
            dns_names: names.dns_names.as_deref(),
            upns: names.upns.as_deref(),
            uris: names.uris.as_deref(),
            ip_addresses: names.ip_addresses.as_deref(),
        }
    }
}

impl ActionDocument {
    fn of(action: &LifetimeAction) -> Self {
        Self {
            trigger: match action.trigger {
                Trigger::LifetimePercentage(percent) => TriggerDocument::LifetimePercentage(percent),
                Trigger::DaysBeforeExpiry(days) => TriggerDocument::DaysBeforeExpiry(days),
            },
            action: ActionTypeDocument {
                action_type: action.action.name(),
            },
        }
    }
}

impl<'a> IssuerDocument<'a> {
    fn of(issuer: &'a Issuer) -> Self {
        Self {
            name: issuer.name(),
            cty: issuer.certificate_type.as_deref(),
            cert_transparency: issuer.certificate_transparency,
        }
    }
}

impl<'a> PlatformDocument<'a> {
    fn of(platform: &'a PlatformManaged) -> Self {
        Self {
            certificate_usage: &platform.certificate_usage,
            metadata: platform.metadata.as_ref(),
        }
    }
}
