//! What counts as access that begins or ends, in words and against the decisions of the vault.

use strongroom_core::ObjectName;
use strongroom_crds::access_policy::SubjectState;

use super::*;
use crate::policy::{
    grants::permissions,
    tests::{Numbers, PERMISSIONS, Sample, allow, deny, policy},
};

/// A line for each change.
fn lines(before: &[StoredPolicy], after: &[StoredPolicy]) -> Vec<String> {
    let line = |change: &Change| {
        let turn = match change.turn {
            Turn::Begins => "+",
            Turn::Ends => "-",
        };
        format!(
            "{turn} {} {} {}",
            change.service_account,
            permissions(change.permissions),
            change.names.text()
        )
    };
    diff(before, after).changes.iter().map(line).collect()
}

/// What it is about, both sides, and the lines of the comparison.
type Case<'a> = (&'a str, Vec<StoredPolicy>, Vec<StoredPolicy>, &'a [&'a str]);

#[test]
fn access_is_compared_and_not_text() {
    let reads = allow("reads", &["shop/api"], &["db-*"]);
    let admin = deny("admin", &["shop/api"], &["db-admin"]);
    let all = deny("all", &["shop/*"], &["*"]);
    let two = || vec![reads.clone(), admin.clone()];
    let cases: [Case<'_>; 13] = [
        ("nothing changes", two(), two(), &[]),
        (
            "a grant",
            vec![],
            vec![reads.clone()],
            &["+ shop/api secrets/get db-*"],
        ),
        (
            "a grant ends",
            vec![reads.clone()],
            vec![],
            &["- shop/api secrets/get db-*"],
        ),
        (
            "a grant under another name",
            vec![reads.clone()],
            vec![allow("r", &["shop/api"], &["db-*"])],
            &[],
        ),
        (
            "a deny ends",
            two(),
            vec![reads.clone()],
            &["+ shop/api secrets/get db-admin"],
        ),
        (
            "a deny",
            vec![reads.clone()],
            two(),
            &["- shop/api secrets/get db-admin"],
        ),
        ("a deny of what nobody may", vec![], vec![admin.clone()], &[]),
        (
            "a grant under a deny that bites",
            vec![all.clone()],
            vec![all.clone(), reads.clone()],
            &[],
        ),
        (
            "a grant around a deny",
            vec![admin.clone()],
            two(),
            &["+ shop/api secrets/get db-* except db-admin"],
        ),
        (
            "a grant within one that is there",
            vec![reads.clone()],
            vec![reads.clone(), allow("more", &["shop/api"], &["db-a*", "db-x"])],
            &[],
        ),
        (
            "a grant around one that is there",
            vec![reads.clone()],
            vec![reads.clone(), allow("more", &["shop/api"], &["*"])],
            &["+ shop/api secrets/get * except db-*"],
        ),
        (
            "a name instead of a prefix",
            vec![reads.clone()],
            vec![allow("reads", &["shop/api"], &["db-1", "web"])],
            &[
                "+ shop/api secrets/get web",
                "- shop/api secrets/get db-* except db-1",
            ],
        ),
        (
            "all of a namespace instead of one",
            vec![reads.clone()],
            vec![allow("reads", &["shop/*"], &["db-*"])],
            &["+ shop/* secrets/get db-*"],
        ),
    ];
    for (name, before, after, expected) in cases {
        assert_eq!(lines(&before, &after), expected, "{name}");
        let begins = expected.iter().any(|line| line.starts_with('+'));
        assert_eq!(diff(&before, &after).widens(), begins, "{name}");
    }
}

#[test]
fn one_account_of_a_namespace_is_compared_by_itself_where_a_policy_names_it() {
    let all = allow("all", &["shop/*"], &["*"]);
    let not = deny("not", &["shop/web"], &["x"]);
    assert_eq!(
        lines(std::slice::from_ref(&not), &[not.clone(), all]),
        ["+ shop/* secrets/get *", "+ shop/web secrets/get * except x"]
    );
}

#[test]
fn a_change_names_the_policies_that_allow_it_and_those_that_no_longer_deny_it() {
    let reads = allow("reads", &["shop/api"], &["db-*"]);
    let admin = deny("admin", &["shop/api"], &["db-admin"]);
    let both = [reads.clone(), admin];
    let widened = &diff(&both, std::slice::from_ref(&reads)).changes[0];
    assert_eq!(
        (&*widened.via, &*widened.denied_by),
        (&["reads".to_owned()][..], &["admin".to_owned()][..])
    );
    let narrowed = &diff(std::slice::from_ref(&reads), &both).changes[0];
    assert_eq!(
        (&narrowed.via, &narrowed.denied_by),
        (&widened.via, &widened.denied_by)
    );
}

