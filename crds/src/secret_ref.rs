//! `SecretRef`: which objects of a vault become which files of a pod.

mod certificate;
mod file;
mod key;
mod password;
mod secret;
mod status;
mod trust_bundle;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use strongroom_core::{VaultRef, name::NameError};

use crate::rule;
pub use certificate::{
    CertificateFile, CertificateFormat, CertificateFormatField, CertificatePart, CertificatePartField,
    CertificateSource, CertificateSourceError, CertificateStore, StoreContents, StoreFormat,
};
pub use file::{FileError, FileSource, SecretRefFile, StorePassword};
pub use key::{KeyEncoding, KeyEncodingError, KeyEncodingField, KeySource};
pub use password::PasswordSource;
pub use secret::{SecretEncoding, SecretEncodingError, SecretEncodingField, SecretSource};
pub use status::{FileState, FileStatus, SecretRefStatus, VolumeCounts};
pub use trust_bundle::{
    TrustBundle, TrustBundleError, TrustBundleSource, TrustFormat, TrustFormatField, TrustRoots,
    TrustRootsField,
};

/// Which objects become which files.
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "strongroom.dev",
    version = "v1alpha1",
    kind = "SecretRef",
    namespaced,
    status = "SecretRefStatus",
    derive = "PartialEq",
    category = "strongroom",
    shortname = "sref",
    selectable = ".spec.vaultRef.name",
    selectable = ".spec.vaultRef.namespace",
    selectable = ".spec.serviceAccountName",
    doc = "Names the objects of a vault that an app needs, and the files they become. A pod of the same namespace mounts it with the CSI driver csi.strongroom.dev and the volume attribute secretRef. It grants nothing: an AccessPolicy beside the vault does.",
    printcolumn(
        name = "Vault",
        type_ = "string",
        json_path = ".spec.vaultRef.name",
        description = "The vault that holds the objects"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether a pod could mount it now"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why it is, or is not, ready"
    ),
    printcolumn(
        name = "Current",
        type_ = "integer",
        json_path = ".status.volumes.current",
        description = "Volumes whose files are the newest"
    ),
    printcolumn(
        name = "Total",
        type_ = "integer",
        json_path = ".status.volumes.total",
        description = "Volumes that are mounted"
    ),
    printcolumn(
        name = "Vault-Namespace",
        type_ = "string",
        json_path = ".spec.vaultRef.namespace",
        description = "The vault's namespace",
        priority = "1"
    ),
    printcolumn(
        name = "Account",
        type_ = "string",
        json_path = ".spec.serviceAccountName",
        description = "The service account it is checked for",
        priority = "1"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct SecretRefSpec {
    /// The vault that holds the objects.
    pub vault_ref: VaultRefSpec,
    /// The service account of the pods that mount this, in the same namespace. Its access is checked ahead of time and
    /// reported in the status; mounting always uses the pod's own account.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rule::service_account_name())]
    pub service_account_name: String,
    /// The files, 1 to 64, each from one object.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(
        validation = Rule::new("self.all(parent, !self.exists(file, file.path.startsWith(parent.path + '/')))").message("No file's path is the directory of another file."),
        merge_strategy = ListMerge::Map(vec!["path".to_owned()])
    )]
    pub files: Vec<SecretRefFile>,
}

/// A vault of any namespace. Naming it grants nothing.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultRefSpec {
    /// The vault's name.
    #[schemars(length(min = 1, max = 40))]
    #[x_kube(validation = rule::vault_name())]
    pub name: String,
    /// The vault's namespace.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rule::namespace_name())]
    pub namespace: String,
}

impl VaultRefSpec {
    /// The vault that the fields name. Errors: the name or the namespace is none.
    pub fn parsed(&self) -> Result<VaultRef, NameError> {
        Ok(VaultRef::new(self.namespace.parse()?, self.name.parse()?))
    }
}
