//! What the schedule needs of a policy: when a version is renewed, and when its near end is told.

use strongroom_certificates::policy::{ActionType, IssuerKind, LifetimeAction, Policy, Trigger as Said};
use strongroom_engine::certificate::object::{Lifetime, Trigger};

/// The days of a month as far as it matters for which of two actions is due first.
const DAYS_OF_A_MONTH: u32 = 30;

/// What of a policy the schedule needs. Of several actions of one type the one that is due first counts. Of an issuer that
/// nobody can ask, a renewal is told to the contacts.
pub fn of(policy: &Policy) -> Lifetime {
    let renews = |action| action == ActionType::AutoRenew;
    let tells = |action| action == ActionType::EmailContacts;
    if policy.issuer().kind() == IssuerKind::Unknown {
        Lifetime {
            renew: None,
            notify: first(policy, |_| true),
        }
    } else {
        Lifetime {
            renew: first(policy, renews),
            notify: first(policy, tells),
        }
    }
}

/// The first of these in a life as long as the policy wishes.
fn first(policy: &Policy, which: impl Fn(ActionType) -> bool) -> Option<Trigger> {
    let life = u64::from(policy.x509().validity_months) * u64::from(DAYS_OF_A_MONTH);
    let actions = policy.lifetime_actions().iter();
    let actions = actions.filter(|action| which(action.action));
    let first = actions.min_by_key(|action| hundredths_of_days(action, life))?;
    Some(match first.trigger {
        Said::LifetimePercentage(hundredths) => {
            Trigger::Percentage(u8::try_from(hundredths).unwrap_or(u8::MAX))
        }
        Said::DaysBeforeExpiry(days) => Trigger::DaysBefore(days),
    })
}

/// After how many hundredths of days a life of so many days has come to the action.
fn hundredths_of_days(action: &LifetimeAction, life: u64) -> u64 {
    match action.trigger {
        Said::LifetimePercentage(hundredths) => life.saturating_mul(hundredths.into()),
        Said::DaysBeforeExpiry(days) => life.saturating_sub(days.into()).saturating_mul(100),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn percent(of: u8) -> Value {
        json!({ "lifetime_percentage": of })
    }

    fn days(before: u32) -> Value {
        json!({ "days_before_expiry": before })
    }

    /// Of a policy whose certificates are valid for ten months.
    fn lifetime(issuer: &str, actions: &[(Value, &str)]) -> Lifetime {
        let actions = actions
            .iter()
            .map(|(trigger, action)| json!({"trigger": trigger, "action": {"action_type": action}}));
        let actions: Vec<_> = actions.collect();
        of(&Policy::create(&json!({
            "x509_props": {"subject": "CN=a", "validity_months": 10},
            "issuer": {"name": issuer},
            "lifetime_actions": actions,
        }))
        .unwrap())
    }

    #[test]
    fn a_version_is_renewed_and_its_end_told_when_the_first_action_says_so() {
        use Trigger::{DaysBefore, Percentage};
        for (actions, renew, notify) in [
            (vec![(percent(80), "AutoRenew")], Some(Percentage(80)), None),
            (vec![(percent(1), "EmailContacts")], None, Some(Percentage(1))),
            (vec![(days(30), "AutoRenew")], Some(DaysBefore(30)), None),
            (
                vec![(days(30), "AutoRenew"), (percent(99), "EmailContacts")],
                Some(DaysBefore(30)),
                Some(Percentage(99)),
            ),
            (
                vec![(days(30), "AutoRenew"), (percent(50), "AutoRenew")],
                Some(Percentage(50)),
                None,
            ),
            (
                vec![(percent(95), "AutoRenew"), (days(200), "AutoRenew")],
                Some(DaysBefore(200)),
                None,
            ),
            (vec![], None, None),
        ] {
            for issuer in ["Self", "issuer1"] {
                assert_eq!(
                    lifetime(issuer, &actions),
                    Lifetime { renew, notify },
                    "{actions:?}"
                );
            }
        }
    }

    #[test]
    fn of_an_issuer_that_nobody_can_ask_the_first_action_is_told_whatever_it_is() {
        for (actions, notify) in [
            (vec![(percent(80), "AutoRenew")], Some(Trigger::Percentage(80))),
            (
                vec![(percent(80), "EmailContacts"), (days(100), "AutoRenew")],
                Some(Trigger::DaysBefore(100)),
            ),
            (
                vec![(percent(60), "EmailContacts"), (days(10), "AutoRenew")],
                Some(Trigger::Percentage(60)),
            ),
            (vec![], None),
        ] {
            let expected = Lifetime { renew: None, notify };
            assert_eq!(lifetime("unknown", &actions), expected, "{actions:?}");
        }
    }

    #[test]
    fn a_policy_that_says_nothing_renews_after_four_fifths_and_tells_of_unknown_issuers() {
        let usual = Some(Trigger::Percentage(80));
        for (issuer, renew, notify) in [("Self", usual, None), ("Unknown", None, usual)] {
            let policy = json!({"x509_props": {"subject": "CN=a"}, "issuer": {"name": issuer}});
            let policy = Policy::create(&policy).unwrap();
            assert_eq!(of(&policy), Lifetime { renew, notify });
        }
    }
}
