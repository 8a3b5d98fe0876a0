//! `openssl verify`, strictly.

use strongroom_certificates::pem;

use super::{Answer, Case, Name, Question, Usage};
use crate::support::Folder;

/// One process for each question.
pub fn answers(case: &Case) -> Vec<Answer> {
    let folder = Folder::new();
    let write = |name: &str, all: &[Vec<u8>]| {
        let blocks: Vec<_> = all.iter().map(|der| (pem::CERTIFICATE, der.as_slice())).collect();
        folder.write(name, pem::write(&blocks).unwrap().as_bytes());
    };
    write("leaf.pem", std::slice::from_ref(&case.leaf));
    write("root.pem", std::slice::from_ref(&case.root));
    write("chain.pem", &case.intermediates);
    if let Some(list) = &case.list {
        let text = pem::write(&[("X509 CRL", list.as_slice())]).unwrap();
        folder.write("list.pem", text.as_bytes());
    }
    case.questions
        .iter()
        .map(|question| ask(&folder, case, question))
        .collect()
}

fn ask(folder: &Folder, case: &Case, question: &Question) -> Answer {
    let purpose = match question.usage {
        Usage::Server => "sslserver",
        Usage::Client => "sslclient",
        Usage::Email => "smimesign",
        Usage::Anything => "any",
        // It came with a later version.
        Usage::CodeSigning => return None,
    };
    let name = match &question.name {
        None => String::new(),
        Some(Name::Host(host)) => format!("-verify_hostname {host}"),
        Some(Name::Address(address)) => format!("-verify_ip {address}"),
        Some(Name::Mailbox(mailbox)) => format!("-verify_email {mailbox}"),
    };
    let trust = if case.is_self_signed() {
        // It is no authority, and is trusted only where a part of a chain is enough.
        "-partial_chain -check_ss_sig"
    } else if case.intermediates.is_empty() {
        ""
    } else {
        "-untrusted chain.pem"
    };
    let list = if case.list.is_some() {
        "-crl_check -CRLfile list.pem"
    } else {
        ""
    };
    let (is_good, said) = folder.try_openssl(&format!(
        "verify -x509_strict -attime {} -purpose {purpose} {name} {list} {trust} -CAfile root.pem leaf.pem",
        question.at
    ));
    // Whatever else keeps it from its work is no answer.
    assert!(
        is_good || said.contains("verification failed"),
        "{}: {said}",
        case.name
    );
    Some(if is_good { Ok(()) } else { Err(said) })
}
