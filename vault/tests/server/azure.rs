//! The Azure SDK's own client for Python, unmodified, with its verification on.

use std::{env, path::PathBuf, process::Command};

use strongroom_testing::vault::{ALL, HOST, Vault, allow};
use tokio::task::spawn_blocking;

/// The client that `harness tools azure-python` installs.
fn python() -> PathBuf {
    let cache = env::var_os("STRONGROOM_CACHE").map(PathBuf::from);
    let cache =
        cache.unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache/strongroom"));
    let python = cache.join("bin/azure-python");
    assert!(
        python.exists(),
        "{} is missing: `harness tools` installs it",
        python.display()
    );
    python
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unmodified_python_client_works_with_its_verification_on() {
    let vault = Vault::start().await;
    let policies = vec![
        allow("admins", "team-a/admin", &["*"], ALL),
        allow("page-2", "shop/api", &["page-2"], &["get", "list"]),
    ];
    vault.policy(2, policies).await;
    let ca = vault.files.path("ca.crt");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/azure/secrets.py");
    let mut client = Command::new(python());
    client
        .arg(script)
        .env("REQUESTS_CA_BUNDLE", &ca)
        .env("SSL_CERT_FILE", &ca)
        .env("NO_PROXY", "*")
        .env("VAULT_HOST", HOST)
        .env("VAULT_PORT", vault.running.addresses().data.port().to_string())
        .env("VAULT_TOKEN", vault.token("team-a/admin"))
        .env("OTHER_TOKEN", vault.token("shop/api"));
    let output = spawn_blocking(move || client.output()).await.unwrap().unwrap();
    let shown = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{shown}");
}
