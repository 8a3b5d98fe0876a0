//! What a vault answers its clients: the node driver, the command line.

use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret as _;
use strongroom_client::{
    Retry,
    identity::VaultToken,
    vault::{KeyInput, KeyWork, Page, SecretItem, Secrets, VaultClient, VaultError},
};
use strongroom_core::{ObjectName, Version, limits::VALUE_BYTES};

use super::fixture::{Hostile, must_be_short};
use crate::{Seed, Verdict, kept::Kept};

/// The version that is asked for.
const VERSION: &str = "0123456789abcdef0123456789abcdef";

thread_local! {
    static ASKED: Kept<(VaultClient, Hostile)> = const { Kept::nothing() };
}

/// The first byte chooses what is asked, the second the status of the answer, the others are its body.
///
/// - A secret or a key is taken only under the name and the version that were asked for, and a secret no larger than one can be.
/// - A list ends, however often its vault says that it goes on.
/// - What is shown of an error is short, and on one line.
pub fn vault_answer(input: &[u8]) -> Verdict {
    let Some(([asked, status], body)) = input.split_first_chunk::<2>() else {
        return Verdict::Refused;
    };
    ASKED.with(|kept| {
        let start = || {
            let hostile = Hostile::start();
            let client = VaultClient::new(&hostile.server, hostile.trust.clone()).with_retry(Retry::NEVER);
            (client, hostile)
        };
        kept.with(start, |(client, hostile)| {
            let status = hostile.say(*status, body);
            let result = hostile.runtime.block_on(ask(client, *asked));
            match &result {
                Ok(()) => assert!(status.is_success(), "{status} is taken"),
                Err(error) => must_be_short(error),
            }
            Verdict::of(&result)
        })
    })
}

async fn ask(client: &VaultClient, asked: u8) -> Result<(), VaultError> {
    let token = VaultToken::new("t".into(), SystemTime::now() + Duration::from_hours(1));
    let (name, version): (ObjectName, Version) = ("db".parse().unwrap(), VERSION.parse().unwrap());
    match asked % 9 {
        0 => {
            let secret = client.get_secret(&token, &name, None).await?;
            assert!(secret.id.name == name && secret.value.expose_secret().len() <= VALUE_BYTES);
        }
        1 => {
            let secret = client.get_secret(&token, &name, Some(&version)).await?;
            assert!(secret.id.name == name && secret.id.version == Some(version));
        }
        2 => {
            let page: Page<SecretItem> = client.list::<Secrets>(&token, None).await?;
            // What a link says goes into the next request, and must be no more than a place.
            if page.next.is_some() {
                let again = client.list::<Secrets>(&token, page.next.as_ref()).await;
                assert!(!matches!(again, Err(VaultError::Transport(_))), "{again:?}");
            }
        }
        3 => assert!(client.list_all::<Secrets>(&token, 3).await?.len() <= 3),
        4 => drop(client.get_deleted::<Secrets>(&token, &name).await?),
        5 => drop(client.backup::<Secrets>(&token, &name).await?),
        6 => {
            let key = client.get_key(&token, &name, Some(&version)).await?;
            assert!(key.key.kid.name == name && key.key.kid.version == Some(version));
        }
        7 => {
            let (work, input) = (KeyWork::Decrypt, KeyInput::default());
            let result = client
                .use_key(&token, &name, Some(&version), work, &input)
                .await?;
            assert!(result.kid.name == name && result.kid.version == Some(version));
        }
        _ => drop(client.rotation_policy(&token, &name).await?),
    }
    Ok(())
}

/// Answers of each kind, and what is none.
pub fn seeds() -> Vec<Seed> {
    let say = |asked: u8, status: u8, body: &str| [&[asked, status], body.as_bytes()].concat();
    let id = format!("https://prod.team-a.svc/secrets/db/{VERSION}");
    let attributes = r#""attributes":{"enabled":true,"created":1,"updated":2,"recoveryLevel":"Recoverable"}"#;
    let secret = |id: &str| format!(r#"{{"value":"v","id":"{id}",{attributes},"tags":{{"a":"b"}}}}"#);
    let item = format!(r#"{{"id":"{id}",{attributes}}}"#);
    let page = |next: &str| format!(r#"{{"value":[{item}],"nextLink":{next}}}"#);
    let link = r#""https://evil.example/x?api-version=1&$skiptoken=eyJh%3D""#;
    let deleted = item.replace(
        r#"{"id""#,
        r#"{"recoveryId":"https://h/deletedsecrets/db","deletedDate":1,"scheduledPurgeDate":2,"id""#,
    );
    let kid = format!("https://prod.team-a.svc/keys/db/{VERSION}");
    let key =
        |kid: &str| format!(r#"{{"key":{{"kid":"{kid}","kty":"EC","key_ops":["sign"]}},{attributes}}}"#);
    let made = |kid: &str| format!(r#"{{"kid":"{kid}","value":"AQID","iv":"AQ","tag":"Ag"}}"#);
    let policy =
        r#"{"lifetimeActions":[{"trigger":{"timeBeforeExpiry":"P30D"},"action":{"type":"Notify"}}]}"#;
    let error =
        r#"{"error":{"code":"Forbidden","message":"no\nway","innererror":{"code":"ForbiddenByPolicy"}}}"#;
    vec![
        Seed::taken("get", say(0, 0, &secret(&id))),
        Seed::taken("get-version", say(1, 0, &secret(&id))),
        Seed::taken("page", say(2, 0, &page("null"))),
        Seed::taken("page-with-more", say(2, 0, &page(link))),
        Seed::taken("all", say(3, 0, &page("\"\""))),
        Seed::taken("deleted", say(4, 0, &deleted)),
        Seed::taken("backup", say(5, 0, r#"{"value":"U1Jiaw"}"#)),
        Seed::taken("key", say(6, 0, &key(&kid))),
        Seed::taken("key-result", say(7, 0, &made(&kid))),
        Seed::taken("rotation-policy", say(8, 0, policy)),
        Seed::refused("another-key", say(6, 0, &key(&kid.replace("01", "02")))),
        Seed::refused(
            "result-of-another-key",
            say(7, 0, &made(&kid.replace("/db/", "/other/"))),
        ),
        Seed::refused("never-ending", say(3, 0, &format!(r#"{{"nextLink":{link}}}"#))),
        Seed::refused(
            "another-secret",
            say(0, 0, &secret(&id.replace("/db/", "/other/"))),
        ),
        Seed::refused("another-version", say(1, 0, &secret(&id.replace("01", "02")))),
        Seed::refused(
            "large",
            say(
                0,
                0,
                &secret(&id).replace(r#""v""#, &format!("\"{}\"", "x".repeat(30_000))),
            ),
        ),
        Seed::refused("refusal", say(0, 4, error)),
        Seed::refused("redirect", say(0, 2, &secret(&id))),
    ]
}
