//! How vaults are reached beside the usual: further names, names of Azure, and a certificate of the user's own.

use std::path::{Path, PathBuf};

use strongroom_core::{FurtherDomain, NamespaceName, VaultRef, domains::DomainError};

use crate::{
    authority::{Authority, AuthorityError},
    bundle::{self, Bundle, BundleError},
    names,
    own_certificate::{OwnCertificate, OwnCertificateError},
    place::Place,
};

/// Why vaults cannot be reached as asked for.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// The name is not of this machine.
    #[error(transparent)]
    Name(#[from] AuthorityError),
    /// The name is none of DNS, or means something else.
    #[error("the domain {0} cannot be served")]
    Domain(String),
    /// Nobody could tell them apart.
    #[error("the vaults {0} and {1} would have the same address: give one of them another name")]
    SameAddress(VaultRef, VaultRef),
}

/// What a user asks for beside the usual.
#[derive(Debug, Default)]
pub struct Reach {
    /// What the vaults show, in the place of a certificate of the authority of this machine.
    pub certificate: Option<OwnCertificate>,
    /// Names of this machine that lead to the first vault, too.
    pub further: Vec<String>,
    /// Whether the vaults of the first namespace are `NAME.vault.azure.net`, too.
    pub azure_names: bool,
}

/// Whom a program is to trust.
pub(crate) struct Trusted {
    /// This system's authorities, and those of this machine.
    pub(crate) bundle: Bundle,
    /// The least that is needed for the vaults and the login.
    pub(crate) authority: PathBuf,
}

impl Reach {
    /// Whom to trust: the authority of this machine, and what else was asked for. What only this run needs lies in its directory.
    pub(crate) fn trusted(
        &self,
        place: &Place,
        run: &Path,
        (authority, azure): (&Authority, Option<&Authority>),
    ) -> Result<Trusted, BundleError> {
        let brought = self
            .certificate
            .as_ref()
            .map(OwnCertificate::authorities)
            .unwrap_or_default();
        if self.certificate.is_none() && azure.is_none() {
            return Ok(Trusted {
                bundle: bundle::write(place.path(), &[authority.certificate()])?,
                authority: authority.certificate_file().to_owned(),
            });
        }
        let mut own = vec![authority.certificate()];
        own.extend(azure.map(Authority::certificate));
        own.extend(brought.iter().map(String::as_str));
        let bundle = bundle::write(run, &own)?;
        // The certificate may be of any of this system's authorities.
        let authority = bundle.pem.clone();
        Ok(Trusted { bundle, authority })
    }

    /// Whether a client takes the user's certificate for every vault.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn check_certificate(
        &self,
        trusted: &Trusted,
        vaults: &[&VaultRef],
        first: &VaultRef,
    ) -> Result<(), OwnCertificateError> {
        let Some(own) = &self.certificate else {
            return Ok(());
        };
        let hosts: Vec<String> = vaults
            .iter()
            .map(|vault| names::host_of(vault, &first.namespace))
            .collect();
        own.check(&trusted.bundle.pem, hosts.iter().map(String::as_str))
    }

    /// The names of the certificate that the authority of this machine signs.
    pub(crate) fn certificate_names(&self, vaults: &[&VaultRef], first: &VaultRef) -> Vec<String> {
        let mut names: Vec<String> = names::ALSO.map(str::to_owned).into();
        names.push(format!("*.{}", names::DOMAIN));
        let hosts = vaults.iter().map(|vault| names::host_of(vault, &first.namespace));
        names.extend(hosts);
        names.extend(self.further.iter().map(|name| name.to_ascii_lowercase()));
        names.sort();
        names.dedup();
        names
    }

    /// Under which domains the vaults are reached.
    ///
    /// # Errors
    /// Two vaults would have one address, or a further name is none that can be theirs.
    pub(crate) fn domains(
        &self,
        vaults: &[&VaultRef],
        first: &VaultRef,
    ) -> Result<Vec<FurtherDomain>, ReachError> {
        let mut domains = usual_domains(vaults, first)?;
        for name in &self.further {
            if !names::is_permitted(name) {
                return Err(AuthorityError::Name(name.clone()).into());
            }
            let name = name.to_ascii_lowercase();
            let leads_to = |vault: &&&VaultRef| names::host_of(vault, &first.namespace) == name;
            if let Some(vault) = vaults.iter().find(leads_to) {
                if *vault == first {
                    continue;
                }
                return Err(ReachError::SameAddress(first.clone(), (*vault).clone()));
            }
            // The parent of vaults is none of them.
            let is_parent = |vault: &&VaultRef| names::domain_of(&vault.namespace, &first.namespace) == name;
            if vaults.iter().any(is_parent) {
                return Err(ReachError::Domain(name));
            }
            add(&mut domains, &name, FurtherDomain::host(&name, first.clone()))?;
            // What Azure's SDKs ask tokens for, of a vault under that name.
            if let Some((_, parent)) = name.split_once('.') {
                let domain = FurtherDomain::new(parent, first.namespace.clone());
                add(&mut domains, parent, domain)?;
            }
        }
        if self.azure_names {
            let domain = FurtherDomain::new(names::AZURE, first.namespace.clone());
            add(&mut domains, names::AZURE, domain)?;
        }
        Ok(domains)
    }
}

