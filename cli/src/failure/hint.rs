//! What to try after a failure: the command that shows why.

use strongroom_client::{
    ConnectError, TransportError,
    identity::ExchangeError,
    vault::{VaultError, VaultRefusal},
};
use strongroom_core::NamespaceName;
use strongroom_crds::ApiError;

use super::{CertFailure, Failure, SecretFailure, is_forbidden};
use crate::program::Program;

impl Failure {
    /// What to try next, with commands of `program`.
    pub(crate) fn hint(&self, program: Program) -> Option<String> {
        match self {
            Self::Cluster {
                verb,
                resource,
                namespace,
                source,
            } if is_forbidden(source) => Some(why(verb, resource, namespace)),
            Self::NoService { namespace, .. } => Some(format!(
                "To see the vaults that are there: kubectl get vaults.strongroom.dev -n {namespace}"
            )),
            Self::NoPod { namespace, .. } => Some(format!(
                "To see what it waits for: kubectl get pods,vaults.strongroom.dev -n {namespace}"
            )),
            Self::Exchange {
                source: ExchangeError::Transport(error),
                namespace,
            }
            | Self::Vault {
                source: VaultError::Transport(error),
                namespace,
                ..
            } => forward_hint(error, namespace),
            Self::Vault {
                source,
                question,
                by_default,
                ..
            } if source.refusal().is_some_and(VaultRefusal::is_by_policy) => {
                let acts = if *by_default {
                    format!(
                        "The command acted as service account {}, since --service-account names no other.\n",
                        question.account.path()
                    )
                } else {
                    String::new()
                };
                Some(format!("{acts}To see why: {program} {question}"))
            }
            Self::Cert(CertFailure::InTime { name, flags, .. }) => Some(format!(
                "To go on waiting: {program} cert pending wait {name} {flags}"
            )),
            Self::VaultObject(failure) => failure.hint(program),
            Self::Secret(SecretFailure::Partly { source, .. }) => source.hint(program),
            Self::Secret(SecretFailure::NotFound { flags, .. }) => Some(format!(
                "To see the secrets that are deleted: {program} secret list --deleted {flags}"
            )),
            _ => None,
        }
    }
}

/// The command that shows whether the right is there. To kubectl, `TYPE/NAME` is an object and no subresource.
fn why(verb: &str, resource: &str, namespace: &NamespaceName) -> String {
    let asked = resource.replacen('/', " --subresource=", 1);
    format!("To see why: kubectl auth can-i {verb} {asked} -n {namespace}")
}

/// A port forward is refused below TLS, where it looks like a broken connection.
fn forward_hint(error: &TransportError, namespace: &NamespaceName) -> Option<String> {
    let TransportError::Connect {
        source: ConnectError::Open { source, .. },
        ..
    } = error
    else {
        return None;
    };
    let source = source.get_ref()?.downcast_ref::<ApiError>()?;
    // Some releases of Kubernetes ask for one of the two, some for both.
    let asked = ["get", "create"].map(|verb| why(verb, "pods/portforward", namespace));
    is_forbidden(source).then(|| asked.join("\n"))
}

#[cfg(test)]
mod tests {
    use strongroom_core::{Permission, PolicyCheck, VaultRef};

    use super::*;

    fn refused(by_default: bool) -> Failure {
        let vault = VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap());
        Failure::Vault {
            source: VaultError::Refused(VaultRefusal {
                status: http::StatusCode::FORBIDDEN,
                code: "Forbidden".to_owned(),
                inner_code: Some("ForbiddenByPolicy".to_owned()),
                message: "no".to_owned(),
                retry_after: None,
            }),
            namespace: vault.namespace.clone(),
            question: Box::new(PolicyCheck {
                vault,
                account: "team-a:default".parse().unwrap(),
                permission: Permission::SecretGet,
                object: Some("db".parse().unwrap()),
            }),
            by_default,
        }
    }

    #[test]
    fn the_hint_names_the_program_as_it_was_called() {
        let question = "policy check --vault team-a/prod --service-account team-a/default --permission secrets/get --object db";
        for (program, name) in [
            (Program::Command, "strongroom"),
            (Program::Plugin, "kubectl strongroom"),
        ] {
            let hint = refused(false).hint(program).unwrap();
            assert_eq!(hint, format!("To see why: {name} {question}"));
        }
    }

    #[test]
    fn a_refusal_of_the_default_account_says_which_one_it_is_and_how_to_choose_another() {
        let hint = refused(true).hint(Program::Command).unwrap();
        assert!(
            hint.starts_with(
                "The command acted as service account team-a/default, since --service-account names no other.\nTo see why: "
            ),
            "{hint}"
        );
    }

    #[test]
    fn a_subresource_is_asked_for_as_kubectl_takes_it() {
        let namespace = "shop".parse().unwrap();
        assert_eq!(
            why("create", "serviceaccounts/token", &namespace),
            "To see why: kubectl auth can-i create serviceaccounts --subresource=token -n shop"
        );
        assert_eq!(
            why("get", "configmaps", &namespace),
            "To see why: kubectl auth can-i get configmaps -n shop"
        );
    }
}
