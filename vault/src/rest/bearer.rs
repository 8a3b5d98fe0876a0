//! The token of a request, and the challenge to a request without one.

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use strongroom_wire::token::ADFS_TENANT;

use super::host::Host;
use crate::auth::AuthError;

/// The bearer token of a request.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let text = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(AuthError::Missing)?;
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(AuthError::Missing)
    }
}

/// The challenge (`WWW-Authenticate`). Azure's clients split it at spaces, commas and `=`, so no value holds one; the
/// resource is the parent of the vault's own host, since they refuse any other.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    authorization: String,
}

impl Challenge {
    /// A challenge that sends clients to `identity_url`. Its tenant is the one that every SDK takes: Go and Java refuse a
    /// challenge whose tenant is not the one that they were configured with, and log in without the internet only there.
    pub(crate) fn new(identity_url: &str) -> Self {
        Self {
            authorization: format!("{}/{ADFS_TENANT}", identity_url.trim_end_matches('/')),
        }
    }

    /// The header for a request that was sent to `host`.
    pub(crate) fn header(&self, host: &Host) -> Option<HeaderValue> {
        let text = format!(
            "Bearer authorization=\"{}\", resource=\"https://{}\"",
            self.authorization,
            host.resource()
        );
        HeaderValue::try_from(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Result<String, AuthError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        token(&headers).map(str::to_owned)
    }

    #[test]
    fn one_bearer_token_is_taken_whatever_the_schemes_case() {
        assert_eq!(of(&["Bearer a.b.c"]).as_deref(), Ok("a.b.c"));
        assert_eq!(of(&["bearer a.b.c"]).as_deref(), Ok("a.b.c"));
    }

    #[test]
    fn no_token_another_scheme_and_two_tokens_are_refused() {
        for values in [&[][..], &["Basic a"], &["Bearer"], &["Bearer "]] {
            assert_eq!(of(values), Err(AuthError::Missing), "{values:?}");
        }
        assert_eq!(of(&["Bearer a", "Bearer b"]), Err(AuthError::Malformed));
    }
}
