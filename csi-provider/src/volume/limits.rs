//! What volumes may take of the node, so that one namespace cannot take it from the others.
//!
//! Of what is bounded for the node, a namespace may have as much as it leaves for the others: alone, half of it.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_core::{NamespaceName, VaultRef, limits::VALUE_BYTES};

use crate::{
    shares::leaves_room,
    volume::{VolumeId, image::taken, spec::MAX_FILES},
};

/// The most that volumes may take of the node.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes in the files of one volume.
    pub volume_bytes: usize,
    /// Bytes in all volumes.
    pub node_bytes: usize,
    /// Volumes of the node.
    pub node_volumes: usize,
    /// Vaults of the node; each costs a connection.
    pub node_vaults: usize,
}

impl Limits {
    /// Limits of a process that may use this many bytes of memory, on a node whose kernel has pages of so many bytes. The kernel
    /// counts the pages of a tmpfs as memory of the process that wrote them, so files get a quarter of that. While files are
    /// replaced, those of before are there too, which is another quarter if all are at once; contents under way, connections
    /// and the rest need theirs.
    pub fn within(memory: usize, page: usize) -> Self {
        Self {
            // As many secrets of the largest size as one SecretRef names fit.
            volume_bytes: (2 << 20).max(MAX_FILES * taken(VALUE_BYTES, page)),
            node_bytes: memory / 4,
            node_volumes: 1024,
            node_vaults: 128,
        }
    }
}

/// Room that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The volume alone is too large.
    #[error("the size of the volume in bytes would be {would_be}, and the node driver allows {limit}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Volume { would_be: usize, limit: usize },
    /// The namespace has its share of something, or the node has no more of it.
    #[error(
        "{what} of the namespace on the node would be {would_be}, and {free} of the node's {limit} are left: a namespace \
         may have as much as it leaves for the others"
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Share {
        what: &'static str,
        would_be: usize,
        free: usize,
        limit: usize,
    },
}

/// What one volume takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Share {
    pub namespace: NamespaceName,
    /// The vault that the node driver is connected to for it; `None` where it shows nothing of a vault's.
    pub vault: Option<VaultRef>,
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

    /// Gives `id` a share whatever the caps say: it is there already.
    pub fn adopt(&mut self, id: &VolumeId, share: Share) {
        self.shares.insert(id.clone(), share);
    }

    /// Whether the caps allow `id` this share in place of the one it has. What does not grow is allowed.
    pub fn check(&self, id: &VolumeId, share: &Share) -> Result<(), LimitError> {
        let limits = self.limits;
        if share.bytes > limits.volume_bytes {
            return Err(LimitError::Volume {
                would_be: share.bytes,
                limit: limits.volume_bytes,
            });
        }
        let before = self.shares.get(id);
        let is_of_namespace = |other: &&Share| other.namespace == share.namespace;
        let bytes = |shares: &mut dyn Iterator<Item = &Share>| shares.map(|share| share.bytes).sum();
        let all = || self.shares.values();
        check(
            "the size of the volumes in bytes",
            Taken {
                all: bytes(&mut all()),
                by_namespace: bytes(&mut all().filter(is_of_namespace)),
                more: share
                    .bytes
                    .saturating_sub(before.map_or(0, |before| before.bytes)),
            },
            limits.node_bytes,
        )?;
        check(
            "the number of volumes",
            Taken {
                all: all().count(),
                by_namespace: all().filter(is_of_namespace).count(),
                more: usize::from(before.is_none()),
            },
            limits.node_volumes,
        )?;
        let vaults = vaults_of(all());
        let of_namespace = vaults_of(all().filter(is_of_namespace));
        let is_new = share
            .vault
            .as_ref()
            .is_some_and(|vault| !of_namespace.contains(vault));
        check(
            "the number of vaults",
            Taken {
                all: vaults.len(),
                by_namespace: of_namespace.len(),
                more: usize::from(is_new),
            },
            limits.node_vaults,
        )
    }

    /// Takes the share of `id` back.
    pub fn release(&mut self, id: &VolumeId) {
        self.shares.remove(id);
    }

    /// Whether any volume is from `vault`.
    pub fn uses(&self, vault: &VaultRef) -> bool {
        self.shares
            .values()
            .any(|share| share.vault.as_ref() == Some(vault))
    }
}

fn vaults_of<'a>(shares: impl Iterator<Item = &'a Share>) -> BTreeSet<&'a VaultRef> {
    shares.filter_map(|share| share.vault.as_ref()).collect()
}

/// How much of something is taken, and how much more is asked for.
#[derive(Debug, Clone, Copy)]
struct Taken {
    all: usize,
    by_namespace: usize,
    more: usize,
}

