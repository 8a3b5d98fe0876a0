//! What texts are names of which kind.

use core::net::Ipv6Addr;

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
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_allowed);
    text.split_once('@')
        .is_some_and(|(local, domain)| local.split('.').all(is_atom) && is_host_name(domain))
}

/// Whether it is a DNS name without a wildcard.
fn is_host_name(text: &str) -> bool {
    !text.starts_with('*') && is_dns_name(text)
}

/// Whether it is a user principal name: mostly `user@domain`, in any characters that can be seen.
pub fn is_upn(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// Whether it is an absolute URI (RFC 3986, 3) in ASCII, as RFC 5280 wants it: one with an authority has a host, which is a DNS
/// name or an IP address. Some programs refuse a whole certificate that has another.
pub fn is_uri(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, rest)| is_scheme(scheme) && is_behind_a_scheme(rest))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_behind_a_scheme(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte);
    let (authority, rest) = match text.strip_prefix("//") {
        Some(after) => after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len())),
        None => ("", text),
    };
    let (_, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    !text.is_empty()
        && text.bytes().all(is_allowed)
        && text.split('%').skip(1).all(begins_with_a_byte)
        && !rest.contains(['[', ']'])
        && !fragment.contains('#')
        && (is_authority(authority) || !text.starts_with("//"))
}

/// Whether two hexadecimal digits are first.
fn begins_with_a_byte(text: &str) -> bool {
    let digits = text.as_bytes().get(..2);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether it is `user@host:port`, of which the host is needed (RFC 3986, 3.2).
fn is_authority(text: &str) -> bool {
    let (user, place) = text.rsplit_once('@').unwrap_or(("", text));
    let (is_host, port) = if let Some(literal) = place.strip_prefix('[') {
        let (address, port) = literal.split_once(']').unwrap_or_default();
        (address.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
        (is_host_name(host), port)
    };
    is_host && is_port(port) && !user.contains(['@', '[', ']'])
}

/// Whether it is nothing, or digits behind a colon, perhaps none.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    text.is_empty() || digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The host of a URI that has one (RFC 3986, 3.2.2), without user and port.
pub fn host_of_uri(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(':')?;
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?.0,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    (!host.is_empty()).then_some(host)
}
