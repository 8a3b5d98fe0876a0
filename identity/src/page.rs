//! The part of the page of every sentence that is the identity service's: the errors of a login.

use strongroom_core::{Advice, advice, advise};

use crate::{
    cluster_keys::ClusterKeysError,
    grant::ActorError,
    presented::{KeySetError, PresentedError},
    refusal::ExchangeRefusal,
    resource::ResourceError,
    review::ReviewError,
    signing_key::SigningError,
};

/// The page with the errors of a login made anew; none if a marker is missing.
pub fn fill(page: &str) -> Option<String> {
    advice::fill(page, "identity", &table())
}

fn table() -> String {
    let mut rows = refusals();
    rows.extend(of(scopes(), ExchangeRefusal::Scope));
    rows.extend(of(presented(), ExchangeRefusal::Subject));
    rows.extend(of(reviews(), ExchangeRefusal::SubjectReview));
    rows.extend(of(presented(), ExchangeRefusal::ActorToken));
    rows.extend(of(reviews(), ExchangeRefusal::ActorReview));
    rows.extend(of(actors(), ExchangeRefusal::Actor));
    rows.sort_by_key(|(refusal, _)| (refusal.status(), refusal.error()));
    let head = ["status", "error", "error_description", "cause", "what to do"];
    advice::table(
        head,
        rows.into_iter().map(|(refusal, advice)| {
            [
                refusal.status().as_u16().to_string(),
                format!("`{}`", refusal.error()),
                refusal.to_string(),
                advice.cause.to_owned(),
                advice.cure.to_owned(),
            ]
        }),
    )
}

fn of<E>(
    rows: Vec<(E, Advice)>,
    refusal: impl Fn(E) -> ExchangeRefusal,
) -> impl Iterator<Item = (ExchangeRefusal, Advice)> {
    rows.into_iter()
        .map(move |(error, advice)| (refusal(error), advice))
}

advise! { refusals(): ExchangeRefusal;
    ExchangeRefusal::Tenant, [ExchangeRefusal::Tenant],
        "The tenant of the client is neither `adfs` nor the id of this installation.",
        "Set `AZURE_TENANT_ID=adfs`, and `AZURE_AUTHORITY_HOST` to the identity service of this cluster: [the environment](sdk/README.md#the-environment).";
    ExchangeRefusal::TooLarge, [ExchangeRefusal::TooLarge],
        "The client sends more than two tokens are long.",
        "Send a service account's token, and no more than the fields of a login.";
    ExchangeRefusal::SlowForm, [ExchangeRefusal::SlowForm],
        "The form took longer than two seconds.",
        "Try again; look for what is slow on the way.";
    ExchangeRefusal::Form, [ExchangeRefusal::Form],
        "The client sends JSON, or a field twice.",
        "Use an SDK's `WorkloadIdentityCredential`, or send a form as it does.";
    ExchangeRefusal::GrantType, [ExchangeRefusal::GrantType],
        "The client logs a person in, or a device.",
        "Use a credential of a workload: `WorkloadIdentityCredential`, `az login --service-principal --federated-token`.";
    ExchangeRefusal::AssertionType, [ExchangeRefusal::AssertionType],
        "The client logs in with a secret or a certificate.",
        "Use a credential that presents the pod's token: `WorkloadIdentityCredential`.";
    ExchangeRefusal::ActorType, [ExchangeRefusal::ActorType],
        "A client that is not the node driver sends the fields of an actor.",
        "Leave out `actor_token` and `actor_token_type`.";
    ExchangeRefusal::Missing(_), [ExchangeRefusal::Missing("client_assertion"), ExchangeRefusal::Missing("scope")],
        "The client does not send the field.",
        "Send it, as an SDK's `WorkloadIdentityCredential` does.";
    ExchangeRefusal::Scope(_)
        | ExchangeRefusal::Subject(_)
        | ExchangeRefusal::ActorToken(_)
        | ExchangeRefusal::SubjectReview(_)
        | ExchangeRefusal::ActorReview(_)
        | ExchangeRefusal::Actor(_), [], "", "";
    ExchangeRefusal::ClusterKeys(_), [ExchangeRefusal::ClusterKeys(ClusterKeysError::Keys(KeySetError::Empty))],
        "The API server does not give its public keys, or none that this release can use.",
        "Try again. If it stays, read the log of the identity service's pods, which has the reason.";
    ExchangeRefusal::Rate, [ExchangeRefusal::Rate],
        "One address logs in more often than the chart's `identity.exchangesPerSecond`.",
        "Keep a token until it expires: one client in a process, not one for each request. Or raise the value.";
    ExchangeRefusal::Busy, [ExchangeRefusal::Busy],
        "Many clients log in at once.",
        "Try again after a second. SDKs do so by themselves.";
    ExchangeRefusal::Slow, [ExchangeRefusal::Slow],
        "The API server takes longer than eight seconds to review the token.",
        "Try again. If it stays, look at the API server.";
    ExchangeRefusal::Signing(_), [ExchangeRefusal::Signing(SigningError::PublicKey)],
        "The cryptographic library of the identity service failed.",
        "Delete the pod that answers so, and report its log.";
}

