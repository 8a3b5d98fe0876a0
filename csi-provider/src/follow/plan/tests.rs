use serde_json::json;
use strongroom_crds::SecretRefSpec;

use super::*;

const V1: &str = "11111111111111111111111111111111";
const V2: &str = "22222222222222222222222222222222";

fn spec(files: &serde_json::Value) -> VolumeSpec {
    let spec: SecretRefSpec = serde_json::from_value(json!({
        "vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": "api", "files": files,
    }))
    .unwrap();
    VolumeSpec::parse(&spec).unwrap()
}

fn two() -> VolumeSpec {
    spec(&json!([
        {"path": "a", "secret": {"name": "db"}},
        {"path": "b", "secret": {"name": "old", "version": V1}},
        {"path": "c", "secret": {"name": "db", "version": V1}},
        {"path": "ca", "trustBundle": {}},
    ]))
}

fn object(name: &str, version: Option<&str>) -> Object {
    Object {
        name: name.parse().unwrap(),
        version: version.map(|version| version.parse().unwrap()),
    }
}

fn state(name: &str, version: &str, problem: &str) -> ObjectState {
    ObjectState {
        name: name.into(),
        version: version.into(),
        problem: problem.into(),
    }
}

#[test]
fn only_what_the_files_do_not_hold_is_fetched() {
    let held = [
        (object("db", None), V1.parse().unwrap()),
        (object("old", Some(V1)), V1.parse().unwrap()),
    ]
    .into();
    let same = compare(&two(), &held, &[state("db", V1, ""), state("old", V1, "")]);
    assert_eq!(same, Comparison::default());
    let newer = compare(&two(), &held, &[state("db", V2, ""), state("old", V1, "")]);
    assert_eq!(newer.fetch, ["db".parse().unwrap()].into());
    let unknown = compare(&two(), &BTreeMap::new(), &[state("db", V1, "")]);
    assert_eq!(unknown.fetch, ["db".parse().unwrap()].into());
}

#[test]
fn what_cannot_be_read_is_a_problem_and_never_fetched() {
    let comparison = compare(
        &two(),
        &BTreeMap::new(),
        &[state("db", "", "Forbidden"), state("old", V1, "")],
    );
    assert_eq!(
        comparison.problems,
        [("db".parse().unwrap(), Reason::NotPermitted)].into()
    );
    assert_eq!(comparison.fetch, ["old".parse().unwrap()].into());
}

#[test]
fn a_vault_that_speaks_of_other_objects_is_not_heard() {
    let states = [
        state("other", V1, ""),
        state("../x", V1, ""),
        state("", "", "NotFound"),
    ];
    assert_eq!(compare(&two(), &BTreeMap::new(), &states), Comparison::default());
}

#[test]
fn a_subscription_names_each_secret_once_with_its_pin() {
    let names: Vec<_> = subscription(&two())
        .into_iter()
        .map(|object| (object.name, object.version))
        .collect();
    assert_eq!(
        names,
        [
            ("db".to_owned(), String::new()),
            ("old".to_owned(), V1.to_owned())
        ]
    );
    let held = [(object("db", None), V2.parse().unwrap())].into();
    let acknowledged: Vec<_> = acknowledged(&two(), &held)
        .into_iter()
        .map(|state| (state.name, state.version))
        .collect();
    assert_eq!(
        acknowledged,
        [
            ("db".to_owned(), V2.to_owned()),
            ("old".to_owned(), String::new())
        ]
    );
}

#[test]
fn a_token_comes_before_the_subscription_and_the_reference_is_read_after() {
    let mut due = Due {
        reread: true,
        exchange: true,
        ..Due::default()
    };
    assert_eq!(due.step(Wants::Unknown), Step::Reread);
    assert_eq!(due.step(Wants::Objects), Step::Exchange);
    due.exchange = false;
    due.connect();
    assert_eq!(due.step(Wants::Objects), Step::Subscribe);
    due.subscribed = true;
    assert_eq!(due.step(Wants::Objects), Step::Reread);
    due.reread = false;
    assert_eq!(due.step(Wants::Objects), Step::Nothing);
}

#[test]
fn a_volume_of_nothing_but_the_trust_bundle_needs_neither_token_nor_subscription() {
    let bundle = spec(&json!([{"path": "ca", "trustBundle": {}}]));
    assert_eq!(Wants::of(Some(&bundle)), Wants::Nothing);
    assert_eq!(Wants::of(Some(&two())), Wants::Objects);
    let mut due = Due {
        exchange: true,
        connected: true,
        ..Due::default()
    };
    assert_eq!(due.step(Wants::Nothing), Step::Nothing);
    due.reread = true;
    assert_eq!(due.step(Wants::Nothing), Step::Reread);
}

#[test]
fn after_a_lost_stream_the_subscription_is_due_again_and_the_reference_may_have_changed() {
    let mut due = Due::default();
    due.connect();
    due.subscribed = true;
    assert!(
        !due.accepted(),
        "nothing was missed before the first subscription"
    );
    due.disconnect();
    assert_eq!(due.step(Wants::Objects), Step::Nothing);
    due.connect();
    assert_eq!(due.step(Wants::Objects), Step::Subscribe);
    due.subscribed = true;
    assert!(due.accepted());
    assert!(!due.accepted(), "once is enough");
}

#[test]
fn a_refused_token_is_replaced_and_a_refused_account_asks_again() {
    for reason in [revoked::Reason::TokenExpired, revoked::Reason::TokenRefused] {
        let mut due = Due {
            connected: true,
            subscribed: true,
            ..Due::default()
        };
        due.revoked(reason);
        assert_eq!(due.step(Wants::Objects), Step::Exchange, "{reason:?}");
    }
    for reason in [
        revoked::Reason::Forbidden,
        revoked::Reason::Limit,
        revoked::Reason::Invalid,
        revoked::Reason::Unspecified,
    ] {
        let mut due = Due {
            connected: true,
            subscribed: true,
            ..Due::default()
        };
        due.revoked(reason);
        assert_eq!(due.step(Wants::Objects), Step::Subscribe, "{reason:?}");
        due.subscribed = true;
        assert!(due.accepted(), "{reason:?}");
    }
}

#[test]
fn a_vault_token_is_renewed_by_itself_only_if_the_pods_outlives_it() {
    let start = SystemTime::UNIX_EPOCH;
    let at = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(renewal(start, at(3600), at(3600)), None);
    assert_eq!(renewal(start, at(3600), at(3000)), None);
    assert_eq!(renewal(start, at(900), at(3600)), Some(at(810)));
}

#[test]
fn a_revocation_is_told_in_the_vaults_words_on_one_line() {
    let revoked = Revoked {
        message: "policy\nchanged".into(),
        ..Revoked::default()
    };
    assert_eq!(revocation(&revoked), "policychanged");
    let silent = Revoked {
        reason: revoked::Reason::Limit.into(),
        ..Revoked::default()
    };
    assert_eq!(revocation(&silent), "the vault ended the subscription: Limit");
}
