//! What every vault's pod asks of the cluster unless its Vault says otherwise: the installer's to choose.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Map, Value, json};
use strongroom_crds::vault::{PodTemplate, Resources};

/// The part of the command line.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pods of vaults")]
pub struct VaultPod {
    /// `PriorityClass` of the vaults' pods. Absent: the cluster's default.
    #[arg(long = "vault-priority-class", value_name = "NAME")]
    pub priority_class: Option<String>,
    /// What a vault's container requests unless its Vault says otherwise, as `cpu=20m`. May be given several times.
    #[arg(long = "vault-request", value_name = "RESOURCE=QUANTITY", value_parser = pair)]
    pub requests: Vec<(String, String)>,
    /// What a vault's container may use at most unless its Vault says otherwise, as `memory=256Mi`. May be given several
    /// times.
    #[arg(long = "vault-limit", value_name = "RESOURCE=QUANTITY", value_parser = pair)]
    pub limits: Vec<(String, String)>,
    /// A label that a node must have to run a vault, unless the Vault wants another value of it. May be given several
    /// times.
    #[arg(long = "vault-node-label", value_name = "KEY=VALUE", value_parser = pair)]
    pub node_labels: Vec<(String, String)>,
}

/// `KEY=VALUE`.
fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be KEY=VALUE"),
    }
}

impl VaultPod {
    /// The resources of the container: the Vault's, or those of the installation. They are not mixed, since a request of
    /// the one may be more than a limit of the other.
    pub fn resources(&self, template: Option<&PodTemplate>) -> Value {
        let own: Option<&Resources> = template.and_then(|template| template.resources.as_ref());
        if let Some(own) = own {
            return json!(own);
        }
        let mut resources = Map::new();
        for (name, amounts) in [("requests", &self.requests), ("limits", &self.limits)] {
            if !amounts.is_empty() {
                let amounts: BTreeMap<_, _> = amounts.iter().cloned().collect();
                resources.insert(name.to_owned(), json!(amounts));
            }
        }
        Value::Object(resources)
    }

    /// The labels of the node: those of the installation and of the Vault, whose value counts where both name one.
    pub fn node_selector(&self, template: Option<&PodTemplate>) -> BTreeMap<String, String> {
        let mut labels: BTreeMap<_, _> = self.node_labels.iter().cloned().collect();
        labels.extend(
            template
                .and_then(|template| template.node_selector.clone())
                .unwrap_or_default(),
        );
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed() -> VaultPod {
        let pairs = |text: &[&str]| text.iter().map(|text| pair(text).unwrap()).collect();
        VaultPod {
            priority_class: None,
            requests: pairs(&["cpu=20m", "memory=96Mi"]),
            limits: pairs(&["memory=256Mi"]),
            node_labels: pairs(&["kubernetes.io/os=linux", "pool=vaults"]),
        }
    }

    fn template(template: Value) -> PodTemplate {
        serde_json::from_value(template).unwrap()
    }

    #[test]
    fn a_vault_that_says_nothing_has_what_the_installer_chose() {
        let expected = json!({"requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}});
        for template in [None, Some(&template(json!({})))] {
            assert_eq!(installed().resources(template), expected);
            let labels = json!({"kubernetes.io/os": "linux", "pool": "vaults"});
            assert_eq!(json!(installed().node_selector(template)), labels);
        }
    }

    #[test]
    fn a_vaults_own_resources_take_the_place_of_all_of_the_installers() {
        let own = json!({"requests": {"memory": "1Gi"}});
        let template = template(json!({"resources": own}));
        assert_eq!(installed().resources(Some(&template)), own);
    }

    #[test]
    fn a_vaults_node_labels_come_beside_the_installers_and_win() {
        let template = template(json!({"nodeSelector": {"pool": "mine", "disk": "fast"}}));
        let labels = json!({"kubernetes.io/os": "linux", "pool": "mine", "disk": "fast"});
        assert_eq!(json!(installed().node_selector(Some(&template))), labels);
    }

    #[test]
    fn what_nobody_says_is_not_asked_for() {
        assert_eq!(VaultPod::default().resources(None), json!({}));
        assert!(VaultPod::default().node_selector(None).is_empty());
        assert!(pair("cpu").is_err() && pair("=20m").is_err());
        assert_eq!(pair("label="), Ok(("label".into(), String::new())));
    }
}
