//! From facts to steps. Pure.

mod pod;
mod policy;
mod reference;
mod vault;

use strongroom_crds::condition::Condition;

pub(super) use pod::{PodVolume, volumes};
pub(super) use reference::vault;

use super::{
    facts::{AccountFacts, Facts, Seen},
    step::Step,
};

/// The links in their order. After one without which the rest has no meaning, none follows.
pub(super) fn walk(facts: &Facts) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(pod) = &facts.pod {
        steps.push(pod::exists(pod));
        let Seen::Found(found) = &pod.pod else {
            return steps;
        };
        steps.extend(facts.account.as_ref().map(account));
        let volumes = pod::volumes(found);
        steps.extend(pod::mounts(pod, &volumes));
        if !volumes.is_empty() {
            steps.push(pod::csi_driver(facts, pod));
            steps.extend(pod::node_driver(pod, found));
        }
    }
    for reference in &facts.references {
        steps.extend(reference::steps(facts, reference));
    }
    if facts.pod.is_none() && !facts.references.is_empty() {
        steps.extend(facts.account.as_ref().map(account));
    }
    for vault in &facts.vaults {
        steps.extend(vault::steps(facts, vault));
        steps.extend(policy::steps(facts, vault));
    }
    for reference in &facts.references {
        steps.extend(reference::objects(facts, reference));
    }
    if let Some(pod) = &facts.pod {
        steps.push(pod::events(facts, pod));
    }
    steps
}

fn account(facts: &AccountFacts) -> Step {
    let AccountFacts { account, found } = facts;
    let path = account.path();
    match found {
        Seen::Found(_) => Step::holds("account", format!("the service account is {path}")),
        Seen::Absent => Step::fails(
            "account",
            format!("there is no service account {path}"),
            format!(
                "kubectl create serviceaccount {} -n {}",
                account.name, account.namespace
            ),
        ),
        Seen::Hidden(hidden) => Step::hidden("account", hidden),
    }
}

/// The condition of a type, unless it is about an earlier spec.
fn condition<'a>(conditions: &'a [Condition], type_: &str, generation: Option<i64>) -> Option<&'a Condition> {
    conditions
        .iter()
        .find(|condition| condition.type_ == type_ && condition.observed_generation == generation)
}

#[cfg(test)]
mod tests;
