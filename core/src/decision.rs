//! The policy decision.
//!
//! Deciding must cost the same with ten thousand policies as with one, so a bundle is compiled once: per subject the
//! exact names and the prefixes, each sorted, each with the permissions that every shorter matching prefix adds.
//! A decision is then one hash lookup and one binary search. Which policy decided is found by a walk over the few rules
//! that apply to that name: a rule keeps the grounds that name it alone, so that memory grows with the rules and not with
//! how deep prefixes are nested.

use std::{collections::HashMap, iter, mem::size_of, sync::Arc};

use crate::{
    bundle::{Bundle, BundlePolicy, Effect, Generation},
    name::ObjectName,
    pattern::ObjectPattern,
    permission::{Permission, PermissionSet},
    resource::Uid,
};

mod ranges;

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
    /// Shared with the same text of other subjects.
    text: Arc<str>,
    /// The longest shorter prefix of `text` that has a rule.
    parent: Option<usize>,
    /// What this rule and all of its parents allow.
    allow: PermissionSet,
    /// What this rule and all of its parents deny.
    deny: PermissionSet,
    /// Of this rule alone.
    own: Box<[Ground]>,
}

/// One policy's part in a rule.
#[derive(Debug, Clone, Copy)]
struct Ground {
    policy: usize,
    effect: Effect,
    permissions: PermissionSet,
}

impl PolicyIndex {
    /// Compiles `bundle`. Where several policies allow (or deny) a request, the decision names the one with the longest
    /// pattern, and the first of these.
    pub fn compile(bundle: &Bundle) -> Self {
        let mut grounds = Vec::with_capacity(
            bundle
                .policies
                .iter()
                .map(rules_of)
                .fold(0, usize::saturating_add),
        );
        for (index, policy) in bundle.policies.iter().enumerate() {
            grounds.extend(grounds_of(index, policy));
        }
        grounds.sort_unstable_by_key(|(subject, pattern, ground)| (*subject, *pattern, ground.policy));
        let mut texts = HashMap::new();
        let subjects = grounds
            .chunk_by(|(one, ..), (other, ..)| one == other)
            .filter_map(|grounds| {
                let (subject, ..) = grounds.first()?;
                Some(((*subject).clone(), Rules::compile(grounds, &mut texts)))
            })
            .collect();
        Self {
            generation: bundle.generation,
            names: bundle
                .policies
                .iter()
                .map(|policy| policy.name.as_str().into())
                .collect(),
            subjects,
        }
    }

    /// At most how many bytes [`Self::compile`] takes for `bundle`, what it needs only meanwhile included.
    pub fn bytes_to_compile(bundle: &Bundle) -> usize {
        let policies = bundle.policies.iter();
        policies.map(Self::bytes_of).fold(0, usize::saturating_add)
    }

    /// The part of that which one policy makes.
    pub fn bytes_of(policy: &BundlePolicy) -> usize {
        /// What the allocator adds to one block, and how much it rounds up.
        const BLOCK: usize = 32;
        /// A hash table grows by doubling and keeps a part of itself free.
        const SLACK: usize = 4;
        const RULE: usize = size_of::<SubjectGround<'_>>() + size_of::<Rule>() + size_of::<Ground>() + BLOCK;
        const TEXT: usize = SLACK * size_of::<(&str, Arc<str>)>() + BLOCK;
        const SUBJECT: usize = SLACK * size_of::<(Uid, Rules)>() + 3 * BLOCK;
        let texts = policy.objects.iter().map(|pattern| TEXT + text_of(pattern).len());
        let subjects = policy.subjects.iter().map(|uid| SUBJECT + uid.as_str().len());
        let name = size_of::<Box<str>>() + BLOCK + policy.name.len();
        texts
            .chain(subjects)
            .chain([name, rules_of(policy).saturating_mul(RULE)])
            .fold(0, usize::saturating_add)
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
        let found = self
            .subjects
            .get(subject)
            .and_then(|rules| Some((rules, rules.find(object.as_str())?)));
        match found {
            Some((rules, rule)) => self.decide_by(rules, rule, permission),
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
            match self.decide_by(rules, rule, permission) {
                Decision::NoPolicy => {}
                allowed @ Decision::Allow { .. } => return allowed,
                denied @ Decision::Deny { .. } => refusal = denied,
            }
        }
        refusal
    }

    /// Decides whether the principal with the id `subject` may do `permission` with every object that there can be. For
    /// requests that are about no object: only policies on all names (`*`) are asked. One that denies it for some names
    /// is not about such a request.
    pub fn decide_every(&self, subject: &Uid, permission: Permission) -> Decision<'_> {
        let found = self.subjects.get(subject).and_then(|rules| {
            // The shortest prefix, which comes first, is the empty one, if there is such a rule.
            let rule = rules.prefixes.first().filter(|rule| rule.text.is_empty())?;
            Some((rules, rule))
        });
        match found {
            Some((rules, rule)) => self.decide_by(rules, rule, permission),
            None => Decision::NoPolicy,
        }
    }

    fn decide_by(&self, rules: &Rules, rule: &Rule, permission: Permission) -> Decision<'_> {
        let policy = |effect| {
            let ground = rules.ground_of(rule, effect, permission);
            let name = ground.and_then(|ground| self.names.get(ground.policy));
            name.map_or("", |name| name)
        };
        if rule.deny.contains(permission) {
            Decision::Deny {
                policy: policy(Effect::Deny),
            }
        } else if rule.allow.contains(permission) {
            Decision::Allow {
                policy: policy(Effect::Allow),
            }
        } else {
            Decision::NoPolicy
        }
    }
}

