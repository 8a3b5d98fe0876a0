//! The settings of one installation, from its arguments.

use std::{io, path::PathBuf};

use strongroom_core::{
    AccountName, Domains, NamespaceName,
    name::NameError,
    reference::{AccountNameError, IDENTITY_SERVICE, service_host},
};
use strongroom_wire::token::ADFS_TENANT;

use crate::{arguments::Arguments, resource::Resources};

/// The settings of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The installation's id.
    pub(crate) tenant: String,
    /// The issuer of vault tokens.
    pub(crate) issuer: String,
    /// The service's names, the canonical one first.
    pub(crate) hosts: Vec<String>,
    /// Audiences a presented token may have.
    pub(crate) audiences: Vec<String>,
    /// The resources that tokens may be minted for.
    pub(crate) resources: Resources,
    pub(crate) node_driver: AccountName,
}

/// Why the service cannot start with its arguments.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The tenant's file cannot be read.
    #[error("cannot read the installation's id from {path}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    TenantFile { path: PathBuf, source: io::Error },
    /// The tenant is not a UUID.
    #[error("the installation's id must be a UUID: {0}")]
    Tenant(uuid::Error),
    /// The namespace has no valid name.
    #[error("--release-namespace: {0}")]
    Namespace(NameError),
    /// The node driver's account is none.
    #[error("--node-driver: {0}")]
    NodeDriver(#[from] AccountNameError),
    /// An accepted audience is empty.
    #[error("--accepted-audience must not be empty")]
    Audience,
}

impl Settings {
    /// The settings of `arguments`. Reads the tenant's file.
    pub(crate) fn load(arguments: &Arguments) -> Result<Self, SettingsError> {
        let tenant = tenant(arguments)?;
        let namespace: NamespaceName = arguments
            .release_namespace
            .parse()
            .map_err(SettingsError::Namespace)?;
        let host = service_host(IDENTITY_SERVICE, &namespace);
        if arguments
            .accepted_audiences
            .iter()
            .any(|audience| audience.trim().is_empty())
        {
            return Err(SettingsError::Audience);
        }
        Ok(Self {
            issuer: arguments
                .issuer
                .clone()
                .unwrap_or_else(|| format!("https://{host}/{tenant}/v2.0")),
            hosts: hosts(&host, arguments),
            audiences: arguments.accepted_audiences.clone(),
            resources: Resources::new(
                Domains::of_cluster(&arguments.cluster_domain)
                    .with(arguments.further_domains.iter().cloned()),
            ),
            node_driver: AccountName::from_subject(&arguments.node_driver)?,
            tenant,
        })
    }

    /// The name that clients are told.
    pub(crate) fn canonical_host(&self) -> &str {
        self.hosts.first().map_or("", String::as_str)
    }

    /// Whether `segment` of a path names this installation: by its id, or as the tenant of an ADFS authority.
    pub(crate) fn is_tenant(&self, segment: &str) -> bool {
        segment.eq_ignore_ascii_case(&self.tenant) || segment.eq_ignore_ascii_case(ADFS_TENANT)
    }
}

fn hosts(canonical: &str, arguments: &Arguments) -> Vec<String> {
    let own = [
        canonical.to_owned(),
        format!("{canonical}.{}", arguments.cluster_domain),
    ];
    own.into_iter()
        .chain(arguments.further_hosts.iter().cloned())
        .collect()
}

fn tenant(arguments: &Arguments) -> Result<String, SettingsError> {
    let text = match (&arguments.tenant_id, &arguments.tenant_id_file) {
        (Some(id), _) => id.clone(),
        (None, Some(path)) => std::fs::read_to_string(path).map_err(|source| SettingsError::TenantFile {
            path: path.clone(),
            source,
        })?,
        (None, None) => String::new(),
    };
    let id: uuid::Uuid = text.trim().parse().map_err(SettingsError::Tenant)?;
    Ok(id.hyphenated().to_string())
}
