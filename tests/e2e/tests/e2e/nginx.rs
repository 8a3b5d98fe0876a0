//! `examples/nginx`: a server whose certificate renews under it, while clients connect.

use std::{
    io::{self, Write as _},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_e2e::{
    examples,
    scenario::Scenario,
    sdk::{self, Tool},
};
use strongroom_harness::command;

/// What the client connects, verifies and counts.
const CLIENT: &str = include_str!("nginx/client.py");

/// How long a certificate lives here; the example's live for days.
const LIFETIME: &str = "PT2M";

/// When it is renewed, in hundredths of its life: 28 seconds after its issue.
const RENEWED_AFTER: u32 = 30;

/// The certificates that the client is to see: the first and five renewals.
const CERTIFICATES: u32 = 6;

/// What the client prints.
#[derive(Debug, Deserialize)]
struct Seen {
    handshakes: u32,
    requests: u32,
    reconnected: u32,
    downloads: u32,
    /// How long after the issue of each certificate the first connection had it, in seconds. Times of issue are whole seconds.
    lags: Vec<f64>,
    failed: u32,
    failures: Vec<String>,
}

#[tokio::test]
async fn a_certificate_renews_five_times_under_an_nginx_and_no_client_notices() -> Result<()> {
    Scenario::start("nginx")
        .await?
        .run(async |scenario| {
            scenario.cluster.local()?;
            issue(scenario).await?;
            serve(scenario).await?;
            let seen = load(scenario).await?;
            // The figures of docs/nginx.md: past what keeps the output of tests that pass.
            writeln!(io::stderr(), "{seen:?}")?;
            ensure!(seen.failed == 0, "{} failed: {:?}", seen.failed, seen.failures);
            ensure!(seen.lags.len() == usize::try_from(CERTIFICATES)?, "{seen:?}");
            ensure!(seen.handshakes > 1000 && seen.requests > 1000, "{seen:?}");
            ensure!(seen.downloads >= 4, "{seen:?}");
            // Each reload ends the connections that are idle, and there is one that is kept.
            ensure!(seen.reconnected <= 2 * CERTIFICATES, "{seen:?}");
            // Of a renewal the files follow within a second, nginx looks at them every second, and the issue is dated to a
            // whole second; the first certificate was there before the client.
            let late = seen.lags.iter().skip(1).find(|seconds| **seconds > 8.0);
            ensure!(late.is_none(), "{seen:?}");
            Ok(())
        })
        .await
}

/// What docs/nginx.md says up to the certificate.
async fn issue(scenario: &Scenario) -> Result<()> {
    let owner = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "owner"}});
    scenario.apply(&scenario.vault.name, &owner).await?;
    for object in examples::objects(scenario, "nginx/access.yaml")? {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        scenario.apply(namespace, &object).await?;
    }
    for policy in [
        "owner-manages-certificates",
        "owner-has-shop-certificates-signed",
        "owner-signs-with-shop-ca",
        "web-has-its-certificate",
        "clients-trust-shop-ca",
    ] {
        scenario.enforced(policy).await?;
    }
    let directory = tempfile::tempdir()?;
    let file = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    let example = |name: &str| -> Result<Value> {
        Ok(serde_json::from_str(&examples::text(
            scenario,
            &format!("nginx/{name}"),
        )?)?)
    };
    let run = |words: &[&str], input: &str| {
        let owner = format!("{}:owner", scenario.vault.name);
        scenario.cli_as(&owner, &[&["cert"], words].concat(), input)
    };
    let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=shop-ca";
    let mut openssl = Command::new("openssl");
    openssl
        .args(words.split(' '))
        .args(["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0"])
        .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
        .args(["-keyout", &file("key"), "-out", &file("crt")]);
    command::output(&mut openssl)?;
    let authority = std::fs::read_to_string(file("key"))? + &std::fs::read_to_string(file("crt"))?;
    std::fs::write(file("ca-policy.json"), example("ca-policy.json")?.to_string())?;
    let import = ["import", "shop-ca", "--policy-file", &file("ca-policy.json")];
    run(&import, &authority)?;

    let mut issuer = example("issuer.json")?;
    issuer["strongroom"]["lifetime"] = json!(LIFETIME);
    run(&["issuer", "set", "shop", "-f", "-"], &issuer.to_string())?;
    let mut policy = example("policy.json")?;
    policy["lifetime_actions"][0]["trigger"]["lifetime_percentage"] = json!(RENEWED_AFTER);
    run(&["create", "shop-web", "-f", "-", "--wait"], &policy.to_string())?;
    Ok(())
}

/// Starts the server, with a file that is slow to download.
async fn serve(scenario: &Scenario) -> Result<()> {
    let tool = Tool::installed("nginx")?;
    for mut object in examples::objects(scenario, "nginx/web.yaml")? {
        match object["kind"].as_str() {
            Some("ConfigMap") => {
                let text = object["data"]["nginx.conf"].as_str().context("no nginx.conf")?;
                let slow = "location = /slow { limit_rate 2k; alias /etc/web/slow; }\n    location / {";
                let text = text.replace("location / {", slow);
                object["data"]["nginx.conf"] = json!(text);
                object["data"]["slow"] = json!("x".repeat(65_536));
            }
            Some("Pod") => {
                sdk::run_from_machine(&mut object, &tool, &["/bin/sh", "/etc/web/serve.sh"])?;
                let programs = tool.program.parent().context("nginx lies nowhere")?;
                let path = format!("{}:/bin:/usr/bin", programs.display());
                object["spec"]["containers"][0]["env"] = json!([{"name": "PATH", "value": path}]);
            }
            _ => {}
        }
        scenario.apply(&scenario.app.name, &object).await?;
    }
    scenario.running("web").await
}

/// Has the client connect until it has seen every certificate.
async fn load(scenario: &Scenario) -> Result<Seen> {
    let python = Tool::installed("azure-python")?;
    for mut object in examples::objects(scenario, "nginx/client.yaml")? {
        if object["kind"] == "Pod" {
            let host = format!("web.{}.svc", scenario.app.name);
            let program = python.program.to_string_lossy().into_owned();
            let count = CERTIFICATES.to_string();
            let command = [&program, "-c", CLIENT, &host, "/trust/ca.crt", &count];
            sdk::run_from_machine(&mut object, &python, &command)?;
            object["spec"]["restartPolicy"] = json!("Never");
        }
        scenario.apply(&scenario.app.name, &object).await?;
    }
    let said = sdk::said_within(scenario, "web-client", Duration::from_mins(11)).await?;
    let last = said.lines().last().context("the client said nothing")?;
    serde_json::from_str(last).with_context(|| said.clone())
}
