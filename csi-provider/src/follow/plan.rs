//! What to do next for a volume: pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use strongroom_core::{ObjectName, Version};
use strongroom_wire::watch::{self, ObjectState, Revoked, revoked};

use crate::{
    source::load::Reason,
    volume::spec::{Object, VolumeSpec},
};

/// What a volume's task has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Read the SecretRef, and everything else if it changed.
    Reread,
    /// Get a vault token.
    Exchange,
    /// Ask to be told of changes.
    Subscribe,
    /// Wait for word from somewhere.
    Nothing,
}

/// What a volume asks its vault for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Not known, after a loss of the driver's state.
    Unknown,
    /// Nothing: all its files show the trust bundle.
    Nothing,
    /// Secrets.
    Objects,
}

impl Wants {
    /// What a volume of this spec asks for.
    pub fn of(spec: Option<&VolumeSpec>) -> Self {
        match spec {
            None => Self::Unknown,
            Some(spec) if spec.objects().is_empty() => Self::Nothing,
            Some(_) => Self::Objects,
        }
    }
}

/// What is due, as flags that stay until done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent facts, each set and cleared on its own"
)]
pub struct Due {
    /// The SecretRef may have changed.
    pub reread: bool,
    /// The vault token is missing, old, or refused.
    pub exchange: bool,
    /// Whether the stream is open.
    pub connected: bool,
    /// Whether Subscribe was sent on it and not ended by the vault.
    pub subscribed: bool,
    /// Given up until the kubelet comes again.
    pub parked: bool,
    /// Whether the volume had been subscribed and was not for a while: a change of the SecretRef would have been told
    /// to nobody.
    pub missed: bool,
}

impl Due {
    /// The next step. Where nothing is known, reading the SecretRef also gets a token; a volume that asks the vault
    /// for nothing needs neither a token nor a subscription.
    pub const fn step(self, wants: Wants) -> Step {
        match wants {
            _ if self.parked => Step::Nothing,
            Wants::Unknown => Step::Reread,
            Wants::Objects if self.exchange => Step::Exchange,
            Wants::Objects if self.connected && !self.subscribed => Step::Subscribe,
            Wants::Objects | Wants::Nothing if self.reread => Step::Reread,
            Wants::Objects | Wants::Nothing => Step::Nothing,
        }
    }

    /// Takes in that the stream is open.
    pub const fn connect(&mut self) {
        (self.connected, self.subscribed) = (true, false);
    }

    /// Takes in that the stream is closed.
    pub const fn disconnect(&mut self) {
        self.missed |= self.subscribed;
        (self.connected, self.subscribed) = (false, false);
    }

    /// Takes in that the vault ended the subscription. A token can be helped at once; for the rest it is a matter of
    /// asking again, seldom.
    pub fn revoked(&mut self, reason: revoked::Reason) {
        (self.subscribed, self.missed) = (false, true);
        match reason {
            revoked::Reason::TokenRefused | revoked::Reason::TokenExpired => self.exchange = true,
            revoked::Reason::Unspecified
            | revoked::Reason::Limit
            | revoked::Reason::Invalid
            | revoked::Reason::Forbidden => {}
        }
    }

    /// Takes in that the vault accepted the subscription, and answers whether word of a changed SecretRef may have been
    /// missed before.
    pub const fn accepted(&mut self) -> bool {
        let missed = self.missed;
        self.missed = false;
        missed
    }
}

/// When a vault token is to be replaced though the kubelet brought no new token: never if it lives as long as the pod's
/// token, else a tenth of its life before its end.
pub fn renewal(
    got_at: SystemTime,
    vault_token_ends: SystemTime,
    pod_token_ends: SystemTime,
) -> Option<SystemTime> {
    let life = vault_token_ends.duration_since(got_at).ok()?;
    let outlived = pod_token_ends
        .duration_since(vault_token_ends)
        .is_ok_and(|rest| rest > Duration::from_mins(1));
    outlived.then(|| vault_token_ends - life / 10)
}

/// What the vault's word of some objects means for the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Those whose files hold something else.
    pub fetch: BTreeSet<ObjectName>,
    /// Those that cannot be read now; their files stay.
    pub problems: BTreeMap<ObjectName, Reason>,
}

/// Compares the vault's word with what the files hold. Of objects that the SecretRef does not name nothing is heard.
pub fn compare(spec: &VolumeSpec, held: &BTreeMap<Object, Version>, states: &[ObjectState]) -> Comparison {
    let watched = spec.watched();
    let mut comparison = Comparison::default();
    for state in states {
        let Ok(name) = state.name.parse::<ObjectName>() else {
            continue;
        };
        let Some(object) = watched.get(&name) else {
            continue;
        };
        if !state.problem.is_empty() {
            comparison
                .problems
                .insert(name, Reason::from_problem(&state.problem));
        } else if held.get(*object).map(ToString::to_string).as_deref() != Some(&state.version) {
            comparison.fetch.insert(name);
        }
    }
    comparison
}

/// The objects of a subscription.
pub fn subscription(spec: &VolumeSpec) -> Vec<watch::ObjectName> {
    let name = |object: &Object| watch::ObjectName {
        name: object.name.to_string(),
        version: object
            .version
            .map(|version| version.to_string())
            .unwrap_or_default(),
    };
    spec.watched().into_values().map(name).collect()
}

/// What the files hold, for an acknowledgement.
pub fn acknowledged(spec: &VolumeSpec, held: &BTreeMap<Object, Version>) -> Vec<ObjectState> {
    let state = |object: &Object| ObjectState {
        name: object.name.to_string(),
        version: held.get(object).map(ToString::to_string).unwrap_or_default(),
        problem: String::new(),
    };
    spec.watched().into_values().map(state).collect()
}

/// The sentence of the vault, or ours where it sent none.
pub fn revocation(revoked: &Revoked) -> String {
    let said: String = revoked
        .message
        .chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect();
    if said.is_empty() {
        format!("the vault ended the subscription: {:?}", revoked.reason())
    } else {
        said
    }
}

#[cfg(test)]
mod tests;
