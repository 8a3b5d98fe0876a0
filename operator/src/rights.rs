//! Which rights the operator has in a namespace.

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::{Api, Client, api::PostParams};
use strongroom_core::NamespaceName;
use strongroom_crds::ApiError;

use crate::object::Kind;

/// What the operator does to the objects of a vault.
const VERBS: [&str; 3] = ["get", "create", "patch"];

/// Whether the operator lacks one of the rights by which it keeps objects of this kind in a namespace. The API server
/// answers for every authorizer behind it; every account may ask (the role `system:basic-user`).
pub async fn is_missing(client: &Client, namespace: &NamespaceName, kind: Kind) -> Result<bool, ApiError> {
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    for verb in VERBS {
        let answer = api
            .create(&PostParams::default(), &review(namespace, kind, verb))
            .await?;
        if !answer.status.is_some_and(|status| status.allowed) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn review(namespace: &NamespaceName, kind: Kind, verb: &str) -> SelfSubjectAccessReview {
    let resource = kind.resource();
    let attributes = ResourceAttributes {
        namespace: Some(namespace.to_string()),
        group: Some(resource.group),
        resource: Some(resource.plural),
        verb: Some(verb.to_owned()),
        ..ResourceAttributes::default()
    };
    SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    }
}