/// The domains that are there in any case.
fn usual_domains(vaults: &[&VaultRef], first: &VaultRef) -> Result<Vec<FurtherDomain>, ReachError> {
    let mut namespaces: Vec<&NamespaceName> = vaults.iter().map(|vault| &vault.namespace).collect();
    namespaces.sort();
    namespaces.dedup();
    let mut domains = Vec::new();
    for namespace in namespaces {
        let name = names::domain_of(namespace, &first.namespace);
        // A vault of the first namespace lies right below the domain of all, as the domain of this namespace does.
        let same = vaults
            .iter()
            .find(|vault| names::host_of(vault, &first.namespace) == name);
        let own = vaults.iter().find(|vault| vault.namespace == *namespace);
        if let (Some(one), Some(other)) = (same, own) {
            return Err(ReachError::SameAddress((*one).clone(), (*other).clone()));
        }
        add(&mut domains, &name, FurtherDomain::new(&name, namespace.clone()))?;
    }
    // Whoever names this machine alone means the first vault.
    for host in names::ALSO.into_iter().chain(["127.0.0.1"]) {
        add(&mut domains, host, FurtherDomain::host(host, first.clone()))?;
    }
    for parent in names::PARENTS {
        let domain = FurtherDomain::new(parent, first.namespace.clone());
        add(&mut domains, parent, domain)?;
    }
    Ok(domains)
}

/// Adds a domain, unless its name means something already.
fn add(
    domains: &mut Vec<FurtherDomain>,
    name: &str,
    domain: Result<FurtherDomain, DomainError>,
) -> Result<(), ReachError> {
    let domain = domain.map_err(|_| ReachError::Domain(name.to_owned()))?;
    if !domains.iter().any(|known| known.name() == domain.name()) {
        domains.push(domain);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(text: &str) -> VaultRef {
        let (namespace, name) = text.split_once('/').unwrap();
        VaultRef::new(namespace.parse().unwrap(), name.parse().unwrap())
    }

    fn domains(further: &[&str], azure_names: bool) -> Result<Vec<String>, String> {
        let reach = Reach {
            further: further.iter().map(|name| (*name).to_owned()).collect(),
            azure_names,
            ..Reach::default()
        };
        let (first, other) = (vault("a/prod"), vault("a/other"));
        let vaults = [&first, &other];
        let usual = Reach::default().domains(&vaults, &first).unwrap();
        let found = reach
            .domains(&vaults, &first)
            .map_err(|error| error.to_string())?;
        let added = found.iter().filter(|domain| !usual.contains(domain));
        Ok(added.map(ToString::to_string).collect())
    }

    #[test]
    fn a_further_name_is_a_host_of_the_first_vault_and_its_parent_is_what_tokens_are_for() {
        assert_eq!(
            domains(
                &["Kv.team.docker.internal", "localhost", "prod.vault.localhost"],
                false
            ),
            Ok(vec![
                "kv.team.docker.internal=a/prod".to_owned(),
                "team.docker.internal=a".to_owned(),
            ])
        );
        assert_eq!(
            domains(&["kv.localhost"], false),
            Ok(vec!["kv.localhost=a/prod".to_owned()])
        );
        assert_eq!(domains(&[], true), Ok(vec!["vault.azure.net=a".to_owned()]));
    }

    #[test]
    fn a_name_of_another_machine_or_of_another_vault_is_refused() {
        for (name, said) in [
            ("kv.example.com", "kv.example.com is no name of this machine"),
            ("dev.vault.azure.net", "is no name of this machine"),
            ("other.vault.localhost", "would have the same address"),
            ("vault.localhost", "the domain vault.localhost cannot be served"),
            ("a b.localhost", "cannot be served"),
        ] {
            let refused = domains(&[name], false).unwrap_err();
            assert!(refused.contains(said), "{refused}");
        }
    }
}
