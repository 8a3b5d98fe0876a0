//! What access begins and ends between two sets of policies. Pure.
//!
//! Access is compared, and not text: for each account that a policy names, and for the others of each namespace that one names, the
//! permissions are compared cell by cell (`cells`). Where it cannot be known, access is taken to begin:
//!
//! - an account need not exist;
//! - a cell need not hold a name;
//! - a policy that this release cannot read may be a Deny, or may allow what another denies. While there is one, every change widens.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use strongroom_core::{Effect, Permission, PermissionSet};

use super::super::{
    cells::{Cells, Names, allowed, holds, minus},
    read::{PolicyContent, StoredPolicy},
    whom::{Place, Readable, Whom, everybody, of_vault, unreadable, vaults},
};

/// What begins and ends.
#[derive(Debug, Default)]
pub(super) struct AccessDiff {
    pub(super) changes: Vec<Change>,
    /// The policies that cannot be read, where something changes beside them.
    pub(super) unreadable: Vec<String>,
}

impl AccessDiff {
    /// Whether somebody may do something that they might not do before, as far as that can be known.
    pub(super) fn widens(&self) -> bool {
        let begins = |change: &Change| change.turn == Turn::Begins;
        self.changes.iter().any(begins) || !self.unreadable.is_empty()
    }
}

/// Which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) enum Turn {
    Begins,
    Ends,
}

/// Access that begins, or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    #[serde(rename = "change")]
    pub(super) turn: Turn,
    pub(super) vault: String,
    /// `NAMESPACE/NAME`, or `NAMESPACE/*` for all that no policy names by themselves.
    pub(super) service_account: String,
    pub(super) permissions: PermissionSet,
    #[serde(flatten)]
    pub(super) names: Names,
    /// The policies that allow it: those after the change where it begins, those before where it ends.
    pub(super) via: Vec<String>,
    /// The policies that deny it on the other side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) denied_by: Vec<String>,
}

/// Compares what the policies let everybody do.
pub(super) fn diff(before: &[StoredPolicy], after: &[StoredPolicy]) -> AccessDiff {
    let places: BTreeSet<_> = vaults(before).into_iter().chain(vaults(after)).collect();
    let changes = places
        .iter()
        .flat_map(|vault| of_one_vault(vault, &of_vault(before, vault), &of_vault(after, vault)));
    let unknown: BTreeSet<_> = unreadable(before).into_iter().chain(unreadable(after)).collect();
    AccessDiff {
        changes: changes.collect(),
        unreadable: if is_same(before, after) {
            Vec::new()
        } else {
            unknown.into_iter().collect()
        },
    }
}

/// Whether the policies say the same, in any order.
fn is_same(before: &[StoredPolicy], after: &[StoredPolicy]) -> bool {
    let is_in = |policies: &[StoredPolicy], policy: &StoredPolicy| {
        let mut policies = policies.iter();
        policies.any(|other| other.is_same(policy) && other.content == policy.content)
    };
    before.len() == after.len() && before.iter().all(|policy| is_in(after, policy))
}

fn of_one_vault(vault: &Place<'_>, before: &[Readable<'_>], after: &[Readable<'_>]) -> Vec<Change> {
    let contents = before.iter().chain(after).map(|readable| readable.content);
    let mut changes = Vec::new();
    for whom in everybody(contents) {
        let sides = Sides {
            before: about(before, &whom),
            after: about(after, &whom),
        };
        if sides.before != sides.after {
            changes.extend(sides.changes(vault, &whom));
        }
    }
    changes.sort_by_cached_key(|change| (change.turn, change.service_account.clone(), change.names.clone()));
    changes
}

/// The policies about somebody, with their names, which no two of a vault share.
type About<'a> = BTreeMap<&'a str, &'a PolicyContent>;

fn about<'a>(policies: &[Readable<'a>], whom: &Whom) -> About<'a> {
    let about = policies.iter().filter(|policy| whom.is_meant_by(policy.content));
    about
        .map(|policy| (policy.policy.name.as_str(), policy.content))
        .collect()
}

/// The policies about somebody on both sides.
struct Sides<'a> {
    before: About<'a>,
    after: About<'a>,
}

impl Sides<'_> {
    fn changes(&self, vault: &Place<'_>, whom: &Whom) -> Vec<Change> {
        let contents = self.before.values().chain(self.after.values());
        let cells = Cells::of(contents.flat_map(|content| &content.objects));
        let of = |about: &About<'_>| -> Vec<PermissionSet> {
            let contents: Vec<_> = about.values().copied().collect();
            let patterns = cells.patterns().iter();
            patterns.map(|cell| allowed(&contents, cell)).collect()
        };
        let (before, after) = (of(&self.before), of(&self.after));
        let mut changes = Vec::new();
        for (turn, from, to) in [(Turn::Begins, &before, &after), (Turn::Ends, &after, &before)] {
            let new: Vec<_> = to.iter().zip(from).map(|(to, from)| minus(*to, *from)).collect();
            for (names, permissions) in by_names(&cells, &new) {
                changes.push(self.change(turn, vault, whom, names, permissions));
            }
        }
        changes
    }

    fn change(
        &self,
        turn: Turn,
        vault: &Place<'_>,
        whom: &Whom,
        names: Names,
        permissions: PermissionSet,
    ) -> Change {
        let (with, without) = match turn {
            Turn::Begins => (&self.after, &self.before),
            Turn::Ends => (&self.before, &self.after),
        };
        let of = |about: &About<'_>, effect: Effect| -> Vec<String> {
            let deciding = about.iter().filter(|(_, content)| {
                let mut permissions = permissions.iter();
                content.effect == effect
                    && holds(content, &names.objects)
                    && permissions.any(|permission| content.permissions.contains(permission))
            });
            deciding.map(|(name, _)| (*name).to_owned()).collect()
        };
        Change {
            turn,
            vault: vault.to_string(),
            service_account: whom.path(),
            permissions,
            via: of(with, Effect::Allow),
            denied_by: of(without, Effect::Deny),
            names,
        }
    }
}

/// Which names have which permissions, given those of each cell: permissions of the same names together.
fn by_names(cells: &Cells, sets: &[PermissionSet]) -> BTreeMap<Names, PermissionSet> {
    let has = |cell: usize, permission: Permission| {
        let set = sets.get(cell);
        set.is_some_and(|set| set.contains(permission))
    };
    let mut by_names: BTreeMap<Names, PermissionSet> = BTreeMap::new();
    let all = sets.iter().fold(PermissionSet::EMPTY, |all, set| all.union(*set));
    for permission in all.iter() {
        for names in cells.join(|cell| has(cell, permission)) {
            let set = by_names.entry(names).or_default();
            *set = set.union(only(permission));
        }
    }
    by_names
}

/// The set of this permission, without what it implies, which the same names may not have.
fn only(permission: Permission) -> PermissionSet {
    let set = PermissionSet::of(&[permission]);
    minus(set, set.without(permission))
}

#[cfg(test)]
mod tests;
