//! The tables after any events are the tables of what exists.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::{core::PartialObjectMeta, runtime::watcher::Event};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strongroom_crds::{SecretRef, Vault};

use super::{Change, PolicyObject, Stores, feeds::Feeds};

/// A cluster of `size` namespaces `ns-I`, each with a vault `v-I`, an account `api`, a policy `p-I` that lets the account
/// read the vault, and a SecretRef `s-I` of both.
pub(crate) struct Cluster {
    /// What the operator knows of it.
    pub(crate) stores: Stores,
    feeds: Feeds,
}

fn object<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).unwrap()
}

fn vault(namespace: &str, name: &str, version: &str) -> Vault {
    object(json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "spec": {},
        "metadata": {"name": name, "namespace": namespace, "uid": format!("u-{name}"), "resourceVersion": version},
    }))
}

/// A policy; one without a vault cannot be read.
fn policy(namespace: &str, name: &str, vault: Option<&str>, subject: &str, version: &str) -> PolicyObject {
    let subjects = match vault {
        Some(_) => json!([{"serviceAccount": {"namespace": subject, "name": "api"}}]),
        None => json!("everyone"),
    };
    object(json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
        "metadata": {"name": name, "namespace": namespace, "uid": format!("u-{name}"), "resourceVersion": version},
        "spec": {"vaultRef": {"name": vault.unwrap_or("v")}, "effect": "Allow", "objects": ["*"],
            "subjects": subjects, "permissions": {"secrets": ["get"]}},
    }))
}

fn account(namespace: &str, name: &str, uid: &str) -> PartialObjectMeta<ServiceAccount> {
    object(json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace, "uid": uid},
    }))
}

fn namespace(name: &str, uid: &str) -> PartialObjectMeta<Namespace> {
    object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": uid}}))
}

fn secret_ref(namespace: &str, name: &str, vault: &str, version: &str) -> SecretRef {
    object(json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
        "metadata": {"name": name, "namespace": namespace, "uid": format!("u-{name}"), "resourceVersion": version},
        "spec": {
            "vaultRef": {"name": vault, "namespace": "ns-0"}, "serviceAccountName": "api",
            "files": [{"path": "a", "secret": {"name": "a"}}],
        },
    }))
}

impl Cluster {
    fn empty() -> Self {
        let (stores, feeds) = Stores::fed();
        Self { stores, feeds }
    }

    pub(crate) fn of(size: usize) -> Self {
        let mut cluster = Self::empty();
        for i in 0..size {
            let (ns, name) = (format!("ns-{i}"), format!("v-{i}"));
            cluster.namespace(&Event::Apply(namespace(&ns, &ns)));
            cluster.account(&Event::Apply(account(&ns, "api", &format!("uid-{i}"))));
            cluster.put_vault(i, &name);
            cluster.put_policy(i, &name, "1");
            let secret_ref: SecretRef = object(json!({
                "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
                "metadata": {"name": format!("s-{i}"), "namespace": ns, "uid": "u", "resourceVersion": "1"},
                "spec": {"vaultRef": {"name": name, "namespace": ns}, "serviceAccountName": "api", "files": []},
            }));
            cluster.secret_ref(&Event::Apply(secret_ref));
        }
        cluster
    }

    pub(crate) fn put_vault(&mut self, i: usize, name: &str) -> Vec<Change> {
        self.vault(&Event::Apply(vault(&format!("ns-{i}"), name, "1")))
    }

    pub(crate) fn put_policy(&mut self, i: usize, vault: &str, version: &str) -> Vec<Change> {
        let ns = format!("ns-{i}");
        self.policy(&Event::Apply(policy(
            &ns,
            &format!("p-{i}"),
            Some(vault),
            &ns,
            version,
        )))
    }

    pub(crate) fn put_account(&mut self, i: usize, uid: &str) -> Vec<Change> {
        self.account(&Event::Apply(account(&format!("ns-{i}"), "api", uid)))
    }

    fn vault(&mut self, event: &Event<Vault>) -> Vec<Change> {
        self.feeds.vaults.take(&self.feeds.tables.vaults, event)
    }

