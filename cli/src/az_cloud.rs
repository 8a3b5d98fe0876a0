//! `strongroom az-cloud`: the file by which the az command line knows the vaults of a namespace.

use std::process::ExitCode;

use strongroom_core::{
    Audience, NamespaceName,
    reference::{IDENTITY_SERVICE, service_host},
};

use crate::{
    arguments::{AzCloud, Global},
    cluster,
    failure::Failure,
    terminal,
};

/// Runs the command. Where the namespace is named, nothing is asked of the cluster.
pub(crate) async fn run(command: AzCloud, global: &Global) -> Result<ExitCode, Failure> {
    let namespace = cluster::vault_namespace(global).await?;
    let release_namespace = global.release_namespace.parse().map_err(Failure::Namespace)?;
    terminal::print(&file(&command.name, &namespace, &release_namespace))?;
    Ok(ExitCode::SUCCESS)
}

/// A section of az's `clouds.config`.
///
/// The identity service stands for the authority, and for the resource manager too, whose list of subscriptions is all
/// that a login asks for. az derives a vault's host from the suffix, and the token's audience from the resource.
fn file(name: &str, namespace: &NamespaceName, release_namespace: &NamespaceName) -> String {
    let identity = format!("https://{}", service_host(IDENTITY_SERVICE, release_namespace));
    let resource = Audience::Namespace(namespace.clone()).to_string();
    let suffix = resource.trim_start_matches("https://");
    format!(
        "[{name}]\n\
         endpoint_active_directory = {identity}\n\
         endpoint_active_directory_resource_id = {resource}\n\
         endpoint_management = {identity}\n\
         endpoint_resource_manager = {identity}\n\
         suffix_keyvault_dns = .{suffix}\n"
    )
}
