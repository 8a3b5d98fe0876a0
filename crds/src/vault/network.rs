//! Who can reach a vault over the network.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::VaultSpecError;
use crate::schema;

/// Who can reach a vault over the network; policy decides what they may do there.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("!has(self.defaultAction) || self.defaultAction != 'Allow' || (!has(self.namespaceSelector) && !has(self.ipRules))").message("With defaultAction Allow everyone can reach the vault: leave out namespaceSelector and ipRules."))]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// What happens to a peer that no rule below admits. Deny: it cannot connect. Allow: everyone can connect, and no
    /// rule may be given. Strongroom's own components can always connect. Default: Deny.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_action: Option<DefaultAction>,
    /// Pods in namespaces with all of the labels in matchLabels can connect. It asks for at least one label, since an
    /// empty selector would mean every namespace. Several namespaces are admitted by a label that they have in common.
    /// Its one field is matchLabels, a map of labels and their values. Written in YAML:
    /// namespaceSelector: {matchLabels: {team: shop}}.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace_selector")]
    #[x_kube(validation = Rule::new("self.all(field, field == 'matchLabels') && 'matchLabels' in self && self['matchLabels'].size() > 0").message("namespaceSelector has matchLabels with at least one label, and nothing else; to admit every namespace, say defaultAction: Allow."))]
    pub namespace_selector: Option<LabelSelector>,
    /// Peers in these networks can connect; each is a network in CIDR notation without host bits, such as 10.0.0.0/8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), inner(length(min = 1, max = 43)))]
    #[x_kube(
        validation = Rule::new("self.all(rule, isCIDR(rule) && cidr(rule) == cidr(rule).masked())").message("Each entry of ipRules is a network in CIDR notation without host bits, such as 10.0.0.0/8."),
        merge_strategy = ListMerge::Atomic
    )]
    pub ip_rules: Option<Vec<String>>,
}

/// What happens to a peer that no rule admits.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum DefaultAction {
    /// It cannot connect.
    #[default]
    Deny,
    /// It can connect.
    Allow,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Labels that a namespace must have: all that are listed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels with exactly these values.
    #[serde(default)]
    pub match_labels: BTreeMap<String, String>,
    /// What a newer release may ask for besides. Leaving it out would admit more.
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

impl Network {
    /// What happens to a peer that no rule admits.
    pub fn default_action(&self) -> Result<DefaultAction, VaultSpecError> {
        match self.default_action.unwrap_or_default() {
            DefaultAction::Unknown => Err(VaultSpecError::UnknownValue {
                field: "network.defaultAction",
            }),
            known => Ok(known),
        }
    }

    /// Refuses a part that this release does not know.
    pub(super) fn check(&self) -> Result<(), VaultSpecError> {
        self.default_action()?;
        let is_readable =
            |selector: &LabelSelector| selector.unknown.is_empty() && !selector.match_labels.is_empty();
        if !self.namespace_selector.as_ref().is_none_or(is_readable) {
            return Err(VaultSpecError::UnknownValue {
                field: "network.namespaceSelector",
            });
        }
        Ok(())
    }
}