advise! { scopes(): ResourceError;
    ResourceError::Scope, [ResourceError::Scope],
        "The client asks for several resources, or for one without `/.default`.",
        "Ask for `https://NAMESPACE.svc/.default` alone, as SDKs do after a vault's challenge.";
    ResourceError::Form, [ResourceError::Form],
        "The resource is no URL of a host.",
        "Ask for `https://NAMESPACE.svc/.default`.";
    ResourceError::Host, [ResourceError::Host],
        "The client asks for a token for Azure, for the API server, or for another name of a vault than its own.",
        "Call the vault at `https://NAME.NAMESPACE.svc`.";
}

advise! { presented(): PresentedError;
    PresentedError::Malformed, [PresentedError::Malformed],
        "The file holds something other than a service account's token.",
        "Let `AZURE_FEDERATED_TOKEN_FILE` name a projected service-account token.";
    PresentedError::Algorithm, [PresentedError::Algorithm],
        "The token is signed in a way that this release does not take, or is another issuer's.",
        "Use a token of this cluster's API server.";
    PresentedError::UnknownKey, [PresentedError::UnknownKey],
        "The token is of another cluster, or the API server's signing key was replaced.",
        "Use a token of this cluster; a pod that has an old one gets a new one within minutes, or when it starts again.";
    PresentedError::Signature, [PresentedError::Signature],
        "The token was changed, or is of another cluster.",
        "Use the token as the kubelet writes it.";
    PresentedError::Issuer, [PresentedError::Issuer],
        "The token is of another cluster, or of an issuer of before.",
        "Use a token of this cluster; during a migration of the issuer, list the old one in the chart's `identity.serviceAccountIssuers`.";
    PresentedError::Audience, [PresentedError::Audience],
        "The token was made for something else, such as the API server or Azure.",
        "Project a token with `audience: strongroom.dev`, and let `AZURE_FEDERATED_TOKEN_FILE` name it.";
    PresentedError::Expired, [PresentedError::Expired],
        "The program keeps a token instead of its file, or a clock is wrong.",
        "Read the file for each login, as SDKs do: the kubelet replaces it.";
    PresentedError::NotYetValid, [PresentedError::NotYetValid],
        "The clock of the identity service's node is behind that of the API server.",
        "Correct the clocks of the nodes.";
}

advise! { reviews(): ReviewError;
    ReviewError::Api(_), [ReviewError::Api(kube::Error::Api(kube::core::Status::failure("", "").boxed()))],
        "The API server does not answer, or refuses to review tokens.",
        "Try again. If it stays, look at the API server and at the ClusterRole `strongroom-identity`.";
    ReviewError::NotAuthenticated, [ReviewError::NotAuthenticated],
        "The pod that the token is bound to, or its service account, is deleted, or was made again.",
        "Use a token of a pod and an account that exist.";
    ReviewError::Audience, [ReviewError::Audience],
        "The cluster's authenticator does not know audiences.",
        "Let the API server itself review service accounts' tokens.";
    ReviewError::Mismatch, [ReviewError::Mismatch],
        "A webhook or proxy of the cluster changes what the review says of the token.",
        "Let the API server itself review service accounts' tokens.";
}

advise! { actors(): ActorError;
    ActorError::NotTheDriver, [ActorError::NotTheDriver],
        "Something other than the node driver asks for a pod, or the driver's namespace is not the one that the identity service was told.",
        "Install driver and identity service with one release of the chart.";
    ActorError::NoNode, [ActorError::NoNode],
        "The cluster's tokens name no node, as before Kubernetes 1.32, or the token is not bound to a pod.",
        "Upgrade the cluster to Kubernetes 1.32 or newer.";
    ActorError::OtherNode, [ActorError::OtherNode],
        "A node driver asks for a pod of another node: a node or the pod was made again meanwhile, or the node is taken over.",
        "Delete the pod. If it stays, find out what runs on the node.";
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(advice::PAGE);
        let kept = fs::read_to_string(path).unwrap();
        assert!(
            fill(&kept).unwrap() == kept,
            "{} is out of date: make generate",
            advice::PAGE
        );
    }
}
