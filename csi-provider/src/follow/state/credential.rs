//! The vault token of a volume, and when another one is due.

use std::time::{Duration, SystemTime};

use strongroom_client::identity::VaultToken;

use crate::source::load::is_fresh_at;

/// Where a volume stands with its vault token.
#[derive(Debug)]
pub enum Credential {
    /// There is none.
    Missing,
    /// It is good as far as the node driver knows.
    Current {
        /// The token that the vault accepts.
        token: VaultToken,
        /// When the identity service issued it.
        issued_at: SystemTime,
    },
    /// The kubelet brought a newer token of the pod: another vault token is due. This one is good until then.
    Outdated(VaultToken),
    /// The vault refused it: another one is due.
    Refused(VaultToken),
}

impl Credential {
    /// A credential with the token that a volume was published with, if it was with one.
    pub fn new(token: Option<VaultToken>, now: SystemTime) -> Self {
        token.map_or(Self::Missing, |token| Self::Current {
            token,
            issued_at: now,
        })
    }

    /// The token, however good.
    pub const fn token(&self) -> Option<&VaultToken> {
        match self {
            Self::Missing => None,
            Self::Current { token, .. } | Self::Outdated(token) | Self::Refused(token) => Some(token),
        }
    }

    /// The token, if the vault is likely to accept it at `now`.
    pub fn usable(&self, now: SystemTime) -> Option<&VaultToken> {
        match self {
            Self::Missing | Self::Refused(_) => None,
            Self::Current { token, .. } | Self::Outdated(token) => {
                Some(token).filter(|token| is_fresh_at(token, now))
            }
        }
    }

    /// Whether another token is due, given when the pod's token ends.
    pub fn is_due(&self, now: SystemTime, pod_token_ends: SystemTime) -> bool {
        match self {
            Self::Missing | Self::Outdated(_) | Self::Refused(_) => true,
            Self::Current { .. } => self.renewal(pod_token_ends).is_some_and(|renewal| renewal <= now),
        }
    }

    /// The identity service issued `token` at `now`.
    pub fn accept(&mut self, token: VaultToken, now: SystemTime) {
        *self = Self::Current {
            token,
            issued_at: now,
        };
    }

    /// `token` was good for a request at `now`. If it is the one at hand, that is as old and as due as before.
    pub fn confirm(&mut self, token: VaultToken, now: SystemTime) {
        if self.token().is_none_or(|held| held.expose() != token.expose()) {
            self.accept(token, now);
        }
    }

    /// The kubelet brought a newer token of the pod.
    pub fn outdate(&mut self) {
        if let Self::Current { token, .. } = self {
            *self = Self::Outdated(token.clone());
        }
    }

    /// The vault refused the token.
    pub fn refuse(&mut self) {
        if let Some(token) = self.token() {
            *self = Self::Refused(token.clone());
        }
    }

    /// When the token is to be replaced though the kubelet brought no new token of the pod: never if it lives as long as
    /// the pod's token, else a tenth of its life before its end.
    pub fn renewal(&self, pod_token_ends: SystemTime) -> Option<SystemTime> {
        let Self::Current { token, issued_at } = self else {
            return None;
        };
        let ends = token.expires_at();
        let life = ends.duration_since(*issued_at).ok()?;
        let outlived = pod_token_ends
            .duration_since(ends)
            .is_ok_and(|rest| rest > Duration::from_mins(1));
        outlived.then(|| ends - life / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_token_is_renewed_by_itself_only_if_the_pods_outlives_it() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let renewal = |ends, pods| {
            let token = VaultToken::new("t".into(), at(ends));
            Credential::new(Some(token), at(0)).renewal(at(pods))
        };
        assert_eq!(renewal(3600, 3600), None);
        assert_eq!(renewal(3600, 3000), None);
        assert_eq!(renewal(900, 3600), Some(at(810)));
    }

    #[test]
    fn a_token_that_is_used_again_keeps_its_age() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let token = VaultToken::new("t".into(), at(900));
        let mut credential = Credential::new(Some(token.clone()), at(0));
        credential.confirm(token, at(800));
        assert_eq!(credential.renewal(at(3600)), Some(at(810)));
    }
}
