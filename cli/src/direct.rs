//! A vault that is reached without the Kubernetes API: by its URL, or from a pod of the cluster.
//!
//! What an SDK is told in a pod is enough: where the identity service is, whom to trust, and the file with the token of the
//! service account. As everywhere, whom to ask comes from the caller's configuration and never from an answer.

mod proxy;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use http::Uri;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use strongroom_client::{Route, Server, Trust};
use strongroom_core::{AccountName, NamespaceName, VaultRef, reference::IDENTITY_SERVICE};

use crate::{
    arguments::{DirectFlags, Global, VaultPath},
    failure::{DirectFailure, Failure},
    value::Source,
};

/// The variables of workload identity, which SDKs read in a pod.
const LOGIN_VARIABLE: &str = "AZURE_AUTHORITY_HOST";
const TOKEN_VARIABLE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// Where TLS libraries learn whom to trust.
const TRUST_VARIABLE: &str = "SSL_CERT_FILE";

/// What Kubernetes sets in every pod.
const POD_VARIABLE: &str = "KUBERNETES_SERVICE_HOST";

/// What the names of vaults on a laptop end with.
const LAPTOP: &str = ".vault.localhost";

/// The longest token that is read, in bytes.
const MAX_TOKEN: usize = 64 << 10;

/// The longest bundle of authorities that is read, in bytes.
const MAX_BUNDLE: usize = 8 << 20;

/// A vault and its login, and what this machine needs for both.
pub(crate) struct Direct {
    pub(crate) reference: VaultRef,
    pub(crate) vault: Server,
    pub(crate) login: Server,
    pub(crate) trust: Trust,
    pub(crate) token: SecretString,
    pub(crate) account: AccountName,
}

/// What the environment says of a name.
pub(crate) type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl Direct {
    /// The vault by its URL, if there is one; else the vault of the cluster in whose pod this process runs, if it does and no
    /// kubeconfig is named. Reads every file that is needed, and asks no server.
    pub(crate) fn of(
        flags: &DirectFlags,
        vault: Option<&VaultPath>,
        account: Option<&AccountName>,
        global: &Global,
        variable: Variable<'_>,
    ) -> Result<Option<Self>, Failure> {
        let (vault_server, reference) = if let Some(url) = &flags.url {
            if !global.cluster.names_none() {
                return Err(DirectFailure::TwoPlaces.into());
            }
            let server = server(url).ok_or_else(|| DirectFailure::Url("--url", url.clone()))?;
            let reference = reference(&server, vault, global)?;
            (server, reference)
        } else if is_in_a_pod(flags, global, variable) {
            let reference = reference_in_a_pod(vault.ok_or(Failure::NoVault)?, global)?;
            (Server::vault(&reference), reference)
        } else {
            return Ok(None);
        };
        let token_file =
            file(flags.token_file.as_ref(), TOKEN_VARIABLE, variable).ok_or(DirectFailure::NoTokenFile)?;
        let token = read(&token_file, MAX_TOKEN)?.trim().to_owned();
        let token = SecretString::from(token);
        let own = account_of(&token).ok_or_else(|| DirectFailure::Token(token_file.clone()))?;
        if let Some(given) = account.filter(|given| **given != own) {
            return Err(DirectFailure::OtherAccount {
                path: token_file,
                own,
                given: given.clone(),
            }
            .into());
        }
        let bundle = file(flags.ca.as_ref(), TRUST_VARIABLE, variable).ok_or(DirectFailure::NoTrust)?;
        let trust = Trust::from_pem(read(&bundle, MAX_BUNDLE)?.as_bytes())
            .map_err(|source| DirectFailure::Trust { path: bundle, source })?;
        let proxy = proxy::Proxy::of(variable)?;
        Ok(Some(Self {
            reference,
            vault: proxy::led(vault_server, proxy.as_ref()),
            login: proxy::led(login(flags, global, variable)?, proxy.as_ref()),
            trust,
            token,
            account: own,
        }))
    }
}

