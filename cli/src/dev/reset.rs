//! An empty vault again.

use std::{collections::BTreeSet, process::ExitCode};

use http::StatusCode;
use strongroom_client::vault::{Certificates, Keys, Secrets, VaultError};
use strongroom_core::{ObjectKind, ObjectName};

use super::consent;
use crate::{
    failure::{DevFailure, Failure},
    kind::CommandKind,
    session::Session,
    terminal,
};

/// The most objects of a kind that are listed.
const MOST: usize = 100_000;

/// What was done.
#[derive(Debug, Default)]
struct Tally {
    purged: usize,
    refused: usize,
}

/// Deletes and purges what the account may, once the person agrees.
pub(super) async fn run(session: &Session, yes: bool) -> Result<ExitCode, Failure> {
    let question = format!(
        "This deletes and purges every secret, key and certificate of the vault ({}). Nothing brings them back. Go on?",
        session.flags()
    );
    consent::ask(&question, yes, "")?;
    let mut tally = Tally::default();
    // Those of a certificate go with it.
    clear::<Certificates>(session, &mut tally).await?;
    clear::<Secrets>(session, &mut tally).await?;
    clear::<Keys>(session, &mut tally).await?;
    terminal::print(&format!("{} objects purged\n", tally.purged))?;
    if tally.refused == 0 {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(DevFailure::NotReset(tally.refused).into())
    }
}

async fn clear<K: CommandKind>(session: &Session, tally: &mut Tally) -> Result<(), Failure> {
    let (vault, token, kind) = (&session.vault, &session.token, K::KIND.as_str());
    let live = if K::KIND == ObjectKind::Certificates {
        vault.list_all_and_pending::<K>(token, MOST).await
    } else {
        vault.list_all::<K>(token, MOST).await
    };
    for item in allowed(live, tally, &format!("list {kind}"))?.unwrap_or_default() {
        let name = &K::item_id(&item).name;
        let what = format!("delete {kind}/{}", name.spelling());
        allowed(vault.delete::<K>(token, name).await.map(drop), tally, &what)?;
    }
    let deleted = vault.list_deleted::<K>(token, MOST).await;
    let deleted = allowed(deleted, tally, &format!("list deleted {kind}"))?.unwrap_or_default();
    let names: BTreeSet<ObjectName> = deleted
        .iter()
        .map(|deleted| K::item_id(&deleted.object).name.clone())
        .collect();
    for name in names {
        let what = format!("purge {kind}/{}", name.spelling());
        if allowed(vault.purge_deleted::<K>(token, &name).await, tally, &what)?.is_some() {
            tally.purged += 1;
        }
    }
    Ok(())
}

/// The answer, unless the account may not have it, which is said and counted. What is gone meanwhile is what was wanted.
fn allowed<T>(result: Result<T, VaultError>, tally: &mut Tally, what: &str) -> Result<Option<T>, Failure> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(VaultError::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => Ok(None),
        Err(VaultError::Refused(refusal)) => {
            terminal::complain(&format!("cannot {what}: {}", refusal.message));
            tally.refused += 1;
            Ok(None)
        }
        Err(error) => Err(DevFailure::Vault(error).into()),
    }
}
