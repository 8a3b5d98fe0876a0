//! Whether a vault is the one that it says it is. Pure.
//!
//! A vault's id is a claim: another program that answers in its place may claim any. Only these say which it is: the
//! record that the operator keeps of the Vault object, the seal Secret, which remembers the vault that the key has
//! opened, and what is remembered of other vaults.

use strongroom_crds::vault::CreateMode;
use uuid::Uuid;

use crate::{record::Record, target::Target};

/// Why a vault is not believed to be this one. Nothing is brought to it, and nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityProblem {
    /// The seal key has opened another vault.
    #[error(
        "the vault says that it is {claimed}, but the seal key of this Vault has opened {known}: put the volume of {known} back, or delete volume and seal key for an empty vault"
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Changed { known: String, claimed: Uuid },
    /// Another Vault is the one with that id.
    #[error(
        "the vault says that it is {claimed}, which is the vault {other}: if {other} is gone for good, delete the ConfigMap strongroom-anchor-{} in the namespace of the release",
        other.replace('/', ".")
    )]
    Taken {
        /// The id that the vault says.
        claimed: Uuid,
        /// The namespace and name of the other.
        other: String,
    },
}

impl IdentityProblem {
    /// The condition's reason.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "VaultIdChanged",
            Self::Taken { .. } => "VaultIdTaken",
        }
    }
}

/// Judges the id that a vault claims. `sealed` is the id of the vault that the seal key has opened. A Vault object that
/// was made again may adopt another vault's data where its spec says so.
pub fn judge(
    target: &Target<'_>,
    record: Option<&Record>,
    sealed: Option<&str>,
    claimed: Uuid,
) -> Result<(), IdentityProblem> {
    if record.is_some_and(|record| record.id == claimed) {
        return Ok(());
    }
    match sealed {
        Some(known) if known != claimed.to_string() => {
            let is_new = record.is_none_or(|record| record.uid != target.uid);
            let recovers = matches!(target.vault.spec.create_mode(), Ok(CreateMode::Recover));
            if is_new && recovers {
                return Ok(());
            }
            Err(IdentityProblem::Changed {
                known: known.to_owned(),
                claimed,
            })
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use strongroom_crds::Vault;
    use strongroom_wire::admin::Anchor;

    const KNOWN: &str = "e0000000-0000-4000-8000-000000000001";
    const OTHER: &str = "e0000000-0000-4000-8000-000000000002";

    fn judged(mode: &str, record: Option<(&str, &str)>, sealed: Option<&str>, claimed: &str) -> bool {
        let vault: Vault = serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-2"}, "spec": {"createMode": mode},
        }))
        .unwrap();
        let record = record.map(|(uid, id)| Record {
            uid: uid.to_owned(),
            id: id.parse().unwrap(),
            anchor: Anchor {
                generation: 1,
                digest: String::new(),
                is_chained: false,
                audit_sequence: 0,
                audit_hash: String::new(),
            },
            pushed: None,
            used: crate::record::Used::default(),
        });
        let target = Target::parse(&vault).unwrap();
        judge(&target, record.as_ref(), sealed, claimed.parse().unwrap()).is_ok()
    }

    #[test]
    fn the_vault_that_is_known_and_the_first_that_a_seal_key_opens_are_believed() {
        assert!(judged("Default", None, None, KNOWN));
        assert!(judged("Default", Some(("u-2", KNOWN)), Some(KNOWN), KNOWN));
        assert!(
            judged("Default", Some(("u-2", KNOWN)), None, OTHER),
            "an empty vault"
        );
        assert!(
            judged("Default", Some(("u-2", KNOWN)), Some(OTHER), OTHER),
            "a restored seal Secret"
        );
    }

    #[test]
    fn another_id_is_believed_only_of_a_vault_object_that_recovers_data() {
        for record in [None, Some(("u-1", KNOWN)), Some(("u-2", KNOWN))] {
            assert!(!judged("Default", record, Some(KNOWN), OTHER), "{record:?}");
        }
        assert!(judged("Recover", Some(("u-1", KNOWN)), Some(KNOWN), OTHER));
        assert!(
            !judged("Recover", Some(("u-2", KNOWN)), Some(KNOWN), OTHER),
            "it has adopted its data"
        );
    }
}
