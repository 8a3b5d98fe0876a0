//! The narrowest policies that let an account read files. Pure.

use std::collections::BTreeSet;

use kube::ResourceExt as _;
use strongroom_core::{AccountName, ObjectKind, ObjectName};
use strongroom_crds::{
    AccessPolicy, AccessPolicySpec, SecretRef,
    access_policy::{
        EffectField, KeyPermission, LocalVaultRef, NamedServiceAccount, Permissions, PolicySubject,
        SecretPermission,
    },
    secret_ref::{FileError, FileSource, SecretRefFile},
};

use crate::{failure::PolicyFailure, manifest::mark};

/// The longest beginning of a name that leaves room for what follows it: an object's name has at most 253 characters.
const MAX_STEM: usize = 240;

/// `NAMESPACE/NAME` of a SecretRef.
pub(super) fn path_of(reference: &SecretRef) -> String {
    format!(
        "{}/{}",
        reference.namespace().unwrap_or_default(),
        reference.name_any()
    )
}

/// The account that a SecretRef is checked for.
pub(super) fn account_of_reference(reference: &SecretRef) -> Result<AccountName, PolicyFailure> {
    let unusable = |error: &dyn std::fmt::Display| PolicyFailure::Reference {
        reference: path_of(reference),
        reason: error.to_string(),
    };
    Ok(AccountName {
        namespace: reference
            .namespace()
            .unwrap_or_default()
            .parse()
            .map_err(|error| unusable(&error))?,
        name: reference
            .spec
            .service_account_name
            .parse()
            .map_err(|error| unusable(&error))?,
    })
}

/// The policies by which an account reads these files of a SecretRef, and nothing else: one for each kind of object, none if the
/// files need none.
pub(super) fn narrowest(
    reference: &SecretRef,
    account: &AccountName,
    files: &[&SecretRefFile],
) -> Result<Vec<AccessPolicy>, PolicyFailure> {
    let (mut secrets, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for file in files {
        let objects = objects_of(file).map_err(|error| PolicyFailure::Reference {
            reference: path_of(reference),
            reason: format!("file {}: {error}", file.path),
        })?;
        for (kind, name) in objects {
            match kind {
                ObjectKind::Keys => keys.insert(name),
                ObjectKind::Secrets | ObjectKind::Certificates => secrets.insert(name),
            };
        }
    }
    let get_secrets = Permissions {
        secrets: Some(vec![SecretPermission::Get]),
        ..Permissions::default()
    };
    let get_keys = Permissions {
        keys: Some(vec![KeyPermission::Get]),
        ..Permissions::default()
    };
    let parts = [("reads", secrets, get_secrets), ("reads-keys", keys, get_keys)];
    let needed = parts.into_iter().filter(|(_, names, _)| !names.is_empty());
    let policies = needed.map(|(end, names, permissions)| {
        let names = names.iter().map(|name| name.spelling().to_owned()).collect();
        policy(reference, account, end, names, permissions)
    });
    Ok(policies.collect())
}

/// What a file is read from. A certificate is read from the secret of its name.
fn objects_of(file: &SecretRefFile) -> Result<Vec<(ObjectKind, ObjectName)>, FileError> {
    Ok(match file.source()? {
        FileSource::Secret { name, .. } | FileSource::Certificate { name, .. } => {
            vec![(ObjectKind::Secrets, name)]
        }
        FileSource::Store { name, password, .. } => {
            vec![(ObjectKind::Secrets, name), (ObjectKind::Secrets, password.name)]
        }
        FileSource::Key { name, .. } => vec![(ObjectKind::Keys, name)],
        FileSource::TrustBundle(_) => Vec::new(),
    })
}

fn policy(
    reference: &SecretRef,
    account: &AccountName,
    end: &str,
    objects: Vec<String>,
    permissions: Permissions,
) -> AccessPolicy {
    let stem = format!("{}-{}", account.namespace, reference.name_any());
    let stem: String = stem.chars().take(MAX_STEM).collect();
    let vault = &reference.spec.vault_ref;
    let name = format!(
        "{}-{end}-{}",
        stem.trim_end_matches(['-', '.']),
        mark(&[&account.path(), &vault.name], &objects)
    );
    let spec = AccessPolicySpec {
        vault_ref: LocalVaultRef {
            name: vault.name.clone(),
        },
        effect: EffectField::Allow,
        subjects: vec![PolicySubject {
            service_account: Some(NamedServiceAccount {
                namespace: account.namespace.to_string(),
                name: account.name.to_string(),
            }),
            all_service_accounts: None,
        }],
        objects,
        permissions: Some(permissions),
        role: None,
    };
    let mut policy = AccessPolicy::new(&name, spec);
    policy.metadata.namespace = Some(vault.namespace.clone());
    policy
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn reference(files: &Value) -> SecretRef {
        serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": { "name": "db", "namespace": "shop" },
            "spec": {
                "vaultRef": { "namespace": "team-a", "name": "prod" }, "serviceAccountName": "api", "files": files,
            },
        }))
        .unwrap()
    }

    fn suggested(files: &Value) -> Result<Value, String> {
        let reference = reference(files);
        let account = account_of_reference(&reference).unwrap();
        let files: Vec<_> = reference.spec.files.iter().collect();
        let policies = narrowest(&reference, &account, &files).map_err(|error| error.to_string())?;
        Ok(serde_json::to_value(policies).unwrap())
    }

    #[test]
    fn the_policy_names_the_account_each_object_once_and_get_alone() {
        let files = json!([
            { "path": "password", "secret": { "name": "DB-password" } },
            { "path": "old", "secret": { "name": "db-password", "version": "ab".repeat(16) } },
            { "path": "tls/web.jks", "certificate": {
                "name": "web", "part": "Bundle", "format": "JKS", "password": { "secret": "changeit" } } },
            { "path": "ca", "trustBundle": {} },
        ]);
        let expected = json!([{
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": { "name": "shop-db-reads-b881ba03", "namespace": "team-a" },
            "spec": {
                "vaultRef": { "name": "prod" }, "effect": "Allow",
                "subjects": [{ "serviceAccount": { "namespace": "shop", "name": "api" } }],
                "objects": ["changeit", "DB-password", "web"],
                "permissions": { "secrets": ["get"] },
            },
        }]);
        assert_eq!(suggested(&files).unwrap(), expected);
    }

    #[test]
    fn keys_have_a_policy_of_their_own_and_the_trust_bundle_needs_none() {
        let policies = suggested(&json!([
            { "path": "key", "key": { "name": "sign" } },
            { "path": "password", "secret": { "name": "db" } },
        ]));
        let policies = policies.unwrap();
        let names: Vec<_> = (0..2).map(|index| &policies[index]["metadata"]["name"]).collect();
        assert_eq!(names, ["shop-db-reads-94ab8e06", "shop-db-reads-keys-e056ba0d"]);
        assert_eq!(policies[1]["spec"]["permissions"], json!({ "keys": ["get"] }));
        assert_eq!(
            suggested(&json!([{ "path": "ca", "trustBundle": {} }])).unwrap(),
            json!([])
        );
    }

    #[test]
    fn a_file_that_this_release_cannot_read_is_named() {
        let refused = suggested(&json!([{ "path": "x", "secret": { "name": "db", "encoding": "Rot13" } }]));
        let refused = refused.unwrap_err();
        assert!(
            refused.starts_with("the SecretRef shop/db cannot be used: file x: "),
            "{refused}"
        );
    }
}
