//! webpki, which verifies for rustls.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage,
    OwnedCertRevocationList, RevocationCheckDepth, RevocationOptionsBuilder, anchor_from_trusted_cert,
};

use super::{Answer, Case, Name, Question, Usage};

/// 1.3.6.1.5.5.7.3.4, without its tag and length.
const EMAIL: KeyUsage = KeyUsage::required_if_present(&[0x2b, 6, 1, 5, 5, 7, 3, 4]);
/// 1.3.6.1.5.5.7.3.3.
const CODE_SIGNING: KeyUsage = KeyUsage::required_if_present(&[0x2b, 6, 1, 5, 5, 7, 3, 3]);

pub fn answers(case: &Case) -> Vec<Answer> {
    case.questions
        .iter()
        .map(|question| ask(case, question))
        .collect()
}

fn ask(case: &Case, question: &Question) -> Answer {
    let usage = match question.usage {
        Usage::Server => KeyUsage::server_auth(),
        Usage::Client => KeyUsage::client_auth(),
        Usage::Email => EMAIL,
        Usage::CodeSigning => CODE_SIGNING,
        // It verifies for one usage or another.
        Usage::Anything => return None,
    };
    let name = match &question.name {
        None => None,
        Some(Name::Host(text) | Name::Address(text)) => Some(ServerName::try_from(text.as_str()).unwrap()),
        // It knows servers alone.
        Some(Name::Mailbox(_)) => return None,
    };
    Some(verify(case, question.at, usage, name.as_ref()).map_err(|error| format!("{error:?}")))
}

fn verify(case: &Case, at: i64, usage: KeyUsage, name: Option<&ServerName<'_>>) -> Result<(), webpki::Error> {
    let (leaf, root) = (
        CertificateDer::from(&*case.leaf),
        CertificateDer::from(&*case.root),
    );
    let intermediates: Vec<_> = case
        .intermediates
        .iter()
        .map(|der| CertificateDer::from(&**der))
        .collect();
    let anchors = [anchor_from_trusted_cert(&root)?];
    let leaf = EndEntityCert::try_from(&leaf)?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at).unwrap()));
    let list = match &case.list {
        Some(list) => Some(CertRevocationList::from(OwnedCertRevocationList::from_der(list)?)),
        None => None,
    };
    let lists: Vec<_> = list.iter().collect();
    // Of the leaf alone, as the others look at it.
    let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
        options
            .with_depth(RevocationCheckDepth::EndEntity)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build()
    });
    leaf.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        &intermediates,
        time,
        usage,
        revocation,
        None,
    )?;
    match name {
        Some(name) => leaf.verify_is_valid_for_subject_name(name),
        None => Ok(()),
    }
}
