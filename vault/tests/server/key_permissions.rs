//! Every operation on keys with the permission that it needs and no other, and with every other and not that one.

mod case;
mod rows;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use strongroom_core::{DecidedOn, ObjectKind, Operation, OperationEffect, Permission};
use strongroom_testing::vault::KEYS;

use self::{
    case::{CALLER, NAMES, case},
    rows::rows,
};

#[tokio::test]
async fn each_operation_is_allowed_by_its_own_permission_and_by_no_other() {
    let mut case = case().await;
    for row in rows() {
        let (operation, path) = (row.operation, &row.path);
        let needed = format!("keys/{}", row.permission);
        let others: Vec<_> = KEYS.iter().copied().filter(|other| *other != needed).collect();
        case.permit(&["*"], &others).await;
        let refused = case.ask(&row).await;
        assert_eq!(
            (refused.status.as_u16(), refused.inner()),
            (403, "ForbiddenByPolicy"),
            "{path} without {needed}: {refused:?}"
        );
        let objects = if operation.decided_on() == DecidedOn::EveryObject {
            &["*"][..]
        } else {
            &NAMES
        };
        case.permit(objects, &[&needed]).await;
        let allowed = case.ask(&row).await;
        assert_eq!(
            allowed.status.as_u16(),
            row.status,
            "{path} with {needed}: {allowed:?}"
        );
        assert_eq!(case.last_allowed(), operation.as_str(), "{path}");
        if operation.effect() == OperationEffect::Write {
            case.make_keys().await;
        }
    }
}

#[test]
fn every_operation_on_keys_has_a_row_and_every_permission_on_keys_is_needed_by_one() {
    let is_tried: BTreeSet<_> = rows().iter().map(|row| row.operation.as_str()).collect();
    let of_keys = Operation::ALL
        .iter()
        .filter(|operation| operation.kind() == Some(ObjectKind::Keys));
    let all: BTreeSet<_> = of_keys.map(|operation| operation.as_str()).collect();
    assert_eq!(all, is_tried);
    let needed: BTreeSet<_> = rows().iter().map(|row| row.permission).collect();
    let of_keys = Permission::ALL
        .iter()
        .filter(|permission| permission.kind() == ObjectKind::Keys);
    let all: BTreeSet<_> = of_keys.map(|permission| permission.name()).collect();
    assert_eq!(all, needed);
}

#[tokio::test]
async fn a_list_holds_the_keys_that_the_caller_may_list_and_a_restore_is_decided_by_the_name_in_the_backup() {
    let mut case = case().await;
    case.permit(&["th*"], &["keys/list", "keys/restore"]).await;
    let list = case.vault.request(CALLER, Method::GET, "/keys", None).await;
    assert_eq!(list.body["value"].as_array().unwrap().len(), 1);
    let deleted = case
        .vault
        .request(CALLER, Method::GET, "/deletedkeys", None)
        .await;
    assert_eq!(deleted.body["value"], json!([]));
    let restore = json!({"value": case.backup});
    let refused = case
        .vault
        .request(CALLER, Method::POST, "/keys/restore", Some(restore))
        .await;
    assert_eq!(refused.inner(), "ForbiddenByPolicy", "{refused:?}");
}
