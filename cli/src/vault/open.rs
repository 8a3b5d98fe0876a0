//! `strongroom vault open`: a vault of the cluster, for any program of this machine.
//!
//! ```text
//!   program --HTTPS_PROXY--> proxy --+--> port forward --> vault              by the names in their
//!           `--a port of its own ----+--> port forward --> identity service   certificates
//! ```
//!
//! Nothing of it is trusted: the program verifies the vault as in the cluster, and logs in with a token of its account.

mod background;
mod environment;
mod token;

use std::{io::IsTerminal as _, process::ExitCode, sync::Arc};

use secrecy::ExposeSecret as _;
use strongroom_client::Dial;
use strongroom_core::{
    AccountName, VaultRef, ports,
    reference::{IDENTITY_SERVICE, service_host},
};
use strongroom_dev::{
    bundle,
    door::{Behind, Door},
    environment::shell,
    place::{Place, write_private},
    proxy::Upstream,
    runs::Run,
};

use crate::{
    account,
    arguments::{Global, VaultOpenArguments},
    cluster::Cluster,
    dev::{program, signals::Signals},
    failure::{DevFailure, Failure, VaultObjectFailure},
    forward::{ServiceDial, route_to},
    terminal, waiting,
};
use background::Caller;
use environment::Environment;
use token::Renewal;

/// Runs the command.
pub(super) async fn run(arguments: VaultOpenArguments, global: &Global) -> Result<ExitCode, Failure> {
    global.check(&arguments.vault)?;
    let behind_caller = Caller::of_this_process();
    let is_read = arguments.program.is_empty() && !std::io::stdout().is_terminal();
    if is_read && behind_caller.is_none() {
        return background::leave().await;
    }
    let mut signals = Signals::listen().map_err(DevFailure::from)?;
    let opened = tokio::select! {
        opened = waiting::shown("Opening the door to the vault", Opened::open(&arguments, global)) => opened?,
        _ = signals.next() => return Err(VaultObjectFailure::Interrupted.into()),
    };
    if arguments.program.is_empty() {
        opened.stay(behind_caller, &mut signals).await
    } else {
        let variables = opened.environment.variables(|name| std::env::var(name).ok());
        let ended = program::run_with(arguments.program, variables, &mut signals).await;
        Ok(ExitCode::from(ended.map_err(VaultObjectFailure::Program)?))
    }
}

/// An open door. Everything of it is gone when it is dropped.
struct Opened {
    environment: Environment,
    /// Renews the token for as long as it is there.
    _renewal: Renewal,
    _door: Door,
    /// The directory of the files that programs read.
    _run: Run,
}

impl Opened {
    async fn open(arguments: &VaultOpenArguments, global: &Global) -> Result<Self, Failure> {
        let place = Place::open(None).map_err(DevFailure::from)?;
        let run = Run::new(&place).map_err(|error| door(&error))?;
        let upstream = Upstream::of_this_process().map_err(|error| door(&error))?;
        let cluster = Cluster::connect(global).await?;
        let vault = arguments.vault.clone().in_namespace(&cluster.namespace);
        let account = account_of(arguments, &vault)?;
        let (authorities, _) = cluster.authorities(&vault).await?;
        let token = account::token(&cluster, &account).await?;
        let (to_vault, to_identity) = ways(&cluster, &vault).await?;

        let token_file = run.path().join("token");
        let authority = run.path().join("ca.crt");
        write_private(&token_file, token.expose_secret().as_bytes()).map_err(|error| door(&error))?;
        write_private(&authority, authorities.as_bytes()).map_err(|error| door(&error))?;
        let bundle = bundle::write(run.path(), &[authorities.as_str()]).map_err(|error| door(&error))?;
        let login_host = service_host(IDENTITY_SERVICE, &cluster.release_namespace);
        let servers = [
            Behind {
                name: vault.host(),
                dial: to_vault,
                port: arguments.port,
            },
            Behind {
                name: login_host.clone(),
                dial: to_identity,
                port: 0,
            },
        ];
        let opened = Door::open(&servers, upstream)
            .await
            .map_err(|error| door(&error))?;
        let (to_vault, to_login) = match opened.ports() {
            [vault, login] => (*vault, *login),
            _ => return Err(door(&"a port is missing").into()),
        };
        let environment = Environment {
            vault: vault.clone(),
            login_host,
            account: account.clone(),
            token_file: token_file.clone(),
            authority,
            bundle,
            proxy: opened.proxy(),
            to_vault,
            to_login,
        };
        Ok(Self {
            environment,
            _renewal: Renewal::begin(cluster, account, token_file),
            _door: opened,
            _run: run,
        })
    }

    /// Prints the environment, and stays until a signal asks to end, or the shell that reads it is gone.
    async fn stay(self, caller: Option<Caller>, signals: &mut Signals) -> Result<ExitCode, Failure> {
        let variables = self.environment.variables(|name| std::env::var(name).ok());
        let mut variables: Vec<_> = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if caller.is_some() {
            variables.push((background::PID.to_owned(), std::process::id().to_string()));
        }
        terminal::print(&shell(&variables))?;
        let (vault, account) = (&self.environment.vault, self.environment.account.path());
        let without_proxy = self.environment.without_proxy();
        match caller {
            None => {
                terminal::tell(&format!(
                    "\nThe door to vault {vault} is open, as {account}, until Ctrl-C. A program finds it by these lines; one that takes \
                     no proxy, as: {without_proxy}"
                ));
                signals.next().await;
            }
            Some(caller) => {
                background::done()?;
                terminal::tell(&format!(
                    "The door to vault {vault} is open, as {account}, until this shell ends, or: kill ${}",
                    background::PID
                ));
                tokio::select! {
                    _ = signals.next() => {}
                    () = caller.ended() => {}
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The ways to both servers, which are looked for once before anything listens.
async fn ways(cluster: &Cluster, vault: &VaultRef) -> Result<(Arc<dyn Dial>, Arc<dyn Dial>), Failure> {
    let release = &cluster.release_namespace;
    route_to(cluster, &vault.namespace, vault.name.as_str(), ports::VAULT).await?;
    route_to(cluster, release, IDENTITY_SERVICE, ports::IDENTITY).await?;
    let to = |namespace: &strongroom_core::NamespaceName, name: &str, port: u16| -> Arc<dyn Dial> {
        Arc::new(ServiceDial {
            cluster: cluster.clone(),
            namespace: namespace.clone(),
            name: name.to_owned(),
            port,
        })
    };
    Ok((
        to(&vault.namespace, vault.name.as_str(), ports::VAULT),
        to(release, IDENTITY_SERVICE, ports::IDENTITY),
    ))
}

fn account_of(arguments: &VaultOpenArguments, vault: &VaultRef) -> Result<AccountName, Failure> {
    match &arguments.service_account {
        Some(account) => Ok(account.clone()),
        None => Ok(AccountName {
            namespace: vault.namespace.clone(),
            name: "default".parse().map_err(|_| Failure::NoToken)?,
        }),
    }
}

fn door(error: &dyn std::fmt::Display) -> VaultObjectFailure {
    VaultObjectFailure::Door(error.to_string())
}