/// Decides one request by `policies` as they are: whether one allows it and none denies it. For who asks seldom and would
/// have to keep many bundles compiled.
pub fn allows(policies: &[BundlePolicy], subject: &Uid, permission: Permission, object: &ObjectName) -> bool {
    let mut about = policies
        .iter()
        .filter(|policy| {
            policy.permissions.contains(permission)
                && policy.subjects.contains(subject)
                && policy.objects.iter().any(|pattern| pattern.matches(object))
        })
        .map(|policy| policy.effect)
        .peekable();
    about.peek().is_some() && about.all(|effect| effect == Effect::Allow)
}

/// One policy's part in the rule of one subject for one pattern.
type SubjectGround<'a> = (&'a Uid, &'a ObjectPattern, Ground);

/// Every (subject, pattern) that `policy` is about, with its part in the rule.
fn grounds_of(index: usize, policy: &BundlePolicy) -> impl Iterator<Item = SubjectGround<'_>> {
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

/// How many rules `policy` alone makes.
const fn rules_of(policy: &BundlePolicy) -> usize {
    policy.subjects.len().saturating_mul(policy.objects.len())
}

/// Each pattern of `grounds`, which are in the order of their patterns, with what is about it.
fn by_pattern<'a>(grounds: &[SubjectGround<'a>]) -> impl Iterator<Item = (&'a ObjectPattern, Box<[Ground]>)> {
    grounds
        .chunk_by(|(_, one, _), (_, other, _)| one == other)
        .filter_map(|grounds| {
            let (_, pattern, _) = grounds.first()?;
            Some((*pattern, grounds.iter().map(|(.., ground)| *ground).collect()))
        })
}

fn text_of(pattern: &ObjectPattern) -> &str {
    match pattern {
        ObjectPattern::Exact(name) => name.as_str(),
        ObjectPattern::Prefix(prefix) => prefix,
    }
}

impl Rules {
    /// The rules of one subject: `grounds` are all of its own, in the order of their patterns.
    fn compile<'a>(grounds: &[SubjectGround<'a>], texts: &mut HashMap<&'a str, Arc<str>>) -> Self {
        // The order puts exact names first.
        let exact = grounds.partition_point(|(_, pattern, _)| matches!(pattern, ObjectPattern::Exact(_)));
        let (exact, prefixes) = grounds.split_at_checked(exact).unwrap_or_default();
        let mut rules = Self::default();
        let mut shared = |pattern: &'a ObjectPattern| {
            let text = text_of(pattern);
            Arc::clone(texts.entry(text).or_insert_with(|| text.into()))
        };
        // Prefixes first and in order of their text, so that every shorter prefix has its rule before the longer.
        for (pattern, own) in by_pattern(prefixes) {
            let rule = rules.inherit(shared(pattern), own);
            rules.prefixes.push(rule);
        }
        for (pattern, own) in by_pattern(exact) {
            let rule = rules.inherit(shared(pattern), own);
            rules.exact.push(rule);
        }
        rules.prefixes.shrink_to_fit();
        rules.exact.shrink_to_fit();
        rules
    }

    /// A rule for `text` with its own grounds, and what the longest prefix that has a rule allows and denies.
    fn inherit(&self, text: Arc<str>, own: Box<[Ground]>) -> Rule {
        let parent = self.longest_prefix(&text);
        let inherited = parent.and_then(|index| self.prefixes.get(index));
        let sum = |effect, inherited| {
            own.iter()
                .filter(|ground| ground.effect == effect)
                .fold(inherited, |sum: PermissionSet, ground| {
                    sum.union(ground.permissions)
                })
        };
        Rule {
            allow: sum(
                Effect::Allow,
                inherited.map(|rule| rule.allow).unwrap_or_default(),
            ),
            deny: sum(Effect::Deny, inherited.map(|rule| rule.deny).unwrap_or_default()),
            text,
            parent,
            own,
        }
    }

    /// The ground by which `rule` allows or denies `permission`: its own, or that of the longest prefix that has one.
    fn ground_of<'a>(&'a self, rule: &'a Rule, effect: Effect, permission: Permission) -> Option<&'a Ground> {
        iter::successors(Some(rule), |rule| self.prefixes.get(rule.parent?))
            .flat_map(|rule| &rule.own)
            .find(move |ground| ground.effect == effect && ground.permissions.contains(permission))
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
