use strongroom_core::ObjectKind;
use strongroom_crds::secret_ref::SecretEncoding;

use super::*;
use crate::volume::fault::{CertificateFault, PasswordFault};

fn object(kind: ObjectKind, name: &str) -> Object {
    Object {
        kind,
        name: name.parse().unwrap(),
        version: None,
    }
}

fn failure(path: &str, name: &str, reason: Reason) -> FileFailure {
    FileFailure {
        path: path.parse().unwrap(),
        object: Some(object(ObjectKind::Secrets, name)),
        reason,
    }
}

/// Of a pod of the account `shop/intern`.
fn error(failures: Vec<FileFailure>, checked_for: &str) -> FilesError {
    FilesError {
        vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
        account: "shop:intern".parse().unwrap(),
        checked_for: Some(checked_for.parse().unwrap()),
        failures,
    }
}

#[test]
fn a_refusal_is_told_by_its_status_and_its_codes_and_not_in_the_vaults_sentences() {
    let refusal = |code: &str| VaultRefusal {
        status: http::StatusCode::BAD_REQUEST,
        code: code.to_owned(),
        inner_code: Some("go to https://elsewhere.example".to_owned()),
        message: "and log in".to_owned(),
        retry_after: None,
    };
    let told = of_refusal(&refusal("BadParameter"));
    assert_eq!(
        told,
        Reason::Refused("the vault answered 400 BadParameter".to_owned())
    );
}

#[test]
fn every_file_is_named_and_each_reason_once() {
    let failures = vec![
        failure("a", "x", Reason::NotPermitted),
        failure("b/c", "y", Reason::Disabled),
        failure("d", "z", Reason::NotPermitted),
    ];
    let error = error(failures, "api");
    assert_eq!(
        error.to_string(),
        "3 of its files cannot be read from vault team-a/prod: b/c (secret y): it is disabled; \
         a (secret x), d (secret z): service account shop/intern may not read it, or it does not exist. \
         The conditions of the SecretRef are about another one, shop/api. To see why: kubectl strongroom policy check \
         --vault team-a/prod --service-account shop/intern --permission secrets/get --object x"
    );
    assert!(!error.is_retryable() && !error.is_forbidden());
}

#[test]
fn a_refusal_of_a_key_is_explained_by_the_permission_on_keys() {
    let key = |path: &str, reason| FileFailure {
        object: Some(object(ObjectKind::Keys, "tokens")),
        ..failure(path, "tokens", reason)
    };
    let text = error(vec![key("a", Reason::NotPermitted)], "intern").to_string();
    assert!(
        text.contains("a (key tokens): service account shop/intern may not read it"),
        "{text}"
    );
    assert!(text.ends_with("--permission keys/get --object tokens"), "{text}");
    let symmetric = error(vec![key("a", Reason::Symmetric)], "intern");
    assert_eq!(
        symmetric.to_string(),
        "1 of its files cannot be read from vault team-a/prod: a (key tokens): it is a symmetric key, which has no \
         public part"
    );
    assert!(!symmetric.is_retryable());
}

#[test]
fn each_file_of_a_certificate_fails_with_a_sentence_of_its_own() {
    let file = |path: &str, name: &str, reason| failure(path, name, Reason::Content(reason));
    let part = |path: &str, reason| file(path, "shop-tls", reason);
    let failures = vec![
        part("ca.crt", ContentError::NoAuthority),
        part("all.pem", ContentError::NoPrivateKey),
        part("tls.crt", ContentError::NoCertificate(CertificateFault::Password)),
        file(
            "krb5.keytab",
            "keytab",
            ContentError::Undecodable(SecretEncoding::Base64),
        ),
        file("tls.p12", "store-password", PasswordFault::Empty.into()),
        file("tls.jks", "binary", PasswordFault::Text.into()),
        file("ca.jks", "novel", PasswordFault::TooLong.into()),
    ];
    let error = error(failures, "intern");
    assert_eq!(
        error.to_string(),
        "7 of its files cannot be read from vault team-a/prod: \
         ca.jks (secret novel): it cannot be the password of a store: it has more than 1024 bytes; \
         tls.p12 (secret store-password): it cannot be the password of a store: it is empty; \
         tls.jks (secret binary): it cannot be the password of a store: it is not UTF-8, or has a zero byte; \
         tls.crt (secret shop-tls): it holds no certificate that can be read: its PFX has a password; \
         ca.crt (secret shop-tls): its chain has no certificate of an authority; \
         all.pem (secret shop-tls): its private key may not leave the vault; \
         krb5.keytab (secret keytab): its value is not base64"
    );
    assert!(!error.is_retryable() && !error.is_forbidden());
}

#[test]
fn only_a_refusal_is_explained_and_by_the_account_that_the_secret_ref_was_checked_for() {
    let missing = error(vec![failure("a", "x", Reason::NotFound)], "api").to_string();
    assert!(missing.ends_with("a (secret x): it does not exist"), "{missing}");
    let denied = vec![failure("a", "x", Reason::NotPermitted)];
    let same = error(denied.clone(), "intern").to_string();
    assert!(
        same.contains("exist. The conditions of the SecretRef are about this service account. To see why: "),
        "{same}"
    );
    let unknown = FilesError {
        checked_for: None,
        ..error(denied, "api")
    };
    let unknown = unknown.to_string();
    assert!(
        unknown.contains("exist. To see why: kubectl strongroom"),
        "{unknown}"
    );
}

#[test]
fn to_who_may_read_nothing_a_vault_that_is_away_and_one_that_refuses_look_the_same() {
    let error = |reason| error(vec![failure("a", "x", reason)], "intern");
    let away = error(Reason::Unavailable("no such host".to_owned()));
    assert!(away.is_retryable());
    assert_eq!(
        away.concealed().to_string(),
        error(Reason::NotPermitted).to_string()
    );
}

#[test]
fn the_states_of_watch_are_the_same_reasons() {
    let version = Version::from_bytes([7; 16]);
    for (state, reason) in [
        (ObjectState::Available(version), Ok(version)),
        (ObjectState::Forbidden, Err(Reason::NotPermitted)),
        (ObjectState::NotFound, Err(Reason::NotFound)),
        (ObjectState::Deleted, Err(Reason::Deleted)),
        (ObjectState::Disabled, Err(Reason::Disabled)),
    ] {
        assert_eq!(Reason::unless_available(state), reason);
    }
}
