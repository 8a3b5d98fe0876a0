//! The CEL rules that several fields share, each with the sentence the API server answers.

use kube::core::Rule;

/// The name of a vault.
pub(crate) fn vault_name() -> Rule {
    Rule::new("self.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')").message(
        "A vault name is 1 to 40 lower-case letters, digits and dashes, starts with a letter and does not end with a dash.",
    )
}

/// The name of a namespace: a label of RFC 1123.
pub(crate) fn namespace_name() -> Rule {
    Rule::new("self.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')").message(
        "A namespace is named with 1 to 63 lower-case letters, digits and dashes, and begins and ends with a letter or digit.",
    )
}

/// The name of a service account: a subdomain of RFC 1123.
pub(crate) fn service_account_name() -> Rule {
    Rule::new("self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$') && !self.contains('..')").message(
        "A service account is named with lower-case letters, digits, dashes and dots, and begins and ends with a letter or digit.",
    )
}

/// The version of an object in a vault.
pub(crate) fn version() -> Rule {
    Rule::new("self.matches('^[0-9a-fA-F]{32}$')").message("A version is 32 hexadecimal digits.")
}

/// The name of an object in a vault.
pub(crate) fn object_name() -> Rule {
    Rule::new("self.matches('^[0-9a-zA-Z-]+$')")
        .message("An object name is 1 to 127 letters, digits and dashes.")
}