#[test]
fn what_a_permission_implies_is_a_permission_of_its_own() {
    let manages = policy(
        "m",
        Effect::Allow,
        &["x/y"],
        &["*"],
        &[Permission::CertificateManageIssuers],
    );
    let no_get = policy(
        "n",
        Effect::Deny,
        &["x/y"],
        &["*"],
        &[Permission::CertificateGetIssuers],
    );
    assert_eq!(
        lines(std::slice::from_ref(&no_get), &[no_get.clone(), manages.clone()]),
        ["+ x/y certificates/listissuers,setissuers,deleteissuers,manageissuers *"]
    );
    assert_eq!(
        lines(&[no_get, manages.clone()], &[manages]),
        ["+ x/y certificates/getissuers *"]
    );
}

#[test]
fn vaults_and_namespaces_are_compared_apart() {
    let here = allow("p", &["x/y"], &["*"]);
    let mut elsewhere = here.clone();
    elsewhere.namespace = "team-b".to_owned();
    let mut other = here.clone();
    other.content.as_mut().unwrap().vault = "dev".parse().unwrap();
    for moved in [elsewhere, other] {
        let mut lines = lines(std::slice::from_ref(&here), &[moved]);
        lines.sort();
        assert_eq!(lines, ["+ x/y secrets/get *", "- x/y secrets/get *"]);
    }
}

#[test]
fn a_policy_that_cannot_be_read_makes_every_change_one_that_widens() {
    let mut unknown = allow("later", &["x/y"], &["*"]);
    unknown.content = Err("unknown field".to_owned());
    let gone = allow("p", &["x/y"], &["*"]);
    let same = [unknown.clone(), gone.clone()];
    assert!(!diff(&same, &same).widens());
    let narrowed = diff(&same, std::slice::from_ref(&unknown));
    assert!(
        narrowed.widens(),
        "the other may be a Deny that the operator now leaves alone"
    );
    assert_eq!(narrowed.unreadable, ["later: unknown field"]);
    assert!(diff(&same, std::slice::from_ref(&gone)).widens());
}

#[test]
fn a_grant_to_a_replaced_namespace_is_none_and_a_new_one_to_it_begins() {
    let mut bound = allow("p", &["x/y"], &["*"]);
    bound.content.as_mut().unwrap().subjects[0].1 = Some(SubjectState::NamespaceReplaced);
    assert!(lines(&[], std::slice::from_ref(&bound)).is_empty());
    assert_eq!(
        lines(&[bound], &[allow("q", &["x/y"], &["*"])]),
        ["+ x/y secrets/get *"]
    );
}

/// Whether a change says that an account gains, or loses, a permission on an object.
fn says(diff: &AccessDiff, turn: Turn, account: &str, permission: Permission, object: &ObjectName) -> bool {
    diff.changes.iter().any(|change| {
        change.turn == turn
            && change.service_account == account
            && change.permissions.contains(permission)
            && change.names.contain(object)
    })
}

#[test]
fn a_diff_says_exactly_what_the_decisions_of_the_vault_differ_in() {
    for seed in 1..=150 {
        let mut numbers = Numbers::new(seed);
        let before = Sample::of(numbers.policies());
        // Some stay, some are changed, some go, some come.
        let mut after = before.policies.clone();
        for policy in &mut after {
            if numbers.below(2) == 0 {
                *policy = numbers.policy(&policy.name.clone());
            }
        }
        after.rotate_left(numbers.below(2));
        after.truncate(after.len() - numbers.below(2));
        after.push(numbers.policy("new"));
        let after = Sample::of(after);
        let diff = diff(&before.policies, &after.policies);
        let named: BTreeSet<_> = {
            let policies = before.policies.iter().chain(&after.policies);
            everybody(policies.filter_map(|policy| policy.content.as_ref().ok()))
        };
        let mut widens = false;
        for (account, uid) in &before.accounts {
            let whom = Whom::Account(account.clone());
            let row = if named.contains(&whom) {
                whom
            } else {
                Whom::Others(account.namespace.clone())
            };
            for permission in PERMISSIONS.into_iter().flatten().copied() {
                for object in &before.objects {
                    let had = before.index.decide(uid, permission, object).is_allowed();
                    let has = after.index.decide(uid, permission, object).is_allowed();
                    widens |= has && !had;
                    for (turn, is_so) in [(Turn::Begins, has && !had), (Turn::Ends, had && !has)] {
                        let says = says(&diff, turn, &row.path(), permission, object);
                        assert_eq!(
                            says,
                            is_so,
                            "seed {seed}: {turn:?} {} {permission} {object}",
                            row.path()
                        );
                    }
                }
                let every = |sample: &Sample| sample.index.decide_every(uid, permission).is_allowed();
                widens |= every(&after) && !every(&before);
            }
        }
        assert!(diff.widens() || !widens, "seed {seed}");
    }
}
