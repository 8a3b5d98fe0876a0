//! `strongroom key policy`.

use serde_json::Value;
use strongroom_client::vault::{
    LifetimeAction, LifetimeActionKind, LifetimeTrigger, RotationAttributes, RotationPolicy,
};
use strongroom_core::{ObjectName, Permission};

use crate::failure::KeyFailure;
use crate::{
    Failure,
    arguments::PolicyChange,
    output::{AnswerOutput, Output},
    printed::Printed,
    session::Session,
    table, terminal,
    value::Source,
};

/// The longest file of a policy, in bytes.
const LONGEST: usize = 64 << 10;

const ROTATE: &str = "Rotate";
const NOTIFY: &str = "Notify";

/// What is to be done with a rotation policy, with everything that is read on this machine.
pub(crate) struct PolicyRequest {
    name: ObjectName,
    deed: Deed,
    output: AnswerOutput,
}

enum Deed {
    /// Print it.
    Read,
    /// Change what these flags name.
    Change(PolicyChange),
    /// Put another one in its place.
    Put(RotationPolicy),
}

impl PolicyRequest {
    /// Reads what `change` names.
    pub(super) fn prepare(
        name: ObjectName,
        change: PolicyChange,
        output: Option<Output>,
    ) -> Result<Self, Failure> {
        let output = AnswerOutput::of(output)?;
        let deed = match &change.from_file {
            Some(path) => {
                let bytes = Source::open(Some(path))?.bytes(LONGEST)?;
                Deed::Put(read(&bytes.ok_or(KeyFailure::LongPolicy)?)?)
            }
            None if change.names_something() => Deed::Change(change),
            None => Deed::Read,
        };
        Ok(Self { name, deed, output })
    }

    /// Does it, and prints the policy as it is then.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let name = &self.name;
        let policy = match self.deed {
            Deed::Read => get(session, name).await?,
            Deed::Change(change) => {
                let policy = changed(get(session, name).await?, change);
                set(session, name, &policy).await?
            }
            Deed::Put(policy) => set(session, name, &policy).await?,
        };
        match self.output {
            AnswerOutput::Text => Ok(Printed::Text(text(&policy))),
            AnswerOutput::Json => Printed::json(&policy),
        }
    }
}

async fn get(session: &Session, name: &ObjectName) -> Result<RotationPolicy, Failure> {
    session
        .vault
        .rotation_policy(&session.token, name)
        .await
        .map_err(session.failed(Permission::KeyGetRotationPolicy, Some(name)))
}

async fn set(
    session: &Session,
    name: &ObjectName,
    policy: &RotationPolicy,
) -> Result<RotationPolicy, Failure> {
    session
        .vault
        .set_rotation_policy(&session.token, name, policy)
        .await
        .map_err(session.failed(Permission::KeySetRotationPolicy, Some(name)))
}

/// The policy in a file. The vault passes over members that it does not know; here they are refused, since what a misspelled
/// one should say would be gone.
fn read(bytes: &[u8]) -> Result<RotationPolicy, KeyFailure> {
    let wrong = |error: serde_json::Error| KeyFailure::Policy {
        line: error.line(),
        column: error.column(),
    };
    let policy: RotationPolicy = serde_json::from_slice(bytes).map_err(wrong)?;
    let given: Value = serde_json::from_slice(bytes).map_err(wrong)?;
    // A list would be read as the members of a policy in their order, and an empty one as a policy that says nothing.
    if !given.is_object() {
        return Err(KeyFailure::Policy { line: 1, column: 1 });
    }
    let known = serde_json::to_value(&policy).map_err(wrong)?;
    match foreign_member(&given, &known) {
        Some(member) => Err(KeyFailure::PolicyMember(member.to_owned())),
        None => Ok(policy),
    }
}

/// A member that is `given` and not `known`, at any depth. One that is null says nothing.
fn foreign_member<'a>(given: &'a Value, known: &Value) -> Option<&'a str> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given
            .iter()
            .filter(|(_, value)| !value.is_null())
            .find_map(|(name, value)| match known.get(name) {
                Some(known) => foreign_member(value, known),
                None => Some(name.as_str()),
            }),
        (Value::Array(given), Value::Array(known)) => given
            .iter()
            .zip(known)
            .find_map(|(given, known)| foreign_member(given, known)),
        _ => None,
    }
}

/// The policy with what `change` names; the rest stays.
fn changed(mut policy: RotationPolicy, change: PolicyChange) -> RotationPolicy {
    let rotate = match (change.rotate_after, change.rotate_before) {
        (Some(after), _) => Some(LifetimeTrigger {
            time_after_create: Some(after),
            time_before_expiry: None,
        }),
        (None, Some(before)) => Some(before_expiry(before)),
        (None, None) => None,
    };
    if change.no_rotate || rotate.is_some() {
        replace(&mut policy.lifetime_actions, ROTATE, rotate);
    }
    if let Some(before) = change.notify_before {
        replace(&mut policy.lifetime_actions, NOTIFY, Some(before_expiry(before)));
    }
    if change.no_expiry || change.expiry.is_some() {
        policy.attributes = Some(RotationAttributes {
            expiry_time: change.expiry,
            ..policy.attributes.unwrap_or_default()
        });
    }
    policy
}

