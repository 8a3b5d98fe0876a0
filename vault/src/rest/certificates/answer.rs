//! A certificate as JSON (Certificates/models.tsp). The members stand in the order in which Azure answers them.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde::Serialize;
use strongroom_certificates::certificate::Certificate as Parsed;
use strongroom_engine::{Certificate, CertificateBundle, Tags, object::kind::Kind as _};

use super::{
    super::{
        answer::{AttributesJson, DeletedJson},
        face::{Face, Shown},
        host::Host,
    },
    policy::PolicyJson,
    url,
};

/// A certificate by itself, or one item of a list.
#[derive(Serialize)]
pub(in crate::rest) struct CertificateJson<'a> {
    #[serde(flatten)]
    deleted: Option<DeletedJson>,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5t: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cer: Option<String>,
    attributes: AttributesJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    #[serde(flatten)]
    inscription: Option<InscriptionJson>,
    /// Azure's items have it, and nothing in it.
    #[serde(rename = "subject", skip_serializing_if = "Option::is_none")]
    no_subject: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<PendingJson>,
    #[serde(rename = "preserveCertOrder", skip_serializing_if = "Option::is_none")]
    preserve_order: Option<bool>,
}

/// What stands in a certificate, of which the whole version is shown.
#[derive(Serialize)]
struct InscriptionJson {
    subject: String,
    issuer: String,
    serialnumber: String,
}

/// Where the operation is to be found.
#[derive(Serialize)]
struct PendingJson {
    id: String,
}

impl Face for Certificate {
    const COLLECTION: &'static str = super::CERTIFICATES;
    type Json<'a> = CertificateJson<'a>;

    fn json<'a>(bundle: &'a CertificateBundle, host: &Host, shown: Shown) -> CertificateJson<'a> {
        let id = shown.id::<Self>(bundle, host);
        let item = CertificateJson::listed(bundle, host, id);
        if !shown.is_alone() {
            return item;
        }
        let alone = CertificateJson {
            attributes: (&bundle.attributes).into(),
            no_subject: None,
            preserve_order: bundle.fields.preserve_order,
            ..item
        };
        if !Self::is_complete(&bundle.fields) {
            return alone.with_object(bundle, host);
        }
        let der = bundle.content.as_ref().map(|content| &content.0);
        let alone = CertificateJson {
            kid: Some(part_id("keys", bundle, host)),
            sid: Some(part_id("secrets", bundle, host)),
            cer: der.map(|der| BASE64_STANDARD.encode(der)),
            ..alone
        };
        match shown {
            Shown::ByVersion => CertificateJson {
                inscription: der.and_then(|der| InscriptionJson::of(der)),
                ..alone
            },
            // As Azure answers it.
            Shown::Changed => alone.with_pending(bundle, host),
            Shown::Alone | Shown::InList | Shown::AmongVersions => alone.with_object(bundle, host),
        }
    }

    fn room(bundle: &CertificateBundle) -> usize {
        let der = bundle.content.as_ref().map_or(0, |content| content.0.len());
        let policy = bundle
            .object
            .policy
            .as_ref()
            .map_or(0, |policy| policy.json.len());
        4096 + 2 * der + policy
    }
}

impl<'a> CertificateJson<'a> {
    /// An item of a list.
    fn listed(bundle: &'a CertificateBundle, host: &Host, id: String) -> Self {
        let deleted = DeletedJson::of(bundle, host);
        let attributes = AttributesJson::from(&bundle.attributes);
        let (attributes, no_subject) = match deleted {
            Some(_) => (attributes, None),
            None => (attributes.without_recovery(), Some("")),
        };
        let thumbprint = bundle.fields.thumbprint;
        Self {
            deleted,
            id,
            kid: None,
            sid: None,
            x5t: thumbprint.map(|thumbprint| BASE64_URL_SAFE_NO_PAD.encode(thumbprint)),
            cer: None,
            attributes,
            tags: Some(&bundle.tags).filter(|tags| !tags.is_empty()),
            inscription: None,
            no_subject,
            policy: None,
            pending: None,
            preserve_order: None,
        }
    }

    /// The same with what is noted of the certificate, whatever the version.
    fn with_object(self, bundle: &CertificateBundle, host: &Host) -> Self {
        Self {
            policy: PolicyJson::of(bundle, host),
            ..self.with_pending(bundle, host)
        }
    }

    /// The same with its operation, where there is one.
    fn with_pending(self, bundle: &CertificateBundle, host: &Host) -> Self {
        let operation = bundle.object.operation.as_ref();
        Self {
            pending: operation.map(|_| PendingJson {
                id: url(bundle, host, "/pending"),
            }),
            ..self
        }
    }
}

impl InscriptionJson {
    /// What stands in a certificate that can be read, as every one can that was stored.
    fn of(der: &[u8]) -> Option<Self> {
        let parsed = Parsed::from_der(der).ok()?;
        Some(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            serialnumber: parsed.serial().to_string(),
        })
    }
}

/// The id of the key or the secret that is part of this version.
fn part_id(collection: &str, bundle: &CertificateBundle, host: &Host) -> String {
    let (name, version) = (bundle.name.spelling(), bundle.version);
    format!("https://{}/{collection}/{name}/{version}", host.as_str())
}
