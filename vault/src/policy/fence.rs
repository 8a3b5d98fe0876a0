//! Which bundle may follow the one in force.

use strongroom_core::{Bundle, Generation, PolicyIndex, bundle::NotUnderstood, capacity::MOST_MEMORY};
use strongroom_wire::admin::BundleId;

/// What a bundle that may be taken is to this vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It replaces what is in force.
    Next,
    /// It is what is in force already.
    Present,
}

/// Why a bundle is refused, in whole; what was in force stays.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Not a bundle, or one with a field, permission or effect of another release.
    #[error("the bundle cannot be read: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// A format or a feature of another release.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// More than a vault can hold: how many bytes it would take.
    #[error(
        "the policy takes {0} bytes of memory, by its subjects and objects; a vault holds at most {MOST_MEMORY}"
    )]
    TooLarge(usize),
    /// Meant for another vault.
    #[error("the bundle is for the vault {meant:?}, this is {present:?}")]
    OtherVault {
        /// The id of the vault that the bundle is for.
        meant: String,
        /// The id of this vault.
        present: String,
    },
    /// Not greater than what is in force: an old leader's, or one sent twice with two contents.
    #[error("the bundle's generation {offered} is not greater than {present}, which is in force")]
    StaleGeneration {
        /// The bundle's generation.
        offered: Generation,
        /// The generation in force.
        present: Generation,
    },
}

/// What of a bundle every release can read.
#[derive(serde::Deserialize)]
struct Preamble {
    format: u32,
    #[serde(default)]
    features: Vec<String>,
}

/// Reads a bundle, all of it or none.
pub(super) fn read(bytes: &[u8], vault_id: &str) -> Result<Bundle, Unfit> {
    // The format comes first, so that a newer release's bundle is distinguished from a broken one.
    let Preamble { format, features } = serde_json::from_slice(bytes).map_err(Unfit::Unreadable)?;
    let empty = Bundle::new(String::new(), Generation::default(), Vec::new());
    Bundle {
        format,
        features,
        ..empty
    }
    .check_understood()?;
    let bundle: Bundle = serde_json::from_slice(bytes).map_err(Unfit::Unreadable)?;
    let bytes = PolicyIndex::bytes_to_compile(&bundle);
    if bytes > MOST_MEMORY {
        Err(Unfit::TooLarge(bytes))
    } else if bundle.vault_id == vault_id {
        Ok(bundle)
    } else {
        Err(Unfit::OtherVault {
            meant: bundle.vault_id,
            present: vault_id.to_owned(),
        })
    }
}

/// Compares `bundle`, whose bytes have the hash `hash`, with the bundle in force. The bundle that the store records
/// counts as in force even if this release cannot read it: the fence outlives a downgrade.
pub(super) fn place(bundle: &Bundle, hash: &str, present: Option<&BundleId>) -> Result<Place, Unfit> {
    let offered = bundle.generation;
    match present {
        None => Ok(Place::Next),
        Some(present) if offered > present.generation => Ok(Place::Next),
        Some(present) if offered == present.generation && hash == present.hash => Ok(Place::Present),
        Some(present) => Err(Unfit::StaleGeneration {
            offered,
            present: present.generation,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: u64, n: u64) -> Bundle {
        Bundle::new("v".to_owned(), Generation { epoch, n }, Vec::new())
    }

    fn present() -> BundleId {
        BundleId {
            generation: Generation { epoch: 4, n: 118 },
            hash: "aa".to_owned(),
        }
    }

    #[test]
    fn only_a_greater_generation_replaces_what_is_in_force() {
        for bundle in [at(4, 119), at(5, 1), at(5, 0)] {
            assert_eq!(place(&bundle, "bb", Some(&present())).unwrap(), Place::Next);
        }
        for bundle in [at(4, 117), at(3, 999), at(0, 0)] {
            let refusal = place(&bundle, "bb", Some(&present()));
            assert!(
                matches!(refusal, Err(Unfit::StaleGeneration { .. })),
                "{refusal:?}"
            );
        }
    }

    #[test]
    fn the_same_generation_is_the_same_bundle_or_refused() {
        assert_eq!(
            place(&at(4, 118), "aa", Some(&present())).unwrap(),
            Place::Present
        );
        assert!(matches!(
            place(&at(4, 118), "bb", Some(&present())),
            Err(Unfit::StaleGeneration { .. })
        ));
    }

    #[test]
    fn another_vaults_bundle_is_refused_before_its_generation_is_looked_at() {
        let bytes = serde_json::to_vec(&at(9, 9)).unwrap();
        assert!(matches!(read(&bytes, "w"), Err(Unfit::OtherVault { .. })));
    }

    #[test]
    fn a_newer_releases_format_is_distinguished_from_a_broken_bundle() {
        let newer = br#"{"format":2,"rules":[]}"#;
        assert!(matches!(
            read(newer, "v"),
            Err(Unfit::NotUnderstood(NotUnderstood::Format(2)))
        ));
        assert!(matches!(read(b"{", "v"), Err(Unfit::Unreadable(_))));
    }

    #[test]
    fn a_bundle_that_would_not_fit_in_memory_is_refused() {
        let policy = strongroom_core::BundlePolicy {
            name: "p".to_owned(),
            effect: strongroom_core::Effect::Allow,
            subjects: (0..3_000)
                .map(|index| format!("u{index}").parse().unwrap())
                .collect(),
            objects: (0..100)
                .map(|index| format!("o{index}").parse().unwrap())
                .collect(),
            permissions: strongroom_core::PermissionSet::EMPTY,
        };
        let bundle = Bundle::new("v".to_owned(), Generation::default(), vec![policy]);
        let bytes = serde_json::to_vec(&bundle).unwrap();
        assert!(matches!(read(&bytes, "v"), Err(Unfit::TooLarge(bytes)) if bytes > MOST_MEMORY));
    }

    #[test]
    fn a_generation_after_which_there_is_none_is_refused() {
        let bundle = |epoch, n| serde_json::to_vec(&at(epoch, n)).unwrap();
        let most = Generation::MOST;
        assert!(read(&bundle(most, most), "v").is_ok());
        for (epoch, n) in [(most + 1, 0), (0, most + 1), (u64::MAX, u64::MAX)] {
            let refusal = read(&bundle(epoch, n), "v").unwrap_err().to_string();
            assert!(refusal.contains("at most 9007199254740992"), "{refusal}");
        }
    }

    #[test]
    fn what_this_release_does_not_know_refuses_the_whole() {
        let good = serde_json::json!({
            "format": 1, "vault_id": "v", "generation": {"epoch": 1, "n": 1}, "features": [],
            "policies": [{"name": "p", "effect": "Allow", "subjects": ["u"], "objects": ["*"],
                "permissions": ["secrets/get"]}],
        });
        assert!(read(good.to_string().as_bytes(), "v").is_ok());
        for (pointer, value) in [
            ("/features", serde_json::json!(["conditions"])),
            ("/policies/0/effect", serde_json::json!("Audit")),
            ("/policies/0/permissions/0", serde_json::json!("secrets/peek")),
            ("/policies/0/objects/0", serde_json::json!("a*b")),
            ("/policies/0/subjects/0", serde_json::json!({"group": "g"})),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            assert!(read(bad.to_string().as_bytes(), "v").is_err(), "{pointer}");
        }
        let mut extra = good;
        extra["policies"][0]["unless"] = serde_json::json!("x");
        assert!(read(extra.to_string().as_bytes(), "v").is_err());
    }
}
