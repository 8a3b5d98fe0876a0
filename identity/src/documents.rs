//! The documents that SDKs read before they ask for a token (`OpenID` Connect Discovery 1.0, section 3).

use http::HeaderMap;
use serde_json::{Value, json};

use crate::settings::Settings;

/// The relation that MSAL for .NET demands of an AD FS before it sends a token there.
const TRUSTED_REALM: &str = "http://schemas.microsoft.com/rel/trusted-realm";

/// The address that the client used: one of the service's own names with its port. For any other Host it is the
/// canonical name.
pub(crate) fn base(settings: &Settings, headers: &HeaderMap, authority: Option<&str>) -> String {
    let host = headers
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok());
    let asked = authority.or(host).filter(|asked| {
        let (name, port) = asked.split_once(':').unwrap_or((asked, "443"));
        settings.hosts.iter().any(|host| host.eq_ignore_ascii_case(name)) && port.parse::<u16>().is_ok()
    });
    format!("https://{}", asked.unwrap_or_else(|| settings.canonical_host()))
}

/// The configuration of the tenant named `tenant`: what MSAL demands of one, and nothing that does not exist.
pub(crate) fn openid_configuration(settings: &Settings, base: &str, tenant: &str) -> Value {
    json!({
        "issuer": settings.issuer,
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        // MSAL refuses a configuration without it. The path answers 404: there is no login of people.
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{base}/keys"),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "grant_types_supported": ["client_credentials"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

/// The answer to Azure's instance discovery: this authority, and no other.
pub(crate) fn instance_discovery(settings: &Settings, base: &str) -> Value {
    let host = base.strip_prefix("https://").unwrap_or(base);
    json!({
        "tenant_discovery_endpoint": format!("{base}/{}/v2.0/.well-known/openid-configuration", settings.tenant),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    })
}

/// What `WebFinger` (RFC 7033) says about `resource`: that the realm is this service's own. Nothing about another's.
pub(crate) fn web_finger(settings: &Settings, resource: &str) -> Option<Value> {
    let asked = resource.strip_prefix("https://")?;
    let host = settings
        .hosts
        .iter()
        .find(|host| host.eq_ignore_ascii_case(asked))?;
    let realm = format!("https://{host}");
    Some(json!({ "subject": realm, "links": [{ "rel": TRUSTED_REALM, "href": realm }] }))
}