/// Whether the vault is that of the cluster around this process, which SDKs reach by the same variables.
fn is_in_a_pod(flags: &DirectFlags, global: &Global, variable: Variable<'_>) -> bool {
    let has_token = flags.token_file.is_some() || variable(TOKEN_VARIABLE).is_some();
    has_token
        && variable(POD_VARIABLE).is_some()
        && variable("KUBECONFIG").is_none()
        && global.cluster.names_none()
}

fn login(flags: &DirectFlags, global: &Global, variable: Variable<'_>) -> Result<Server, Failure> {
    let given = flags.login_url.clone();
    let given = given.or_else(|| variable(LOGIN_VARIABLE).and_then(|url| url.into_string().ok()));
    match given {
        Some(url) => Ok(server(&url).ok_or(DirectFailure::Url("--login-url", url))?),
        None if flags.url.is_none() => {
            let release = global.release_namespace.parse().map_err(Failure::Namespace)?;
            Ok(Server::identity(&release))
        }
        None => Err(DirectFailure::NoLogin(IDENTITY_SERVICE).into()),
    }
}

/// The server of a URL without a path. Names below `localhost` are this machine, also where the system does not know it
/// (RFC 6761, section 6.3).
fn server(url: &str) -> Option<Server> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority().filter(|given| !given.as_str().contains('@'))?;
    let is_bare =
        uri.scheme_str() == Some("https") && matches!(uri.path(), "" | "/") && uri.query().is_none();
    let host = authority.host().to_ascii_lowercase();
    let port = authority.port_u16().unwrap_or(443);
    let route = if host == "localhost" || host.ends_with(".localhost") {
        Route::Socket(([127, 0, 0, 1], port).into())
    } else {
        Route::Host {
            host: host.clone(),
            port,
        }
    };
    is_bare.then(|| Server::new(host).by(route))
}

/// Which vault a URL leads to: as --vault says, or as its host does where that is a Service of a cluster. A token of one vault
/// is not sent to another.
fn reference(server: &Server, vault: Option<&VaultPath>, global: &Global) -> Result<VaultRef, Failure> {
    let named = by_host(server.name());
    let asked = asked(vault, named.as_ref(), global)?;
    let is_of_laptop = server
        .name()
        .strip_suffix(LAPTOP)
        .and_then(|name| name.split('.').next());
    let contradicts = asked.as_ref().is_some_and(|asked| {
        named.as_ref().is_some_and(|named| named != asked)
            || is_of_laptop.is_some_and(|name| name != asked.name.as_str())
    });
    match asked.or(named) {
        Some(vault) if contradicts => Err(DirectFailure::OtherVault {
            host: server.name().to_owned(),
            vault,
        }
        .into()),
        Some(vault) => Ok(vault),
        None => Err(DirectFailure::WhichVault(server.name().to_owned()).into()),
    }
}

/// The vault that a host is the Service of: `NAME.NAMESPACE.svc`, and with the domain that clusters have.
fn by_host(host: &str) -> Option<VaultRef> {
    let host = host.strip_suffix(".cluster.local").unwrap_or(host);
    let (name, namespace) = host.strip_suffix(".svc")?.split_once('.')?;
    Some(VaultRef::new(namespace.parse().ok()?, name.parse().ok()?))
}

/// The vault that the flags name.
fn asked(
    vault: Option<&VaultPath>,
    named: Option<&VaultRef>,
    global: &Global,
) -> Result<Option<VaultRef>, Failure> {
    if let Some(vault) = vault {
        let given = match (vault.namespace(), &global.namespace) {
            (Some(namespace), _) => namespace.clone(),
            (None, Some(given)) => given.parse().map_err(Failure::Namespace)?,
            (None, None) => match named {
                Some(named) => named.namespace.clone(),
                None => return Err(DirectFailure::WhichNamespace.into()),
            },
        };
        return Ok(Some(vault.clone().in_namespace(&given)));
    }
    Ok(None)
}

/// In a pod, a vault without a namespace is that of the pod's own.
fn reference_in_a_pod(vault: &VaultPath, global: &Global) -> Result<VaultRef, Failure> {
    const OWN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
    let namespace: Option<NamespaceName> = match (vault.namespace(), &global.namespace) {
        (Some(namespace), _) => Some(namespace.clone()),
        (None, Some(given)) => Some(given.parse().map_err(Failure::Namespace)?),
        (None, None) => std::fs::read_to_string(OWN)
            .ok()
            .and_then(|text| text.trim().parse().ok()),
    };
    let namespace = namespace.ok_or(DirectFailure::WhichNamespace)?;
    Ok(vault.clone().in_namespace(&namespace))
}

