//! New SecretRefs. Pure.

use strongroom_core::{AccountName, SecretRefName, VaultRef};
use strongroom_crds::{
    SecretRef, SecretRefSpec,
    secret_ref::{SecretRefFile, SecretSource, VaultRefSpec},
};

use crate::{arguments::FileArgument, failure::PolicyFailure};

/// The most files of a SecretRef.
const MAX_FILES: usize = 64;

/// As `-o name` prints it, and kubectl reads it.
pub(super) fn resource(name: &SecretRefName) -> String {
    format!("secretref.strongroom.dev/{}\n", name.name)
}

/// The SecretRef of these files. Errors: no API server would take it.
pub(super) fn reference(
    name: &SecretRefName,
    vault: &VaultRef,
    account: &AccountName,
    files: &[FileArgument],
) -> Result<SecretRef, PolicyFailure> {
    if files.len() > MAX_FILES {
        return Err(PolicyFailure::Files(MAX_FILES));
    }
    let spec = SecretRefSpec {
        vault_ref: VaultRefSpec {
            name: vault.name.to_string(),
            namespace: vault.namespace.to_string(),
        },
        service_account_name: account.name.to_string(),
        files: files.iter().map(file).collect(),
    };
    for file in &spec.files {
        file.path().map_err(|error| PolicyFailure::File {
            path: file.path.clone(),
            reason: error.to_string(),
        })?;
    }
    if let Some(path) = obstructed(&spec.files) {
        return Err(PolicyFailure::Paths(path.to_owned()));
    }
    let mut reference = SecretRef::new(name.name.as_str(), spec);
    reference.metadata.namespace = Some(name.namespace.to_string());
    Ok(reference)
}

fn file(argument: &FileArgument) -> SecretRefFile {
    SecretRefFile {
        path: argument.path.clone(),
        mode: None,
        secret: Some(SecretSource {
            name: argument.secret.spelling().to_owned(),
            version: argument.version.map(|version| version.to_string()),
            encoding: None,
        }),
        key: None,
        certificate: None,
        trust_bundle: None,
    }
}

/// A path that another file has, or has files below.
fn obstructed(files: &[SecretRefFile]) -> Option<&str> {
    let paths = || files.iter().map(|file| file.path.as_str()).enumerate();
    paths().find_map(|(index, path)| {
        let below = format!("{path}/");
        let is_in_the_way = |(other_index, other): (usize, &str)| {
            other_index != index && (other == path || other.starts_with(&below))
        };
        paths().any(is_in_the_way).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(files: &[&str]) -> Result<SecretRef, String> {
        let name = SecretRefName {
            namespace: "shop".parse().unwrap(),
            name: "db".parse().unwrap(),
        };
        let vault = VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap());
        let files: Vec<_> = files.iter().map(|file| file.parse().unwrap()).collect();
        let reference = reference(&name, &vault, &"shop:api".parse().unwrap(), &files);
        reference.map_err(|error| error.to_string())
    }

    #[test]
    fn it_is_an_object_that_the_cluster_takes() {
        let version = "ab".repeat(16);
        let reference = of(&[
            "password=DB-password",
            &format!("old/password=db-password/{version}"),
        ])
        .unwrap();
        let expected = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": { "name": "db", "namespace": "shop" },
            "spec": {
                "vaultRef": { "namespace": "team-a", "name": "prod" }, "serviceAccountName": "api",
                "files": [
                    { "path": "password", "secret": { "name": "DB-password" } },
                    { "path": "old/password", "secret": { "name": "db-password", "version": version } },
                ],
            },
        });
        assert_eq!(serde_json::to_value(&reference).unwrap(), expected);
    }

    #[test]
    fn files_that_no_api_server_would_take_are_refused() {
        for (files, said) in [
            (&["../x=a"][..], "--file ../x: a path is relative"),
            (&["/x=a"], "--file /x: a path is relative"),
            (&["x=a", "x=b"], "--file x: another file has that path"),
            (&["x=a", "x/y=b"], "--file x: another file has that path"),
            (&["x/y/z=b", "x/y=a"], "--file x/y: another file has that path"),
        ] {
            let refused = of(files).unwrap_err();
            assert!(refused.starts_with(said), "{refused}");
        }
        assert!(of(&["x=a", "xy=b", "x-y=c"]).is_ok());
        assert!(of(&["x=a"; 65]).unwrap_err().contains("at most 64"));
    }
}
