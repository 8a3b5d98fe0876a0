//! Policies for tests, and samples of them with what the vault makes of them.

use strongroom_core::{
    AccountName, Bundle, BundlePolicy, Effect, Generation, ObjectName, ObjectPattern, Permission,
    PermissionSet, PolicyIndex, Uid, VaultRef,
};
use strongroom_crds::access_policy::SubjectMember;

use super::read::{PolicyContent, StoredPolicy};

/// The vault of all of them.
pub(super) fn prod() -> VaultRef {
    VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap())
}

/// A policy of `team-a` about `prod` for `get` of secrets; a subject is `NAMESPACE/NAME` or `NAMESPACE/*`.
pub(super) fn allow(name: &str, subjects: &[&str], objects: &[&str]) -> StoredPolicy {
    policy(name, Effect::Allow, subjects, objects, &[Permission::SecretGet])
}

/// The same that denies.
pub(super) fn deny(name: &str, subjects: &[&str], objects: &[&str]) -> StoredPolicy {
    policy(name, Effect::Deny, subjects, objects, &[Permission::SecretGet])
}

pub(super) fn policy(
    name: &str,
    effect: Effect,
    subjects: &[&str],
    objects: &[&str],
    permissions: &[Permission],
) -> StoredPolicy {
    StoredPolicy {
        namespace: "team-a".to_owned(),
        name: name.to_owned(),
        content: Ok(PolicyContent {
            vault: "prod".parse().unwrap(),
            effect,
            subjects: subjects.iter().map(|subject| (member(subject), None)).collect(),
            objects: objects.iter().map(|object| object.parse().unwrap()).collect(),
            permissions: PermissionSet::of(permissions),
        }),
        enforced: None,
    }
}

fn member(text: &str) -> SubjectMember {
    let (namespace, name) = text.split_once('/').unwrap();
    let namespace = namespace.parse().unwrap();
    if name == "*" {
        SubjectMember::AllServiceAccounts { namespace }
    } else {
        let name = name.parse().unwrap();
        SubjectMember::ServiceAccount(AccountName { namespace, name })
    }
}

/// The accounts of the samples; no policy names those called `rest`.
pub(super) const ACCOUNTS: [&str; 5] = ["shop:api", "shop:web", "shop:rest", "x:y", "x:rest"];

const SUBJECTS: [&str; 5] = ["shop/api", "shop/web", "shop/*", "x/y", "x/*"];
const OBJECTS: [&str; 10] = ["*", "a*", "a", "ab*", "ab", "abc", "abc*", "b*", "b1", "c"];
const NAMES: [&str; 10] = ["a", "ab", "abc", "abcd", "ac", "b", "b1", "b12", "c", "d"];

/// What policies allow, of one permission or of some that imply others.
pub(super) const PERMISSIONS: [&[Permission]; 4] = [
    &[Permission::SecretGet],
    &[Permission::SecretGet, Permission::SecretSet],
    &[Permission::CertificateManageIssuers],
    &[Permission::CertificateGetIssuers, Permission::SecretGet],
];

/// Some policies, and what the vault would make of them.
pub(super) struct Sample {
    pub(super) policies: Vec<StoredPolicy>,
    pub(super) index: PolicyIndex,
    pub(super) accounts: Vec<(AccountName, Uid)>,
    pub(super) objects: Vec<ObjectName>,
}

impl Sample {
    pub(super) fn of(policies: Vec<StoredPolicy>) -> Self {
        let uid = |account: &str| account.replace(':', "-").parse().unwrap();
        let accounts: Vec<(AccountName, Uid)> = ACCOUNTS
            .iter()
            .map(|account| (account.parse().unwrap(), uid(account)))
            .collect();
        let bundle = policies
            .iter()
            .map(|policy| compiled(policy, &accounts))
            .collect();
        let bundle = Bundle::new(String::new(), Generation::default(), bundle);
        Self {
            index: PolicyIndex::compile(&bundle),
            policies,
            accounts,
            objects: NAMES.iter().map(|name| name.parse().unwrap()).collect(),
        }
    }
}

/// As the operator compiles it.
fn compiled(policy: &StoredPolicy, accounts: &[(AccountName, Uid)]) -> BundlePolicy {
    let content = policy.content.as_ref().unwrap();
    let is_meant = |account: &AccountName| {
        content.subjects.iter().any(|(subject, _)| match subject {
            SubjectMember::ServiceAccount(subject) => subject == account,
            SubjectMember::AllServiceAccounts { namespace } => *namespace == account.namespace,
        })
    };
    let meant = accounts.iter().filter(|(account, _)| is_meant(account));
    BundlePolicy {
        name: policy.name.clone(),
        effect: content.effect,
        subjects: meant.map(|(_, uid)| uid.clone()).collect(),
        objects: content.objects.clone(),
        permissions: content.permissions,
    }
}

/// Numbers that are the same in each run.
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// One below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn some<'a>(&mut self, of: &[&'a str]) -> Vec<&'a str> {
        let count = 1 + self.below(2);
        (0..count).map(|_| of[self.below(of.len())]).collect()
    }

    /// Up to six policies.
    pub(super) fn policies(&mut self) -> Vec<StoredPolicy> {
        let count = 1 + self.below(6);
        (0..count)
            .map(|index| self.policy(&format!("p{index}")))
            .collect()
    }

    pub(super) fn policy(&mut self, name: &str) -> StoredPolicy {
        let effect = if self.below(3) == 0 {
            Effect::Deny
        } else {
            Effect::Allow
        };
        let (subjects, objects) = (self.some(&SUBJECTS), self.some(&OBJECTS));
        let permissions = PERMISSIONS[self.below(PERMISSIONS.len())];
        policy(name, effect, &subjects, &objects, permissions)
    }
}

/// So many samples.
pub(super) fn samples(count: u64) -> impl Iterator<Item = Sample> {
    (1..=count).map(|seed| Sample::of(Numbers::new(seed).policies()))
}

/// Whether a name is one of those of a pattern.
pub(super) fn matches(patterns: &[ObjectPattern], object: &ObjectName) -> bool {
    patterns.iter().any(|pattern| pattern.matches(object))
}
