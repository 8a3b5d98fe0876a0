//! The watches, and the tables that each brings up to date.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::{
    Api, Client, Resource,
    core::PartialObjectMeta,
    runtime::{
        reflector::{self, Store, store::Writer},
        watcher::Event,
    },
};
use parking_lot::RwLock;
use strongroom_crds::{SecretRef, Vault};
use tokio::sync::watch::Sender;

use super::{
    changes::{Change, Changes},
    directory::Directory,
    policies::{Policies, PolicyObject},
    references::{SecretRefs, Vaults},
    watch::{Intake, Table, watch},
};

/// How many watches there are.
pub(super) const WATCHES: usize = 5;

/// What the objects are found by.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) vaults: RwLock<Vaults>,
    pub(super) secret_refs: RwLock<SecretRefs>,
    pub(super) policies: RwLock<Policies>,
    pub(super) directory: RwLock<Directory>,
}

/// What brings the tables up to date, one event at a time.
pub(super) struct Feeds {
    pub(super) vaults: StoreFeed<Vault>,
    pub(super) secret_refs: StoreFeed<SecretRef>,
    pub(super) policies: Feed<PolicyObject>,
    pub(super) accounts: Feed<PartialObjectMeta<ServiceAccount>>,
    pub(super) namespaces: Feed<PartialObjectMeta<Namespace>>,
    pub(super) tables: Arc<Tables>,
    /// How many watches have listed all there is.
    pub(super) listed: Sender<usize>,
}

impl Default for Feeds {
    fn default() -> Self {
        let listed = Sender::new(0);
        Self {
            vaults: StoreFeed::new(&listed),
            secret_refs: StoreFeed::new(&listed),
            policies: Feed::new(&listed),
            accounts: Feed::new(&listed),
            namespaces: Feed::new(&listed),
            tables: Arc::default(),
            listed,
        }
    }
}

impl Feeds {
    /// Starts a watch for each feed.
    pub(super) fn start(self, client: &Client, changes: &Changes) {
        let Self {
            mut vaults,
            mut secret_refs,
            mut policies,
            mut accounts,
            mut namespaces,
            tables,
            listed: _,
        } = self;
        let all = tables;
        let tables = Arc::clone(&all);
        watch(Api::all(client.clone()), changes, move |event| {
            vaults.take(&tables.vaults, event)
        });
        let tables = Arc::clone(&all);
        watch(Api::all(client.clone()), changes, move |event| {
            secret_refs.take(&tables.secret_refs, event)
        });
        let tables = Arc::clone(&all);
        watch(Api::all(client.clone()), changes, move |event| {
            policies.take(&tables.policies, event)
        });
        let tables = Arc::clone(&all);
        watch(Api::all(client.clone()), changes, move |event| {
            accounts.take(&tables.directory, event)
        });
        let tables = Arc::clone(&all);
        watch(Api::all(client.clone()), changes, move |event| {
            namespaces.take(&tables.directory, event)
        });
    }
}

/// What brings one table up to date.
pub(super) struct Feed<K: Resource<DynamicType = ()>> {
    intake: Intake<K>,
    /// Where the first list is counted when it ends.
    listed: Option<Sender<usize>>,
}

impl<K: Resource<DynamicType = ()>> Feed<K> {
    fn new(listed: &Sender<usize>) -> Self {
        Self {
            intake: Intake::default(),
            listed: Some(listed.clone()),
        }
    }

    /// Takes one event into the table. Returns what is to be announced.
    pub(super) fn take(&mut self, table: &RwLock<impl Table<K>>, event: &Event<K>) -> Vec<Change> {
        let changes = self.intake.take(&mut *table.write(), event);
        if matches!(event, Event::InitDone)
            && let Some(listed) = self.listed.take()
        {
            listed.send_modify(|listed| *listed += 1);
        }
        changes
    }
}

/// The same with kube's reflector before the table: what is announced can be read from both.
pub(super) struct StoreFeed<K: Resource<DynamicType = ()> + Clone + 'static> {
    writer: Writer<K>,
    feed: Feed<K>,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> StoreFeed<K> {
    fn new(listed: &Sender<usize>) -> Self {
        Self {
            writer: reflector::store().1,
            feed: Feed::new(listed),
        }
    }

    /// What the reflector holds.
    pub(super) fn reader(&self) -> Store<K> {
        self.writer.as_reader()
    }

    /// Takes one event. Returns what is to be announced.
    pub(super) fn take(&mut self, table: &RwLock<impl Table<K>>, event: &Event<K>) -> Vec<Change> {
        self.writer.apply_watcher_event(event);
        self.feed.take(table, event)
    }
}
