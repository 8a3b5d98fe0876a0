//! The vaults of the cluster, or of the namespace where the rest is not for the user to see.

use super::super::row::Row;
use crate::{
    cluster::Cluster,
    failure::Failure,
    vault::{SeenVault, list_vaults},
};

/// A row for each vault.
pub(super) async fn rows(cluster: &Cluster) -> Vec<Row> {
    match list_vaults(cluster, None).await {
        Ok(vaults) => of(&vaults, "the cluster"),
        Err(refused) => in_namespace(cluster, &refused).await,
    }
}

async fn in_namespace(cluster: &Cluster, refused: &Failure) -> Vec<Row> {
    let rest = Row::unknown(
        "vaults",
        format!("of other namespaces cannot be known: {refused}"),
    );
    match list_vaults(cluster, Some(&cluster.namespace)).await {
        Ok(vaults) => {
            let mut rows = of(&vaults, &format!("namespace {}", cluster.namespace));
            rows.push(rest);
            rows
        }
        Err(failure) => vec![Row::unknown("vaults", format!("cannot be known: {failure}"))],
    }
}

fn of(vaults: &[SeenVault], place: &str) -> Vec<Row> {
    if vaults.is_empty() {
        return vec![Row::good("vaults", format!("there is none in {place} yet"))];
    }
    vaults.iter().map(row).collect()
}

fn row(vault: &SeenVault) -> Row {
    let path = vault.path();
    let check = format!("vault {path}");
    let word = vault.word().unwrap_or("unseen");
    if vault.is_ready() {
        Row::good(check, word)
    } else if vault.is_paused {
        Row::bad(
            check,
            format!("{word}: {}", vault.sentence()),
            format!("strongroom vault resume {path}"),
        )
    } else {
        Row::bad(
            check,
            format!("{word}: {}", vault.sentence()),
            format!("strongroom vault status {path}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Mark;

    #[test]
    fn no_vault_is_nothing_wrong_and_one_that_is_not_ready_is() {
        assert_eq!(of(&[], "the cluster")[0].result, Mark::Good);
        let paused = SeenVault {
            namespace: "team-a".to_owned(),
            name: "prod".to_owned(),
            is_paused: true,
            ..SeenVault::default()
        };
        let rows = of(&[paused], "the cluster");
        assert_eq!(rows[0].result, Mark::Bad);
        assert_eq!(
            rows[0].fix.as_deref(),
            Some("strongroom vault resume team-a/prod")
        );
    }
}
