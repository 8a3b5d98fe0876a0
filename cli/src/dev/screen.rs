//! What `strongroom dev` says once it is ready.

use super::started::Started;
use crate::terminal;

/// Says where the vault is, and how to use it. The first line is what programs wait for.
pub(super) fn ready(started: &Started) {
    terminal::complain(&format!(
        "ready {} after {} ms",
        started.laptop.url(),
        started.took.as_millis()
    ));
    for (vault, url) in started.laptop.urls() {
        terminal::tell(&format!("  {vault} is at {url}"));
    }
    if let Some(proxy) = started.laptop.proxy() {
        terminal::tell(&format!(
            "  This system does not resolve names below localhost, so programs are led there by a proxy at {proxy}."
        ));
    }
    if started.accepts_any_secret {
        terminal::complain("Warning: any client secret is taken, from any user of this machine.");
    }
    let who = if started.has_policies {
        "The AccessPolicies say who may do what"
    } else {
        "Every account may do everything: give manifests with -f for policy"
    };
    terminal::tell(&format!(
        "\n{who}; secrets that were seeded: {}.\n\n\
         Use it from another terminal, as {}:\n  \
         eval \"$(strongroom dev env)\"\n  \
         python app.py        # DefaultAzureCredential() and SecretClient(os.environ[\"VAULT_URL\"], ...)\n\
         \nor start a program with a vault of its own:\n  \
         strongroom dev run -- python app.py\n\
         \nCtrl-C ends it.",
        started.seeds, started.account
    ));
}
