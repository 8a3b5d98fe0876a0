//! When something happens in the life of a certificate.

use super::*;

const DAY: i64 = 86_400;
const BEGIN: i64 = 1_700_000_000;
const END: i64 = BEGIN + 100 * DAY;

fn policy(issuer: &str, actions: &[(Value, &str)]) -> Policy {
    let actions = actions
        .iter()
        .map(|(trigger, action)| json!({"trigger": trigger, "action": {"action_type": action}}));
    let actions: Vec<_> = actions.collect();
    create(&with(
        &json!({"issuer": {"name": issuer}, "lifetime_actions": actions}),
    ))
}

fn percent(of: u8) -> Value {
    json!({ "lifetime_percentage": of })
}

fn days(before: u32) -> Value {
    json!({ "days_before_expiry": before })
}

#[test]
fn renewal_and_notice_are_due_by_the_part_of_the_life_or_the_days_before_its_end() {
    for (actions, renewal, notice) in [
        (vec![(percent(80), "AutoRenew")], Some(80), None),
        (vec![(percent(1), "EmailContacts")], None, Some(1)),
        (vec![(days(30), "AutoRenew")], Some(70), None),
        (
            vec![(days(30), "AutoRenew"), (percent(99), "EmailContacts")],
            Some(70),
            Some(99),
        ),
        (
            vec![(days(30), "AutoRenew"), (percent(50), "AutoRenew")],
            Some(50),
            None,
        ),
        // A certificate that lives shorter than its policy says is due from the start.
        (vec![(days(200), "EmailContacts")], None, Some(-100)),
        (vec![], None, None),
    ] {
        let after = |days: Option<i64>| days.map(|days| BEGIN + days * DAY);
        for issuer in ["Self", "issuer1"] {
            let policy = policy(issuer, &actions);
            assert_eq!(policy.renewal(BEGIN, END), after(renewal), "{actions:?}");
            assert_eq!(policy.notice(BEGIN, END), after(notice), "{actions:?}");
        }
        let unknown = policy("unknown", &actions);
        assert_eq!(unknown.renewal(BEGIN, END), None);
        assert_eq!(
            unknown.notice(BEGIN, END),
            after(renewal.into_iter().chain(notice).min())
        );
    }
}

#[test]
fn a_new_policy_renews_after_four_fifths_and_tells_of_unknown_issuers() {
    let of = |issuer: &str| create(&with(&json!({"issuer": {"name": issuer}})));
    assert_eq!(of("Self").renewal(0, 1000), Some(800));
    assert_eq!(of("Self").notice(0, 1000), None);
    assert_eq!(of("Unknown").renewal(0, 1000), None);
    assert_eq!(of("Unknown").notice(0, 1000), Some(800));
}

#[test]
fn no_times_overflow() {
    let policy = policy(
        "Self",
        &[(percent(99), "AutoRenew"), (days(324), "EmailContacts")],
    );
    for begin in [i64::MIN, -1, 0, i64::MAX] {
        for end in [i64::MIN, -1, 0, i64::MAX] {
            let due = policy.renewal(begin, end).unwrap();
            assert!(due >= begin.min(end) && due <= begin.max(end));
            assert!(policy.notice(begin, end).unwrap() <= end);
        }
    }
}