    fn secret_ref(&mut self, event: &Event<SecretRef>) -> Vec<Change> {
        self.feeds.secret_refs.take(&self.feeds.tables.secret_refs, event)
    }

    fn policy(&mut self, event: &Event<PolicyObject>) -> Vec<Change> {
        self.feeds.policies.take(&self.feeds.tables.policies, event)
    }

    fn account(&mut self, event: &Event<PartialObjectMeta<ServiceAccount>>) -> Vec<Change> {
        self.feeds.accounts.take(&self.feeds.tables.directory, event)
    }

    fn namespace(&mut self, event: &Event<PartialObjectMeta<Namespace>>) -> Vec<Change> {
        self.feeds.namespaces.take(&self.feeds.tables.directory, event)
    }

    /// All that the tables hold.
    fn picture(&self) -> Vec<String> {
        let tables = &self.feeds.tables;
        let mut all: Vec<_> = tables.vaults.read().picture().into_iter().collect();
        all.extend(tables.secret_refs.read().picture());
        all.extend(tables.policies.read().picture());
        all.push(format!("{:?}", tables.directory.read()));
        all
    }
}

/// What exists, by kind, and namespace and name.
#[derive(Debug, Default, Clone)]
struct Model {
    vaults: BTreeMap<(u8, u8), Vault>,
    secret_refs: BTreeMap<(u8, u8), SecretRef>,
    policies: BTreeMap<(u8, u8), PolicyObject>,
    accounts: BTreeMap<(u8, u8), PartialObjectMeta<ServiceAccount>>,
    namespaces: BTreeMap<(u8, u8), PartialObjectMeta<Namespace>>,
}

/// The events of a change from one set of objects to another, as a watch reports it: one by one, or by a new list.
fn events<K: Clone>(
    before: &BTreeMap<(u8, u8), K>,
    after: &BTreeMap<(u8, u8), K>,
    is_list: bool,
    is_same: fn(&K, &K) -> bool,
) -> Vec<Event<K>> {
    if is_list {
        // A list that breaks off, then one that does not.
        let listed = || std::iter::once(Event::Init).chain(after.values().cloned().map(Event::InitApply));
        return listed().chain(listed()).chain([Event::InitDone]).collect();
    }
    let gone = before.iter().filter(|(key, _)| !after.contains_key(key));
    let gone = gone.map(|(_, object)| Event::Delete(object.clone()));
    let new = after
        .iter()
        .filter(|(key, object)| !before.get(key).is_some_and(|before| is_same(before, object)));
    gone.chain(new.map(|(_, object)| Event::Apply(object.clone())))
        .collect()
}

fn has_same_version<K: kube::Resource>(a: &K, b: &K) -> bool {
    a.meta().resource_version == b.meta().resource_version && a.meta().uid == b.meta().uid
}

impl Cluster {
    /// Brings what happened between the models to the tables. Returns what was announced.
    fn bring(&mut self, before: &Model, after: &Model, is_list: bool) -> Vec<Change> {
        let mut changes = Vec::new();
        for event in events(&before.vaults, &after.vaults, is_list, has_same_version) {
            changes.extend(self.vault(&event));
        }
        for event in events(&before.secret_refs, &after.secret_refs, is_list, has_same_version) {
            changes.extend(self.secret_ref(&event));
        }
        for event in events(&before.policies, &after.policies, is_list, has_same_version) {
            changes.extend(self.policy(&event));
        }
        for event in events(&before.accounts, &after.accounts, is_list, has_same_version) {
            changes.extend(self.account(&event));
        }
        for event in events(&before.namespaces, &after.namespaces, is_list, has_same_version) {
            changes.extend(self.namespace(&event));
        }
        changes
    }

    fn policies_of(&self, namespace: u8, vault: u8) -> Vec<String> {
        let vault = kube::runtime::reflector::ObjectRef::new(&format!("v-{vault}"))
            .within(&format!("ns-{namespace}"));
        let policies = self.stores.policies_of(&vault);
        policies.iter().map(|policy| format!("{policy:?}")).collect()
    }
}

