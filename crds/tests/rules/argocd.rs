//! `argocd/health.lua`, run as Argo CD runs it, on objects of each kind.

use std::{fs, path::Path};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use mlua::{Lua, LuaOptions, StdLib, Table};
use serde_json::{Value, json};
use strongroom_crds::{
    AccessPolicy, AccessPolicyStatus, SecretRef, SecretRefStatus, Vault, VaultStatus, condition::Condition,
};
use strongroom_testing::kstatus;

use super::freshness::fresh;

/// What the script says of an object: the status and the message.
fn health(object: &Value) -> (String, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../argocd/health.lua");
    // Argo CD opens the base library and that of tables, and nothing that reaches out of the script.
    let lua = Lua::new_with(StdLib::TABLE, LuaOptions::default()).unwrap();
    lua.globals().set("obj", to_lua(&lua, object)).unwrap();
    let verdict: Table<'_> = lua.load(fs::read_to_string(script).unwrap()).eval().unwrap();
    (verdict.get("status").unwrap(), verdict.get("message").unwrap())
}

/// A value as Argo CD gives it to a script: a null is nil, a number is one of Lua.
fn to_lua<'lua>(lua: &'lua Lua, value: &Value) -> mlua::Value<'lua> {
    match value {
        Value::Null => mlua::Value::Nil,
        Value::Bool(value) => mlua::Value::Boolean(*value),
        Value::Number(number) => mlua::Value::Number(number.as_f64().unwrap()),
        Value::String(text) => mlua::Value::String(lua.create_string(text).unwrap()),
        Value::Array(items) => {
            let table = lua.create_table().unwrap();
            for item in items {
                table.push(to_lua(lua, item)).unwrap();
            }
            mlua::Value::Table(table)
        }
        Value::Object(fields) => {
            let table = lua.create_table().unwrap();
            for (name, field) in fields {
                table.set(name.as_str(), to_lua(lua, field)).unwrap();
            }
            mlua::Value::Table(table)
        }
    }
}

/// One object of each kind that the operator has seen, with these conditions: type, status, reason.
fn reported(conditions: &[(&str, &str, &str)]) -> [Value; 3] {
    let condition = |(type_, status, reason): &(&str, &str, &str)| Condition {
        type_: (*type_).to_owned(),
        status: (*status).to_owned(),
        reason: (*reason).to_owned(),
        message: format!("It says {reason}."),
        observed_generation: Some(1),
        last_transition_time: Time(jiff::Timestamp::UNIX_EPOCH),
    };
    let conditions: Vec<_> = conditions.iter().map(condition).collect();
    let observed_generation = Some(1);
    let [vault, policy, secret_ref] = fresh();
    let mut vault: Vault = serde_json::from_value(vault).unwrap();
    vault.status = Some(VaultStatus {
        observed_generation,
        conditions: conditions.clone(),
        ..VaultStatus::default()
    });
    let mut policy: AccessPolicy = serde_json::from_value(policy).unwrap();
    policy.status = Some(AccessPolicyStatus {
        observed_generation,
        conditions: conditions.clone(),
        ..AccessPolicyStatus::default()
    });
    let mut secret_ref: SecretRef = serde_json::from_value(secret_ref).unwrap();
    secret_ref.status = Some(SecretRefStatus {
        observed_generation,
        conditions,
        ..SecretRefStatus::default()
    });
    [
        serde_json::to_value(vault).unwrap(),
        serde_json::to_value(policy).unwrap(),
        serde_json::to_value(secret_ref).unwrap(),
    ]
}

/// Asserts what Argo CD and Flux take the objects for, and what Argo CD shows.
fn expect(objects: [Value; 3], argo_cd: &str, flux: &str, message: &str) {
    for object in objects {
        let (status, said) = health(&object);
        assert_eq!(status, argo_cd, "{object:#}");
        assert!(said.contains(message), "{said}");
        assert_eq!(kstatus::of(&object), flux, "{object:#}");
    }
}

#[test]
fn an_object_that_the_operator_has_not_seen_is_progressing() {
    expect(fresh(), "Progressing", "InProgress", "has not seen");
    let edited = reported(&[("Ready", "True", "Serving")]).map(|mut object| {
        object["metadata"]["generation"] = json!(2);
        object
    });
    expect(edited, "Progressing", "InProgress", "has not seen");
}

#[test]
fn an_object_that_becomes_ready_by_itself_is_progressing() {
    let starting = reported(&[
        ("Ready", "False", "Starting"),
        ("Reconciling", "True", "Starting"),
    ]);
    expect(
        starting,
        "Progressing",
        "InProgress",
        "Starting: It says Starting.",
    );
    expect(
        reported(&[("Ready", "Unknown", "Lost")]),
        "Progressing",
        "InProgress",
        "Lost",
    );
}

#[test]
fn an_object_that_needs_a_person_is_degraded() {
    let stalled = reported(&[("Ready", "False", "Sealed"), ("Stalled", "True", "Sealed")]);
    expect(stalled, "Degraded", "Failed", "Sealed: It says Sealed.");
}

#[test]
fn an_object_that_is_ready_is_healthy_whatever_else_is_said_of_it() {
    let ready = reported(&[
        ("Ready", "True", "AwaitingSubjects"),
        ("Enforced", "True", "Enforced"),
        ("SubjectsResolved", "False", "SubjectNotFound"),
    ]);
    expect(ready, "Healthy", "Current", "AwaitingSubjects");
}

#[test]
fn a_vault_that_its_owner_paused_is_suspended_and_not_degraded() {
    let paused = reported(&[
        ("Ready", "False", "Paused"),
        ("Stalled", "True", "Paused"),
        ("Paused", "True", "Paused"),
    ]);
    expect(paused, "Suspended", "Failed", "Paused");
}

#[test]
fn an_object_that_is_being_deleted_is_progressing_whatever_it_was() {
    let deleted = reported(&[("Ready", "True", "Serving")]).map(|mut object| {
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        object
    });
    expect(deleted, "Progressing", "Terminating", "being deleted");
}

#[test]
fn the_page_installs_the_script_for_each_kind() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/gitops.md");
    let page = fs::read_to_string(page).unwrap();
    for definition in strongroom_crds::all() {
        let (group, kind) = (definition.spec.group, definition.spec.names.kind);
        let key = format!("--from-file=resource.customizations.health.{group}_{kind}=argocd/health.lua");
        assert!(page.contains(&key), "{key}");
    }
}
