//! Whether this process is in a pod of a cluster, where a vault of everybody's secrets is not what anybody wants by mistake.

use std::path::{Path, PathBuf};

/// Where Kubernetes puts the token of a pod's service account, below the root.
const TOKEN: &str = "var/run/secrets/kubernetes.io/serviceaccount/token";

/// The token of the service account of the pod that this process is in, if it is in one. `root` is `/`, but in a test.
pub fn service_account_token(root: &Path) -> Option<PathBuf> {
    let path = root.join(TOKEN);
    path.exists().then_some(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_pod_is_known_by_the_token_of_its_account() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(service_account_token(root.path()), None);
        let token = root.path().join(TOKEN);
        fs::create_dir_all(token.parent().unwrap()).unwrap();
        fs::write(&token, "token").unwrap();
        assert_eq!(service_account_token(root.path()), Some(token));
    }
}
