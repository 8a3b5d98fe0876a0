//! What a program needs to know to find the vault, to trust it and to log in: environment variables alone.

use std::{fmt::Write as _, net::SocketAddr, path::PathBuf};

use secrecy::ExposeSecret as _;

use crate::{az, bundle::Bundle};

/// The variables of one account, in the order in which they are printed.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The first vault (`https://NAME.vault.localhost:PORT`).
    pub vault_url: String,
    /// Which vault that is (`NAMESPACE/NAME`).
    pub vault: String,
    /// Where the login is (`https://localhost:PORT`).
    pub login_url: String,
    /// Where the endpoint of an App Service is (`http://127.0.0.1:PORT/msi/token`).
    pub app_service_url: String,
    /// The file with the token of the account.
    pub token_file: PathBuf,
    /// The token of the account, which is what the endpoint of an App Service asks for.
    pub token: secrecy::SecretString,
    /// The certificates of this system's authorities and our own.
    pub bundle: Bundle,
    /// The certificate of our own authority alone.
    pub authority: PathBuf,
    /// The directory of az, Azure's command line.
    pub az: PathBuf,
    /// The account (`NAMESPACE:NAME`).
    pub account: String,
    /// The tenant of the login.
    pub tenant: &'static str,
    /// The proxy that finds the vault's name, where the system does not.
    pub proxy: Option<SocketAddr>,
}

/// Says to a program, and to another vault that it may start, that these variables are of `strongroom dev`.
pub const MARK: &str = "STRONGROOM_DEV";

impl Environment {
    /// The names and values, of which some add to what `variable` of this process says. Among them is the token of the account,
    /// which is a secret.
    pub fn variables(&self, variable: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, String)> {
        let bundle = self.bundle.pem.display().to_string();
        let mut variables = vec![
            (MARK, "1".to_owned()),
            ("VAULT_URL", self.vault_url.clone()),
            // For the commands of `strongroom` itself.
            ("STRONGROOM_VAULT_URL", self.vault_url.clone()),
            ("STRONGROOM_VAULT", self.vault.clone()),
            ("STRONGROOM_CA", self.authority.display().to_string()),
            ("STRONGROOM_LOGIN_URL", self.login_url.clone()),
            ("STRONGROOM_TOKEN_FILE", self.token_file.display().to_string()),
            ("STRONGROOM_AS", self.account.clone()),
            // What another vault's environment may have left.
            ("STRONGROOM_PROXY", String::new()),
            ("AZURE_KEYVAULT_URL", self.vault_url.clone()),
            // The one way to log in that every language has, needs no TLS, and asks nobody who the tenant is.
            ("IDENTITY_ENDPOINT", self.app_service_url.clone()),
            ("IDENTITY_HEADER", self.token.expose_secret().to_owned()),
            ("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential".to_owned()),
            // For clients that know workload identity alone, as pods of a cluster have it.
            ("AZURE_AUTHORITY_HOST", format!("{}/", self.login_url)),
            ("AZURE_TENANT_ID", self.tenant.to_owned()),
            ("AZURE_CLIENT_ID", self.account.clone()),
            (
                "AZURE_FEDERATED_TOKEN_FILE",
                self.token_file.display().to_string(),
            ),
            // For az, which asks Microsoft about any authority unless it is told not to.
            (az::VARIABLE, self.az.display().to_string()),
            ("AZURE_CORE_INSTANCE_DISCOVERY", "false".to_owned()),
            ("AZURE_CORE_COLLECT_TELEMETRY", "false".to_owned()),
            // Whom to trust: Go, .NET and OpenSSL; Python; curl; Node.
            ("SSL_CERT_FILE", bundle.clone()),
            ("REQUESTS_CA_BUNDLE", bundle.clone()),
            ("CURL_CA_BUNDLE", bundle),
            ("NODE_EXTRA_CA_CERTS", self.authority.display().to_string()),
            ("JAVA_TOOL_OPTIONS", self.java(variable("JAVA_TOOL_OPTIONS"))),
        ];
        // Some programs read the one spelling, some the other.
        if let Some(proxy) = self.proxy {
            let url = format!("http://{proxy}");
            variables.extend([("HTTPS_PROXY", url.clone()), ("https_proxy", url)]);
        }
        let not_for = variable("NO_PROXY").or_else(|| variable("no_proxy"));
        let not_for = self.not_for(&not_for.unwrap_or_default());
        variables.extend([("NO_PROXY", not_for.clone()), ("no_proxy", not_for)]);
        variables
    }

