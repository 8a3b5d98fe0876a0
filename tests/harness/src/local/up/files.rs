//! The files that the daemons of a cluster read.

use std::fs;

use anyhow::Result;

use crate::local::{
    Layout, audit, config, daemons,
    network::{self, node_name},
    pki::{Authority, Identity, Pair, service_account_key},
    record::Record,
    up,
};

/// Makes the keys and writes every file.
pub fn write(layout: &Layout, record: &Record) -> Result<()> {
    fs::create_dir_all(layout.logs())?;
    let authority = Authority::generate()?;
    let ca = authority.pair();
    pair(layout, "ca", &ca)?;
    pair(
        layout,
        "kube-apiserver",
        &authority.issue(&Identity::api_server(record.options.ip_family))?,
    )?;
    let kubelet_client = Identity::client("kube-apiserver-kubelet-client", Some("system:masters"));
    pair(layout, "kubelet-client", &authority.issue(&kubelet_client)?)?;
    layout.write("pki/service-account.key", &service_account_key()?)?;
    layout.write(audit::POLICY, &audit::policy().to_string())?;
    control(layout, record, &authority)?;
    for index in 0..record.options.nodes {
        node(layout, record, &authority, index)?;
    }
    Ok(())
}

fn control(layout: &Layout, record: &Record, authority: &Authority) -> Result<()> {
    let here = format!("https://127.0.0.1:{}", daemons::API_PORT);
    for name in ["kube-controller-manager", "kube-scheduler"] {
        user(
            layout,
            authority,
            name,
            &here,
            &Identity::client(&format!("system:{name}"), None),
        )?;
    }
    let inner = inner(record);
    user(
        layout,
        authority,
        "kube-proxy",
        &inner,
        &Identity::client("system:kube-proxy", None),
    )?;
    let admin = Identity::client("strongroom-tests", Some("system:masters"));
    user(layout, authority, "volumes", &inner, &admin)?;
    let outer = format!("https://127.0.0.1:{}", record.api_port);
    let text = config::kubeconfig(&outer, &authority.pair().certificate, &authority.issue(&admin)?);
    layout.write("kubeconfig", &text)?;
    bundle(layout, up::CONTROL, &daemons::control(&record.options))
}

fn node(layout: &Layout, record: &Record, authority: &Authority, index: u8) -> Result<()> {
    let name = node_name(index);
    let kubelet = Identity::client(&format!("system:node:{name}"), Some("system:nodes"));
    user(layout, authority, &name, &inner(record), &kubelet)?;
    let family = record.options.ip_family;
    let server = Identity::kubelet_server(&name, &family.node_address(index));
    pair(layout, &format!("{name}-server"), &authority.issue(&server)?)?;
    let own = |file: &str| format!("nodes/{name}/{file}");
    layout.write(&own("kubelet.json"), &config::kubelet(&name, &record.options))?;
    layout.write(&own("kube-proxy.json"), &config::kube_proxy(&name, family))?;
    layout.write(&own("containerd.toml"), &config::containerd(&name))?;
    layout.write(&own("cni/10-strongroom.conflist"), &config::cni(index, family))?;
    bundle(layout, &name, &daemons::node(layout, index, &record.options))
}

/// Where nodes reach the API server.
fn inner(record: &Record) -> String {
    let address = record.options.ip_family.control();
    format!("https://{}", network::authority(address, daemons::API_PORT))
}

fn pair(layout: &Layout, name: &str, pair: &Pair) -> Result<()> {
    layout.write(&format!("pki/{name}.crt"), &pair.certificate)?;
    layout.write(&format!("pki/{name}.key"), &pair.key)
}

fn user(layout: &Layout, authority: &Authority, name: &str, server: &str, identity: &Identity) -> Result<()> {
    let text = config::kubeconfig(server, &authority.pair().certificate, &authority.issue(identity)?);
    layout.write(&format!("pki/{name}.kubeconfig"), &text)
}

fn bundle(layout: &Layout, role: &str, plan: &crate::local::bundle::Plan) -> Result<()> {
    layout.write(
        &format!("bundles/{role}.json"),
        &serde_json::to_string_pretty(plan)?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::Options;

    #[test]
    fn keys_are_readable_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new("one", dir.path()).unwrap();
        write(&layout, &Record::new("boot".to_owned(), Options::default(), 7)).unwrap();
        for file in ["pki/ca.key", "pki/service-account.key", "kubeconfig"] {
            let mode = fs::metadata(layout.root().join(file))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
