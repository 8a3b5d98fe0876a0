//! Releases, and what is to be said of their differences. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use strongroom_crds::CRD_VERSION;

use crate::{
    check::{Component, Installed},
    table,
    terminal::field,
    vault::SeenVault,
};

/// The release of this program.
const CLIENT: &str = env!("CARGO_PKG_VERSION");

/// What docs/install.md says of an upgrade, during which releases differ.
const UPGRADE: &str = "The definitions are upgraded first, then the chart; its operator then makes the vaults' pods anew. An operator that is \
     newer than the definitions waits for them.";

/// One of what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    name: String,
    /// One; several while an upgrade goes on; none where it is not known.
    versions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Part {
    pub(super) fn of_component(component: &Component) -> Self {
        let versions = component.versions();
        let note = match component.unknown() {
            Some(why) => why.to_owned(),
            None if versions.is_empty() => "no pod".to_owned(),
            None => {
                let count = |(version, pods): (&String, &usize)| match versions.len() {
                    1 => format!("pods: {pods}"),
                    _ => format!("pods of {version}: {pods}"),
                };
                versions.iter().map(count).collect::<Vec<_>>().join(", ")
            }
        };
        Self {
            name: component.name.to_owned(),
            versions: versions.into_keys().collect(),
            note: Some(note),
        }
    }

    pub(super) fn of_vault(vault: &SeenVault) -> Self {
        Self {
            name: format!("vault {}", vault.path()),
            versions: vault.status.version.clone().into_iter().collect(),
            note: vault.word().map(ToOwned::to_owned),
        }
    }

    pub(super) fn unknown(name: &str, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            versions: Vec::new(),
            note: Some(why.to_owned()),
        }
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Releases {
    api_version: &'static str,
    kind: &'static str,
    client: &'static str,
    /// The definitions that this program knows.
    client_definitions: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kubernetes: Option<String>,
    items: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skew: Option<Skew>,
}

/// Whether releases differ, and what that means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Skew {
    /// `same`, `differs` or `unknown`.
    verdict: &'static str,
    sentence: String,
}

impl Releases {
    /// That of this program alone.
    pub(super) const fn of_client() -> Self {
        Self {
            api_version: crate::output::API_VERSION,
            kind: "Version",
            client: CLIENT,
            client_definitions: CRD_VERSION,
            kubernetes: None,
            items: Vec::new(),
            skew: None,
        }
    }

    /// Adds a part, and says anew what differs.
    pub(super) fn add(&mut self, part: Part) {
        self.items.push(part);
        self.skew = Some(skew(CLIENT, &self.items));
    }

    /// Adds the definitions, which count on their own.
    pub(super) fn definitions(&mut self, all: &[Installed]) {
        let words: BTreeSet<_> = all.iter().map(Installed::words).collect();
        let note = format!("this program has {CRD_VERSION}");
        self.items.push(Part {
            name: "CRDs".to_owned(),
            versions: words.into_iter().collect(),
            note: Some(note),
        });
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut rows = vec![["client".to_owned(), CLIENT.to_owned(), String::new()]];
        if let Some(kubernetes) = &self.kubernetes {
            rows.push(["Kubernetes".to_owned(), field(kubernetes), String::new()]);
        }
        for part in &self.items {
            let versions = if part.versions.is_empty() {
                table::UNKNOWN.to_owned()
            } else {
                field(&part.versions.join(", "))
            };
            rows.push([
                field(&part.name),
                versions,
                part.note.as_deref().map(field).unwrap_or_default(),
            ]);
        }
        let mut text = table::render(["PART", "RELEASE", ""], &rows);
        if let Some(skew) = &self.skew {
            text.push('\n');
            text.push_str(&skew.sentence);
            text.push('\n');
        }
        text
    }
}

/// Whether everything is of one release. No release promises to work with another yet.
fn skew(client: &str, parts: &[Part]) -> Skew {
    let counted = || parts.iter().filter(|part| part.name != "CRDs");
    let others: Vec<_> = counted()
        .filter(|part| part.versions.iter().any(|version| version != client))
        .map(|part| format!("{} is {}", part.name, part.versions.join(" and ")))
        .collect();
    if !others.is_empty() {
        return Skew {
            verdict: "differs",
            sentence: format!(
                "Not everything is of the release of this program, {client}: {}. No release promises to work with another; they \
                 differ while an upgrade goes on. {UPGRADE}",
                others.join(", ")
            ),
        };
    }
    let is_known = counted().next().is_some() && counted().all(|part| !part.versions.is_empty());
    if is_known {
        Skew {
            verdict: "same",
            sentence: "Everything is of one release.".to_owned(),
        }
    } else {
        Skew {
            verdict: "unknown",
            sentence: "Not every release is known. No release promises to work with another.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, versions: &[&str]) -> Part {
        Part {
            name: name.to_owned(),
            versions: versions.iter().map(|version| (*version).to_owned()).collect(),
            note: None,
        }
    }

    #[test]
    fn what_differs_is_named_and_definitions_have_numbers_of_their_own() {
        let same = [part("operator", &["0.1.0"]), part("CRDs", &["4"])];
        assert_eq!(skew("0.1.0", &same).verdict, "same");
        let other = [part("operator", &["0.1.0"]), part("vault a/b", &["0.2.0"])];
        let other = skew("0.1.0", &other);
        assert_eq!(other.verdict, "differs");
        assert!(
            other.sentence.contains("vault a/b is 0.2.0"),
            "{}",
            other.sentence
        );
        let rolling = [part("node driver", &["0.1.0", "0.2.0"])];
        assert_eq!(skew("0.1.0", &rolling).verdict, "differs");
        for unknown in [&[part("operator", &[])][..], &[]] {
            assert_eq!(skew("0.1.0", unknown).verdict, "unknown");
        }
    }

    #[test]
    fn without_a_cluster_only_the_program_is_known() {
        let text = Releases::of_client().text();
        assert_eq!(text, format!("PART     RELEASE\nclient   {CLIENT}\n"));
    }
}
