//! What texts are names of which kind.

/// The most bytes of a DNS name (RFC 1035, 2.3.4).
const LONGEST_DNS_NAME: usize = 253;
/// The most bytes of a label.
const LONGEST_LABEL: usize = 63;

/// Whether it is a DNS name, in ASCII. The first label may be `*`; underscores occur in names that no host has.
pub fn is_dns_name(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    text.len() <= LONGEST_DNS_NAME && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether it is a mailbox (RFC 5321, 4.1.2) without a quoted local part, in ASCII.
pub fn is_email(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"()<>[]:;,\\\"@".contains(&byte);
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && local.bytes().all(is_allowed) && !domain.starts_with('*') && is_dns_name(domain)
    })
}

/// Whether it is a user principal name: mostly `user@domain`, in any characters that can be seen.
pub fn is_upn(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// Whether it is an absolute URI (RFC 3986, 3) in ASCII, as RFC 5280 wants it.
pub fn is_uri(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte);
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
            && rest.bytes().all(is_allowed)
    })
}

/// The host of a URI that has one (RFC 3986, 3.2.2), without user and port.
pub fn host_of_uri(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?.0,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    (!host.is_empty()).then_some(host)
}
