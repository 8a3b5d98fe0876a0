//! What a token's claims must say.

use strongroom_core::{Audience, Domains, Principal, VaultRef};
use strongroom_wire::token::{self, Claims};

use super::AuthError;

/// How far, in seconds, the identity service's clock may run ahead of ours: what nodes whose clocks are not kept well
/// differ by. When a token ends is not put off by it.
const SKEW_SECONDS: i64 = 60;

/// What a vault expects of a token, from its own configuration.
#[derive(Debug, Clone)]
pub struct Expected {
    /// What `iss` must be, byte for byte.
    pub issuer: String,
    /// What `tid` must be: the installation's id.
    pub tenant: String,
    /// Whose audience `aud` must be.
    pub vault: VaultRef,
    /// Under which vaults are reached.
    pub domains: Domains,
}

impl Expected {
    /// Checks everything in `claims` but the signature, at `now` (seconds since 1970).
    pub(super) fn check(&self, claims: &Claims, now: i64) -> Result<Principal, AuthError> {
        if claims.ver != token::VERSION {
            return Err(AuthError::Malformed);
        }
        if claims.iss != self.issuer || claims.tid != self.tenant {
            return Err(AuthError::Issuer);
        }
        self.check_audience(&claims.aud)?;
        check_times(claims, now)?;
        claims.principal().ok_or(AuthError::Subject)
    }

    /// Only the canonical spelling passes: the identity service signs no other.
    fn check_audience(&self, text: &str) -> Result<(), AuthError> {
        let audience = Audience::parse(text, &self.domains).map_err(|_| AuthError::Audience)?;
        let ours = audience.covers(&self.vault) && audience.to_string() == text;
        if ours { Ok(()) } else { Err(AuthError::Audience) }
    }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), AuthError> {
    if claims.exp <= now {
        return Err(AuthError::Expired);
    }
    if claims.nbf.max(claims.iat) > now.saturating_add(SKEW_SECONDS) {
        return Err(AuthError::NotYetValid);
    }
    let starts = claims.iat.min(claims.nbf);
    let fits = claims
        .exp
        .checked_sub(starts)
        .is_some_and(|life| life <= token::MAX_LIFETIME_SECONDS);
    if fits { Ok(()) } else { Err(AuthError::Lifetime) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn expected() -> Expected {
        Expected {
            issuer: "https://strongroom-identity.strongroom-system.svc/t/v2.0".into(),
            tenant: "t".into(),
            vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            domains: Domains::of_cluster("cluster.local"),
        }
    }

    fn claims(change: impl FnOnce(&mut serde_json::Value)) -> Claims {
        let mut value = serde_json::json!({
            "ver": "1", "iss": expected().issuer, "aud": "https://prod.team-a.svc", "tid": "t", "jti": "j",
            "sub": "system:serviceaccount:shop:api", "oid": "uid-1",
            "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 890,
            "strongroom.dev": {"namespace": "shop", "name": "api"},
        });
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    fn refused(change: impl FnOnce(&mut serde_json::Value)) -> AuthError {
        expected().check(&claims(change), NOW).unwrap_err()
    }

    #[test]
    fn a_token_for_the_vault_or_its_namespace_is_accepted() {
        assert_eq!(
            expected().check(&claims(|_| ()), NOW).unwrap().id().as_str(),
            "uid-1"
        );
        let namespace = claims(|c| c["aud"] = "https://team-a.svc".into());
        assert!(expected().check(&namespace, NOW).is_ok());
    }

    #[test]
    fn another_audience_is_refused_and_so_is_another_spelling() {
        for aud in [
            "https://dev.team-a.svc",
            "https://prod.team-b.svc",
            "https://team-b.svc",
            "https://prod.team-a.svc/",
            "https://prod.team-a.svc:443",
            "https://PROD.team-a.svc",
            "https://prod.team-a.svc.cluster.local",
            "https://kubernetes.default.svc",
            "",
        ] {
            assert_eq!(refused(|c| c["aud"] = aud.into()), AuthError::Audience, "{aud}");
        }
    }

    #[test]
    fn another_issuer_or_installation_is_refused() {
        for iss in [
            "https://strongroom-identity.strongroom-system.svc/t/v2.0/",
            "https://evil.example",
            "",
        ] {
            assert_eq!(refused(|c| c["iss"] = iss.into()), AuthError::Issuer);
        }
        assert_eq!(refused(|c| c["tid"] = "u".into()), AuthError::Issuer);
    }

    #[test]
    fn times_outside_their_bounds_are_refused() {
        assert_eq!(refused(|c| c["exp"] = NOW.into()), AuthError::Expired);
        assert_eq!(refused(|c| c["nbf"] = (NOW + 61).into()), AuthError::NotYetValid);
        assert_eq!(refused(|c| c["iat"] = (NOW + 61).into()), AuthError::NotYetValid);
        for claim in ["nbf", "iat"] {
            let ahead = claims(|c| c[claim] = (NOW + 60).into());
            assert!(expected().check(&ahead, NOW).is_ok(), "{claim}");
        }
        assert!(
            expected()
                .check(&claims(|c| c["exp"] = (NOW + 1).into()), NOW)
                .is_ok()
        );
        assert_eq!(refused(|c| c["exp"] = (NOW + 86_400).into()), AuthError::Lifetime);
        assert_eq!(refused(|c| c["exp"] = i64::MAX.into()), AuthError::Lifetime);
        assert_eq!(refused(|c| c["iat"] = i64::MIN.into()), AuthError::Lifetime);
    }

    #[test]
    fn a_subject_that_its_parts_contradict_is_refused() {
        assert_eq!(
            refused(|c| c["sub"] = "system:serviceaccount:shop:admin".into()),
            AuthError::Subject
        );
    }

    #[test]
    fn claims_of_another_version_are_malformed() {
        assert_eq!(refused(|c| c["ver"] = "2".into()), AuthError::Malformed);
    }
}
