//! What a command line asks for, started.

use std::{path::Path, time::Instant};

use strongroom_core::{AccountName, VaultRef};
use strongroom_crds::vault::VaultSpec;
use strongroom_dev::{
    environment::Environment,
    laptop::{Laptop, Plan},
    manifests::Manifests,
    own_certificate::OwnCertificate,
    pod,
    reach::Reach,
    vault::Data,
};

use super::signals::Signals;
use crate::{
    arguments::{DevOptions, ReachOptions},
    failure::{DevFailure, Failure},
    terminal,
};

/// A vault that runs, and the account that programs are.
pub(super) struct Started {
    pub(super) laptop: Laptop,
    pub(super) account: AccountName,
    /// Whether somebody named the account.
    pub(super) named: bool,
    pub(super) environment: Environment,
    /// How many secrets were there from the beginning.
    pub(super) seeds: usize,
    /// Whether policies say who may do what.
    pub(super) has_policies: bool,
    /// Whether any client secret is taken.
    pub(super) accepts_any_secret: bool,
    /// How long the start took.
    pub(super) took: std::time::Duration,
}

impl Started {
    /// Reads every file, starts the vault, and sets what is to be there, unless a signal asks to end before that.
    pub(super) async fn start(
        options: DevOptions,
        port: u16,
        signals: &mut Signals,
    ) -> Result<Self, Failure> {
        tokio::select! {
            started = Self::start_fully(options, port) => started,
            _ = signals.next() => Err(DevFailure::Interrupted.into()),
        }
    }

    async fn start_fully(options: DevOptions, port: u16) -> Result<Self, Failure> {
        let begun = Instant::now();
        if !options.reach.in_pod
            && let Some(token) = pod::service_account_token(Path::new("/"))
        {
            return Err(DevFailure::InPod(token).into());
        }
        let place = super::place(options.dev_dir.as_deref())?;
        let has_policies = !options.filename.is_empty();
        let manifests = if has_policies {
            Manifests::read(&options.filename).map_err(DevFailure::from)?
        } else {
            Manifests::default()
        };
        let seeds = super::seeds::read(&options.seed)?;
        let reach = reach(&options.reach)?;
        let vaults = if has_policies {
            manifests.vaults
        } else {
            vec![usual_vault()?]
        };
        let named = options.account.is_some();
        let account = match options.account().map_err(DevFailure::NoAccount)? {
            Some(account) => account,
            None => AccountName {
                namespace: vaults
                    .first()
                    .map_or_else(usual_namespace, |(vault, _)| Ok(vault.namespace.clone()))?,
                name: "default".parse().map_err(DevFailure::from)?,
            },
        };
        let plan = Plan {
            place,
            data: options.data.map_or(Data::Memory, Data::Directory),
            port: Some(port),
            vaults,
            policies: has_policies.then_some(manifests.policies),
            accounts: manifests.accounts,
            by_secret: options.accept_any_secret.then(|| account.clone()),
            reach,
        };
        let laptop = Laptop::start(plan).await.map_err(DevFailure::from)?;
        laptop.files().offer(manifests.references);
        let count = seeds.len();
        laptop.seed(seeds).await.map_err(DevFailure::from)?;
        let environment = laptop.environment(&account).map_err(DevFailure::from)?;
        laptop.controls().say_ready();
        Ok(Self {
            laptop,
            account,
            named,
            environment,
            seeds: count,
            has_policies,
            accepts_any_secret: options.accept_any_secret,
            took: begun.elapsed(),
        })
    }

    /// What a program is told.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        self.environment.variables(|name| std::env::var(name).ok())
    }
}

/// What is asked for beside the usual, read from its files.
fn reach(options: &ReachOptions) -> Result<Reach, Failure> {
    let certificate = options.cert.as_ref().zip(options.key.as_ref());
    let certificate = certificate.map(|(certificate, key)| OwnCertificate::read(certificate, key));
    if options.azure_names {
        terminal::complain(
            "Warning: programs that trust what this prints take the vaults here for NAME.vault.azure.net. The authority for these \
             names is azure-ca.crt of this directory; trust it nowhere else.",
        );
    }
    Ok(Reach {
        certificate: certificate.transpose().map_err(DevFailure::from)?,
        further: options.san.clone(),
        azure_names: options.azure_names,
    })
}

fn usual_namespace() -> Result<strongroom_core::NamespaceName, Failure> {
    "dev".parse().map_err(Failure::Namespace)
}

/// The vault of whoever has no manifest.
fn usual_vault() -> Result<(VaultRef, VaultSpec), Failure> {
    let name = "dev".parse().map_err(Failure::Namespace)?;
    Ok((VaultRef::new(usual_namespace()?, name), VaultSpec::default()))
}
