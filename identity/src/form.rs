//! The form of a token request (RFC 6749, section 4.4; RFC 7523, section 2.2; RFC 8693, section 2.1 for the actor).

use secrecy::SecretString;
use serde::Deserialize;
use strongroom_client::identity::{ACTOR_TOKEN_TYPE, ASSERTION_TYPE};

use crate::refusal::ExchangeRefusal;

/// The fields as they came. A field given twice is refused by the parser, `claims` and unknown fields are ignored.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenForm {
    grant_type: Option<String>,
    client_id: Option<String>,
    scope: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<SecretString>,
    actor_token: Option<SecretString>,
    actor_token_type: Option<String>,
}

/// A request whose form is right; nothing of it is verified.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) subject: SecretString,
    pub(crate) actor: Option<SecretString>,
    pub(crate) scope: String,
    /// Of no authority: repeated to the SDK in the token.
    pub(crate) client_id: Option<String>,
}

impl TryFrom<TokenForm> for TokenRequest {
    type Error = ExchangeRefusal;

    fn try_from(form: TokenForm) -> Result<Self, ExchangeRefusal> {
        if form.grant_type.as_deref() != Some("client_credentials") {
            return Err(ExchangeRefusal::GrantType);
        }
        if form.client_assertion_type.as_deref() != Some(ASSERTION_TYPE) {
            return Err(ExchangeRefusal::AssertionType);
        }
        if form.actor_token.is_some() != form.actor_token_type.is_some()
            || form.actor_token_type.is_some_and(|kind| kind != ACTOR_TOKEN_TYPE)
        {
            return Err(ExchangeRefusal::ActorType);
        }
        Ok(Self {
            subject: form
                .client_assertion
                .ok_or(ExchangeRefusal::Missing("client_assertion"))?,
            actor: form.actor_token,
            scope: form.scope.ok_or(ExchangeRefusal::Missing("scope"))?,
            client_id: form.client_id.filter(|id| is_client_id(id)),
        })
    }
}

fn is_client_id(text: &str) -> bool {
    let clean = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(clean)
}
