//! `strongroom vault list`.

use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;
use strongroom_crds::condition::READY;

use super::seen::{self, SeenVault};
use crate::{
    arguments::{Global, VaultListArguments},
    cluster::Cluster,
    failure::Failure,
    output::{ObjectOutput, Output},
    printed::{Outcome, Printed},
    table::{self, NONE, UNKNOWN},
    terminal::field,
    waiting,
};

/// Runs the command.
pub(super) async fn run(arguments: &VaultListArguments, global: &Global) -> Result<ExitCode, Failure> {
    let output = ObjectOutput::of(global.output())?;
    let is_wide = global.output() == Some(Output::Wide);
    let cluster = Cluster::connect(global).await?;
    let namespace = (!arguments.all_namespaces).then_some(&cluster.namespace);
    let vaults = waiting::shown("Waiting for the Kubernetes API", seen::list(&cluster, namespace)).await?;
    let now = Timestamp::now().as_second();
    Outcome::from(printed(&vaults, output, is_wide, now)?).conclude(global)
}

fn printed(vaults: &[SeenVault], output: ObjectOutput, is_wide: bool, now: i64) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Json => Printed::json(&VaultList {
            api_version: crate::output::API_VERSION,
            kind: "VaultList",
            items: vaults.iter().map(Item::of).collect(),
        }),
        ObjectOutput::Name => {
            let lines = vaults.iter().map(|vault| vault.path() + "\n");
            Ok(Printed::Text(lines.collect()))
        }
        ObjectOutput::Text if is_wide => Ok(Printed::Text(wide(vaults, now))),
        ObjectOutput::Text => Ok(Printed::Text(narrow(vaults, now))),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VaultList<'a> {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Item<'a>>,
}

/// What programs read of a vault.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    namespace: &'a str,
    name: &'a str,
    ready: bool,
    /// The reason of `Ready`.
    status: Option<&'a str>,
    message: String,
    paused: bool,
    version: Option<&'a str>,
    url: Option<&'a str>,
    policies: Option<i32>,
    policy_generation: Option<&'a str>,
    volume_size: Option<&'a str>,
    object_percent: Option<i32>,
    created: Option<String>,
}

impl<'a> Item<'a> {
    fn of(vault: &'a SeenVault) -> Self {
        let SeenVault { status, .. } = vault;
        let policy = status.policy.as_ref();
        Self {
            namespace: &vault.namespace,
            name: &vault.name,
            ready: vault.is_ready(),
            status: vault.word(),
            message: vault.sentence(),
            paused: vault.is_paused,
            version: status.version.as_deref(),
            url: status.uri.as_deref(),
            policies: policy.map(|policy| policy.policies),
            policy_generation: policy.map(|policy| policy.generation.as_str()),
            volume_size: status.volume_size.as_deref(),
            object_percent: status.usage.as_ref().map(|usage| usage.object_percent),
            created: vault.created.map(table::time),
        }
    }
}

fn narrow(vaults: &[SeenVault], now: i64) -> String {
    let rows: Vec<_> = vaults.iter().map(|vault| row(vault, now)).collect();
    table::render(
        [
            "NAMESPACE",
            "NAME",
            "READY",
            "STATUS",
            "VERSION",
            "POLICIES",
            "AGE",
        ],
        &rows,
    )
}

fn wide(vaults: &[SeenVault], now: i64) -> String {
    let row = |vault: &SeenVault| {
        let [namespace, name, ready, word, version, policies, age] = row(vault, now);
        let status = &vault.status;
        let usage = status.usage.as_ref();
        let policy = status.policy.as_ref();
        [
            namespace,
            name,
            ready,
            word,
            version,
            policies,
            text(policy.map(|policy| policy.generation.as_str())),
            usage.map_or_else(|| NONE.to_owned(), |usage| format!("{}%", usage.object_percent)),
            text(status.volume_size.as_deref()),
            text(status.uri.as_deref()),
            age,
        ]
    };
    let rows: Vec<_> = vaults.iter().map(row).collect();
    table::render(
        [
            "NAMESPACE",
            "NAME",
            "READY",
            "STATUS",
            "VERSION",
            "POLICIES",
            "GENERATION",
            "OBJECTS",
            "VOLUME",
            "URL",
            "AGE",
        ],
        &rows,
    )
}

fn row(vault: &SeenVault, now: i64) -> [String; 7] {
    let ready = vault.condition(READY).map(|ready| ready.status.as_str());
    let policies = vault.status.policy.as_ref();
    [
        field(&vault.namespace),
        field(&vault.name),
        ready.map_or_else(|| UNKNOWN.to_owned(), field),
        vault.word().map_or_else(|| UNKNOWN.to_owned(), field),
        text(vault.status.version.as_deref()),
        policies.map_or_else(|| NONE.to_owned(), |policy| policy.policies.to_string()),
        vault
            .created
            .map_or_else(|| UNKNOWN.to_owned(), |created| table::age(now - created)),
    ]
}

fn text(given: Option<&str>) -> String {
    given.map_or_else(|| NONE.to_owned(), field)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::seen::tests::{condition, vault},
        *,
    };

    /// A minute after the vault was made.
    const NOW: i64 = 1_795_305_660;

    #[test]
    fn the_status_names_what_a_vault_waits_for() {
        let waiting = vault(&json!({
            "observedGeneration": 2,
            "conditions": [condition("Ready", "False", "VolumePending")],
        }));
        let serving = vault(&json!({
            "observedGeneration": 2, "version": "0.1.0", "uri": "https://prod.team-a.svc", "volumeSize": "1Gi",
            "policy": {"generation": "4-118", "policies": 3},
            "usage": {"objectPercent": 12, "objectBytesLimit": 1, "mostVersions": 1, "versionsLimit": 500},
            "conditions": [condition("Ready", "True", "Serving")],
        }));
        let unseen = vault(&json!({"observedGeneration": -1}));
        assert_eq!(
            narrow(&[waiting, serving.clone(), unseen], NOW),
            "NAMESPACE   NAME   READY       STATUS          VERSION   POLICIES   AGE\n\
             team-a      prod   False       VolumePending   <none>    <none>     60s\n\
             team-a      prod   True        Serving         0.1.0     3          60s\n\
             team-a      prod   <unknown>   <unknown>       <none>    <none>     60s\n"
        );
        let wide = wide(&[serving], NOW);
        assert!(
            wide.ends_with("3          4-118        12%       1Gi      https://prod.team-a.svc   60s\n"),
            "{wide}"
        );
    }

    #[test]
    fn a_program_reads_the_same() {
        let waiting = vault(&json!({
            "observedGeneration": 1,
            "conditions": [condition("Ready", "True", "Serving")],
        }));
        let Printed::Document(json) = printed(&[waiting], ObjectOutput::Json, false, NOW).unwrap() else {
            panic!("no document")
        };
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["kind"], "VaultList");
        assert_eq!(
            json["items"][0]["ready"], false,
            "its status is about an earlier spec"
        );
        assert_eq!(json["items"][0]["created"], "2026-11-22T00:00:00Z");
    }
}
