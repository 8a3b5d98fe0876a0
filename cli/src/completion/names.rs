//! The names that a command line may go on with: of contexts from the kubeconfig, of everything else from the cluster and the vault,
//! as the user who types.

use std::{
    ffi::OsString,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use clap::Command;
use k8s_openapi::{
    NamespaceResourceScope,
    api::core::v1::{Namespace, ServiceAccount},
};
use kube::{Api, Resource, ResourceExt as _, api::ListParams, config::Kubeconfig};
use serde::de::DeserializeOwned;
use strongroom_client::vault::{Certificates, Keys, Secrets};
use strongroom_core::{NamespaceName, ObjectKind};
use strongroom_crds::Vault;

use crate::{
    arguments::{Glance, Global, Selection, VaultPath},
    cluster::Cluster,
    kind::CommandKind,
    session::Destination,
};

/// How long a person waits for names, from the start of the process.
pub(super) const BUDGET: Duration = Duration::from_millis(300);

/// The most names that are shown.
const MOST: u32 = 500;

/// The most objects of a vault of which the names are shown.
const MOST_OBJECTS: usize = 2_000;

/// What is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Contexts,
    Clusters,
    Users,
    Namespaces,
    Vaults,
    Accounts,
    Objects(ObjectKind),
}

/// What was typed before.
pub(super) struct Line {
    grammar: Command,
    words: Vec<OsString>,
    since: Instant,
}

impl Line {
    pub(super) fn new(grammar: Command, words: Vec<OsString>) -> Self {
        Self {
            grammar,
            words,
            since: Instant::now(),
        }
    }
}

/// The names, or as many as are known within the budget: none, where nobody answers or a right is missing.
pub(super) fn find(names: Names, typed: &str, line: &Line) -> Vec<String> {
    let Some(glance) = Glance::at(line.grammar.clone(), &line.words) else {
        return Vec::new();
    };
    let Some(mut global) = glance.flags::<Global>() else {
        return Vec::new();
    };
    // What is said on the way would stand in the middle of the command line.
    global.verbose = false;
    let question = Question {
        names,
        global,
        selection: glance.knows("url").then(|| glance.flags()).flatten(),
        vault: glance.text("vault").and_then(|vault| vault.parse().ok()),
        namespace: typed.split_once('/').map(|(namespace, _)| namespace.to_owned()),
    };
    let (sender, receiver) = mpsc::channel();
    // On a thread of its own, which ends with the process: a program that the kubeconfig names for its credentials blocks.
    let asked = thread::Builder::new().spawn(move || {
        // Nobody waits for it any more after the budget.
        let _ = sender.send(question.ask());
    });
    if asked.is_err() {
        return Vec::new();
    }
    let left = BUDGET.saturating_sub(line.since.elapsed());
    receiver.recv_timeout(left).ok().flatten().unwrap_or_default()
}

struct Question {
    names: Names,
    global: Global,
    selection: Option<Selection>,
    vault: Option<VaultPath>,
    /// As far as it is typed before a slash.
    namespace: Option<String>,
}

impl Question {
    fn ask(self) -> Option<Vec<String>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.ok()?.block_on(self.answer())
    }

    async fn answer(self) -> Option<Vec<String>> {
        match self.names {
            Names::Contexts => {
                let contexts = self.kubeconfig()?.contexts;
                Some(contexts.into_iter().map(|context| context.name).collect())
            }
            Names::Clusters => {
                let clusters = self.kubeconfig()?.clusters;
                Some(clusters.into_iter().map(|cluster| cluster.name).collect())
            }
            Names::Users => {
                let users = self.kubeconfig()?.auth_infos;
                Some(users.into_iter().map(|user| user.name).collect())
            }
            Names::Namespaces => {
                let cluster = self.cluster().await?;
                let all: Api<Namespace> = Api::all(cluster.client);
                Some(listed(&all).await?.into_iter().map(|(_, name)| name).collect())
            }
            Names::Vaults => self.vaults().await,
            Names::Accounts => self.accounts().await,
            Names::Objects(ObjectKind::Secrets) => self.objects::<Secrets>().await,
            Names::Objects(ObjectKind::Keys) => self.objects::<Keys>().await,
            Names::Objects(ObjectKind::Certificates) => self.objects::<Certificates>().await,
        }
    }

    fn kubeconfig(&self) -> Option<Kubeconfig> {
        match &self.global.cluster.kubeconfig {
            Some(path) => Kubeconfig::read_from(path).ok(),
            None => Kubeconfig::read().ok(),
        }
    }

    async fn cluster(&self) -> Option<Cluster> {
        Cluster::connect_unattended(&self.global).await.ok()
    }

    /// Those of the cluster with their namespaces, or those of the command's own where the user may list no others.
    async fn vaults(&self) -> Option<Vec<String>> {
        let cluster = self.cluster().await?;
        if self.global.namespace.is_none() {
            let all: Api<Vault> = Api::all(cluster.client.clone());
            if let Some(found) = listed(&all).await {
                return Some(paths(found));
            }
        }
        let own: Api<Vault> = cluster.namespaced(&cluster.namespace);
        Some(listed(&own).await?.into_iter().map(|(_, name)| name).collect())
    }

    /// Those of the namespace that is typed, or else of the vault's, with it.
    async fn accounts(&self) -> Option<Vec<String>> {
        let cluster = self.cluster().await?;
        let of_vault = self.vault.as_ref().and_then(VaultPath::namespace);
        let namespace: NamespaceName = match &self.namespace {
            Some(typed) => typed.parse().ok()?,
            None => of_vault.unwrap_or(&cluster.namespace).clone(),
        };
        in_namespace::<ServiceAccount>(&cluster, &namespace).await
    }

    /// Those of the vault that the command is about.
    async fn objects<K: CommandKind>(self) -> Option<Vec<String>> {
        let destination = Destination::of(self.selection?, &self.global).ok()?;
        let session = destination.open_unattended(&self.global).await.ok()?;
        let items = session.vault.list_all::<K>(&session.token, MOST_OBJECTS).await;
        let names = items
            .ok()?
            .iter()
            .map(|item| K::item_id(item).name.to_string())
            .collect();
        Some(names)
    }
}

async fn in_namespace<K>(cluster: &Cluster, namespace: &NamespaceName) -> Option<Vec<String>>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<K> = cluster.namespaced(namespace);
    listed(&api).await.map(paths)
}

/// Namespaces and names. Of more than the most, those of the first page.
async fn listed<K>(api: &Api<K>) -> Option<Vec<(Option<String>, String)>>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let found = api.list_metadata(&ListParams::default().limit(MOST)).await.ok()?;
    let names = found.items.iter().map(|item| (item.namespace(), item.name_any()));
    Some(names.collect())
}

fn paths(found: Vec<(Option<String>, String)>) -> Vec<String> {
    let path = |(namespace, name): (Option<String>, String)| match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name,
    };
    found.into_iter().map(path).collect()
}
