//! What `strongroom dev` says once it is ready.

use super::started::Started;
use crate::terminal;

/// How a secret is read in five languages, with the program's own credential and nothing else than the environment.
const LANGUAGES: &str = "\
  Python      SecretClient(os.environ[\"VAULT_URL\"], DefaultAzureCredential()).get_secret(\"NAME\").value
  Go          azsecrets.NewClient(os.Getenv(\"VAULT_URL\"), credential, nil), credential from azidentity.NewDefaultAzureCredential(nil)
  JavaScript  new SecretClient(process.env.VAULT_URL, new DefaultAzureCredential()).getSecret(\"NAME\")
  .NET        new SecretClient(new Uri(Environment.GetEnvironmentVariable(\"VAULT_URL\")), new DefaultAzureCredential())
  Java        new SecretClientBuilder().vaultUrl(System.getenv(\"VAULT_URL\")).credential(new DefaultAzureCredentialBuilder().build())";

/// Says where the vault is, and how to use it. The first line is what programs wait for.
pub(super) fn ready(started: &Started, is_quiet: bool) {
    terminal::complain(&format!(
        "ready {} after {} ms",
        started.laptop.url(),
        started.took.as_millis()
    ));
    if started.accepts_any_secret {
        terminal::complain("Warning: any client secret is taken, from any user of this machine.");
    }
    if !is_quiet {
        how_to_use(started);
    }
}

fn how_to_use(started: &Started) {
    for (vault, url) in started.laptop.urls() {
        terminal::tell(&format!("  {vault} is at {url}"));
    }
    if let Some(proxy) = started.laptop.proxy() {
        terminal::tell(&format!(
            "  This system does not resolve names below localhost, so programs are led there by a proxy at {proxy}."
        ));
    }
    let who = if started.has_policies {
        "The AccessPolicies say who may do what"
    } else {
        "Every account may do everything: give manifests with -f for policy"
    };
    terminal::tell(&format!(
        "\n{who}; secrets that were seeded: {}.\n\n\
         Use it from another terminal, as {}:\n  \
         eval \"$(strongroom dev env)\"\n\
         {LANGUAGES}\n\
         \nor start a program with a vault of its own:\n  \
         strongroom dev run -- python app.py\n\
         \nCtrl-C ends it. Requests, as they come:\n",
        started.seeds, started.account
    ));
}
