//! What of its policies a vault can hold. Pure.
//!
//! A policy may name all accounts of a namespace whose owner is not the vault's, and who may make as many as they like.
//! That must not keep a vault from the next bundle, which may take something away. So policies that are too large are
//! left out where they allow: the result never allows more than the policies do, and always fits.

use std::collections::{BTreeSet, HashSet};

use strongroom_core::{
    BundlePolicy, Effect, Uid,
    capacity::{MOST_BYTES, MOST_MEMORY, Size},
};

/// What goes into a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Fitted {
    pub policies: Vec<BundlePolicy>,
    /// The names of the policies that allow and were left out.
    pub left_out: BTreeSet<String>,
}

/// The most that a vault takes: its compiled policy in memory, and the bundle that brings it. Some is left for what a
/// bundle says beside its policies.
const WHOLE: Size = Size {
    memory: MOST_MEMORY,
    bytes: MOST_BYTES - 4096,
};
/// The most of it that one policy may take that allows.
const SHARE: Size = Size {
    memory: MOST_MEMORY / 4,
    bytes: MOST_BYTES / 4,
};

/// Leaves out what allows and takes more than its share, and then, as long as all together do not fit, the largest of what
/// allows. What denies stays; where room is short, only for the accounts that something else allows anything.
pub fn fit(policies: Vec<BundlePolicy>) -> Fitted {
    let mut fitted = Fitted::default();
    for policy in policies {
        if policy.effect == Effect::Allow && !SHARE.holds(Size::of(&policy)) {
            fitted.left_out.insert(policy.name);
        } else {
            fitted.policies.push(policy);
        }
    }
    // Twice as many each time: what is left out in the end does not cost more looks than there are policies.
    let mut next = 1;
    while !WHOLE.holds(fitted.policies.iter().map(Size::of).sum()) {
        narrow_denies(&mut fitted.policies);
        if WHOLE.holds(fitted.policies.iter().map(Size::of).sum()) {
            break;
        }
        leave_out_largest(&mut fitted, next);
        next *= 2;
    }
    fitted
}

/// Takes the accounts out of what denies that nothing allows anything: they are refused all the same.
fn narrow_denies(policies: &mut [BundlePolicy]) {
    let allows = policies.iter().filter(|policy| policy.effect == Effect::Allow);
    let allowed: HashSet<Uid> = allows.flat_map(|policy| &policy.subjects).cloned().collect();
    for policy in policies {
        if policy.effect == Effect::Deny {
            policy.subjects.retain(|uid| allowed.contains(uid));
        }
    }
}

/// Leaves out the `count` largest of what allows; of equally large ones the first by name. What denies nobody any more
/// goes with the last of them.
fn leave_out_largest(fitted: &mut Fitted, count: usize) {
    let allows = fitted
        .policies
        .iter()
        .filter(|policy| policy.effect == Effect::Allow);
    let mut sizes: Vec<_> = allows
        .map(|policy| (Size::of(policy).memory, policy.name.clone()))
        .collect();
    sizes.sort_by(|(a, a_name), (b, b_name)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
    let left_out: BTreeSet<_> = sizes.into_iter().take(count).map(|(_, name)| name).collect();
    let is_last = left_out.is_empty();
    let stays = |policy: &BundlePolicy| match policy.effect {
        Effect::Allow => !left_out.contains(&policy.name),
        Effect::Deny => !is_last,
    };
    fitted.policies.retain(stays);
    fitted.left_out.extend(left_out);
}

#[cfg(test)]
mod tests {
    use strongroom_core::{Bundle, Generation, Permission, PolicyIndex};

    use super::*;

    fn policy(name: &str, effect: Effect, subjects: std::ops::Range<usize>, objects: usize) -> BundlePolicy {
        BundlePolicy {
            name: name.to_owned(),
            effect,
            subjects: subjects.map(|n| format!("uid-{n}").parse().unwrap()).collect(),
            objects: (0..objects).map(|n| format!("o{n}").parse().unwrap()).collect(),
            permissions: [Permission::SecretGet].into_iter().collect(),
        }
    }

    fn names(fitted: &Fitted) -> Vec<&str> {
        fitted
            .policies
            .iter()
            .map(|policy| policy.name.as_str())
            .collect()
    }

    fn fits(fitted: &Fitted) -> bool {
        WHOLE.holds(fitted.policies.iter().map(Size::of).sum())
    }

    #[test]
    fn a_bundle_is_never_larger_than_the_sizes_of_its_policies_say() {
        let policies: Vec<_> = (0..40)
            .map(|n| policy(&"\u{1}\"n".repeat(n), Effect::Deny, 0..n, n))
            .collect();
        let size: Size = policies.iter().map(Size::of).sum();
        let bundle = Bundle::new(String::new(), Generation::default(), policies);
        let json = serde_json::to_vec(&bundle).unwrap().len();
        assert!(json <= size.bytes, "{json} {size:?}");
        assert_eq!(size.memory, PolicyIndex::bytes_to_compile(&bundle));
    }

    #[test]
    fn policies_that_fit_stay_as_they_are() {
        let policies = vec![
            policy("a", Effect::Allow, 0..64, 128),
            policy("b", Effect::Deny, 0..1000, 4),
        ];
        let fitted = fit(policies.clone());
        assert_eq!(fitted.policies, policies);
        assert!(fitted.left_out.is_empty());
    }

    #[test]
    fn one_that_takes_more_than_its_share_allows_nothing_and_still_denies() {
        let allow = policy("large", Effect::Allow, 0..2000, 128);
        let small = policy("small", Effect::Allow, 0..1, 1);
        let deny = policy("deny", Effect::Deny, 0..2000, 32);
        let fitted = fit(vec![allow, small.clone(), deny.clone()]);
        assert_eq!(fitted.policies, [small, deny]);
        assert_eq!(fitted.left_out, ["large".to_owned()].into());
    }

    #[test]
    fn of_too_many_the_largest_are_left_out_in_an_order_that_depends_on_nothing_else() {
        let mut policies: Vec<_> = (0..10)
            .map(|n| policy(&format!("p{n}"), Effect::Allow, 0..(290 - n), 128))
            .collect();
        policies.push(policy("small", Effect::Allow, 0..1, 1));
        let fitted = fit(policies.clone());
        assert!(fits(&fitted));
        assert!(names(&fitted).contains(&"small") && names(&fitted).contains(&"p9"));
        assert!(fitted.left_out.contains("p0") && fitted.left_out.contains("p1"));
        policies.reverse();
        assert_eq!(fit(policies).left_out, fitted.left_out);
    }

    #[test]
    fn a_deny_as_large_as_its_namespace_is_kept_for_the_accounts_that_something_allows_anything() {
        let deny = policy("deny", Effect::Deny, 0..200_000, 1);
        let allow = policy("allow", Effect::Allow, 7..9, 1);
        let fitted = fit(vec![deny, allow]);
        assert_eq!(names(&fitted), ["deny", "allow"]);
        assert_eq!(fitted.policies[0].subjects, fitted.policies[1].subjects);
        assert!(fitted.left_out.is_empty());
    }

    #[test]
    fn whatever_there_is_the_result_fits() {
        let denies = (0..20_000).map(|n| policy(&format!("d{n}"), Effect::Deny, 0..1, 128));
        let allows = (0..3).map(|n| policy(&format!("a{n}"), Effect::Allow, 0..1, 1));
        let fitted = fit(denies.chain(allows).collect());
        assert!(fits(&fitted));
    }
}
