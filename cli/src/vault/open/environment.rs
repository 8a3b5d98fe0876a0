//! What a program needs to know to use a vault of the cluster from here: environment variables alone, and none is a secret.

use std::{fmt::Write as _, net::SocketAddr, path::PathBuf};

use strongroom_core::{AccountName, VaultRef};
use strongroom_dev::bundle::Bundle;
use strongroom_wire::token::ADFS_TENANT;

/// An open door, as programs see it.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) vault: VaultRef,
    /// The name of the identity service.
    pub(super) login_host: String,
    pub(super) account: AccountName,
    pub(super) token_file: PathBuf,
    /// The certificates of the installation's authorities alone.
    pub(super) authority: PathBuf,
    /// The same beside those of this system.
    pub(super) bundle: Bundle,
    pub(super) proxy: SocketAddr,
    pub(super) to_vault: SocketAddr,
    pub(super) to_login: SocketAddr,
}

impl Environment {
    /// The names and values, of which some add to what `variable` of this process says.
    pub(super) fn variables(&self, variable: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, String)> {
        let url = format!("https://{}", self.vault.host());
        let login = format!("https://{}", self.login_host);
        let bundle = self.bundle.pem.display().to_string();
        let authority = self.authority.display().to_string();
        let token_file = self.token_file.display().to_string();
        let proxy = format!("http://{}", self.proxy);
        let not_for = variable("NO_PROXY").or_else(|| variable("no_proxy"));
        let not_for = self.not_for(&not_for.unwrap_or_default());
        vec![
            ("VAULT_URL", url.clone()),
            ("AZURE_KEYVAULT_URL", url.clone()),
            // For the commands of `strongroom` itself.
            ("STRONGROOM_VAULT_URL", url),
            ("STRONGROOM_VAULT", self.vault.to_string()),
            ("STRONGROOM_LOGIN_URL", login.clone()),
            ("STRONGROOM_TOKEN_FILE", token_file.clone()),
            ("STRONGROOM_CA", authority.clone()),
            ("STRONGROOM_PROXY", proxy.clone()),
            ("AZURE_AUTHORITY_HOST", format!("{login}/")),
            ("AZURE_TENANT_ID", ADFS_TENANT.to_owned()),
            ("AZURE_CLIENT_ID", self.account.to_string()),
            ("AZURE_FEDERATED_TOKEN_FILE", token_file),
            ("AZURE_TOKEN_CREDENTIALS", "WorkloadIdentityCredential".to_owned()),
            // Whom to trust: Go, .NET and OpenSSL; Python; curl; Node.
            ("SSL_CERT_FILE", bundle.clone()),
            ("REQUESTS_CA_BUNDLE", bundle.clone()),
            ("CURL_CA_BUNDLE", bundle),
            ("NODE_EXTRA_CA_CERTS", authority),
            ("JAVA_TOOL_OPTIONS", self.java(variable("JAVA_TOOL_OPTIONS"))),
            // Some programs read the one spelling, some the other.
            ("HTTPS_PROXY", proxy.clone()),
            ("https_proxy", proxy),
            ("NO_PROXY", not_for.clone()),
            ("no_proxy", not_for),
        ]
    }

    /// How curl reaches both without the proxy; others are told in ways of their own.
    pub(super) fn without_proxy(&self) -> String {
        format!(
            "curl --connect-to {}:443:{} --connect-to {}:443:{}",
            self.vault.host(),
            self.to_vault,
            self.login_host,
            self.to_login
        )
    }

    /// What Java is told, after what it is told already. It reads neither the bundle nor the proxy from variables.
    fn java(&self, before: Option<String>) -> String {
        let mut text = before.map(|before| before + " ").unwrap_or_default();
        let (address, port) = (self.proxy.ip(), self.proxy.port());
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "-Djavax.net.ssl.trustStore=\"{}\" -Djavax.net.ssl.trustStoreType=JKS -Dhttps.proxyHost={address} \
             -Dhttps.proxyPort={port}",
            self.bundle.java.display()
        );
        text
    }

    /// What is reached without the proxy: what was, but for the two names.
    fn not_for(&self, before: &str) -> String {
        let is_ours = |name: &str| {
            let end = name.trim_start_matches(['*', '.']).to_ascii_lowercase();
            [self.vault.host(), self.login_host.clone()]
                .iter()
                .any(|host| end.is_empty() || *host == end || host.ends_with(&format!(".{end}")))
        };
        let before = before.split(',').map(str::trim);
        let mut names: Vec<&str> = before.filter(|name| !name.is_empty() && !is_ours(name)).collect();
        for local in ["127.0.0.1", "localhost"] {
            if !names.contains(&local) {
                names.push(local);
            }
        }
        names.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment {
            vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            login_host: "strongroom-identity.strongroom-system.svc".into(),
            account: "shop:api".parse().unwrap(),
            token_file: "/run/token".into(),
            authority: "/run/ca.crt".into(),
            bundle: Bundle {
                pem: "/run/bundle.pem".into(),
                java: "/run/bundle.jks".into(),
            },
            proxy: ([127, 0, 0, 1], 4).into(),
            to_vault: ([127, 0, 0, 1], 5).into(),
            to_login: ([127, 0, 0, 1], 6).into(),
        }
    }

    fn value(name: &str, inherited: &[(&str, &str)]) -> String {
        let variables = environment().variables(|name| {
            let found = inherited.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let found = variables.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value).unwrap()
    }

    #[test]
    fn a_program_asks_by_the_names_in_the_certificates_and_finds_them_by_the_proxy() {
        for (name, expected) in [
            ("VAULT_URL", "https://prod.team-a.svc"),
            ("STRONGROOM_VAULT", "team-a/prod"),
            (
                "AZURE_AUTHORITY_HOST",
                "https://strongroom-identity.strongroom-system.svc/",
            ),
            ("AZURE_TENANT_ID", "adfs"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/run/token"),
            ("SSL_CERT_FILE", "/run/bundle.pem"),
            ("STRONGROOM_CA", "/run/ca.crt"),
            ("HTTPS_PROXY", "http://127.0.0.1:4"),
            ("STRONGROOM_PROXY", "http://127.0.0.1:4"),
        ] {
            assert_eq!(value(name, &[]), expected, "{name}");
        }
        assert_eq!(
            environment().without_proxy(),
            "curl --connect-to prod.team-a.svc:443:127.0.0.1:5 --connect-to \
             strongroom-identity.strongroom-system.svc:443:127.0.0.1:6"
        );
    }

    #[test]
    fn nothing_that_is_inherited_leads_the_names_past_the_proxy() {
        for (inherited, expected) in [
            ("", "127.0.0.1,localhost"),
            ("corp.example, 127.0.0.1", "corp.example,127.0.0.1,localhost"),
            ("*", "127.0.0.1,localhost"),
            (".svc,*.team-a.svc,prod.team-a.svc,SVC", "127.0.0.1,localhost"),
            ("other.team-a.svc,vc", "other.team-a.svc,vc,127.0.0.1,localhost"),
        ] {
            assert_eq!(
                value("NO_PROXY", &[("no_proxy", inherited)]),
                expected,
                "{inherited}"
            );
        }
    }

    #[test]
    fn java_is_told_after_what_it_was_told_before() {
        assert_eq!(
            value("JAVA_TOOL_OPTIONS", &[("JAVA_TOOL_OPTIONS", "-Xmx1g")]),
            "-Xmx1g -Djavax.net.ssl.trustStore=\"/run/bundle.jks\" -Djavax.net.ssl.trustStoreType=JKS \
             -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4"
        );
    }
}
