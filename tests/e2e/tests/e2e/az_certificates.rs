//! The unmodified az command line: the commands for certificates that ask a server.

use std::{fs, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use strongroom_e2e::{scenario::Scenario, sdk};
use strongroom_harness::command;

use super::az::Az;

#[tokio::test]
async fn az_does_with_certificates_what_it_does_in_azure() -> Result<()> {
    Scenario::start("az-cert")
        .await?
        .run(async |scenario| {
            scenario.cluster.local()?;
            sdk::give_access(scenario).await?;
            let (sdk, officer) = (
                [scenario.account("sdk")],
                json!({"role": "KeyVaultCertificatesOfficer"}),
            );
            scenario
                .policy("certificates", "Allow", &sdk, &["*"], &officer)
                .await?;
            scenario.enforced("certificates").await?;
            let az = Az::start(scenario).await?;
            let certificates = Certificates(&az);
            certificates.make_and_read().await?;
            certificates.import_and_merge().await?;
            certificates.name_contacts_and_issuers().await?;
            certificates.delete_and_restore().await
        })
        .await
}

struct Certificates<'a>(&'a Az<'a>);

impl Certificates<'_> {
    /// `az keyvault certificate WORDS` on the vault; gives what it prints.
    async fn certificate(&self, words: &[&str]) -> Result<Value> {
        let mut arguments = words.to_vec();
        arguments.extend(["--vault-name", "prod"]);
        self.0.keyvault("certificate", &arguments).await
    }

    /// The names in the list that a command prints.
    async fn names(&self, command: &str) -> Result<Vec<Value>> {
        let list = self.certificate(&[command]).await?;
        let list = list.as_array().context("it prints no list")?;
        Ok(list.iter().map(|one| one["name"].clone()).collect())
    }

    async fn make_and_read(&self) -> Result<()> {
        let policy = self.0.keyvault("certificate", &["get-default-policy"]).await?;
        let create = ["create", "--name", "web", "--policy", &policy.to_string()];
        let made = self.certificate(&create).await?;
        ensure!(made["status"] == "completed", "{made}");
        let shown = self.certificate(&["show", "--name", "web"]).await?;
        let subject = &shown["policy"]["x509CertificateProperties"]["subject"];
        ensure!(subject == "CN=CLIGetDefaultPolicy", "{shown}");
        ensure!(self.names("list").await? == [json!("web")]);
        let versions = self.certificate(&["list-versions", "--name", "web"]).await?;
        ensure!(versions[0]["id"] == shown["id"], "{versions}");
        let changed = ["set-attributes", "--name", "web", "--tags", "team=a"];
        let changed = self.certificate(&changed).await?;
        ensure!(changed["tags"]["team"] == "a", "{changed}");
        self.certificate(&["download", "--name", "web", "--file", "/az/web.pem"])
            .await?;
        let pem = self.0.shell("cat /az/web.pem", &[]).await?;
        ensure!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
        Ok(())
    }

    async fn import_and_merge(&self) -> Result<()> {
        let directory = tempfile::tempdir()?;
        let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
        let openssl = |line: &str| command::output(Command::new("openssl").args(line.split(' ')));
        let (key, authority, request, issued) = (path("key"), path("ca"), path("csr"), path("crt"));
        openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -keyout {key} -subj /CN=authority -days 30 -out {authority}"
        ))?;
        let both = fs::read_to_string(&key)? + &fs::read_to_string(&authority)?;
        self.0.shell("printf %s \"$1\" >/az/own.pem", &[&both]).await?;
        let imported = ["import", "--name", "own", "--file", "/az/own.pem"];
        let imported = self.certificate(&imported).await?;
        ensure!(imported["sid"].is_string(), "{imported}");

        let policy = json!({
            "issuerParameters": {"name": "Unknown"},
            "keyProperties": {"keyType": "RSA", "keySize": 2048, "exportable": true, "reuseKey": false},
            "secretProperties": {"contentType": "application/x-pem-file"},
            "x509CertificateProperties": {"subject": "CN=merged", "validityInMonths": 3},
        });
        self.certificate(&["create", "--name", "merged", "--policy", &policy.to_string()])
            .await?;
        let pending = self.certificate(&["pending", "show", "--name", "merged"]).await?;
        let csr = pending["csr"].as_str().context("there is no request")?;
        let label = "CERTIFICATE REQUEST";
        fs::write(
            &request,
            format!("-----BEGIN {label}-----\n{csr}\n-----END {label}-----\n"),
        )?;
        openssl(&format!(
            "x509 -req -in {request} -CA {authority} -CAkey {key} -set_serial 1 -days 20 -out {issued}"
        ))?;
        let chain = fs::read_to_string(&issued)?;
        self.0
            .shell("printf %s \"$1\" >/az/issued.pem", &[&chain])
            .await?;
        let merge = ["pending", "merge", "--name", "merged", "--file", "/az/issued.pem"];
        let merged = self.certificate(&merge).await?;
        ensure!(merged["sid"].is_string(), "{merged}");
        self.certificate(&["pending", "delete", "--name", "merged"])
            .await?;
        Ok(())
    }

    async fn name_contacts_and_issuers(&self) -> Result<()> {
        let contact = ["--email", "a@b.example"];
        self.certificate(&[&["contact", "add"][..], &contact].concat())
            .await?;
        let contacts = self.certificate(&["contact", "list"]).await?;
        ensure!(contacts.to_string().contains("a@b.example"), "{contacts}");
        self.certificate(&[&["contact", "delete"][..], &contact].concat())
            .await?;
        let issuer = ["--issuer-name", "house"];
        let of = |words: &[&'static str]| [words, &issuer].concat();
        self.certificate(&[of(&["issuer", "create"]), vec!["--provider-name", "Test"]].concat())
            .await?;
        let shown = self.certificate(&of(&["issuer", "show"])).await?;
        ensure!(shown["provider"] == "Test", "{shown}");
        let list = self.certificate(&["issuer", "list"]).await?;
        ensure!(list[0]["provider"] == "Test", "{list}");
        let account = vec!["--account-id", "a"];
        self.certificate(&[of(&["issuer", "update"]), account].concat())
            .await?;
        let admin = vec!["--email", "c@d.example", "--first-name", "C", "--last-name", "D"];
        self.certificate(&[of(&["issuer", "admin", "add"]), admin].concat())
            .await?;
        let admins = self.certificate(&of(&["issuer", "admin", "list"])).await?;
        ensure!(admins.to_string().contains("c@d.example"), "{admins}");
        let email = vec!["--email", "c@d.example"];
        self.certificate(&[of(&["issuer", "admin", "delete"]), email].concat())
            .await?;
        self.certificate(&of(&["issuer", "delete"])).await?;
        Ok(())
    }

    async fn delete_and_restore(&self) -> Result<()> {
        let before = self.certificate(&["show", "--name", "web"]).await?;
        self.certificate(&["backup", "--name", "web", "--file", "/az/certificate-backup"])
            .await?;
        self.certificate(&["delete", "--name", "web"]).await?;
        ensure!(self.names("list-deleted").await? == [json!("web")]);
        let deleted = self.certificate(&["show-deleted", "--name", "web"]).await?;
        ensure!(deleted["scheduledPurgeDate"].is_string(), "{deleted}");
        self.certificate(&["recover", "--name", "web"]).await?;
        self.certificate(&["delete", "--name", "web"]).await?;
        self.certificate(&["purge", "--name", "web"]).await?;
        self.certificate(&["restore", "--file", "/az/certificate-backup"])
            .await?;
        let after = self.certificate(&["show", "--name", "web"]).await?;
        ensure!(
            after["cer"] == before["cer"] && after["id"] == before["id"],
            "{after}"
        );
        Ok(())
    }
}
