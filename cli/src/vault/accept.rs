//! `strongroom vault accept-rollback`.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;
use strongroom_core::VaultRef;
use strongroom_crds::condition::ROLLBACK_DETECTED;

use super::{
    pause,
    seen::{self, SeenVault},
};
use crate::{
    arguments::{Global, VaultAcceptArguments},
    failure::{Failure, VaultObjectFailure},
    output::AnswerOutput,
    printed::{Outcome, Printed},
};

/// The annotation by which the operator is told.
const ANNOTATION: &str = "strongroom.dev/accept-rollback";

/// A store that is not the one that the operator has seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct OlderStore {
    /// The generation of the store, which is the value of the annotation.
    found: u64,
    /// What the operator says of it.
    message: String,
}

/// Runs the command.
pub(super) async fn run(arguments: VaultAcceptArguments, global: &Global) -> Result<ExitCode, Failure> {
    let output = AnswerOutput::of(global.output())?;
    let (cluster, vault) = super::found(arguments.vault, global).await?;
    let seen = seen::get(&cluster, &vault).await?;
    let store = older_store(&seen).ok_or_else(|| VaultObjectFailure::NoRollback(vault.clone()))?;
    if let Some(given) = arguments.generation {
        check(&seen, &vault, store.found, given)?;
        let change = json!({"metadata": {"annotations": {ANNOTATION: store.found.to_string()}}});
        pause::patch(&cluster, &vault, &change).await?;
    }
    let printed = printed(&vault, &store, arguments.generation.is_some(), output)?;
    Outcome::from(printed).conclude(global)
}

/// What the condition says; its message names the annotation with its value.
fn older_store(vault: &SeenVault) -> Option<OlderStore> {
    let condition = vault
        .condition(ROLLBACK_DETECTED)
        .filter(|condition| condition.status == "True")?;
    let after = condition.message.split_once(ANNOTATION)?.1.strip_prefix('=')?;
    let digits = after
        .find(|character: char| !character.is_ascii_digit())
        .and_then(|end| after.get(..end))
        .unwrap_or(after);
    Some(OlderStore {
        found: digits.parse().ok()?,
        message: condition.message.clone(),
    })
}

/// Whether accepting `given` does something.
fn check(seen: &SeenVault, vault: &VaultRef, found: u64, given: u64) -> Result<(), VaultObjectFailure> {
    let before = seen.annotations.get(ANNOTATION).map(String::as_str);
    if given != found {
        Err(VaultObjectFailure::OtherGeneration {
            vault: vault.clone(),
            found,
            given,
        })
    } else if before == Some(given.to_string().as_str()) {
        Err(VaultObjectFailure::AcceptedBefore {
            vault: vault.clone(),
            generation: given,
            annotation: ANNOTATION,
        })
    } else {
        Ok(())
    }
}

fn printed(
    vault: &VaultRef,
    store: &OlderStore,
    is_accepted: bool,
    output: AnswerOutput,
) -> Result<Printed, Failure> {
    let OlderStore { found, message } = store;
    match output {
        AnswerOutput::Json => Printed::json(&json!({
            "apiVersion": crate::output::API_VERSION, "kind": "Rollback", "vault": vault.to_string(),
            "generation": found, "message": message, "accepted": is_accepted,
        })),
        AnswerOutput::Text if is_accepted => Ok(Printed::Text(format!(
            "generation {found} of vault {vault} accepted; the operator lets the vault serve it within some seconds\n"
        ))),
        AnswerOutput::Text => Ok(Printed::Text(format!(
            "{message}\n\n\
             Lost by it is every change after generation {found}: secrets, keys and certificates that were set or renewed since \
             have their earlier versions again, what was deleted is back, and audit records since may be missing from its log.\n\n\
             To accept it: strongroom vault accept-rollback {vault} --generation {found}\n"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::seen::tests::{condition, vault},
        *,
    };

    /// As the operator writes it.
    const MESSAGE: &str = "The store is at generation 41, but the operator has seen generation 44: the store was put back to an older state, or replaced. The vault serves no data. To accept this store, annotate the Vault with strongroom.dev/accept-rollback=41. An annotation that has acted once acts again only after it was removed.";

    fn rolled_back(status: &str, message: &str) -> SeenVault {
        let mut condition = condition("RollbackDetected", status, "RollbackDetected");
        condition["message"] = message.into();
        vault(&json!({"conditions": [condition]}))
    }

    #[test]
    fn the_generation_is_the_one_that_the_operator_names() {
        let found =
            |status: &str, message: &str| older_store(&rolled_back(status, message)).map(|store| store.found);
        assert_eq!(found("True", MESSAGE), Some(41));
        assert_eq!(
            found("True", "annotate strongroom.dev/accept-rollback=7"),
            Some(7)
        );
        assert_eq!(found("False", MESSAGE), None);
        assert_eq!(found("True", "annotate strongroom.dev/accept-rollback=x"), None);
        assert_eq!(older_store(&vault(&json!({}))), None);
    }

    #[test]
    fn only_the_generation_that_was_found_is_accepted_and_once() {
        let reference = VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap());
        let mut seen = rolled_back("True", MESSAGE);
        assert!(check(&seen, &reference, 41, 41).is_ok());
        let other = check(&seen, &reference, 41, 40).unwrap_err();
        assert!(matches!(
            other,
            VaultObjectFailure::OtherGeneration { found: 41, .. }
        ));
        seen.annotations.insert(ANNOTATION.to_owned(), "41".to_owned());
        let before = check(&seen, &reference, 41, 41).unwrap_err();
        assert!(
            before
                .to_string()
                .contains("-n team-a strongroom.dev/accept-rollback- and"),
            "{before}"
        );
    }

    #[test]
    fn what_would_be_lost_is_said_before_anything_changes() {
        let reference = VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap());
        let store = older_store(&rolled_back("True", MESSAGE)).unwrap();
        let Printed::Text(text) = printed(&reference, &store, false, AnswerOutput::Text).unwrap() else {
            panic!("no text")
        };
        assert!(text.starts_with(MESSAGE), "{text}");
        assert!(
            text.ends_with("strongroom vault accept-rollback team-a/prod --generation 41\n"),
            "{text}"
        );
    }
}
