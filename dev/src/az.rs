//! What `az`, Azure's command line, finds in its directory: a cloud that is the vault, and a login that was made already, so that
//! `strongroom dev run -- az keyvault secret list --vault-name dev` needs no `az login`.
//!
//! The files are those that az 2.91 writes itself after `az login --service-principal --federated-token`.

use std::{io, path::Path};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    login::TENANT,
    names::DOMAIN,
    place::{make_private, write_private},
};

/// The name that az has for the cloud.
const CLOUD: &str = "strongroom";

/// The variable that names the directory.
pub const VARIABLE: &str = "AZURE_CONFIG_DIR";

/// A vault and its login, as az knows them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AzCloud<'a> {
    /// Where the vault is: `https://NAME.vault.localhost:PORT`.
    pub(crate) vault_url: &'a str,
    /// Where the login is.
    pub(crate) login_url: &'a str,
    /// The account, `NAMESPACE:NAME`, and its token.
    pub(crate) account: &'a str,
    pub(crate) token: &'a SecretString,
}

impl AzCloud<'_> {
    /// Writes the files into `directory`.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn write(self, directory: &Path) -> io::Result<()> {
        make_private(directory)?;
        let write = |name: &str, text: &str| write_private(&directory.join(name), text.as_bytes());
        write("clouds.config", &self.clouds())?;
        write(
            "config",
            &format!("[cloud]\nname = {CLOUD}\n\n[core]\nencrypt_token_cache = false\n"),
        )?;
        let profile = json!({"subscriptions": [{
            "id": TENANT,
            "name": "N/A(tenant level account)",
            "state": "Enabled",
            "user": {"name": self.account, "type": "servicePrincipal"},
            "isDefault": true,
            "tenantId": TENANT,
            "environmentName": CLOUD,
        }]});
        write("azureProfile.json", &profile.to_string())?;
        let logins = json!([{
            "client_id": self.account,
            "tenant": TENANT,
            "client_assertion": self.token.expose_secret(),
        }]);
        let logins = Zeroizing::new(logins.to_string());
        write("service_principal_entries.json", &logins)
    }

    /// The cloud. The login stands for the resource manager, too, whose list of subscriptions is all that az asks of it.
    fn clouds(self) -> String {
        let Self { login_url, .. } = self;
        // az makes a vault's URL of its name and this.
        let suffix = self
            .vault_url
            .trim_start_matches("https://")
            .split_once('.')
            .map_or(DOMAIN, |(_, suffix)| suffix);
        format!(
            "[{CLOUD}]\n\
             endpoint_active_directory = {login_url}\n\
             endpoint_active_directory_resource_id = https://{DOMAIN}\n\
             endpoint_management = {login_url}\n\
             endpoint_resource_manager = {login_url}\n\
             suffix_keyvault_dns = .{suffix}\n\
             subscription = {TENANT}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn az_makes_the_vaults_url_of_its_name_and_the_suffix_with_the_port() {
        let token = SecretString::from("CANARY");
        let cloud = AzCloud {
            vault_url: "https://dev.vault.localhost:8443",
            login_url: "https://localhost:2",
            account: "dev:default",
            token: &token,
        };
        assert!(
            cloud
                .clouds()
                .contains("\nsuffix_keyvault_dns = .vault.localhost:8443\n")
        );
        assert!(
            cloud
                .clouds()
                .contains("\nendpoint_active_directory = https://localhost:2\n")
        );
        assert!(!cloud.clouds().contains("CANARY"));
    }

    #[test]
    fn the_login_is_for_its_owner_alone_to_read() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let (token, path) = (SecretString::from("CANARY"), directory.path().join("az"));
        let cloud = AzCloud {
            vault_url: "https://dev.vault.localhost:8443",
            login_url: "https://localhost:2",
            account: "dev:default",
            token: &token,
        };
        cloud.write(&path).unwrap();
        cloud.write(&path).unwrap();
        let file = path.join("service_principal_entries.json");
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(std::fs::read_to_string(&file).unwrap().contains("CANARY"));
    }
}