    /// What Java is told, after what it is told already. It reads neither the bundle nor the proxy from variables.
    fn java(&self, before: Option<String>) -> String {
        let mut text = before.map(|before| before + " ").unwrap_or_default();
        let store = self.bundle.java.display();
        let _ = write!(
            text,
            "-Djavax.net.ssl.trustStore=\"{store}\" -Djavax.net.ssl.trustStoreType=JKS"
        );
        if let Some(proxy) = self.proxy {
            let (address, port) = (proxy.ip(), proxy.port());
            let _ = write!(text, " -Dhttps.proxyHost={address} -Dhttps.proxyPort={port}");
        }
        text
    }

    /// What is reached without a proxy: the endpoint of an App Service gets the token of the account, which is for nobody else.
    /// Where a proxy finds the vault, names below localhost must not be among it, and else they must.
    fn not_for(&self, before: &str) -> String {
        let is_local =
            |name: &&str| *name == "*" || name.trim_start_matches(['*', '.']).ends_with("localhost");
        let before = before.split(',').map(str::trim).filter(|name| !name.is_empty());
        let mut names: Vec<&str> = before.filter(|name| !is_local(name)).collect();
        names.push("127.0.0.1");
        if self.proxy.is_none() {
            names.extend(["localhost", ".localhost"]);
        }
        names.join(",")
    }
}

/// Lines for a shell: `export NAME='VALUE'`.
pub fn shell(variables: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        let quoted = value.replace('\'', "'\\''");
        let _ = writeln!(text, "export {name}='{quoted}'");
    }
    text
}

/// Lines of a file that tools read as the environment: `NAME=VALUE`.
pub fn dotenv(variables: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=".contains(c);
        let _ = if value.chars().all(is_plain) {
            writeln!(text, "{name}={value}")
        } else {
            writeln!(text, "{name}='{value}'")
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(proxy: Option<SocketAddr>) -> Environment {
        Environment {
            vault_url: "https://dev.vault.localhost:1".into(),
            vault: "dev/dev".into(),
            login_url: "https://localhost:2".into(),
            app_service_url: "http://127.0.0.1:3/msi/token".into(),
            token_file: "/t".into(),
            token: "CANARY".into(),
            bundle: Bundle {
                pem: "/a dir/bundle.pem".into(),
                java: "/a dir/bundle.jks".into(),
            },
            authority: "/ca.crt".into(),
            az: "/az".into(),
            account: "dev:default".into(),
            tenant: "adfs",
            proxy,
        }
    }

    fn value(environment: &Environment, name: &str, inherited: &[(&str, &str)]) -> String {
        let variables = environment.variables(|name| {
            let found = inherited.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let found = variables.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value).unwrap_or_default()
    }

    #[test]
    fn no_proxy_of_the_developer_gets_what_is_for_this_machine() {
        let inherited = [("NO_PROXY", "corp.example, localhost,.localhost,*")];
        let direct = environment(None);
        assert_eq!(value(&direct, "HTTPS_PROXY", &inherited), "");
        let expected = "corp.example,127.0.0.1,localhost,.localhost";
        assert_eq!(value(&direct, "no_proxy", &inherited), expected);
        let led = environment(Some(([127, 0, 0, 1], 4).into()));
        assert_eq!(value(&led, "https_proxy", &inherited), "http://127.0.0.1:4");
        assert_eq!(value(&led, "NO_PROXY", &inherited), "corp.example,127.0.0.1");
    }

    #[test]
    fn java_is_told_after_what_it_was_told_before() {
        let led = environment(Some(([127, 0, 0, 1], 4).into()));
        assert_eq!(
            value(&led, "JAVA_TOOL_OPTIONS", &[("JAVA_TOOL_OPTIONS", "-Xmx1g")]),
            "-Xmx1g -Djavax.net.ssl.trustStore=\"/a dir/bundle.jks\" -Djavax.net.ssl.trustStoreType=JKS \
             -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4"
        );
    }

    #[test]
    fn what_is_shown_of_it_has_no_token() {
        assert!(!format!("{:?}", environment(None)).contains("CANARY"));
    }

    #[test]
    fn a_shell_and_a_tool_read_every_value_as_it_is() {
        let variables = [
            ("A".to_owned(), "it's $HOME".to_owned()),
            ("B".to_owned(), "a b".to_owned()),
        ];
        assert_eq!(shell(&variables), "export A='it'\\''s $HOME'\nexport B='a b'\n");
        assert_eq!(dotenv(&variables[1..]), "B='a b'\n");
    }
}