fn check(what: &'static str, taken: Taken, limit: usize) -> Result<(), LimitError> {
    let free = limit.saturating_sub(taken.all);
    if taken.more == 0 || leaves_room(taken.by_namespace, taken.more, free) {
        Ok(())
    } else {
        Err(LimitError::Share {
            what,
            would_be: taken.by_namespace + taken.more,
            free,
            limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits {
        volume_bytes: 10,
        node_bytes: 40,
        node_volumes: 8,
        node_vaults: 8,
    };

    /// What the process takes beside the files: three times what docs/benchmarks.md measures.
    const ITSELF: usize = 48 << 20;

    #[test]
    fn files_that_are_all_replaced_at_once_leave_the_node_driver_what_it_needs() {
        // The chart's limit, and more.
        for memory in [128, 256, 1024_usize].map(|mib| mib << 20) {
            let files = Limits::within(memory, 4 << 10).node_bytes;
            assert!(2 * files + ITSELF <= memory, "{memory}");
        }
    }

    #[test]
    fn as_many_secrets_of_the_largest_size_as_one_secret_ref_names_fit_a_volume_on_every_node() {
        for (page, expected) in [(4, 2 << 20), (16, (64 * 33) << 10), (64, (64 * 65) << 10)] {
            let limits = Limits::within(128 << 20, page << 10);
            assert_eq!(limits.volume_bytes, expected, "{page} KiB");
            assert!(64 * taken(25 << 10, page << 10) <= limits.volume_bytes);
        }
    }

    fn id(text: &str) -> VolumeId {
        text.parse().unwrap()
    }

    fn share(namespace: &str, vault: &str, bytes: usize) -> Share {
        Share {
            namespace: namespace.parse().unwrap(),
            vault: (!vault.is_empty())
                .then(|| VaultRef::new("team-a".parse().unwrap(), vault.parse().unwrap())),
            bytes,
        }
    }

    /// How many such volumes the namespace gets.
    fn fill(ledger: &mut Ledger, namespace: &str, share: impl Fn(usize) -> Share) -> usize {
        (0..100)
            .take_while(|n| ledger.admit(&id(&format!("{namespace}-{n}")), share(*n)).is_ok())
            .count()
    }

    #[test]
    fn a_volume_has_a_size_of_its_own() {
        let mut ledger = Ledger::new(SMALL);
        let refused = ledger.admit(&id("1"), share("a", "v", 11)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the size of the volume in bytes would be 11, and the node driver allows 10"
        );
    }

    #[test]
    fn a_namespace_gets_no_more_of_anything_than_it_leaves_for_the_others() {
        let kinds: [fn(&str, usize) -> Share; 3] = [
            |namespace, n| share(namespace, &format!("{namespace}{n}"), 0),
            |namespace, _| share(namespace, "v", 0),
            |namespace, _| share(namespace, "v", 5),
        ];
        for of in kinds {
            let mut ledger = Ledger::new(SMALL);
            let got = ["a", "b", "c"].map(|namespace| fill(&mut ledger, namespace, |n| of(namespace, n)));
            assert_eq!(got, [4, 2, 1]);
            ledger.release(&id("a-0"));
            ledger.release(&id("a-1"));
            assert!(ledger.admit(&id("d"), of("d", 0)).is_ok());
        }
    }

    #[test]
    fn a_share_that_is_used_up_is_named() {
        let mut ledger = Ledger::new(SMALL);
        fill(&mut ledger, "a", |_| share("a", "v", 0));
        let refused = ledger.admit(&id("more"), share("a", "v", 0)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the number of volumes of the namespace on the node would be 5, and 4 of the node's 8 are left: a namespace \
             may have as much as it leaves for the others"
        );
    }

    #[test]
    fn a_volume_that_needs_no_connection_counts_for_no_vault() {
        let mut ledger = Ledger::new(Limits {
            node_volumes: 100,
            ..SMALL
        });
        assert_eq!(fill(&mut ledger, "a", |_| share("a", "", 0)), 50);
        assert_eq!(fill(&mut ledger, "b", |n| share("b", &format!("v{n}"), 0)), 4);
    }

    #[test]
    fn a_volume_that_does_not_grow_is_allowed_whatever_the_others_took_meanwhile() {
        let mut ledger = Ledger::new(SMALL);
        fill(&mut ledger, "a", |_| share("a", "v", 5));
        fill(&mut ledger, "b", |_| share("b", "v", 5));
        ledger.admit(&id("a-0"), share("a", "v", 5)).unwrap();
        ledger.admit(&id("a-0"), share("a", "v", 4)).unwrap();
        assert!(ledger.admit(&id("a-0"), share("a", "v", 10)).is_err());
        assert!(ledger.uses(share("a", "v", 0).vault.as_ref().unwrap()));
    }

    #[test]
    fn what_is_there_already_is_counted_whatever_the_caps_say() {
        let mut ledger = Ledger::new(SMALL);
        for n in 0..8 {
            ledger.adopt(&id(&format!("{n}")), share("a", "v", 5));
        }
        assert!(ledger.admit(&id("new"), share("b", "v", 1)).is_err());
        ledger.admit(&id("1"), share("a", "v", 5)).unwrap();
    }
}
