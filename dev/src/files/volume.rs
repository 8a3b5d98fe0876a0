//! A volume of the node driver without a node.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use strongroom_client::{Retry, Route, Server, Trust, identity::IdentityClient};
use strongroom_core::AccountName;
use strongroom_crds::SecretRef;
use strongroom_csi::{
    driver::NAME,
    events::Events,
    follow::{self, Notices as FollowNotices, Start},
    metrics::Metrics,
    pod::{Pod, PodToken},
    services::Services,
    source::{
        Sources, endpoints::Endpoints, load::Loader, obtain::Obtained, reference::References, vaults::Vaults,
    },
    volume::{
        Facts,
        image::page_size,
        limits::{Ledger, Limits},
        mount::MountPaths,
        spec::VolumeSpec,
        tree::Tree,
    },
};
use tokio::{sync::mpsc::UnboundedSender, task::AbortHandle};

use super::{FilesError, Inner, api, directory};
use crate::{cluster::NODE, controls::FURTHEST, login::TENANT, names, place::write_private};

/// The memory that the node driver would have.
const MEMORY: usize = 128 << 20;

/// The name of the pod that there is not.
const POD: &str = "strongroom-dev-files";

/// A volume that follows its vault until it is dropped.
pub(super) struct FollowedVolume {
    task: AbortHandle,
    /// By which the task is told of changes of this machine: it ends without.
    _notices: Arc<FollowNotices>,
}

impl Drop for FollowedVolume {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Writes the files that a SecretRef asks for, as this account, and follows them.
pub(super) async fn fill(
    inner: &Inner,
    reference: &SecretRef,
    account: &AccountName,
    path: &Path,
    say: UnboundedSender<String>,
) -> Result<FollowedVolume, FilesError> {
    directory::take(path)?;
    let id = uuid::Uuid::new_v4().to_string();
    let secret_ref = reference.metadata.name.as_deref().unwrap_or_default();
    let facts = Facts {
        id: said(format!("dev-{id}").parse())?,
        paths: MountPaths::directory(path),
        pod: Pod {
            namespace: account.namespace.clone(),
            name: said(POD.parse())?,
            uid: said(id.parse())?,
            account: account.name.clone(),
        },
        secret_ref: said(secret_ref.parse())?,
        // The files are this user's, and readable for its group as those of a pod are.
        group: Some(rustix::process::getegid().as_raw()),
    };
    let token = inner.cluster.token_of_pod(account, POD, &id, FURTHEST * 2)?;
    let token = said(PodToken::checked(token, &facts.pod))?;
    let services = Arc::new(services(inner, reference, say)?);
    let check = |spec: &VolumeSpec| services.ledger().check(&facts.id, &facts.share(spec, 0));
    let obtained = services.sources.obtain(facts.contents(&token), check).await;
    let (obtained, _room) = said(obtained)?;
    let Obtained {
        spec,
        loaded,
        token: vault_token,
    } = obtained;
    let share = facts.share(&spec, loaded.image.size());
    said(services.ledger().admit(&facts.id, share))?;
    said(said(Tree::open(path))?.write(&loaded.image, Timestamp::now()))?;
    let start = Start {
        token,
        spec: Some(spec),
        held: loaded.versions,
        vault_token,
        reread: false,
    };
    let (notices, task) = follow::spawn(facts, start, &services);
    Ok(FollowedVolume {
        task,
        _notices: notices,
    })
}

/// What the node driver's code uses, led to the servers of this machine.
fn services(
    inner: &Inner,
    reference: &SecretRef,
    say: UnboundedSender<String>,
) -> Result<Services, FilesError> {
    let trust = said(Trust::from_file(inner.authority.clone()))?;
    let actor = inner.run.join("node-driver.token");
    let own = inner.cluster.token_of_node(FURTHEST * 2)?;
    write_private(&actor, own.expose_secret().as_bytes()).map_err(|source| FilesError::Directory {
        path: actor.clone(),
        source,
    })?;
    let login = Server::new(names::LOGIN_HOST).by(Route::Socket(inner.login));
    let identity = IdentityClient::new(&login, TENANT, trust).with_retry(Retry::NEVER);
    let metrics = Arc::new(Metrics::new());
    let client = api::client(reference.clone(), say);
    let endpoints = Endpoints::Vaults(inner.vaults.clone());
    Ok(Services {
        sources: Sources::new(
            Loader::new(identity, actor, inner.authority.clone(), Arc::clone(&metrics)),
            References::new(client.clone()),
            Vaults::new(endpoints, said(Trust::from_file(inner.of_vaults.clone()))?),
        ),
        ledger: Ledger::new(Limits::within(MEMORY, page_size())).into(),
        saved: None,
        events: Events::new(client, NAME, NODE),
        metrics,
    })
}

/// The node driver's errors are sentences for the author of a pod.
fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, FilesError> {
    result.map_err(|error| FilesError::Driver(error.to_string()))
}
