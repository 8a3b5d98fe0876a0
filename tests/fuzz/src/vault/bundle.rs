//! The bundle of policies, as the admin port takes it.

use strongroom_core::{Bundle, BundlePolicy, Effect, ObjectName, Permission, Uid};
use strongroom_vault::policy::Policy;

use super::fixture::Served;
use crate::{Seed, Verdict, kept::Kept};

/// The word that stands in an input for the id of the vault.
const VAULT_ID: &str = "VAULT-ID";
/// Where the vault keeps the bundle in force.
const PLACE: &str = "policy/bundle";
/// How many subjects and patterns of a bundle are asked about.
const ASKED: usize = 6;

thread_local! {
    static SERVED: Kept<Served> = const { Kept::nothing() };
}

/// The input is a bundle.
///
/// - A bundle that is taken is one for this vault and of this release, and nothing in it is unknown.
/// - Every request is decided as the policies say, read one by one: a Deny beats every Allow, and without a policy nothing
///   is allowed.
/// - It is decided the same after a restart. The same bytes again change nothing.
pub fn policy_bundle(input: &[u8]) -> Verdict {
    SERVED.with(|kept| {
        kept.with(Served::start, |served| {
            served.stop_clock();
            let objects = &served.service.objects;
            let text = String::from_utf8_lossy(input).replace(VAULT_ID, &objects.vault_id().to_string());
            objects.meta_put(PLACE, None).unwrap();
            let opened =
                || Policy::open(objects.clone(), "prod-0", None, served.files.clock.clone()).unwrap();
            let policy = opened();
            let taken = policy.put(text.as_bytes(), |_| Ok(()));
            if let Ok(taken) = &taken {
                let bundle = understood(&text, &objects.vault_id().to_string());
                assert_eq!(taken.policies, bundle.policies.len());
                agree(&policy, &bundle);
                assert!(!policy.put(text.as_bytes(), |_| Ok(())).unwrap().is_new);
                let again = opened();
                assert_eq!(
                    again.bundle_id(),
                    policy.bundle_id(),
                    "a restart forgets the bundle"
                );
                assert_eq!(again.bundle().unwrap().as_deref(), Some(text.as_bytes()));
                agree(&again, &bundle);
            } else {
                assert!(policy.bundle_id().is_none(), "a refused bundle is in force");
            }
            Verdict::of(&taken)
        })
    })
}

/// The bundle that was taken.
fn understood(text: &str, vault_id: &str) -> Bundle {
    let bundle: Bundle = serde_json::from_str(text).expect("a bundle that is taken is read");
    assert_eq!((bundle.format, &*bundle.vault_id), (Bundle::FORMAT, vault_id));
    assert!(bundle.features.is_empty(), "a feature that nobody knows");
    let again = serde_json::to_vec(&bundle).unwrap();
    assert_eq!(serde_json::from_slice::<Bundle>(&again).unwrap(), bundle);
    let members = |value: &serde_json::Value, most: usize| {
        let found = value.as_object().map_or(0, serde_json::Map::len);
        assert!(found <= most, "a member that nobody knows: {value}");
    };
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    members(&value, 5);
    members(&value["generation"], 2);
    value["policies"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(|policy| members(policy, 5));
    bundle
}

/// Compares what the vault decides with the policies.
fn agree(policy: &Policy, bundle: &Bundle) {
    let policies = || bundle.policies.iter();
    let mut subjects: Vec<Uid> = policies().flat_map(|policy| policy.subjects.clone()).collect();
    subjects.truncate(ASKED);
    subjects.push("nobody".parse().unwrap());
    let mut names: Vec<String> = policies()
        .flat_map(|policy| &policy.objects)
        .map(|pattern| pattern.to_string().replace('*', "x"))
        .collect();
    names.truncate(ASKED);
    names.push("zz".into());
    for object in names.iter().filter_map(|name| name.parse::<ObjectName>().ok()) {
        for subject in &subjects {
            for permission in Permission::ALL {
                let decided = policy
                    .in_force()
                    .unwrap()
                    .decide(subject, *permission, &object)
                    .is_allowed();
                let said = says(&bundle.policies, subject, *permission, object.as_str());
                assert_eq!(decided, said, "{subject} {permission:?} {object}");
                let any = policy
                    .in_force()
                    .unwrap()
                    .decide_any(subject, *permission)
                    .is_allowed();
                assert!(
                    any || !decided,
                    "a list is refused to who may see something of it"
                );
            }
        }
    }
}

/// Whether one of `policies` allows the request and none denies it.
fn says(policies: &[BundlePolicy], subject: &Uid, permission: Permission, object: &str) -> bool {
    let is_meant = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => object.starts_with(prefix),
        None => pattern == object,
    };
    let mut is_allowed = false;
    for policy in policies {
        let is_about = policy.subjects.contains(subject)
            && policy.permissions.iter().any(|granted| granted == permission)
            && policy
                .objects
                .iter()
                .any(|pattern| is_meant(&pattern.to_string()));
        match policy.effect {
            Effect::Deny if is_about => return false,
            Effect::Allow if is_about => is_allowed = true,
            Effect::Allow | Effect::Deny => {}
        }
    }
    is_allowed
}

/// Bundles that are taken, and some that are not.
pub fn seeds() -> Vec<Seed> {
    let policy = |effect: &str, objects: &str, permissions: &str| {
        format!(
            r#"{{"name":"p","effect":"{effect}","subjects":["uid-1","uid-2"],"objects":[{objects}],"permissions":[{permissions}]}}"#
        )
    };
    let bundle = |head: &str, policies: &[String]| {
        format!(
            r#"{{{head},"vault_id":"VAULT-ID","generation":{{"epoch":1,"n":2}},"features":[],"policies":[{}]}}"#,
            policies.join(",")
        )
    };
    let known = r#""format":1"#;
    let some = policy("Allow", r#""*","db-*","DB""#, r#""secrets/get","secrets/list""#);
    let deny = policy("Deny", r#""db-a*""#, r#""secrets/get""#);
    vec![
        Seed::taken("empty", bundle(known, &[])),
        Seed::taken("allow", bundle(known, std::slice::from_ref(&some))),
        Seed::taken("deny", bundle(known, &[some.clone(), deny])),
        Seed::refused("another-format", bundle(r#""format":2"#, &[])),
        Seed::refused("a-member-too-many", bundle(r#""format":1,"and":1"#, &[])),
        Seed::refused("of-another-vault", bundle(known, &[]).replace(VAULT_ID, "other")),
        Seed::refused(
            "beyond-all-generations",
            bundle(known, &[]).replace(r#""n":2"#, r#""n":18446744073709551615"#),
        ),
        Seed::refused(
            "an-unknown-effect",
            bundle(known, &[policy("Perhaps", r#""*""#, "")]),
        ),
    ]
}
