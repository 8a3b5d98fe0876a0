//! The policy decision.
//!
//! Deciding must cost the same with ten thousand policies as with one, so a bundle is compiled once: per subject the
//! exact names and the prefixes, each sorted, each with the permissions that every shorter matching prefix adds.
//! A decision is then one hash lookup, one binary search, and a walk over the few rules that apply to that name.

use std::collections::{BTreeMap, HashMap};

use crate::{
    bundle::{Bundle, BundlePolicy, Effect, Generation},
    name::ObjectName,
    pattern::ObjectPattern,
    permission::{Permission, PermissionSet},
    resource::Uid,
};

/// What policy says about one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// This policy allows it and none denies it.
    Allow {
        /// The policy's name.
        policy: &'a str,
    },
    /// This policy denies it, whatever other policies allow.
    Deny {
        /// The policy's name.
        policy: &'a str,
    },
    /// No policy is about it, so the vault refuses it.
    NoPolicy,
}

impl Decision<'_> {
    /// Whether policy allows the request.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// A bundle, compiled for deciding.
#[derive(Debug, Default)]
pub struct PolicyIndex {
    generation: Generation,
    names: Vec<Box<str>>,
    subjects: HashMap<Uid, Rules>,
}

/// What applies to one subject. Both lists are sorted by text.
#[derive(Debug, Default)]
struct Rules {
    exact: Vec<Rule>,
    prefixes: Vec<Rule>,
}

/// What applies to one name, or to the names with one prefix and no longer prefix.
#[derive(Debug)]
struct Rule {
    text: Box<str>,
    /// The longest shorter prefix of `text` that has a rule.
    parent: Option<usize>,
    allow: PermissionSet,
    deny: PermissionSet,
    grounds: Vec<Ground>,
}

/// One policy's part in a rule.
#[derive(Debug, Clone, Copy)]
struct Ground {
    policy: usize,
    effect: Effect,
    permissions: PermissionSet,
}

impl PolicyIndex {
    /// Compiles `bundle`. Where several policies allow (or deny) a request, the decision names the first of them.
    pub fn compile(bundle: &Bundle) -> Self {
        let mut grounds: HashMap<Uid, BTreeMap<&ObjectPattern, Vec<Ground>>> = HashMap::new();
        for (index, policy) in bundle.policies.iter().enumerate() {
            for (subject, pattern, ground) in grounds_of(index, policy) {
                grounds
                    .entry(subject.clone())
                    .or_default()
                    .entry(pattern)
                    .or_default()
                    .push(ground);
            }
        }
        Self {
            generation: bundle.generation,
            names: bundle
                .policies
                .iter()
                .map(|policy| policy.name.as_str().into())
                .collect(),
            subjects: grounds
                .into_iter()
                .map(|(uid, patterns)| (uid, Rules::compile(patterns)))
                .collect(),
        }
    }

    /// The generation of the bundle compiled.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// How many policies the bundle held.
    pub fn policies(&self) -> usize {
        self.names.len()
    }

