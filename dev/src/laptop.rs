//! Everything together: vaults, login and policy, in one process.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use http::StatusCode;
use parking_lot::Mutex;
use secrecy::ExposeSecret as _;
use strongroom_client::{
    Route, Server, Trust, TrustError,
    identity::{Assertion, ExchangeError, IdentityClient},
    vault::{VaultClient, VaultError, VaultRefusal},
};
use strongroom_core::{AccountName, Audience, ObjectName, VaultRef, reference::AccountNameError};
use strongroom_crds::{AccessPolicy, vault::VaultSpec};
use strongroom_serving::{
    accept::{self, Counts, Drain, Limits, Listener},
    tls::{ServingCertificate, TlsError, server_config},
};
use strongroom_vault::{clock::Clock, serve::Running};
use strongroom_wire::token::ADFS_TENANT;
use time::OffsetDateTime;

use crate::{
    accounts::{AccountError, Accounts},
    authority::{Authority, AuthorityError, Issued},
    az::AzCloud,
    azure::{self, AzureError, Behind, Shown},
    bundle::{Bundle, BundleError},
    cluster::{Cluster, TokenError},
    control,
    controls::{Controls, FURTHEST},
    environment::Environment,
    files::{self, FileKeeper},
    login::{APP_SERVICE_PATH, Login, LoginError, TENANT},
    names,
    own_certificate::{OwnCertificate, OwnCertificateError},
    place::{Place, PlaceError, make_private, write_private},
    policy::{EnforceError, Enforcer, Policies},
    proxy::{self, Upstream, UpstreamError},
    reach::{Reach, ReachError},
    requests::Requests,
    runs::Run,
    seed::Seed,
    store::{Claim, DirectoryError},
    vault::{Data, StartError, Surroundings},
};

/// How long the token of an account lives that a program is given: longer than the vaults' time can be ahead. The key that signs it
/// is gone with the process, and so is the token.
const TOKEN_LIFE: Duration = FURTHEST.saturating_mul(2);

/// How often vaults are told that their policy and their time are right, which the operator does as often.
const CONFIRMED_EVERY: Duration = Duration::from_secs(30);

/// The account that sets what is there from the beginning, `NAMESPACE:NAME`.
const SEEDER: &str = "strongroom-dev:seed";

/// How long a start may wait until the vault knows the keys of the login.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to run.
#[derive(Debug)]
pub struct Plan {
    /// Where the files of this user are.
    pub place: Place,
    /// Where the objects are.
    pub data: Data,
    /// Where the first vault listens; each further one listens where the system says.
    pub port: Option<u16>,
    /// The vaults, the first of which is the one that variables name.
    pub vaults: Vec<(VaultRef, VaultSpec)>,
    /// Their policies; none where every account may do everything.
    pub policies: Option<Vec<AccessPolicy>>,
    /// Accounts that are there from the beginning.
    pub accounts: Vec<AccountName>,
    /// The account that any client secret stands for, unless the client id names another; without it, a client secret must be
    /// the token of an account.
    pub by_secret: Option<AccountName>,
    /// How the vaults are reached beside the usual.
    pub reach: Reach,
}

