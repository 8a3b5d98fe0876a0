//! How a certificate is printed.

use strongroom_certificates::{alternative_names::AlternativeNames, certificate::Certificate as Parsed};
use strongroom_client::vault::{Certificate, Certificates};

use super::{pem, rows};
use crate::{
    Failure, encoding, life,
    output::{CertificateOutput, ObjectOutput},
    printed::Printed,
    table,
};

/// A certificate, to which `done` was done, in the form that was asked for.
pub(super) fn certificate(
    cert: &Certificate,
    done: &str,
    output: CertificateOutput,
) -> Result<Printed, Failure> {
    match output {
        CertificateOutput::Object(ObjectOutput::Text) => Ok(Printed::Text(text(cert))),
        CertificateOutput::Object(output @ (ObjectOutput::Name | ObjectOutput::Json)) => {
            life::object::<Certificates>(cert, done, output)
        }
        CertificateOutput::Pem => Ok(Printed::Text(pem::certificate(cert)?)),
    }
}

fn text(cert: &Certificate) -> String {
    let time = |at: Option<i64>| at.map_or_else(|| table::NONE.to_owned(), table::time);
    let parsed = cert.cer.as_deref().and_then(parse);
    let of = |said: fn(&Parsed) -> String| rows::field(parsed.as_ref().map(said).as_deref());
    let attributes = &cert.attributes;
    let tags: Vec<_> = cert
        .tags
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let version = cert.id.version.map(|version| version.to_string());
    rows::render(&[
        ("Name", cert.id.name.to_string()),
        ("Version", version.unwrap_or_else(|| table::UNKNOWN.to_owned())),
        ("Issued", parsed.is_some().to_string()),
        ("Subject", of(|parsed| parsed.subject().to_string())),
        (
            "Names",
            of(|parsed| parsed.alternative_names().map(names).unwrap_or_default()),
        ),
        ("Issuer", of(|parsed| parsed.issuer().to_string())),
        ("Serial", of(|parsed| parsed.serial().to_string())),
        ("Thumbprint", of(|parsed| hex::encode_upper(parsed.thumbprint()))),
        ("Enabled", attributes.enabled.unwrap_or(true).to_string()),
        ("Not before", time(attributes.nbf)),
        ("Expires", time(attributes.exp)),
        ("Created", time(attributes.created)),
        ("Updated", time(attributes.updated)),
        ("Tags", rows::list(&tags)),
    ])
}

fn parse(base64: &str) -> Option<Parsed> {
    Parsed::from_der(&encoding::decode_base64(base64.as_bytes())?).ok()
}

fn names(names: &AlternativeNames) -> String {
    let names: Vec<_> = names.iter().map(|(_, name)| name).collect();
    names.join(", ")
}
