//! A SecretRef as a person reads it. Pure.

use serde::Serialize;
use strongroom_core::Version;
use strongroom_crds::{
    SecretRef,
    secret_ref::{FileSource, FileState, FileStatus, SecretRefFile, VolumeCounts},
};

use crate::{
    Failure,
    document::Document,
    output::AnswerOutput,
    printed::Printed,
    table::{self, NONE, UNKNOWN},
    terminal,
};

/// What is known of a SecretRef.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// `NAMESPACE/NAME`.
    name: String,
    /// `NAMESPACE/NAME`.
    vault: String,
    service_account: String,
    /// Whether the operator has seen the spec as it is; what follows is about the one that it saw.
    current: bool,
    conditions: Vec<Sentence>,
    files: Vec<File>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<VolumeCounts>,
}

/// A condition.
#[derive(Debug, Serialize)]
struct Sentence {
    #[serde(rename = "type")]
    type_: String,
    status: String,
    reason: String,
    message: String,
}

/// A file.
#[derive(Debug, Serialize)]
struct File {
    path: String,
    /// What it is made of, in words.
    object: String,
    /// Whether it stays at one version.
    pinned: bool,
    /// The version that it would have, or is pinned to.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// What the vault would give for it; nothing of what no vault is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// What is known of the SecretRef `name`.
pub(super) fn report(name: &str, reference: &SecretRef) -> Report {
    let (spec, status) = (&reference.spec, reference.status.clone().unwrap_or_default());
    let namespace = name.split('/').next().unwrap_or_default();
    let file = |file: &SecretRefFile| {
        let found = status.files.iter().find(|found| found.path == file.path);
        self::file(file, found)
    };
    Report {
        name: name.to_owned(),
        vault: format!("{}/{}", spec.vault_ref.namespace, spec.vault_ref.name),
        service_account: format!("{namespace}/{}", spec.service_account_name),
        current: status.observed_generation == reference.metadata.generation,
        files: spec.files.iter().map(file).collect(),
        volumes: status.volumes,
        conditions: status
            .conditions
            .into_iter()
            .map(|condition| Sentence {
                type_: condition.type_,
                status: condition.status,
                reason: condition.reason,
                message: condition.message,
            })
            .collect(),
    }
}

fn file(file: &SecretRefFile, found: Option<&FileStatus>) -> File {
    let source = file.source();
    let (object, pinned) = match &source {
        Ok(FileSource::Secret { name, version, .. }) => (format!("secret {}", name.spelling()), *version),
        Ok(FileSource::Key { name, version, .. }) => (format!("key {}", name.spelling()), *version),
        Ok(FileSource::Certificate { name, version, .. } | FileSource::Store { name, version, .. }) => {
            (format!("certificate {}", name.spelling()), *version)
        }
        Ok(FileSource::TrustBundle(_)) => ("trust bundle".to_owned(), None),
        Err(error) => (format!("not read by this release: {error}"), None),
    };
    File {
        path: file.path.clone(),
        object,
        pinned: pinned.is_some(),
        version: found
            .and_then(|found| found.version.clone())
            .or_else(|| pinned.as_ref().map(Version::to_string)),
        state: found.map(|found| state(found.state)),
    }
}

const fn state(state: FileState) -> &'static str {
    match state {
        FileState::Available => "Available",
        FileState::Forbidden => "Forbidden",
        FileState::NotFound => "NotFound",
        FileState::Deleted => "Deleted",
        FileState::Disabled => "Disabled",
        FileState::Unknown => "Unknown",
    }
}

/// The report.
pub(super) fn printed(report: &Report, output: AnswerOutput) -> Result<Printed, Failure> {
    match output {
        AnswerOutput::Json => Printed::json(&Document::of("SecretRefReport", report)),
        AnswerOutput::Text => Ok(Printed::Text(text(report))),
    }
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "SecretRef {}: vault {}, service account {}\n",
        report.name,
        terminal::field(&report.vault),
        terminal::field(&report.service_account)
    );
    if !report.current {
        text.push_str("The operator has not seen its last change yet; what follows is about what it saw.\n");
    }
    for sentence in &report.conditions {
        text.push_str(&terminal::field(&sentence.text()));
        text.push('\n');
    }
    text.push('\n');
    let rows: Vec<_> = report.files.iter().map(File::row).collect();
    text.push_str(&table::render(["FILE", "OBJECT", "VERSION", "STATE"], &rows));
    text.push('\n');
    let volumes = report.volumes.as_ref().map(|volumes| {
        format!(
            "{}/{} volumes current, {} outdated, {} failing",
            volumes.current, volumes.total, volumes.outdated, volumes.failing
        )
    });
    text.push_str(
        volumes
            .as_deref()
            .unwrap_or("How many volumes show it is not known yet."),
    );
    text.push('\n');
    text
}

impl Sentence {
    /// The condition as a sentence: `Ready is False (Forbidden): …`.
    fn text(&self) -> String {
        let head = format!("{} is {} ({})", self.type_, self.status, self.reason);
        if self.message.is_empty() {
            format!("{head}.")
        } else {
            format!("{head}: {}", self.message)
        }
    }
}

impl File {
    fn row(&self) -> [String; 4] {
        let version = match &self.version {
            Some(version) if self.pinned => format!("{version} (pinned)"),
            Some(version) => version.clone(),
            None => NONE.to_owned(),
        };
        [
            terminal::field(&self.path),
            terminal::field(&self.object),
            terminal::field(&version),
            self.state.unwrap_or(UNKNOWN).to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: &serde_json::Value) -> String {
        let version = "ab".repeat(16);
        let reference: SecretRef = serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": { "name": "db", "namespace": "shop", "generation": 2 },
            "spec": {
                "vaultRef": { "namespace": "team-a", "name": "prod" }, "serviceAccountName": "api",
                "files": [
                    { "path": "password", "secret": { "name": "db-password" } },
                    { "path": "old", "secret": { "name": "db-password", "version": version } },
                    { "path": "ca", "trustBundle": {} },
                ],
            },
            "status": status,
        }))
        .unwrap();
        text(&report("shop/db", &reference))
    }

    #[test]
    fn conditions_are_sentences_and_files_and_volumes_are_counted() {
        let shown = of(&json!({
            "observedGeneration": 2,
            "conditions": [{
                "type": "Ready", "status": "False", "reason": "Forbidden", "message": "One file cannot be read.",
                "lastTransitionTime": "2026-11-22T00:00:00Z",
            }],
            "files": [
                { "path": "password", "state": "Available", "version": "cd".repeat(16) },
                { "path": "old", "state": "Forbidden" },
            ],
            "volumes": { "total": 40, "current": 37, "outdated": 3, "failing": 0 },
        }));
        assert_eq!(
            shown,
            "SecretRef shop/db: vault team-a/prod, service account shop/api\n\
             Ready is False (Forbidden): One file cannot be read.\n\
             \n\
             FILE       OBJECT               VERSION                                     STATE\n\
             password   secret db-password   cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd            Available\n\
             old        secret db-password   abababababababababababababababab (pinned)   Forbidden\n\
             ca         trust bundle         <none>                                      <unknown>\n\
             \n\
             37/40 volumes current, 3 outdated, 0 failing\n"
        );
    }

    #[test]
    fn what_the_operator_has_not_seen_is_said() {
        let shown = of(&json!({ "observedGeneration": 1 }));
        assert!(shown.contains("has not seen its last change yet"), "{shown}");
        assert!(
            shown.ends_with("How many volumes show it is not known yet.\n"),
            "{shown}"
        );
    }
}
