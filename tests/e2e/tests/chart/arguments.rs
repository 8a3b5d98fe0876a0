//! The arguments and variables of every container are those that its program takes.

use clap::{CommandFactory, Parser};
use serde_json::{Value, json};
use strongroom_crds::Vault;
use strongroom_operator::{
    settings::{Settings, VaultPod},
    target::Target,
    vault::desired::{Serving, Trusted, owned},
};

use crate::render::{RELEASE_NAMESPACE, everything, pods};

/// Read by the programs' logs, and not by their command lines.
const LOG_FILTER: &str = "RUST_LOG";

/// Has the program's own parser read what a container is started with. What is not known before the pod runs has a
/// value that stands for it.
fn parses<P: Parser + CommandFactory>(title: &str, container: &Value) {
    let word = |value: &Value| value.as_str().unwrap_or("from-the-pod").to_owned();
    let value = |variable: &Value| match &variable["valueFrom"]["resourceFieldRef"] {
        Value::Null => word(&variable["value"]),
        // A resource of a container is a number.
        _ => "1".to_owned(),
    };
    let mut words = vec!["program".to_owned()];
    words.extend(container["args"].as_array().into_iter().flatten().map(word));
    let mut command = P::command();
    command.build();
    let chosen = words
        .get(1)
        .and_then(|word| command.find_subcommand(word))
        .unwrap_or(&command);
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = word(&variable["name"]);
        let argument = chosen
            .get_arguments()
            .find(|argument| argument.get_env().is_some_and(|env| env == name.as_str()));
        match argument.and_then(clap::Arg::get_long) {
            Some(long) => words.push(format!("--{long}={}", value(variable))),
            None => assert_eq!(name, LOG_FILTER, "{title}: no argument is read from {name}"),
        }
    }
    if let Err(error) = P::try_parse_from(&words) {
        panic!("{title}: {error}");
    }
}

#[test]
fn every_program_understands_what_the_chart_starts_it_with() {
    let mut checked = 0;
    for (title, object) in everything() {
        for pod in pods(std::slice::from_ref(&object)) {
            for container in pod["spec"]["template"]["spec"]["containers"].as_array().unwrap() {
                match container["name"].as_str().unwrap() {
                    "operator" | "check" => {
                        parses::<strongroom_operator::args::Cli>(&title, container);
                    }
                    "identity" => parses::<strongroom_identity::Arguments>(&title, container),
                    "csi" => parses::<strongroom_csi::args::Args>(&title, container),
                    // Not ours: Kubernetes' node-driver-registrar.
                    "registrar" => continue,
                    other => panic!("{title}: whose container is {other}?"),
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 12, "{checked} containers");
}

fn vault(spec: &Value) -> Vault {
    serde_json::from_value(json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
        "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-1"}, "spec": spec,
    }))
    .unwrap()
}

#[test]
fn the_vault_understands_what_the_operator_starts_it_with() {
    let settings = Settings {
        release_namespace: RELEASE_NAMESPACE.parse().unwrap(),
        node_namespace: "strongroom-node".parse().unwrap(),
        cluster_domain: "cluster.local".into(),
        installation: "0b7a1f5e-3c55-4b8e-9b0a-2f6d8c1e7a90".into(),
        vault_image: "registry.example.com/vault:dev".into(),
        vault_image_pull_policy: "IfNotPresent".into(),
        vault_image_pull_secrets: Vec::new(),
        vault_pod: VaultPod::default(),
        dns_ports: vec![53, 5353],
        metrics_namespaces: vec!["monitoring".parse().unwrap()],
    };
    let serving = Serving {
        certificate: String::new(),
        key: String::new(),
    };
    let trusted = Trusted {
        serving: String::new(),
        admin: String::new(),
    };
    for spec in [
        json!({}),
        json!({"softDelete": {"retentionDays": 7, "purgeProtection": true}, "policy": {"maxStaleness": "24h"}, "limits": {"versionsPerObject": 7, "objectBytes": "1Mi"}}),
    ] {
        let vault = vault(&spec);
        let target = Target::parse(&vault).unwrap();
        let objects = owned(&target, &settings, Some(&serving), &trusted);
        let set = objects
            .iter()
            .find(|desired| desired.object["kind"] == "StatefulSet");
        let container = &set.unwrap().object["spec"]["template"]["spec"]["containers"][0];
        parses::<strongroom_vault::args::Cli>(&spec.to_string(), container);
    }
}

/// The listeners of a program and its subcommands, each with what it listens on by default.
fn listeners(command: &clap::Command) -> Vec<(String, String)> {
    let own = command.get_arguments().filter_map(|argument| {
        let long = argument.get_long()?;
        let default = argument.get_default_values().first()?.to_str()?;
        let is_port = long == "health" || long == "listen" || long.ends_with("-listen");
        is_port.then(|| (long.to_owned(), default.to_owned()))
    });
    own.chain(command.get_subcommands().flat_map(listeners)).collect()
}

/// Clusters have IPv4, IPv6 or both, and the chart asks for no family: `[::]` is all of them.
#[test]
fn every_program_listens_to_ipv4_and_ipv6() {
    let programs = [
        strongroom_operator::args::Cli::command(),
        strongroom_identity::Arguments::command(),
        strongroom_csi::args::Args::command(),
        strongroom_vault::args::Cli::command(),
    ];
    let counts = programs.map(|program| {
        let listeners = listeners(&program);
        for (flag, address) in &listeners {
            assert!(
                address.starts_with("[::]:"),
                "{}: --{flag} {address}",
                program.get_name()
            );
        }
        listeners.len()
    });
    assert_eq!(counts, [1, 2, 1, 3]);
}

#[test]
#[should_panic(expected = "--no-such-flag")]
fn an_argument_that_no_program_takes_is_noticed() {
    parses::<strongroom_operator::args::Cli>(
        "made up",
        &json!({"args": ["run", "--vault-image=v", "--no-such-flag"]}),
    );
}

#[test]
#[should_panic(expected = "NODENAME")]
fn a_variable_that_no_argument_reads_is_noticed() {
    let container = json!({"args": ["--tenant-id=t"], "env": [{"name": "NODENAME", "value": "n"}]});
    parses::<strongroom_csi::args::Args>("made up", &container);
}
