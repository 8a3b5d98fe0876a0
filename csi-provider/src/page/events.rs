//! What events on pods say of volumes that are mounted.

use std::collections::BTreeMap;

use strongroom_core::{Advice, ObjectKind, ObjectPath, advice, advise};
use strongroom_wire::watch::revoked;

use super::contents;
use crate::{
    follow::{
        RewriteError,
        state::{NO_NEWER_TOKEN, ReportReason, sentence},
        wire::revocation,
    },
    source::load::Reason,
    volume::ContentError,
};

/// The table, by the reason of the event.
pub(super) fn table() -> String {
    let mut rows = Vec::new();
    let mut add = |reason: ReportReason, said: String, advice: Advice| {
        rows.push([
            format!("`{}`", reason.as_str()),
            said,
            advice.cause.to_owned(),
            advice.cure.to_owned(),
        ]);
    };
    for (reason, advice) in revocations() {
        add(ReportReason::AccessRevoked, revocation(reason).to_owned(), advice);
    }
    for (reason, advice) in contents::reasons() {
        let advice = match reason {
            Reason::NotPermitted => NO_LONGER_PERMITTED,
            _ => advice,
        };
        if let Some(said) = unavailable(reason) {
            add(ReportReason::ObjectUnavailable, said, advice);
        }
    }
    add(ReportReason::RefreshFailed, NO_NEWER_TOKEN.to_owned(), OLD_TOKEN);
    for (error, advice) in rewrites() {
        add(ReportReason::RefreshFailed, error.to_string(), advice);
    }
    advice::table(["reason", "sentence", "cause", "what to do"], rows)
}

const OLD_TOKEN: Advice = Advice {
    cause: "The kubelet has not called the driver for the volume since the pod's token grew old.",
    cure: "Look whether the node's kubelet runs and reaches the API server. The files stay as they are.",
};

/// The sentence of a mount ends with a command that explains a refusal; an event may be about several secrets, and has none.
const NO_LONGER_PERMITTED: Advice = Advice {
    cause: "Policy no longer lets the pod's service account read the secret or key, or a policy denies it, or it was purged.",
    cure: "If the account should read it, have the vault's owner run `strongroom policy check`, and write or correct an AccessPolicy.",
};

/// What is said of one object. Its reasons are those of a vault: a bundle is no object, and what is tried again is not said.
fn unavailable(reason: Reason) -> Option<String> {
    let (kind, name) = match &reason {
        Reason::NotPermitted | Reason::NotFound | Reason::Deleted | Reason::Disabled | Reason::Refused(_) => {
            (ObjectKind::Secrets, "db-password")
        }
        Reason::Content(ContentError::Undecodable(_)) => (ObjectKind::Secrets, "keytab"),
        Reason::Content(ContentError::Password(_)) => (ObjectKind::Secrets, "store-password"),
        Reason::Content(_) => (ObjectKind::Secrets, "shop-tls"),
        Reason::Symmetric | Reason::NotReported => (ObjectKind::Keys, "tokens"),
        Reason::Unavailable(_) | Reason::TrustBundle(_) | Reason::Closing => return None,
    };
    let object = ObjectPath {
        kind,
        name: name.parse().ok()?,
    };
    Some(sentence(&BTreeMap::from([(object, reason)])))
}

advise! { revocations(): revoked::Reason;
    revoked::Reason::TokenRefused, [revoked::Reason::TokenRefused],
        "The vault does not take the tokens that the identity service gives for the pod: it does not reach the identity service, or \
         the pod or its account was made again.",
        "Look at the Vault's conditions. A pod that was made again gets a token of its own.";
    revoked::Reason::TokenExpired, [revoked::Reason::TokenExpired],
        "The driver brought no newer token in time: the identity service was down, or a clock is wrong.",
        "Nothing, if it passes. Else look at the identity service's pods and the clocks of the nodes.";
    revoked::Reason::Limit, [revoked::Reason::Limit],
        "The account or its namespace has as many subscriptions at the vault as are left for all others, or sends too many requests.",
        "Mount fewer volumes of this vault at once. The driver asks again each minute.";
    revoked::Reason::Invalid, [revoked::Reason::Invalid],
        "Driver and vault are of releases too far apart.",
        "Upgrade both to one release.";
    revoked::Reason::Forbidden, [revoked::Reason::Forbidden],
        "No policy lets the account read any secret or key of the volume any more.",
        "If it should, have the vault's owner run `strongroom policy check`. The driver asks again each minute.";
    revoked::Reason::Unspecified, [revoked::Reason::Unspecified],
        "The vault is of another release.",
        "Upgrade driver and vault to one release.";
}

advise! { rewrites(): RewriteError;
    RewriteError::NotMounted, [RewriteError::NotMounted],
        "Somebody unmounted the volume on the node.",
        "Delete the pod.";
    // In the sentences of a mount.
    RewriteError::Limit(_) | RewriteError::Mount(_) | RewriteError::Tree(_), [], "", "";
}
