//! What volumes may take of the node, so that one namespace cannot take it from the others.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_core::{NamespaceName, VaultRef};

use crate::volume::VolumeId;

/// The most that volumes may take of the node.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes in the files of one volume.
    pub volume_bytes: usize,
    /// Bytes in the volumes of one namespace.
    pub namespace_bytes: usize,
    /// Bytes in all volumes.
    pub node_bytes: usize,
    /// Volumes of one namespace.
    pub namespace_volumes: usize,
    /// Volumes of the node.
    pub node_volumes: usize,
    /// Vaults that the volumes of one namespace are from; each costs a connection.
    pub namespace_vaults: usize,
    /// Vaults of the node.
    pub node_vaults: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // 64 secrets of 25 KiB fit.
            volume_bytes: 2 << 20,
            namespace_bytes: 128 << 20,
            node_bytes: 512 << 20,
            namespace_volumes: 512,
            node_volumes: 1024,
            namespace_vaults: 16,
            node_vaults: 128,
        }
    }
}

/// A cap that a volume would pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} would be {would_be}, and the node driver allows {limit}")]
pub struct LimitError {
    what: &'static str,
    would_be: usize,
    limit: usize,
}

/// What one volume takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Share {
    pub namespace: NamespaceName,
    pub vault: VaultRef,
    /// Bytes in its files.
    pub bytes: usize,
}

/// What all volumes take.
#[derive(Debug)]
pub struct Ledger {
    limits: Limits,
    shares: BTreeMap<VolumeId, Share>,
}

impl Ledger {
    /// An empty one.
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            shares: BTreeMap::new(),
        }
    }

    /// The caps that this ledger enforces.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Gives `id` a share in place of the one it had, if the caps allow.
    pub fn admit(&mut self, id: &VolumeId, share: Share) -> Result<(), LimitError> {
        self.check(id, &share)?;
        self.shares.insert(id.clone(), share);
        Ok(())
    }

    /// Whether the caps allow `id` this share in place of the one it has.
    pub fn check(&self, id: &VolumeId, share: &Share) -> Result<(), LimitError> {
        let others: Vec<&Share> = self
            .shares
            .iter()
            .filter(|(other, _)| *other != id)
            .map(|(_, s)| s)
            .collect();
        let neighbours: Vec<&Share> = others
            .iter()
            .copied()
            .filter(|other| other.namespace == share.namespace)
            .collect();
        let limits = self.limits;
        check(
            "the size of the volume in bytes",
            share.bytes,
            limits.volume_bytes,
        )?;
        check(
            "the size of the namespace's volumes in bytes",
            bytes(&neighbours, share),
            limits.namespace_bytes,
        )?;
        check(
            "the size of the node's volumes in bytes",
            bytes(&others, share),
            limits.node_bytes,
        )?;
        check(
            "the number of the namespace's volumes on the node",
            neighbours.len() + 1,
            limits.namespace_volumes,
        )?;
        check(
            "the number of volumes on the node",
            others.len() + 1,
            limits.node_volumes,
        )?;
        check(
            "the number of vaults of the namespace on the node",
            vaults(&neighbours, share),
            limits.namespace_vaults,
        )?;
        check(
            "the number of vaults on the node",
            vaults(&others, share),
            limits.node_vaults,
        )
    }

    /// Takes the share of `id` back.
    pub fn release(&mut self, id: &VolumeId) {
        self.shares.remove(id);
    }

    /// Whether any volume is from `vault`.
    pub fn uses(&self, vault: &VaultRef) -> bool {
        self.shares.values().any(|share| share.vault == *vault)
    }
}

fn bytes(others: &[&Share], share: &Share) -> usize {
    others.iter().map(|other| other.bytes).sum::<usize>() + share.bytes
}

fn vaults(others: &[&Share], share: &Share) -> usize {
    others
        .iter()
        .map(|other| &other.vault)
        .chain([&share.vault])
        .collect::<BTreeSet<_>>()
        .len()
}

fn check(what: &'static str, would_be: usize, limit: usize) -> Result<(), LimitError> {
    if would_be <= limit {
        Ok(())
    } else {
        Err(LimitError {
            what,
            would_be,
            limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits {
        volume_bytes: 10,
        namespace_bytes: 15,
        node_bytes: 25,
        namespace_volumes: 3,
        node_volumes: 4,
        namespace_vaults: 2,
        node_vaults: 3,
    };

    fn id(text: &str) -> VolumeId {
        text.parse().unwrap()
    }

    fn share(namespace: &str, vault: &str, bytes: usize) -> Share {
        let vault = VaultRef {
            name: vault.parse().unwrap(),
            namespace: "team-a".parse().unwrap(),
        };
        Share {
            namespace: namespace.parse().unwrap(),
            vault,
            bytes,
        }
    }

    #[test]
    fn bytes_are_capped_per_volume_namespace_and_node() {
        let mut ledger = Ledger::new(SMALL);
        assert!(ledger.admit(&id("1"), share("a", "v", 11)).is_err());
        ledger.admit(&id("1"), share("a", "v", 10)).unwrap();
        assert!(ledger.admit(&id("2"), share("a", "v", 6)).is_err());
        ledger.admit(&id("2"), share("b", "v", 10)).unwrap();
        assert!(ledger.admit(&id("3"), share("c", "v", 6)).is_err());
        ledger.release(&id("1"));
        ledger.admit(&id("3"), share("c", "v", 6)).unwrap();
    }

    #[test]
    fn a_volume_that_changes_its_size_gives_its_old_share_back() {
        let mut ledger = Ledger::new(SMALL);
        ledger.admit(&id("1"), share("a", "v", 10)).unwrap();
        ledger.admit(&id("1"), share("a", "v", 9)).unwrap();
        assert!(ledger.admit(&id("1"), share("a", "v", 11)).is_err());
        assert!(ledger.uses(&share("a", "v", 0).vault));
    }

    #[test]
    fn volumes_and_vaults_are_capped_and_the_cap_is_named() {
        let mut ledger = Ledger::new(SMALL);
        for n in ["1", "2"] {
            ledger.admit(&id(n), share("a", &format!("v{n}"), 1)).unwrap();
        }
        let refused = ledger.admit(&id("3"), share("a", "v3", 1)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the number of vaults of the namespace on the node would be 3, and the node driver allows 2"
        );
        ledger.admit(&id("3"), share("a", "v1", 1)).unwrap();
        assert!(ledger.admit(&id("4"), share("a", "v1", 1)).is_err());
        ledger.admit(&id("4"), share("b", "v3", 1)).unwrap();
        assert!(ledger.admit(&id("5"), share("c", "v1", 1)).is_err());
    }
}
