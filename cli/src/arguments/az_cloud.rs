//! `strongroom az-cloud`.

use clap::Args;

/// What `strongroom az-cloud --help` says first.
pub(crate) const HELP: &str = "\
Prints the file that lets Azure's command line, az, use the vaults of a namespace

az reads the clouds that it knows from the file `clouds.config` in the directory that the variable
AZURE_CONFIG_DIR names, or in ~/.azure. This command prints such a cloud. It says where to log in,
which is Strongroom's identity service, and that vault NAME is at https://NAME.NAMESPACE.svc.
To use it:

  strongroom az-cloud --namespace team-a > \"$AZURE_CONFIG_DIR/clouds.config\"
  az cloud set --name strongroom
  az login --service-principal --username any --tenant adfs \\
    --federated-token TOKEN --allow-no-subscriptions
  az keyvault secret list --vault-name prod

TOKEN is a token of a service account for the audience strongroom.dev: a pod mounts one, and
`kubectl create token` makes one. Run az where the names of the cluster's Services resolve, as in
a pod; let REQUESTS_CA_BUNDLE name the trust bundle, and set AZURE_CORE_INSTANCE_DISCOVERY=false.
docs/sdk/az.md shows the whole pod.

With --namespace the command asks nothing of the cluster and needs no kubeconfig.";

#[derive(Debug, Args)]
pub(crate) struct AzCloud {
    /// The name that az will have for it: letters, digits, dashes and underscores.
    #[arg(long, default_value = "strongroom", value_parser = cloud_name)]
    pub(crate) name: String,
}

fn cloud_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !text.is_empty() && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a name is letters, digits, dashes and underscores".to_owned())
    }
}
