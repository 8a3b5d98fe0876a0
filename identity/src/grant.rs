//! The claims of a vault token and its expiry. Pure.

use strongroom_core::{AccountName, NodeRef, ServiceAccount};
use strongroom_wire::token::{Account, Claims, LIFETIME_SECONDS, MAX_LIFETIME_SECONDS, VERSION};

/// Why the node driver may not ask for the token of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActorError {
    /// The actor is not the node driver.
    #[error("the actor is not the node driver of this installation")]
    NotTheDriver,
    /// The actor's token names no node, or the pod's token no pod or no node.
    #[error("the actor and the pod must both be bound to a node")]
    NoNode,
    /// The pod runs on another node.
    #[error("the pod does not run on the actor's node")]
    OtherNode,
}

/// Checks that `actor`, which must be `driver`, runs on the same node as the pod of `subject`.
pub(crate) fn check_actor(
    actor: &ServiceAccount,
    driver: &AccountName,
    subject: &ServiceAccount,
) -> Result<(), ActorError> {
    if actor.name != *driver {
        return Err(ActorError::NotTheDriver);
    }
    match (&actor.node, &subject.node, &subject.pod) {
        (Some(actor), Some(subject), Some(_)) if same(actor, subject) => Ok(()),
        (Some(_), Some(_), Some(_)) => Err(ActorError::OtherNode),
        _ => Err(ActorError::NoNode),
    }
}

/// A node that replaces another has its name and a UID of its own.
fn same(one: &NodeRef, other: &NodeRef) -> bool {
    one.name == other.name && one.uid == other.uid
}

/// The expiry of a vault token that is minted at `now` for a token that expires at `presented`: the same, and 15 minutes
/// after `now` at the latest, or an hour where the node driver asks. `None` when that is not after `now`.
pub(crate) fn expiry(now: i64, presented: i64, by_driver: bool) -> Option<i64> {
    let longest = if by_driver {
        MAX_LIFETIME_SECONDS
    } else {
        LIFETIME_SECONDS
    };
    let expiry = presented.min(now.saturating_add(longest));
    (expiry > now).then_some(expiry)
}

/// The issuer and the tenant that a vault token names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Minter<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) tenant: &'a str,
}

/// The times of a vault token, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    pub(crate) now: i64,
    pub(crate) expires_at: i64,
}

/// The claims of a vault token for `account`, good at `audience`.
pub(crate) fn claims(
    minter: Minter<'_>,
    account: ServiceAccount,
    audience: String,
    client_id: Option<String>,
    validity: Validity,
    id: String,
) -> Claims {
    Claims {
        ver: VERSION.to_owned(),
        iss: minter.issuer.to_owned(),
        aud: audience,
        sub: account.name.subject(),
        oid: account.uid,
        tid: minter.tenant.to_owned(),
        appid: client_id,
        jti: id,
        iat: validity.now,
        nbf: validity.now,
        exp: validity.expires_at,
        account: Account {
            namespace: account.name.namespace,
            name: account.name.name,
            pod: account.pod,
            node: account.node,
        },
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::PodRef;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// The node driver's account.
    fn driver() -> AccountName {
        "strongroom-node:strongroom-csi".parse().unwrap()
    }

    fn account(name: &str, node: Option<(&str, &str)>) -> ServiceAccount {
        ServiceAccount {
            name: name.parse().unwrap(),
            uid: "u".parse().unwrap(),
            pod: Some(PodRef {
                name: "p".parse().unwrap(),
                uid: "pu".parse().unwrap(),
            }),
            node: node.map(|(name, uid)| NodeRef {
                name: name.parse().unwrap(),
                uid: Some(uid.parse().unwrap()),
            }),
        }
    }

    #[test]
    fn a_vault_token_lives_fifteen_minutes_and_never_longer_than_the_presented_one() {
        assert_eq!(expiry(NOW, NOW + 3600, false), Some(NOW + 900));
        assert_eq!(expiry(NOW, NOW + 60, false), Some(NOW + 60));
        assert_eq!(expiry(NOW, NOW, false), None);
        assert_eq!(expiry(NOW, NOW - 1, true), None);
        assert_eq!(expiry(NOW, i64::MAX, false), Some(NOW + 900));
    }

    #[test]
    fn by_the_driver_it_lives_as_long_as_the_pods_token_but_a_day_at_most() {
        assert_eq!(expiry(NOW, NOW + 3600, true), Some(NOW + 3600));
        assert_eq!(expiry(NOW, i64::MAX, true), Some(NOW + 3600));
    }

    #[test]
    fn the_driver_speaks_for_pods_of_its_own_node_only() {
        let actor = account("strongroom-node:strongroom-csi", Some(("n1", "nu1")));
        let check = |subject: &ServiceAccount| check_actor(&actor, &driver(), subject);
        assert_eq!(check(&account("shop:api", Some(("n1", "nu1")))), Ok(()));
        assert_eq!(
            check(&account("shop:api", Some(("n2", "nu2")))),
            Err(ActorError::OtherNode)
        );
        assert_eq!(
            check(&account("shop:api", Some(("n1", "nu9")))),
            Err(ActorError::OtherNode)
        );
        assert_eq!(check(&account("shop:api", None)), Err(ActorError::NoNode));
        let unbound = ServiceAccount {
            pod: None,
            ..account("shop:api", Some(("n1", "nu1")))
        };
        assert_eq!(check(&unbound), Err(ActorError::NoNode));
    }

    #[test]
    fn no_other_account_can_act() {
        let pod = account("shop:api", Some(("n1", "nu1")));
        let other = account("shop:strongroom-csi", Some(("n1", "nu1")));
        assert_eq!(
            check_actor(&other, &driver(), &pod),
            Err(ActorError::NotTheDriver)
        );
        let nodeless = account("strongroom-node:strongroom-csi", None);
        assert_eq!(check_actor(&nodeless, &driver(), &pod), Err(ActorError::NoNode));
    }
}
