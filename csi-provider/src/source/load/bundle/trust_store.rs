//! A trust store for Java: PKCS#12 (RFC 7292) without encryption and without a MAC, as the JDK's own `cacerts` is since
//! its release 18.
//!
//! Certificates are no secret, and a password that everyone knows protects no file from a change. Without one the JDK
//! opens the store with any password and with none, and the same certificates always give the same bytes.

use yasna::{DERWriter, Tag, construct_der, models::ObjectIdentifier};

// RFC 7292, section 4, and the types that it takes from PKCS#7 and PKCS#9.
const DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 1];
const CERTIFICATE_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 3];
const X509_CERTIFICATE: &[u64] = &[1, 2, 840, 113_549, 1, 9, 22, 1];
const FRIENDLY_NAME: &[u64] = &[1, 2, 840, 113_549, 1, 9, 20];
/// Oracle's `trustedKeyUsage`. Java passes over a certificate without it.
const TRUSTED_KEY_USAGE: &[u64] = &[2, 16, 840, 1, 113_894, 746_875, 1, 1];
/// RFC 5280, section 4.2.1.12.
const ANY_EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37, 0];

/// The version of every PFX.
const VERSION: u8 = 3;

/// A certificate and the name that it is listed under.
pub(super) struct Entry<'a> {
    alias: String,
    certificate: &'a [u8],
}

impl<'a> Entry<'a> {
    /// A certificate, as DER. The alias must be in lower case, as Java compares them, and another for each.
    pub(super) const fn new(alias: String, certificate: &'a [u8]) -> Self {
        Self { alias, certificate }
    }
}

/// The store that trusts these certificates for everything.
pub(super) fn trust_store<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Vec<u8> {
    let bags = construct_der(|writer| {
        writer.write_sequence_of(|writer| entries.for_each(|entry| write_bag(writer.next(), &entry)));
    });
    let safes = construct_der(|writer| writer.write_sequence_of(|writer| write_data(writer.next(), &bags)));
    construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_u8(VERSION);
            write_data(writer.next(), &safes);
        });
    })
}

/// Bytes as a `ContentInfo`.
fn write_data(writer: DERWriter<'_>, bytes: &[u8]) {
    writer.write_sequence(|writer| {
        write_id(writer.next(), DATA);
        writer
            .next()
            .write_tagged(Tag::context(0), |writer| writer.write_bytes(bytes));
    });
}

fn write_bag(writer: DERWriter<'_>, entry: &Entry<'_>) {
    writer.write_sequence(|writer| {
        write_id(writer.next(), CERTIFICATE_BAG);
        writer.next().write_tagged(Tag::context(0), |writer| {
            writer.write_sequence(|writer| {
                write_id(writer.next(), X509_CERTIFICATE);
                writer
                    .next()
                    .write_tagged(Tag::context(0), |writer| writer.write_bytes(entry.certificate));
            });
        });
        writer.next().write_set_of(|writer| {
            write_attribute(writer.next(), FRIENDLY_NAME, |value| {
                value.write_bmp_string(&entry.alias);
            });
            write_attribute(writer.next(), TRUSTED_KEY_USAGE, |value| {
                write_id(value, ANY_EXTENDED_KEY_USAGE);
            });
        });
    });
}

fn write_attribute(writer: DERWriter<'_>, id: &[u64], write_value: impl FnOnce(DERWriter<'_>)) {
    writer.write_sequence(|writer| {
        write_id(writer.next(), id);
        writer.next().write_set_of(|writer| write_value(writer.next()));
    });
}

fn write_id(writer: DERWriter<'_>, id: &[u64]) {
    writer.write_oid(&ObjectIdentifier::from_slice(id));
}
