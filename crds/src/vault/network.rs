//! Who can reach a vault over the network.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Pods in namespaces with these labels can connect. It must ask for at least one label, since an empty selector
    /// would mean every namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
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
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.size() > 0)").message("namespaceSelector must ask for at least one label; to admit every namespace, say defaultAction: Allow."))]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels with exactly these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::labels")]
    pub match_labels: Option<BTreeMap<String, String>>,
    /// Conditions on labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub match_expressions: Option<Vec<LabelSelectorRequirement>>,
}

/// A condition on one label.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("(self.operator in ['In', 'NotIn']) == has(self.values)").message("Operators In and NotIn need values; Exists and DoesNotExist take none."))]
#[serde(rename_all = "camelCase")]
pub struct LabelSelectorRequirement {
    /// The label's key.
    #[schemars(length(min = 1, max = 317))]
    pub key: String,
    /// In, NotIn, Exists or DoesNotExist.
    pub operator: LabelSelectorOperator,
    /// The values that In and NotIn compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), inner(length(max = 63)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub values: Option<Vec<String>>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum LabelSelectorOperator {
    /// The label has one of the values.
    In,
    /// The label is missing or has another value.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is missing.
    DoesNotExist,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl LabelSelectorOperator {
    /// The word that Kubernetes' own selectors use; none for a value of a newer release.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::In => Some("In"),
            Self::NotIn => Some("NotIn"),
            Self::Exists => Some("Exists"),
            Self::DoesNotExist => Some("DoesNotExist"),
            Self::Unknown => None,
        }
    }
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
        let expressions = self
            .namespace_selector
            .iter()
            .flat_map(|s| s.match_expressions.iter().flatten());
        if expressions
            .into_iter()
            .any(|requirement| requirement.operator == LabelSelectorOperator::Unknown)
        {
            return Err(VaultSpecError::UnknownValue {
                field: "network.namespaceSelector.matchExpressions.operator",
            });
        }
        Ok(())
    }
}
