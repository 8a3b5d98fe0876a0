//! The unmodified az command line: every command for keys that asks a server. `random` and `get-attestation` take no name of a
//! vault, since Azure has them on a Managed HSM; they take its URL.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use strongroom_harness::command;

use super::az::Az;

/// 32 bytes, in base64.
const DIGEST: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// A policy as the program takes it, whose words are those of its own help.
const POLICY: &str = r#"{"lifetime_actions": [{"trigger": {"time_after_create": "P90D"}, "action": {"type": "Rotate"}}],
    "attributes": {"expiry_time": "P180D"}}"#;

/// Makes, uses, rotates, deletes and restores keys.
pub async fn does_with_keys_what_it_does_in_azure(az: &Az<'_>) -> Result<()> {
    let keys = Keys(az);
    keys.make_and_read().await?;
    keys.work().await?;
    keys.rotate().await?;
    keys.import().await?;
    keys.ask_as_a_managed_hsm().await?;
    keys.delete_and_restore().await
}

struct Keys<'a>(&'a Az<'a>);

impl Keys<'_> {
    /// `az keyvault key WORDS` on the vault; gives what it prints.
    async fn key(&self, words: &[&str]) -> Result<Value> {
        let mut arguments = words.to_vec();
        arguments.extend(["--vault-name", "prod"]);
        self.0.keyvault("key", &arguments).await
    }

    /// The names in the list that a command prints.
    async fn names(&self, command: &str) -> Result<Vec<Value>> {
        let list = self.key(&[command]).await?;
        let list = list.as_array().context("it prints no list")?;
        Ok(list.iter().map(|one| one["name"].clone()).collect())
    }

    async fn make_and_read(&self) -> Result<()> {
        let made = self
            .key(&[
                "create", "--name", "sdk-rsa", "--kty", "RSA", "--size", "3072", "--tags", "team=a",
            ])
            .await?;
        let kid = made["key"]["kid"].as_str().context("it has no kid")?;
        ensure!(kid.contains("/keys/sdk-rsa/"), "{made}");
        ensure!(self.key(&["show", "--name", "sdk-rsa"]).await?["key"]["n"] == made["key"]["n"]);
        ensure!(self.names("list").await? == [json!("sdk-rsa")]);
        let versions = self.key(&["list-versions", "--name", "sdk-rsa"]).await?;
        ensure!(versions[0]["kid"] == made["key"]["kid"], "{versions}");
        self.key(&[
            "set-attributes",
            "--name",
            "sdk-rsa",
            "--ops",
            "sign",
            "verify",
            "encrypt",
            "decrypt",
        ])
        .await?;
        let shown = self.key(&["show", "--name", "sdk-rsa"]).await?;
        ensure!(
            shown["key"]["keyOps"] == json!(["sign", "verify", "encrypt", "decrypt"]),
            "{shown}"
        );
        self.key(&["download", "--name", "sdk-rsa", "--file", "/az/public.pem"])
            .await?;
        let pem = self.0.shell("cat /az/public.pem", &[]).await?;
        ensure!(pem.starts_with("-----BEGIN PUBLIC KEY-----"), "{pem}");
        Ok(())
    }

    async fn work(&self) -> Result<()> {
        let with = |command, algorithm| [command, "--name", "sdk-rsa", "--algorithm", algorithm];
        let signed = self
            .key(&[&with("sign", "PS256")[..], &["--digest", DIGEST]].concat())
            .await?;
        let signature = signed["signature"].as_str().context("there is no signature")?;
        let verify = [
            &with("verify", "PS256")[..],
            &["--digest", DIGEST, "--signature", signature],
        ]
        .concat();
        ensure!(self.key(&verify).await?["isValid"] == true);
        let hidden = self
            .key(&[&with("encrypt", "RSA-OAEP-256")[..], &["--value", "aGVsbG8="]].concat())
            .await?;
        let hidden = hidden["result"].as_str().context("there is no result")?;
        let found = self
            .key(&[&with("decrypt", "RSA-OAEP-256")[..], &["--value", hidden]].concat())
            .await?;
        ensure!(found["result"] == "aGVsbG8=", "{found}");
        Ok(())
    }

    async fn rotate(&self) -> Result<()> {
        let before = self.key(&["show", "--name", "sdk-rsa"]).await?;
        let policy = self
            .key(&[
                "rotation-policy",
                "update",
                "--name",
                "sdk-rsa",
                "--value",
                POLICY,
            ])
            .await?;
        let shown = self
            .key(&["rotation-policy", "show", "--name", "sdk-rsa"])
            .await?;
        ensure!(
            shown == policy && shown["expiresIn"] == "P180D",
            "{policy}\n{shown}"
        );
        let rotated = self.key(&["rotate", "--name", "sdk-rsa"]).await?;
        ensure!(rotated["key"]["n"] != before["key"]["n"], "{rotated}");
        ensure!(rotated["attributes"]["expires"].is_string(), "{rotated}");
        ensure!(rotated["tags"] == before["tags"], "{rotated}");
        Ok(())
    }

    async fn import(&self) -> Result<()> {
        let arguments = [
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-384",
        ];
        let pem = command::output(Command::new("openssl").args(arguments))?;
        let pem = String::from_utf8(pem)?;
        self.0.shell("printf %s \"$1\" >/az/private.pem", &[&pem]).await?;
        let imported = self
            .key(&["import", "--name", "sdk-ec", "--pem-file", "/az/private.pem"])
            .await?;
        ensure!(
            imported["key"]["crv"] == "P-384" && imported["key"]["d"].is_null(),
            "{imported}"
        );
        Ok(())
    }

    async fn ask_as_a_managed_hsm(&self) -> Result<()> {
        let vault = format!("https://{}", self.0.host());
        let random = ["random", "--count", "16", "--id", &vault];
        let random = self.0.keyvault("key", &random).await?;
        let bytes = random["value"].as_str().context("there are no random bytes")?;
        ensure!(BASE64_STANDARD.decode(bytes)?.len() == 16, "{random}");
        let key = format!("{vault}/keys/sdk-rsa");
        let attested = self.0.keyvault("key", &["get-attestation", "--id", &key]).await?;
        ensure!(attested["publicKeyAttestation"].is_string(), "{attested}");
        Ok(())
    }

    async fn delete_and_restore(&self) -> Result<()> {
        let before = self.key(&["show", "--name", "sdk-rsa"]).await?;
        self.key(&["backup", "--name", "sdk-rsa", "--file", "/az/key-backup"])
            .await?;
        self.key(&["delete", "--name", "sdk-rsa"]).await?;
        ensure!(self.names("list").await? == [json!("sdk-ec")]);
        ensure!(self.names("list-deleted").await? == [json!("sdk-rsa")]);
        let deleted = self.key(&["show-deleted", "--name", "sdk-rsa"]).await?;
        ensure!(deleted["scheduledPurgeDate"].is_string(), "{deleted}");
        self.key(&["recover", "--name", "sdk-rsa"]).await?;
        self.key(&["delete", "--name", "sdk-rsa"]).await?;
        self.key(&["purge", "--name", "sdk-rsa"]).await?;
        ensure!(self.names("list-deleted").await?.is_empty());
        self.key(&["restore", "--file", "/az/key-backup"]).await?;
        let after = self.key(&["show", "--name", "sdk-rsa"]).await?;
        ensure!(after["key"] == before["key"], "{before}\n{after}");
        Ok(())
    }
}
