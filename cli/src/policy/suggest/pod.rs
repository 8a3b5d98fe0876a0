//! What a pod mounts, and what it is refused of that. Pure.

use k8s_openapi::api::core::v1::Pod;
use strongroom_core::AccountName;
use strongroom_crds::{
    SecretRef,
    secret_ref::{FileState, SecretRefFile},
};

use crate::secret_ref::{DRIVER, REFERENCE_ATTRIBUTE};

/// The names of the SecretRefs that the volumes of a pod show.
pub(super) fn references(pod: &Pod) -> Vec<&str> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let ours = volumes
        .filter_map(|volume| volume.csi.as_ref())
        .filter(|csi| csi.driver == DRIVER);
    let names = ours.filter_map(|csi| csi.volume_attributes.as_ref()?.get(REFERENCE_ATTRIBUTE));
    let mut names: Vec<_> = names.map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The files that an account is refused. What the operator reports is about the account that the SecretRef names, and about the
/// spec that it saw; of another account, or another spec, every file is taken to be refused.
pub(super) fn refused<'a>(reference: &'a SecretRef, account: &AccountName) -> Vec<&'a SecretRefFile> {
    let status = reference.status.as_ref().filter(|status| {
        reference.spec.service_account_name == account.name.as_str()
            && status.observed_generation == reference.metadata.generation
    });
    let is_refused = |file: &&SecretRefFile| {
        let Some(status) = status else { return true };
        let mut found = status.files.iter();
        found.any(|found| found.path == file.path && found.state == FileState::Forbidden)
    };
    reference.spec.files.iter().filter(is_refused).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_volumes_of_the_driver_count() {
        let csi = |driver: &str, name: &str| json!({ "name": "v", "csi": { "driver": driver, "volumeAttributes": { "secretRef": name } } });
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": "p" },
            "spec": { "containers": [], "volumes": [
                csi(DRIVER, "web"), csi(DRIVER, "db"), csi(DRIVER, "db"), csi("other", "x"),
                { "name": "tmp", "emptyDir": {} },
            ] },
        }))
        .unwrap();
        assert_eq!(references(&pod), ["db", "web"]);
        assert!(references(&Pod::default()).is_empty());
    }

    #[test]
    fn what_is_refused_is_what_the_status_says_where_it_is_about_the_account_and_all_otherwise() {
        let reference: SecretRef = serde_json::from_value(json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": { "name": "db", "namespace": "shop", "generation": 2 },
            "spec": {
                "vaultRef": { "namespace": "team-a", "name": "prod" }, "serviceAccountName": "api",
                "files": [
                    { "path": "a", "secret": { "name": "a" } }, { "path": "b", "secret": { "name": "b" } },
                ],
            },
            "status": { "observedGeneration": 2, "files": [
                { "path": "a", "state": "Available", "version": "ab" }, { "path": "b", "state": "Forbidden" },
            ] },
        }))
        .unwrap();
        let paths = |reference: &SecretRef, account: &str| -> Vec<String> {
            let files = refused(reference, &account.parse().unwrap());
            files.iter().map(|file| file.path.clone()).collect()
        };
        assert_eq!(paths(&reference, "shop:api"), ["b"]);
        assert_eq!(paths(&reference, "shop:default"), ["a", "b"]);
        let mut changed = reference;
        changed.metadata.generation = Some(3);
        assert_eq!(paths(&changed, "shop:api"), ["a", "b"]);
    }
}
