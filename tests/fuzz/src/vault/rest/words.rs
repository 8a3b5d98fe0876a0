//! Words of an input that stand for what is made anew with each vault: an attestation, and a backup.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use strongroom_core::Timestamp;
use strongroom_engine::{
    AttributesPatch, CryptoKey, KeyWriteRequest, ReadRequest, Tags, crypto_key::release::ReleaseTerms,
    no_name, object::answer::Answer,
};
use strongroom_keys::{Curve, KeyProvider as _, KeySpec, KeyType, OctSize, Software};
use strongroom_testing::vault::{delete_key, set_key, write};
use strongroom_vault::keys::successor::stored;

use super::{
    super::{
        authority::{POLICY, claims},
        fixture::{NOW, Served},
    },
    Site, ask,
};
use crate::{Seed, input::replaced};

/// The word for a token of the vault's authority that meets the policy of the key `out`.
const ATTESTED: &str = "ATTESTED";
/// The word for the backup of the key `gone`.
const BACKUP: &str = "BACKUP";

/// What the words stand for.
pub(super) struct Words {
    attested: String,
    backup: String,
}

impl Words {
    /// Makes a key that may leave the vault, and one of which only its backup is left.
    pub(super) fn of(served: &Served) -> Self {
        let (service, _guard) = (&served.service, served.runtime.enter());
        let key = Software.generate(KeySpec::new(KeyType::Ec(Curve::P256))).unwrap();
        let terms = ReleaseTerms {
            policy: POLICY.as_bytes().into(),
            is_immutable: false,
        };
        let (content, fields) = stored(&key, None, Some(terms)).unwrap();
        write(
            service,
            KeyWriteRequest::Set {
                name: "out".parse().unwrap(),
                content,
                fields,
                attributes: AttributesPatch::default(),
                tags: Tags::new(),
            },
        );
        set_key(service, "gone", KeyType::Oct(OctSize::Bits128));
        let name = "gone".parse().unwrap();
        let request = ReadRequest::Backup { name };
        let backup =
            service
                .objects
                .read::<CryptoKey>(&request, Timestamp::from_unix(NOW.unsigned_abs()), &no_name);
        let Ok(Answer::Backup(blob)) = backup else {
            panic!("no backup: {backup:?}");
        };
        delete_key(service, "gone");
        write(
            service,
            KeyWriteRequest::Purge {
                name: "gone".parse().unwrap(),
            },
        );
        Self {
            attested: served.authority.token(&claims(NOW)),
            backup: BASE64_URL_SAFE_NO_PAD.encode(blob.as_bytes()),
        }
    }

    /// The input with what its words stand for.
    pub(super) fn filled(&self, input: &[u8]) -> Vec<u8> {
        replaced(&replaced(input, ATTESTED, &self.attested), BACKUP, &self.backup)
    }
}

/// Whether an input has the word for an attestation.
pub(super) fn attests(input: &[u8]) -> bool {
    input
        .windows(ATTESTED.len())
        .any(|found| found == ATTESTED.as_bytes())
}

/// Requests that release keys and bring them back. The length of their bodies is that of what the words stand for.
pub(super) fn seeds() -> Vec<Seed> {
    let words = Site::start().words;
    let of = |line: &str, body: &str| {
        let line = format!("{line}?api-version=2026-04-01");
        let length = |body: &[u8]| format!("Content-Length: {}\r\n", body.len());
        let filled = length(&words.filled(body.as_bytes()));
        ask(&line, body).replace(&length(body.as_bytes()), &filled)
    };
    let release = |target: &str, more: &str| format!(r#"{{"target":"{target}"{more}}}"#);
    let policy = |policy: &str| json!({"data": BASE64_URL_SAFE_NO_PAD.encode(policy), "immutable": true});
    let exportable = |release_policy| {
        json!({"kty": "oct", "attributes": {"exportable": true}, "release_policy": release_policy})
            .to_string()
    };
    let elsewhere = POLICY.replace("attest.example", "elsewhere.example");
    vec![
        Seed::taken(
            "key-release",
            of("POST /keys/out/release", &release(ATTESTED, "")),
        ),
        Seed::taken(
            "key-release-with-everything",
            of(
                "POST /keys/OUT//release",
                &release(ATTESTED, r#","nonce":"n","enc":"RSA_AES_KEY_WRAP_256""#),
            ),
        ),
        Seed::refused(
            "key-release-unattested",
            of("POST /keys/out/release", &release("a.b.c", "")),
        ),
        Seed::refused(
            "key-release-of-none",
            of("POST /keys/gone/release", &release(ATTESTED, "")),
        ),
        Seed::refused(
            "key-release-otherwise",
            of("POST /keys/out/release", &release(ATTESTED, r#","enc":"none""#)),
        ),
        Seed::taken("key-attestation", of("GET /keys/out/attestation", "")),
        Seed::taken("key-backup", of("POST /keys/out/backup", "")),
        Seed::taken("key-rotate", of("POST /keys/out/rotate", "")),
        Seed::taken(
            "key-create-exportable",
            of("POST /keys/k/create", &exportable(policy(POLICY))),
        ),
        Seed::refused(
            "key-create-exportable-elsewhere",
            of("POST /keys/k/create", &exportable(policy(&elsewhere))),
        ),
        Seed::taken(
            "key-update-release-policy",
            of(
                "PATCH /keys/out",
                &json!({ "release_policy": policy(POLICY) }).to_string(),
            ),
        ),
        Seed::taken(
            "key-restore",
            of("POST /keys/restore", &format!(r#"{{"value":"{BACKUP}"}}"#)),
        ),
        Seed::refused(
            "key-restore-twice-as-long",
            of(
                "POST /keys/restore",
                &format!(r#"{{"value":"{BACKUP}{BACKUP}"}}"#),
            ),
        ),
        Seed::refused(
            "key-restore-nothing",
            of("POST /keys/restore", r#"{"value":"U1Jiaw"}"#),
        ),
        Seed::refused(
            "key-restore-as-a-secret",
            of("POST /secrets/restore", &format!(r#"{{"value":"{BACKUP}"}}"#)),
        ),
    ]
}