/// Why nothing runs.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is the error that it holds")]
pub enum DevError {
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Reach(#[from] ReachError),
    #[error(transparent)]
    Certificate(#[from] OwnCertificateError),
    #[error(transparent)]
    Azure(#[from] AzureError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Vault(#[from] StartError),
    #[error(transparent)]
    Policy(#[from] EnforceError),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Name(#[from] AccountNameError),
    #[error("there is no vault to run")]
    NoVault,
    #[error("the library made no key")]
    Key,
    #[error("cannot use a file: {0}")]
    File(#[from] io::Error),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("the login does not let the secrets be set")]
    Exchange(#[from] ExchangeError),
    #[error("cannot set the secret {name}: {source}")]
    Seed {
        name: ObjectName,
        source: Box<VaultError>,
    },
    #[error("the vault did not get the keys of the login within {} s", PATIENCE.as_secs())]
    Keys,
}

/// Vaults that run, and the login to them.
#[derive(Debug)]
pub struct Laptop {
    vaults: BTreeMap<VaultRef, One>,
    first: VaultRef,
    cluster: Cluster,
    enforcer: Enforcer,
    login: SocketAddr,
    app_service: SocketAddr,
    authority: PathBuf,
    bundle: Bundle,
    /// Where the proxy is, on a machine that does not find the names.
    proxy: Option<SocketAddr>,
    drain: Drain,
    run: Run,
    /// The directory that keeps the objects, if one does.
    _claim: Option<Claim>,
    controls: Controls,
    keeper: FileKeeper,
    /// What each listener counts.
    counts: Vec<Counts>,
}

#[derive(Debug)]
struct One {
    running: Running,
    host: String,
    /// Where clients find it.
    port: u16,
    audit_log: PathBuf,
}

impl Laptop {
    /// Starts everything. To be called on a runtime.
    ///
    /// # Errors
    /// The first that goes wrong.
    pub async fn start(plan: Plan) -> Result<Self, DevError> {
        let now = OffsetDateTime::now_utc();
        let authority = Authority::open(&plan.place, now)?;
        let azure = azure_authority(&plan, now)?;
        let first = plan.vaults.first().ok_or(DevError::NoVault)?.0.clone();
        let claim = plan.data.claim()?;
        let names: Vec<&VaultRef> = plan.vaults.iter().map(|(vault, _)| vault).collect();
        let domains = plan.reach.domains(&names, &first)?;
        let certificate = authority.issue(&plan.reach.certificate_names(&names, &first), now)?;
        let run = Run::new(&plan.place)?;
        let trusted = plan
            .reach
            .trusted(&plan.place, run.path(), (&authority, azure.as_ref()))?;
        plan.reach.check_certificate(&trusted, &names, &first)?;

        let accounts = Accounts::default();
        for account in plan.accounts.iter().chain(&plan.by_secret) {
            accounts.note(account)?;
        }
        let enforcer = Enforcer::new(accounts.clone());
        let clock = Clock::default();
        let controls = Controls::new(clock.clone(), enforcer.clone());
        let cluster = Cluster::new(accounts, clock.clone()).map_err(|_| DevError::Key)?;
        let (login_tcp, login_address) = bind(0)?;
        let login = Login::new(
            login_address,
            cluster.clone(),
            enforcer.clone(),
            &domains,
            &plan.reach.further,
            plan.by_secret.clone(),
            clock.clone(),
        )?;

        let drain = Drain::default();
        let (app_tcp, app_address) = bind(0)?;
        let tls = tls_of(&run.path().join("tls"), &certificate)?;
        let counts = Counts::default();
        serve(&drain, login_tcp, Some(tls), login.https(), &counts);
        serve(&drain, app_tcp, None, login.app_service(), &counts);

        let own = plan.reach.certificate.as_ref();
        let usual = own.map_or(&certificate, OwnCertificate::issued);
        // What is passed on to a vault is not shown by it.
        let shown = if azure.is_some() { &certificate } else { usual };
        let surroundings = Surroundings {
            directory: run.path(),
            certificate: shown,
            authority: authority.certificate_file(),
            login: login_address,
            domains: &domains,
            clock: &clock,
            controls: &controls,
        };
        let outside = Outside {
            azure: azure.as_ref(),
            authority: &authority,
            usual,
            now,
            drain: &drain,
        };
        let vaults = start_vaults(&plan, &surroundings, &enforcer, &outside).await?;
        drain.spawn(keep_confirming(enforcer.clone(), drain.clone()));
        let proxy = proxy_to(&names::host_of(&first, &first.namespace), &drain).await?;
        let keeper = FileKeeper::new(files::Inner {
            cluster: cluster.clone(),
            enforcer: enforcer.clone(),
            notices: controls.notices().clone(),
            login: login_address,
            authority: authority.certificate_file().to_owned(),
            of_vaults: trusted.authority.clone(),
            run: run.path().to_owned(),
            vaults: each(&vaults, One::server),
            references: Mutex::default(),
        });
        let of_vaults = vaults.values().map(One::counts);
        let counts: Vec<Counts> = of_vaults.chain([counts]).collect();
        let desk = desk_of(&controls, &keeper, &counts, &vaults);
        control::serve(&drain, run.path(), desk)?;
        Ok(Self {
            controls,
            keeper,
            counts,
            vaults,
            first,
            cluster,
            enforcer,
            login: login_address,
            app_service: app_address,
            authority: trusted.authority,
            bundle: trusted.bundle,
            proxy,
            drain,
            run,
            _claim: claim,
        })
    }

    /// Where each vault is: its name and the address that a client on this machine uses.
    pub fn urls(&self) -> impl Iterator<Item = (&VaultRef, String)> {
        self.vaults.iter().map(|(vault, one)| (vault, one.url()))
    }

    /// Where the vault is that variables name.
    pub fn url(&self) -> String {
        self.vaults.get(&self.first).map(One::url).unwrap_or_default()
    }

    /// Where programs are led to the vault on a machine that does not find its name.
    pub const fn proxy(&self) -> Option<SocketAddr> {
        self.proxy
    }

    /// What can be changed of it.
    pub const fn controls(&self) -> &Controls {
        &self.controls
    }

    /// What keeps the files of SecretRefs.
    pub const fn files(&self) -> &FileKeeper {
        &self.keeper
    }

    /// How many clients ended a handshake because they do not trust our certificate.
    pub fn distrusted(&self) -> impl Fn() -> u64 + Send + use<> {
        let counts = self.counts.clone();
        move || counts.iter().map(Counts::distrusted).sum()
    }

    /// The requests that each vault answers from now on.
    ///
    /// # Errors
    /// An audit log cannot be read.
    pub fn requests(&self) -> io::Result<Vec<Requests>> {
        let vaults = self.vaults.iter();
        vaults
            .map(|(vault, one)| Requests::from_now(vault.clone(), &one.audit_log))
            .collect()
    }

    /// The directory of this run, which is gone when it is over.
    pub fn directory(&self) -> &Path {
        self.run.path()
    }

    /// What a program needs to be `account`. Blocks.
    ///
    /// # Errors
    /// The account has no token, or a policy cannot be put in force for it.
    pub fn environment(&self, account: &AccountName) -> Result<Environment, DevError> {
        self.enforcer.admit(account)?;
        let token = self.cluster.token(account, TOKEN_LIFE)?;
        let name = format!("{}.{}.token", account.namespace, account.name);
        let token_file = self.run.path().join(name);
        write_private(&token_file, token.expose_secret().as_bytes())?;
        let (vault_url, login_url) = (
            self.url(),
            format!("https://{}:{}", names::LOGIN_HOST, self.login.port()),
        );
        let az = self
            .run
            .path()
            .join(format!("{}.{}.az", account.namespace, account.name));
        let cloud = AzCloud {
            vault_url: &vault_url,
            login_url: &login_url,
            account: &account.to_string(),
            token: &token,
        };
        cloud.write(&az)?;
        Ok(Environment {
            vault_url,
            vault: self.first.to_string(),
            login_url,
            app_service_url: format!("http://{}{APP_SERVICE_PATH}", self.app_service),
            token_file,
            token,
            bundle: self.bundle.clone(),
            authority: self.authority.clone(),
            az,
            account: account.to_string(),
            tenant: ADFS_TENANT,
            proxy: self.proxy,
        })
    }

    /// Sets those secrets of the first vault that are not there, as a client of it that may do everything meanwhile.
    ///
    /// # Errors
    /// The first that the vault refuses.
    pub async fn seed(&self, seeds: Vec<Seed>) -> Result<(), DevError> {
        if seeds.is_empty() {
            return Ok(());
        }
        let seeder: AccountName = SEEDER.parse()?;
        self.enforcer.open_for(Some(&seeder))?;
        let done = self.seed_as(&seeder, seeds).await;
        self.enforcer.open_for(None)?;
        done
    }

    async fn seed_as(&self, seeder: &AccountName, seeds: Vec<Seed>) -> Result<(), DevError> {
        let first = self.vaults.get(&self.first).ok_or(DevError::NoVault)?;
        let trust = Trust::from_file(self.authority.clone())?;
        let subject = self.cluster.token(seeder, PATIENCE)?;
        let login = Server::new(names::LOGIN_HOST).by(Route::Socket(self.login));
        let assertion = Assertion {
            subject: &subject,
            actor: None,
        };
        let audience = Audience::Vault(self.first.clone());
        let token = IdentityClient::new(&login, TENANT, trust.clone())
            .exchange(assertion, &audience)
            .await?;
        let client = VaultClient::new(&first.server(), trust);
        for Seed { name, secret } in seeds {
            let done = match client.get_secret(&token, &name, None).await {
                Ok(_) => Ok(()),
                // It is there, and disabled.
                Err(error) if error.refusal().is_some_and(VaultRefusal::is_disabled) => Ok(()),
                Err(error) if is_absent(&error) => client.set_secret(&token, &name, &secret).await.map(drop),
                Err(error) => Err(error),
            };
            done.map_err(|source| DevError::Seed {
                name,
                source: Box::new(source),
            })?;
        }
        Ok(())
    }

    /// Stops everything; what was acknowledged is on the disk where there is one.
    pub async fn stop(self) {
        self.drain.begin();
        for one in self.vaults.into_values() {
            one.running.stop().await;
        }
        self.drain.finished().await;
    }
}

/// Where a proxy leads programs to a host, on a machine that does not find it.
async fn proxy_to(host: &str, drain: &Drain) -> Result<Option<SocketAddr>, DevError> {
    if proxy::resolves(host).await {
        return Ok(None);
    }
    Ok(Some(proxy::serve(drain, Upstream::of_this_process()?).await?))
}

/// Whether there is no such secret.
fn is_absent(error: &VaultError) -> bool {
    matches!(error, VaultError::Refused(refusal) if refusal.status == StatusCode::NOT_FOUND)
}

/// Who signs for names of Azure, where somebody asked for such names.
fn azure_authority(plan: &Plan, now: OffsetDateTime) -> Result<Option<Authority>, AuthorityError> {
    let asked = plan.reach.azure_names;
    asked.then(|| Authority::open_azure(&plan.place, now)).transpose()
}

/// Something of each vault.
fn each<T, C: FromIterator<(VaultRef, T)>>(vaults: &BTreeMap<VaultRef, One>, of: impl Fn(&One) -> T) -> C {
    vaults
        .iter()
        .map(|(vault, one)| (vault.clone(), of(one)))
        .collect()
}

/// What other programs of this user may ask for.
fn desk_of(
    controls: &Controls,
    keeper: &FileKeeper,
    counts: &[Counts],
    vaults: &BTreeMap<VaultRef, One>,
) -> control::Desk {
    let urls: Vec<_> = each(vaults, One::url);
    control::Desk {
        controls: controls.clone(),
        keeper: keeper.clone(),
        counts: counts.to_vec(),
        vaults: urls
            .into_iter()
            .map(|(vault, url)| (vault.to_string(), url))
            .collect(),
    }
}

/// How vaults are met from outside.
struct Outside<'a> {
    /// Signs for names of Azure, where the vaults of the first namespace have such names.
    azure: Option<&'a Authority>,
    authority: &'a Authority,
    /// What a vault shows under its usual name.
    usual: &'a Issued,
    now: OffsetDateTime,
    drain: &'a Drain,
}

impl Outside<'_> {
    /// Where clients find a vault that listens at `address`: there, or at a port that also has names of Azure.
    fn port_of(
        &self,
        vault: &VaultRef,
        host: &str,
        address: SocketAddr,
        wanted: u16,
    ) -> Result<u16, DevError> {
        let Some(azure) = self.azure else {
            return Ok(address.port());
        };
        let (tcp, front) = bind(wanted)?;
        let behind = Behind::new(address, host, self.authority)?;
        let shown = Shown::new(azure, &vault.name, self.usual, self.now)?;
        azure::serve(self.drain, tcp, shown, behind)?;
        Ok(front.port())
    }
}

/// Starts every vault of a plan, and waits until each knows the keys of the login.
async fn start_vaults(
    plan: &Plan,
    surroundings: &Surroundings<'_>,
    enforcer: &Enforcer,
    outside: &Outside<'_>,
) -> Result<BTreeMap<VaultRef, One>, DevError> {
    let first = &plan.vaults.first().ok_or(DevError::NoVault)?.0;
    let mut vaults = BTreeMap::new();
    for (vault, spec) in &plan.vaults {
        let policies = match &plan.policies {
            None => Policies::Everything,
            Some(given) => Policies::of(vault, given),
        };
        let wanted = plan.port.filter(|_| vault == first).unwrap_or(0);
        let has_azure = outside.azure.is_some() && vault.namespace == first.namespace;
        let own_port = if has_azure { 0 } else { wanted };
        let running = surroundings.start(vault, spec, &plan.data, loopback(own_port))?;
        enforcer.add(running.service().clone(), policies)?;
        let host = names::host_of(vault, &first.namespace);
        let address = running.addresses().data;
        let port = if has_azure {
            outside.port_of(vault, &host, address, wanted)?
        } else {
            address.port()
        };
        let one = One {
            running,
            host,
            port,
            audit_log: surroundings.audit_log(vault, &plan.data),
        };
        vaults.insert(vault.clone(), one);
    }
    for one in vaults.values() {
        let keys = one.running.first_keys();
        tokio::time::timeout(PATIENCE, keys)
            .await
            .map_err(|_| DevError::Keys)?;
    }
    Ok(vaults)
}

/// Confirms what is in force, so that a vault with a bound on how old its policy may be goes on.
async fn keep_confirming(enforcer: Enforcer, drain: Drain) {
    loop {
        let confirming = enforcer.clone();
        let _ = tokio::task::spawn_blocking(move || confirming.confirm()).await;
        tokio::select! {
            () = tokio::time::sleep(CONFIRMED_EVERY) => {}
            () = drain.begun() => return,
        }
    }
}

impl One {
    /// The vault, under the name that it has on this machine.
    fn server(&self) -> Server {
        Server::new(self.host.clone()).by(Route::Socket(self.running.addresses().data))
    }

    fn counts(&self) -> Counts {
        self.running.service().metrics.connections.clone()
    }

    fn url(&self) -> String {
        format!("https://{}:{}", self.host, self.port)
    }
}

/// The first port from `port` on that nobody has; that of the system's choice where the next hundred are taken.
pub fn free_port(port: u16) -> u16 {
    let is_free = |port: &u16| TcpListener::bind(loopback(*port)).is_ok();
    (port..port.saturating_add(100)).find(is_free).unwrap_or(0)
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

fn bind(port: u16) -> Result<(TcpListener, SocketAddr), DevError> {
    let address = loopback(port);
    accept::bind(address).map_err(|source| DevError::Listen { address, source })
}

/// A server that shows a certificate, whose files are to be in a directory.
fn tls_of(directory: &Path, certificate: &Issued) -> Result<rustls::ServerConfig, DevError> {
    make_private(directory)?;
    write_private(&directory.join("tls.crt"), certificate.certificate.as_bytes())?;
    write_private(&directory.join("tls.key"), certificate.key.as_bytes())?;
    Ok(server_config(ServingCertificate::load(directory)?)?)
}

fn serve(
    drain: &Drain,
    tcp: TcpListener,
    tls: Option<rustls::ServerConfig>,
    router: axum::Router,
    counts: &Counts,
) {
    let listener = Listener::new(tcp, tls, router, Limits::default(), counts.clone(), drain.clone());
    drain.spawn(listener.run());
}
