//! The compiled policy of one vault, as the operator pushes it and the vault persists it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{pattern::ObjectPattern, permission::PermissionSet, resource::Uid};

/// The place of a bundle in the history of a vault. A new leader of the operator continues with the next epoch, so that
/// no bundle that an old leader still sends is greater.
///
/// Read from JSON, neither number is greater than [`Generation::MOST`]: there is always a next one, whatever a vault
/// claims or a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// The number of the leader, among all leaders that pushed to the vault.
    #[serde(deserialize_with = "bounded")]
    pub epoch: u64,
    /// The number of the bundle, among those of that leader.
    #[serde(deserialize_with = "bounded")]
    pub n: u64,
}

impl Generation {
    /// The greatest number that is read, 2^53: every JSON reader can hold it, and counting up to it takes longer than
    /// any vault lives.
    pub const MOST: u64 = 1 << 53;

    /// The place before the first bundle of the leader after this one's; `None` where there is no further epoch.
    pub fn next_leader(self) -> Option<Self> {
        let epoch = next(self.epoch)?;
        Some(Self { epoch, n: 0 })
    }

    /// The place of the same leader's next bundle; `None` where there is no further number.
    pub fn next_bundle(self) -> Option<Self> {
        let n = next(self.n)?;
        Some(Self { n, ..self })
    }
}

fn next(number: u64) -> Option<u64> {
    number.checked_add(1).filter(|next| *next <= Generation::MOST)
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number <= Generation::MOST {
        Ok(number)
    } else {
        Err(D::Error::custom(format_args!(
            "a generation's numbers are at most {}, not {number}",
            Generation::MOST
        )))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.n)
    }
}

/// Whether a policy allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Allows what it names.
    Allow,
    /// Denies what it names, whatever other policies allow.
    Deny,
}

/// One `AccessPolicy` with its subjects resolved to UIDs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundlePolicy {
    /// The policy object's name, for the audit log.
    pub name: String,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The ids of the principals that it is about.
    pub subjects: Vec<Uid>,
    /// The objects that it is about.
    pub objects: Vec<ObjectPattern>,
    /// The permissions that it allows or denies.
    pub permissions: PermissionSet,
}

/// Every policy of one vault. A reader that does not know a field, a feature, a permission or an effect refuses the
/// whole bundle: if it left out what it does not understand, it could leave out a Deny.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The format: [`Bundle::FORMAT`].
    pub format: u32,
    /// The `vaultID` of the vault it is for.
    pub vault_id: String,
    /// Its place in the vault's history.
    pub generation: Generation,
    /// The features that the reader must understand beyond the format. None exist yet.
    pub features: Vec<String>,
    /// The policies, in any order.
    pub policies: Vec<BundlePolicy>,
}

impl Bundle {
    /// The format this crate reads and writes.
    pub const FORMAT: u32 = 1;

    /// A bundle of this crate's format.
    pub fn new(vault_id: String, generation: Generation, policies: Vec<BundlePolicy>) -> Self {
        Self {
            format: Self::FORMAT,
            vault_id,
            generation,
            features: Vec::new(),
            policies,
        }
    }

    /// Checks that this crate understands the bundle.
    pub fn check_understood(&self) -> Result<(), NotUnderstood> {
        match self.features.first() {
            _ if self.format != Self::FORMAT => Err(NotUnderstood::Format(self.format)),
            Some(feature) => Err(NotUnderstood::Feature(feature.clone())),
            None => Ok(()),
        }
    }
}

/// What a reader does not understand of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUnderstood {
    /// A format of another release.
    #[error("bundle format {0} is not one this release reads")]
    Format(u32),
    /// A feature of another release.
    #[error("the bundle needs the feature {0:?}, which this release lacks")]
    Feature(String),
}