fn file(flag: Option<&PathBuf>, name: &str, variable: Variable<'_>) -> Option<PathBuf> {
    flag.cloned().or_else(|| variable(name).map(PathBuf::from))
}

fn read(path: &Path, most: usize) -> Result<String, Failure> {
    let bytes = Source::file(path)?.bytes(most)?;
    let text = bytes.and_then(|bytes| std::str::from_utf8(&bytes).ok().map(ToOwned::to_owned));
    Ok(text.ok_or_else(|| DirectFailure::NoText(path.to_owned()))?)
}

/// The account that a token says it is of. Nothing rests on it: who somebody is, the identity service decides.
fn account_of(token: &SecretString) -> Option<AccountName> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    let claims = token.expose_secret().split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
    AccountName::from_subject(&claims.sub).ok()
}

#[cfg(test)]
mod tests {
    use strongroom_testing::Directory;

    use super::*;
    use crate::arguments::{ClusterFlags, ScreenFlags};

    fn global(namespace: Option<&str>) -> Global {
        Global {
            cluster: ClusterFlags::default(),
            namespace: namespace.map(ToOwned::to_owned),
            release_namespace: "strongroom-system".to_owned(),
            output: None,
            verbose: false,
            screen: ScreenFlags::default(),
        }
    }

    fn token(subject: &str) -> String {
        let claims = BASE64.encode(format!("{{\"sub\":\"{subject}\"}}"));
        format!("e30.{claims}.c2ln\n")
    }

    /// A directory with a token of an account and a bundle.
    fn files() -> (Directory, String, String) {
        let directory = Directory::new();
        let (token_file, bundle) = (directory.path().join("token"), directory.path().join("ca.crt"));
        std::fs::write(&token_file, token("system:serviceaccount:shop:api")).unwrap();
        std::fs::write(&bundle, strongroom_testing::Authority::new("test").pem()).unwrap();
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        (directory, text(token_file), text(bundle))
    }

