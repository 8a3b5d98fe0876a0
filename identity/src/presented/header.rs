//! The header of a service-account token: no member by which it could bring its own key.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::PresentedError;

/// The longest header, in base64url characters.
const MAX_HEADER: usize = 1024;

/// What a header may hold. `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c` and whatever else is unknown are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    alg: String,
    kid: String,
    #[serde(default)]
    typ: Option<String>,
}

/// Which key and algorithm a token claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenHeader {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: String,
}

/// The header of `token`, of which nothing is verified yet.
pub(crate) fn read_header(token: &str) -> Result<TokenHeader, PresentedError> {
    let (header, _) = token.split_once('.').ok_or(PresentedError::Malformed)?;
    if header.len() > MAX_HEADER {
        return Err(PresentedError::Malformed);
    }
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| PresentedError::Malformed)?;
    let fields: Fields = serde_json::from_slice(&bytes).map_err(|_| PresentedError::Malformed)?;
    if fields.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(PresentedError::Malformed);
    }
    Ok(TokenHeader {
        algorithm: algorithm(&fields.alg)?,
        key_id: fields.kid,
    })
}

fn algorithm(name: &str) -> Result<Algorithm, PresentedError> {
    match name {
        "RS256" => Ok(Algorithm::RS256),
        "RS384" => Ok(Algorithm::RS384),
        "RS512" => Ok(Algorithm::RS512),
        "ES256" => Ok(Algorithm::ES256),
        "ES384" => Ok(Algorithm::ES384),
        _ => Err(PresentedError::Algorithm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<TokenHeader, PresentedError> {
        read_header(&format!("{}.e30.c2ln", BASE64_URL_SAFE_NO_PAD.encode(header)))
    }

    #[test]
    fn a_kubernetes_header_names_its_key() {
        let header = of(r#"{"alg":"RS256","kid":"k"}"#).unwrap();
        assert_eq!(
            (header.algorithm, header.key_id.as_str()),
            (Algorithm::RS256, "k")
        );
        assert!(of(r#"{"alg":"ES256","kid":"k","typ":"JWT"}"#).is_ok());
    }

    #[test]
    fn none_and_shared_secrets_are_no_algorithms() {
        for alg in ["none", "None", "HS256", "HS512", "RS257", "PS256", "EdDSA", ""] {
            assert_eq!(
                of(&format!(r#"{{"alg":"{alg}","kid":"k"}}"#)),
                Err(PresentedError::Algorithm),
                "{alg}"
            );
        }
    }

    #[test]
    fn a_header_that_brings_its_own_key_or_conditions_is_refused() {
        for member in [
            r#""jwk":{}"#,
            r#""jku":"https://e"#,
            r#""x5c":[]"#,
            r#""crit":["b64"]"#,
            r#""b64":false"#,
            r#""alg":"RS256""#,
        ] {
            let header = format!(r#"{{"alg":"RS256","kid":"k",{member}}}"#);
            assert_eq!(of(&header), Err(PresentedError::Malformed), "{member}");
        }
        assert_eq!(of(r#"{"alg":"RS256"}"#), Err(PresentedError::Malformed));
        assert_eq!(
            of(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(2000))),
            Err(PresentedError::Malformed)
        );
        assert_eq!(read_header("no dots"), Err(PresentedError::Malformed));
        assert_eq!(
            of(r#"{"alg":"RS256","kid":"k","typ":"strongroom-at+jwt"}"#),
            Err(PresentedError::Malformed)
        );
    }
}
