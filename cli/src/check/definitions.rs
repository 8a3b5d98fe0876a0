//! The custom resource definitions: those of the cluster beside those of this release.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, ResourceExt as _};
use strongroom_crds::{ApiError, CRD_VERSION, installed_version};

use super::row::Row;
use crate::cluster::Cluster;

/// What to do where they are missing or older.
pub(super) const INSTALL: &str = "strongroom crds | kubectl apply --server-side --force-conflicts -f -";

/// One of the definitions in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installed {
    pub(crate) name: String,
    pub(crate) state: State,
}

/// As what a definition is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Missing,
    /// It carries no number.
    Unnumbered,
    /// It carries the number of its release.
    Version(u32),
}

impl Installed {
    /// In a few words.
    pub(crate) fn words(&self) -> String {
        match self.state {
            State::Missing => "missing".to_owned(),
            State::Unnumbered => "of an unknown release".to_owned(),
            State::Version(version) => version.to_string(),
        }
    }
}

/// How each of this release's definitions is installed.
pub(crate) async fn installed(cluster: &Cluster) -> Result<Vec<Installed>, ApiError> {
    let api: Api<CustomResourceDefinition> = Api::all(cluster.client.clone());
    let mut all = Vec::new();
    for definition in strongroom_crds::all() {
        let name = definition.name_any();
        let found = api.get_opt(&name).await?;
        all.push(Installed {
            name,
            state: found.map_or(State::Missing, |found| {
                installed_version(&found).map_or(State::Unnumbered, State::Version)
            }),
        });
    }
    Ok(all)
}

/// Whether what is left of an earlier installation is in the way of a new one.
pub(super) fn leftover(check: &str, all: &[Installed]) -> Row {
    let there: Vec<_> = all.iter().filter(|one| one.state != State::Missing).collect();
    if there.is_empty() {
        return Row::good(
            check,
            "none is there, and helm install makes those of its release",
        );
    }
    row(check, all)
}

/// Whether all are there and of this release.
pub(super) fn row(check: &str, all: &[Installed]) -> Row {
    let which = |is_meant: &dyn Fn(State) -> bool| -> Vec<String> {
        let meant = all.iter().filter(|one| is_meant(one.state));
        meant
            .map(|one| format!("{} is {}", one.name, one.words()))
            .collect()
    };
    let older = which(&|state| match state {
        State::Missing | State::Unnumbered => true,
        State::Version(version) => version < CRD_VERSION,
    });
    let newer = which(&|state| matches!(state, State::Version(version) if version > CRD_VERSION));
    if !older.is_empty() {
        Row::bad(
            check,
            format!("{}; this release has {CRD_VERSION}", older.join(", ")),
            INSTALL,
        )
    } else if !newer.is_empty() {
        Row::unknown(
            check,
            format!(
                "{}; this program is of a release with {CRD_VERSION}",
                newer.join(", ")
            ),
        )
        .with_fix("check with the strongroom of the installation's release")
    } else {
        Row::good(
            check,
            format!("all {} are there, of this release ({CRD_VERSION})", all.len()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Mark;

    fn with(states: [State; 3]) -> Vec<Installed> {
        let names = ["vaults", "accesspolicies", "secretrefs"];
        let of = |(name, state): (&str, _)| Installed {
            name: format!("{name}.strongroom.dev"),
            state,
        };
        names.into_iter().zip(states).map(of).collect()
    }

    #[test]
    fn definitions_are_of_this_release_or_have_to_be_installed() {
        let same = State::Version(CRD_VERSION);
        for (versions, expected, words) in [
            ([same, same, same], Mark::Good, "all 3 are there"),
            (
                [same, State::Missing, same],
                Mark::Bad,
                "accesspolicies.strongroom.dev is missing",
            ),
            (
                [same, same, State::Version(CRD_VERSION - 1)],
                Mark::Bad,
                "secretrefs.strongroom.dev is",
            ),
            (
                [same, same, State::Unnumbered],
                Mark::Bad,
                "of an unknown release",
            ),
            (
                [same, same, State::Version(CRD_VERSION + 1)],
                Mark::Unknown,
                "of a release with",
            ),
        ] {
            let row = row("CRDs", &with(versions));
            assert_eq!(row.result, expected, "{row:?}");
            assert!(row.found.contains(words), "{row:?}");
            assert_eq!(row.fix.is_none(), expected == Mark::Good, "{row:?}");
        }
    }

    #[test]
    fn none_at_all_is_what_a_new_installation_wants() {
        assert_eq!(leftover("CRDs", &with([State::Missing; 3])).result, Mark::Good);
        let half = with([State::Version(CRD_VERSION), State::Missing, State::Missing]);
        assert_eq!(leftover("CRDs", &half).result, Mark::Bad);
    }
}
