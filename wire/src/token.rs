//! The claims of a vault token: what the identity service signs and the vault verifies.

use serde::{Deserialize, Serialize};
use strongroom_core::{
    AccountName, NamespaceName, NodeRef, PodRef, Principal, ResourceName, ServiceAccount, Uid,
};

/// The `typ` of a vault token's header. No Kubernetes token has it, so that neither passes for the other.
pub const TYPE: &str = "strongroom-at+jwt";

/// The audience that a service-account token must have to be exchanged.
pub const SERVICE_ACCOUNT_AUDIENCE: &str = "strongroom.dev";

/// The tenant that every installation serves beside its own id. The SDKs know it as that of an AD FS, which they ask alone:
/// for any other tenant most of them ask login.microsoftonline.com about the identity service first.
pub const ADFS_TENANT: &str = "adfs";

/// The longest life of a vault token, in seconds, unless the node driver asked for it.
pub const LIFETIME_SECONDS: i64 = 15 * 60;

/// The longest life, in seconds, that a vault accepts at all: an hour, as long as the tokens live that a kubelet gives to
/// the node driver. A vault keeps a key little longer after the last replica served it.
pub const MAX_LIFETIME_SECONDS: i64 = 60 * 60;

/// The version of the claims, in `ver`.
pub const VERSION: &str = "1";

/// The claims of a vault token. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// [`VERSION`].
    pub ver: String,
    /// The identity service of one installation.
    pub iss: String,
    /// The one audience, in the canonical form of [`strongroom_core::Audience`].
    pub aud: String,
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub sub: String,
    /// The service account's UID.
    pub oid: Uid,
    /// The installation's id.
    pub tid: String,
    /// The client id that the SDK gave. It has no authority; tools of the SDKs read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// Unique to the token.
    pub jti: String,
    /// Issued at.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Expires at.
    pub exp: i64,
    /// The account that it was issued for, in parts.
    #[serde(rename = "strongroom.dev")]
    pub account: Account,
}

/// The service account, pod and node of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account's namespace.
    pub namespace: NamespaceName,
    /// The account's name.
    pub name: ResourceName,
    /// The pod that the presented token was bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodRef>,
    /// The node that the pod runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeRef>,
}

impl Claims {
    /// The principal that the token is for. `None` when `sub` and the parts disagree.
    pub fn principal(&self) -> Option<Principal> {
        let principal = Principal::ServiceAccount(ServiceAccount {
            name: AccountName {
                namespace: self.account.namespace.clone(),
                name: self.account.name.clone(),
            },
            uid: self.oid.clone(),
            pod: self.account.pod.clone(),
            node: self.account.node.clone(),
        });
        (principal.subject() == self.sub).then_some(principal)
    }
}