/// One thing that happens: to an object of a kind at a place, with a choice of what becomes of it.
#[derive(Debug, Clone)]
struct Happening {
    kind: u8,
    place: (u8, u8),
    choice: u8,
    /// Whether the watch was broken meanwhile and lists anew.
    is_list: bool,
}

fn happening() -> impl Strategy<Value = Happening> {
    (0..5_u8, (0..2_u8, 0..3_u8), 0..5_u8, prop::bool::weighted(0.2)).prop_map(
        |(kind, place, choice, is_list)| Happening {
            kind,
            place,
            choice,
            is_list,
        },
    )
}

fn set<K>(objects: &mut BTreeMap<(u8, u8), K>, place: (u8, u8), object: Option<K>) {
    match object {
        Some(object) => objects.insert(place, object),
        None => objects.remove(&place),
    };
}

impl Model {
    /// `version` is that of the object, unless it is deleted.
    fn change(
        &mut self,
        Happening {
            kind, place, choice, ..
        }: &Happening,
        version: &str,
    ) {
        let (ns, name) = (format!("ns-{}", place.0), place.1);
        let exists = *choice > 0;
        let other = format!("v-{}", choice % 3);
        match kind {
            0 => set(
                &mut self.vaults,
                *place,
                exists.then(|| vault(&ns, &format!("v-{name}"), version)),
            ),
            1 => {
                let object = || secret_ref(&ns, &format!("s-{name}"), &other, version);
                set(&mut self.secret_refs, *place, exists.then(object));
            }
            2 => {
                let vault = (*choice < 4).then_some(other.as_str());
                let object = || {
                    policy(
                        &ns,
                        &format!("p-{name}"),
                        vault,
                        &format!("ns-{}", choice % 2),
                        version,
                    )
                };
                set(&mut self.policies, *place, exists.then(object));
            }
            3 => {
                let object = || account(&ns, &format!("a-{name}"), &format!("uid-{choice}"));
                set(&mut self.accounts, *place, exists.then(object));
            }
            _ => {
                let place = (place.0, 0);
                set(
                    &mut self.namespaces,
                    place,
                    exists.then(|| namespace(&ns, &format!("uid-{choice}"))),
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_after_any_events_are_those_of_what_exists(happenings in prop::collection::vec(happening(), 1..40)) {
        let mut cluster = Cluster::empty();
        // A model beside what the watch has reported: with a broken watch, several things happen before the list.
        let (mut model, mut reported) = (Model::default(), Model::default());
        for (i, happening) in happenings.iter().enumerate() {
            model.change(happening, &i.to_string());
            if i % 4 == 3 && !happening.is_list {
                continue;
            }
            let before: Vec<_> = (0..2).flat_map(|n| (0..3).map(move |v| (n, v))).map(|(n, v)| cluster.policies_of(n, v)).collect();
            let changes = cluster.bring(&reported, &model, happening.is_list);
            reported = model.clone();
            let mut rebuilt = Cluster::empty();
            rebuilt.bring(&Model::default(), &model, true);
            prop_assert_eq!(cluster.picture(), rebuilt.picture());
            for (n, v) in (0..2).flat_map(|n| (0..3).map(move |v| (n, v))) {
                let now = cluster.policies_of(n, v);
                prop_assert_eq!(&now, &scan(&model, n, v));
                let is_announced = changes.iter().any(|change| matches!(change, Change::Policy { namespace, vault }
                    if *namespace == format!("ns-{n}") && vault.as_ref().is_none_or(|vault| *vault == format!("v-{v}"))));
                prop_assert!(is_announced || before.get(usize::from(n) * 3 + usize::from(v)) == Some(&now));
            }
        }
    }
}

/// The policies of a vault, found by looking at all.
fn scan(model: &Model, namespace: u8, vault: u8) -> Vec<String> {
    let is_of = |policy: &&PolicyObject| match &policy.0 {
        Ok(policy) => policy.spec.vault_ref.name == format!("v-{vault}"),
        Err(_) => true,
    };
    let policies = model.policies.iter().filter(|(place, _)| place.0 == namespace);
    policies
        .map(|(_, policy)| policy)
        .filter(is_of)
        .map(|policy| format!("{policy:?}"))
        .collect()
}
