//! A policy in a few words, for `kubectl get`. Pure.

use serde::Serialize;
use strongroom_crds::{
    AccessPolicySpec,
    access_policy::{PolicySubject, PolicySummary},
};

/// How many characters of a list are shown, unless its first word is longer.
const WIDTH: usize = 40;

/// The summary of a policy that can be read.
pub fn summary(spec: &AccessPolicySpec) -> PolicySummary {
    let named = || spec.permissions.iter();
    let secrets = named().flat_map(|named| named.secrets.iter().flatten());
    let keys = named().flat_map(|named| named.keys.iter().flatten());
    let granted = match &spec.role {
        Some(role) => vec![word(role)],
        // Both kinds of object can be got and listed: the kind that came later is named.
        None => secrets
            .map(word)
            .chain(keys.map(|permission| format!("keys/{}", word(permission))))
            .collect(),
    };
    PolicySummary {
        subjects: few(&spec.subjects.iter().map(subject).collect::<Vec<_>>()),
        objects: few(&spec.objects),
        permissions: few(&granted),
    }
}

fn subject(subject: &PolicySubject) -> String {
    let one = subject.service_account.iter();
    let all = subject.all_service_accounts.iter();
    let one = one.map(|account| format!("{}/{}", account.namespace, account.name));
    let all = all.map(|all| format!("{}/*", all.namespace));
    one.chain(all).collect::<Vec<_>>().join(", ")
}

/// The value as a policy's owner writes it.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// As many of the words as fit, and how many more there are.
fn few(words: &[String]) -> String {
    let mut shown = String::new();
    for (index, word) in words.iter().enumerate() {
        let fits = shown.is_empty() || shown.chars().count() + 2 + word.chars().count() <= WIDTH;
        if !fits {
            return format!("{shown} and {} more", words.len() - index);
        }
        if !shown.is_empty() {
            shown.push_str(", ");
        }
        shown.push_str(word);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(subjects: &Value, objects: &Value, grant: &Value) -> PolicySummary {
        let mut spec = json!({
            "vaultRef": {"name": "prod"}, "effect": "Allow", "subjects": subjects, "objects": objects,
        });
        spec.as_object_mut()
            .unwrap()
            .extend(grant.as_object().unwrap().clone());
        summary(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn permissions_on_keys_are_told_from_those_on_secrets() {
        let both = of(
            &json!([{"serviceAccount": {"namespace": "shop", "name": "api"}}]),
            &json!(["*"]),
            &json!({"permissions": {"secrets": ["get"], "keys": ["get", "unwrapKey"]}}),
        );
        assert_eq!(both.permissions, "get, keys/get, keys/unwrapKey");
    }

    #[test]
    fn whom_which_and_what_are_each_a_few_words() {
        let account = |name: &str| json!({"serviceAccount": {"namespace": "shop", "name": name}});
        let all = json!({"allServiceAccounts": {"namespace": "batch"}});
        let short = of(
            &json!([account("api"), all]),
            &json!(["db-*", "cache"]),
            &json!({"permissions": {"secrets": ["get", "list"]}}),
        );
        assert_eq!(short.subjects, "shop/api, batch/*");
        assert_eq!(short.objects, "db-*, cache");
        assert_eq!(short.permissions, "get, list");
        let many: Vec<_> = (0..64)
            .map(|n| account(&format!("a-rather-long-name-{n}")))
            .collect();
        let long = of(
            &json!(many),
            &json!([&"x".repeat(127), "y"]),
            &json!({"role": "KeyVaultSecretsOfficer"}),
        );
        assert_eq!(long.subjects, "shop/a-rather-long-name-0 and 63 more");
        assert_eq!(long.objects, format!("{} and 1 more", "x".repeat(127)));
        assert_eq!(long.permissions, "KeyVaultSecretsOfficer");
    }

    #[test]
    fn the_longest_policy_fits_the_schema() {
        let account = json!({"serviceAccount": {"namespace": "n".repeat(63), "name": "a".repeat(253)}});
        let longest = of(
            &json!(vec![account; 64]),
            &json!(vec!["o".repeat(128); 128]),
            &json!({"permissions": {"secrets":
                ["get", "list", "set", "delete", "backup", "restore", "recover", "purge"]}}),
        );
        for text in [&longest.subjects, &longest.objects, &longest.permissions] {
            assert!(text.chars().count() <= 384, "{text}");
        }
        assert_eq!(
            longest.permissions,
            "get, list, set, delete, backup, restore and 2 more"
        );
    }
}