const fn before_expiry(period: String) -> LifetimeTrigger {
    LifetimeTrigger {
        time_after_create: None,
        time_before_expiry: Some(period),
    }
}

fn replace(actions: &mut Vec<LifetimeAction>, name: &str, trigger: Option<LifetimeTrigger>) {
    actions.retain(|action| !is(action, name));
    actions.extend(trigger.map(|trigger| LifetimeAction {
        trigger,
        action: LifetimeActionKind {
            name: name.to_owned(),
        },
    }));
}

fn is(action: &LifetimeAction, name: &str) -> bool {
    action.action.name.eq_ignore_ascii_case(name)
}

fn text(policy: &RotationPolicy) -> String {
    let when = |name| {
        let action = policy.lifetime_actions.iter().find(|action| is(action, name));
        let trigger = action.map(|action| &action.trigger);
        let after = trigger.and_then(|trigger| trigger.time_after_create.as_deref());
        let before = trigger.and_then(|trigger| trigger.time_before_expiry.as_deref());
        match (after, before) {
            (Some(period), _) => format!("{} after creation", terminal::field(period)),
            (None, Some(period)) => format!("{} before expiry", terminal::field(period)),
            (None, None) => table::NONE.to_owned(),
        }
    };
    let life = policy.attributes.as_ref();
    let life = life.and_then(|attributes| attributes.expiry_time.as_deref());
    let expires = life.map_or_else(
        || table::NONE.to_owned(),
        |period| format!("{} after creation", terminal::field(period)),
    );
    table::render(
        ["ROTATES", "NOTIFIES", "NEW-VERSIONS-EXPIRE"],
        &[[when(ROTATE), when(NOTIFY), expires]],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"id": "https://prod.team-a.svc/keys/k/rotationpolicy",
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}},
                            {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}],
        "attributes": {"expiryTime": "P180D", "created": 1, "updated": 2}}"#;

    fn nothing() -> PolicyChange {
        PolicyChange {
            rotate_after: None,
            rotate_before: None,
            no_rotate: false,
            notify_before: None,
            expiry: None,
            no_expiry: false,
            from_file: None,
        }
    }

    fn said(change: PolicyChange) -> Vec<String> {
        let text = text(&changed(read(POLICY.as_bytes()).unwrap(), change));
        let row = text.lines().nth(1).unwrap();
        row.split("   ")
            .map(|cell| cell.trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect()
    }

    #[test]
    fn a_policy_is_shown_in_one_row() {
        assert_eq!(
            text(&read(POLICY.as_bytes()).unwrap()),
            "ROTATES               NOTIFIES             NEW-VERSIONS-EXPIRE\n\
             P90D after creation   P30D before expiry   P180D after creation\n"
        );
        assert_eq!(
            text(&RotationPolicy::default()),
            "ROTATES   NOTIFIES   NEW-VERSIONS-EXPIRE\n<none>    <none>     <none>\n"
        );
    }

    #[test]
    fn what_a_flag_does_not_name_stays() {
        let (rotates, notifies, expires) = (
            "P90D after creation",
            "P30D before expiry",
            "P180D after creation",
        );
        let one = |change: &dyn Fn(&mut PolicyChange)| {
            let mut flags = nothing();
            change(&mut flags);
            said(flags)
        };
        assert_eq!(
            one(&|flags| flags.rotate_after = Some("P1Y".to_owned())),
            ["P1Y after creation", notifies, expires]
        );
        assert_eq!(
            one(&|flags| flags.rotate_before = Some("P20D".to_owned())),
            ["P20D before expiry", notifies, expires]
        );
        assert_eq!(
            one(&|flags| flags.no_rotate = true),
            ["<none>", notifies, expires]
        );
        assert_eq!(
            one(&|flags| flags.notify_before = Some("P7D".to_owned())),
            [rotates, "P7D before expiry", expires]
        );
        assert_eq!(
            one(&|flags| flags.expiry = Some("P1Y".to_owned())),
            [rotates, notifies, "P1Y after creation"]
        );
        assert_eq!(
            one(&|flags| flags.no_expiry = true),
            [rotates, notifies, "<none>"]
        );
    }

    #[test]
    fn a_misspelled_member_is_refused_at_any_depth_and_one_that_is_null_says_nothing() {
        for (text, member) in [
            (r#"{"lifetimeAction": []}"#, "lifetimeAction"),
            (r#"{"attributes": {"expiry_time": "P1Y"}}"#, "expiry_time"),
            (
                r#"{"lifetimeActions": [{"trigger": {"timeAfterCreated": "P9D"}, "action": {"type": "Rotate"}}]}"#,
                "timeAfterCreated",
            ),
        ] {
            let refused = read(text.as_bytes()).unwrap_err();
            assert!(
                matches!(&refused, KeyFailure::PolicyMember(name) if name == member),
                "{refused}"
            );
        }
        read(br#"{"attributes": {"expiryTime": null}}"#).unwrap();
        for text in ["", "[]", r#"{"lifetimeActions": 7}"#, "{} {}"] {
            let refused = read(text.as_bytes()).unwrap_err();
            assert!(matches!(refused, KeyFailure::Policy { .. }), "{text}: {refused}");
        }
    }
}
