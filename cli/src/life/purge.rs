//! What is destroyed for good is named twice.

use strongroom_core::{ObjectKind, ObjectName};

use crate::{Failure, failure::LifeFailure, terminal};

/// Asks the person at the terminal for the name of what is to be destroyed.
pub(super) fn confirm(kind: ObjectKind, name: &ObjectName) -> Result<(), Failure> {
    let kind = kind.singular();
    let typed = terminal::question(&format!(
        "This destroys the deleted {kind} {name} with all its versions, for good.\nType its name to go on: "
    ));
    let typed = typed.ok_or_else(|| LifeFailure::NobodyToAsk {
        kind,
        name: name.clone(),
    })?;
    check(kind, name, &typed)?;
    Ok(())
}

fn check(kind: &'static str, name: &ObjectName, typed: &str) -> Result<(), LifeFailure> {
    if typed.trim().parse::<ObjectName>().as_ref() == Ok(name) {
        Ok(())
    } else {
        Err(LifeFailure::OtherName {
            kind,
            name: name.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_alone_is_a_yes() {
        let name = "db-password".parse().unwrap();
        for typed in ["db-password", " DB-password\n"] {
            assert!(check("secret", &name, typed).is_ok(), "{typed:?}");
        }
        for typed in ["", "y", "yes", "db", "db-password2"] {
            let refused = check("secret", &name, typed).unwrap_err();
            assert!(refused.to_string().contains("nothing was destroyed"), "{typed:?}");
        }
    }
}
