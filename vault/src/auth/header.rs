//! The header of a vault token: exactly three members, so that no header can bring a key of its own.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use strongroom_wire::token;

use super::AuthError;

/// The longest `kid`, in bytes.
pub(super) const MAX_KEY_ID: usize = 128;

/// The members a header may have. `crit`, `jwk`, `jku`, `x5u`, `x5c` and whatever else is unknown are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// The key id that `token` names, when its header is of our form.
pub(super) fn key_id(token: &str) -> Result<String, AuthError> {
    let (header, _) = token.split_once('.').ok_or(AuthError::Malformed)?;
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| AuthError::Malformed)?;
    let header: Header = serde_json::from_slice(&bytes).map_err(|_| AuthError::Header)?;
    let ours = header.alg == "ES256" && header.typ == token::TYPE;
    if ours && (1..=MAX_KEY_ID).contains(&header.kid.len()) {
        Ok(header.kid)
    } else {
        Err(AuthError::Header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<String, AuthError> {
        key_id(&format!("{}.e30.sig", BASE64_URL_SAFE_NO_PAD.encode(header)))
    }

    #[test]
    fn our_header_names_its_key() {
        assert_eq!(
            of(r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":"k1"}"#).as_deref(),
            Ok("k1")
        );
    }

    #[test]
    fn every_other_header_is_refused() {
        for header in [
            r#"{"typ":"JWT","alg":"ES256","kid":"k1"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"none","kid":"k1"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"HS256","kid":"k1"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES384","kid":"k1"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"es256","kid":"k1"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":""}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":7}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":"k1","kid":"k2"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":"k1","crit":["b64"],"b64":false}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":"k1","jwk":{}}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":"k1","jku":"https://evil.example/keys"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":"k1","x5u":"https://evil.example/c"}"#,
            r#"{"typ":"strongroom-at+jwt","alg":"ES256","kid":"k1","x5c":[]}"#,
        ] {
            assert_eq!(of(header), Err(AuthError::Header), "{header}");
        }
    }

    #[test]
    fn a_text_without_parts_is_malformed() {
        for text in ["", "abc", "***.e30.sig"] {
            assert_eq!(key_id(text), Err(AuthError::Malformed), "{text:?}");
        }
    }
}