    fn of(
        url: Option<&str>,
        vault: Option<&str>,
        account: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Result<Option<Direct>, Failure> {
        let flags = DirectFlags {
            url: url.map(ToOwned::to_owned),
            ..DirectFlags::default()
        };
        let vault = vault.map(|vault| vault.parse().unwrap());
        let account = account.map(|account| account.parse().unwrap());
        Direct::of(&flags, vault.as_ref(), account.as_ref(), &global(None), &|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn what_an_sdk_is_told_is_enough_to_reach_a_vault_by_its_url() {
        let (_directory, token, bundle) = files();
        let variables = [
            (LOGIN_VARIABLE, "https://localhost:2/"),
            (TOKEN_VARIABLE, token.as_str()),
            (TRUST_VARIABLE, bundle.as_str()),
        ];
        let url = Some("https://dev.vault.localhost:8443");
        let direct = of(url, Some("dev/dev"), None, &variables).unwrap().unwrap();
        assert_eq!(direct.vault.to_string(), "dev.vault.localhost at 127.0.0.1:8443");
        assert_eq!(direct.login.to_string(), "localhost at 127.0.0.1:2");
        assert_eq!(direct.account.path(), "shop/api");
        assert_eq!(direct.reference.to_string(), "dev/dev");
    }

    #[test]
    fn in_a_pod_the_vault_is_its_service_and_no_kubeconfig_is_read() {
        let (_directory, token, bundle) = files();
        let variables = [
            (POD_VARIABLE, "10.0.0.1"),
            (TOKEN_VARIABLE, token.as_str()),
            (TRUST_VARIABLE, bundle.as_str()),
        ];
        let direct = of(None, Some("team-a/prod"), None, &variables).unwrap().unwrap();
        assert_eq!(direct.vault.to_string(), "prod.team-a.svc");
        assert_eq!(
            direct.login.to_string(),
            "strongroom-identity.strongroom-system.svc"
        );
        let named = [&variables[..], &[("KUBECONFIG", "/k")]].concat();
        assert!(of(None, Some("team-a/prod"), None, &named).unwrap().is_none());
        assert!(
            of(None, Some("team-a/prod"), None, &variables[1..])
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_service_in_the_url_names_the_vault_and_another_host_does_not() {
        let (_directory, token, bundle) = files();
        let variables = [
            (LOGIN_VARIABLE, "https://login.example"),
            (TOKEN_VARIABLE, token.as_str()),
            (TRUST_VARIABLE, bundle.as_str()),
        ];
        let direct = of(Some("https://prod.team-a.svc"), None, None, &variables);
        assert_eq!(direct.unwrap().unwrap().reference.to_string(), "team-a/prod");
        let refused = of(Some("https://prod.example.com"), None, None, &variables);
        assert!(matches!(
            refused,
            Err(Failure::Direct(DirectFailure::WhichVault(_)))
        ));
        let refused = of(Some("https://prod.example.com"), Some("prod"), None, &variables);
        assert!(matches!(
            refused,
            Err(Failure::Direct(DirectFailure::WhichNamespace))
        ));
    }

    #[test]
    fn a_token_of_one_vault_is_not_sent_to_another() {
        let (_directory, token, bundle) = files();
        let variables = [
            (LOGIN_VARIABLE, "https://login.example"),
            (TOKEN_VARIABLE, token.as_str()),
            (TRUST_VARIABLE, bundle.as_str()),
        ];
        for (url, vault) in [
            ("https://x.team-b.svc", "team-a/prod"),
            ("https://prod.team-b.svc.cluster.local", "team-a/prod"),
            ("https://dev.vault.localhost:8443", "team-a/prod"),
        ] {
            let refused = of(Some(url), Some(vault), None, &variables);
            assert!(
                matches!(refused, Err(Failure::Direct(DirectFailure::OtherVault { .. }))),
                "{url} {vault}"
            );
        }
        // It looks like a Service, and is a host of anybody's.
        let refused = of(
            Some("https://prod.team-a.svc.evil.example"),
            None,
            None,
            &variables,
        );
        assert!(matches!(
            refused,
            Err(Failure::Direct(DirectFailure::WhichVault(_)))
        ));
        let same = of(Some("https://prod.team-a.svc"), Some("prod"), None, &variables);
        assert_eq!(same.unwrap().unwrap().reference.to_string(), "team-a/prod");
    }

    #[test]
    fn a_url_that_is_more_or_less_than_a_server_is_refused() {
        for url in [
            "http://a.example",
            "https://a.example/secrets",
            "https://u:p@a.example",
            "https://a.example?x=1",
            "a.example",
            "",
        ] {
            let refused = of(Some(url), Some("a/b"), None, &[]);
            assert!(
                matches!(refused, Err(Failure::Direct(DirectFailure::Url("--url", _)))),
                "{url}"
            );
        }
    }

    #[test]
    fn the_account_is_that_of_the_token_and_no_other() {
        let (_directory, token, bundle) = files();
        let variables = [
            (LOGIN_VARIABLE, "https://login.example"),
            (TOKEN_VARIABLE, token.as_str()),
            (TRUST_VARIABLE, bundle.as_str()),
        ];
        let url = Some("https://prod.team-a.svc");
        assert!(of(url, None, Some("shop:api"), &variables).is_ok());
        let refused = of(url, None, Some("shop:other"), &variables).err().unwrap();
        let said = refused.to_string();
        assert!(said.contains("of shop/api, and not of shop/other"), "{said}");
    }

    #[test]
    fn a_file_that_holds_no_token_is_refused_and_not_repeated() {
        let (_directory, token, bundle) = files();
        std::fs::write(&token, "CANARY").unwrap();
        let variables = [
            (LOGIN_VARIABLE, "https://login.example"),
            (TOKEN_VARIABLE, token.as_str()),
            (TRUST_VARIABLE, bundle.as_str()),
        ];
        let refused = of(Some("https://prod.team-a.svc"), None, None, &variables)
            .err()
            .unwrap();
        assert!(matches!(refused, Failure::Direct(DirectFailure::Token(_))));
        assert!(!format!("{refused} {refused:?}").contains("CANARY"));
    }
}