    /// Decides whether the principal with the id `subject` may do `permission` with `object`.
    pub fn decide(&self, subject: &Uid, permission: Permission, object: &ObjectName) -> Decision<'_> {
        match self
            .subjects
            .get(subject)
            .and_then(|rules| rules.find(object.as_str()))
        {
            Some(rule) => self.decide_by(rule, permission),
            None => Decision::NoPolicy,
        }
    }

    /// Decides whether the principal with the id `subject` may do `permission` with any object at all. For requests that
    /// name no object, such as a list: the caller must still decide each object by its own name.
    pub fn decide_any(&self, subject: &Uid, permission: Permission) -> Decision<'_> {
        let Some(rules) = self.subjects.get(subject) else {
            return Decision::NoPolicy;
        };
        let mut refusal = Decision::NoPolicy;
        for rule in rules.prefixes.iter().chain(&rules.exact) {
            match self.decide_by(rule, permission) {
                Decision::NoPolicy => {}
                allowed @ Decision::Allow { .. } => return allowed,
                denied @ Decision::Deny { .. } => refusal = denied,
            }
        }
        refusal
    }

    fn decide_by(&self, rule: &Rule, permission: Permission) -> Decision<'_> {
        if rule.deny.contains(permission) {
            Decision::Deny {
                policy: self.policy_of(rule, Effect::Deny, permission),
            }
        } else if rule.allow.contains(permission) {
            Decision::Allow {
                policy: self.policy_of(rule, Effect::Allow, permission),
            }
        } else {
            Decision::NoPolicy
        }
    }

    fn policy_of(&self, rule: &Rule, effect: Effect, permission: Permission) -> &str {
        rule.grounds
            .iter()
            .find(|ground| ground.effect == effect && ground.permissions.contains(permission))
            .and_then(|ground| self.names.get(ground.policy))
            .map_or("", |name| name)
    }
}

/// Every (subject, pattern) that `policy` is about, with its part in the rule.
fn grounds_of(index: usize, policy: &BundlePolicy) -> impl Iterator<Item = (&Uid, &ObjectPattern, Ground)> {
    let ground = Ground {
        policy: index,
        effect: policy.effect,
        permissions: policy.permissions,
    };
    policy.subjects.iter().flat_map(move |subject| {
        policy
            .objects
            .iter()
            .map(move |pattern| (subject, pattern, ground))
    })
}

impl Rules {
    fn compile(patterns: BTreeMap<&ObjectPattern, Vec<Ground>>) -> Self {
        let mut rules = Self::default();
        // Prefixes first and in order of their text, so that every shorter prefix has its rule before the longer.
        let mut exact = Vec::new();
        for (pattern, grounds) in patterns {
            match pattern {
                ObjectPattern::Exact(name) => exact.push((name.as_str(), grounds)),
                ObjectPattern::Prefix(prefix) => {
                    let rule = rules.inherit(prefix, grounds);
                    rules.prefixes.push(rule);
                }
            }
        }
        for (name, grounds) in exact {
            let rule = rules.inherit(name, grounds);
            rules.exact.push(rule);
        }
        rules
    }

    /// A rule for `text` with its own grounds and those of the longest prefix that has a rule, which holds its
    /// parent's in turn.
    fn inherit(&self, text: &str, own: Vec<Ground>) -> Rule {
        let parent = self.longest_prefix(text);
        let inherited = parent
            .and_then(|index| self.prefixes.get(index))
            .map_or(&[][..], |rule| &rule.grounds);
        let grounds: Vec<Ground> = own.into_iter().chain(inherited.iter().copied()).collect();
        let sum = |effect| {
            grounds
                .iter()
                .filter(|ground| ground.effect == effect)
                .fold(PermissionSet::EMPTY, |sum, ground| sum.union(ground.permissions))
        };
        Rule {
            text: text.into(),
            parent,
            allow: sum(Effect::Allow),
            deny: sum(Effect::Deny),
            grounds,
        }
    }

    /// The index of the longest prefix of `text` that has a rule. The last rule not greater than `text` shares with
    /// it whatever prefix rule there is: either it is one, or one of its parents is.
    fn longest_prefix(&self, text: &str) -> Option<usize> {
        let mut candidate = self
            .prefixes
            .partition_point(|rule| &*rule.text <= text)
            .checked_sub(1);
        while let Some(rule) = candidate.and_then(|index| self.prefixes.get(index)) {
            if text.starts_with(&*rule.text) {
                return candidate;
            }
            candidate = rule.parent;
        }
        None
    }

    fn find(&self, name: &str) -> Option<&Rule> {
        match self.exact.binary_search_by(|rule| (*rule.text).cmp(name)) {
            Ok(index) => self.exact.get(index),
            Err(_) => self
                .longest_prefix(name)
                .and_then(|index| self.prefixes.get(index)),
        }
    }
}
