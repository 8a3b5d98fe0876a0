//! The kinds of object that the API has: the first segment of a path finds the kind, and the kind's file does the rest.

use axum::response::Response;
use http::Method;
use strongroom_core::ObjectKind;

use super::{
    call::Call,
    certificates,
    error::Problem,
    keys,
    life::NO_OPERATION,
    route::{Route, RouteError, Shape, check_empty, segments},
    secrets,
};

/// The paths of every kind.
pub(super) const SHAPES: [&[Shape]; 3] = [secrets::SHAPES, keys::SHAPES, certificates::SHAPES];

/// What `method` and `path` ask for.
pub(super) fn route(method: &Method, path: &str) -> Result<Route, RouteError> {
    let segments = certificates::named(method, segments(path)?)?;
    check_empty(&segments)?;
    let first = segments.first().copied().unwrap_or_default();
    let table = SHAPES.into_iter().find(|table| begins(table, first));
    Route::find(method, &segments, table.ok_or(RouteError::Unknown)?)
}

/// Whether a path of `table` begins with the word `first`.
fn begins(table: &[Shape], first: &str) -> bool {
    table.iter().any(|shape| shape.begins_with(first))
}

/// Performs what `call` asks of the objects.
pub(super) async fn perform(call: Call<'_>) -> Result<Response, Problem> {
    match call.route.operation.kind() {
        Some(ObjectKind::Secrets) => secrets::perform(call).await,
        // Boxed, so that the future of a read of a secret has no room for it.
        Some(ObjectKind::Keys) => Box::pin(keys::perform(call)).await,
        Some(ObjectKind::Certificates) => Box::pin(certificates::perform(call)).await,
        // No table has a row of them.
        None => Err(call.refuse(NO_OPERATION).await),
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::{Operation, name::NameError};

    use super::{
        super::route::{Life, Verb},
        *,
    };

    const VERSION: &str = "0123456789abcdef0123456789abcdef";

    fn parse(method: &str, path: &str) -> Result<Route, RouteError> {
        route(&method.parse().unwrap(), path)
    }

    fn operation(method: &str, path: &str) -> &'static str {
        parse(method, path).unwrap().operation.as_str()
    }

    #[test]
    fn the_twelve_operations_have_their_paths() {
        assert_eq!(operation("PUT", "/secrets/a"), "SecretSet");
        assert_eq!(operation("GET", "/secrets/a"), "SecretGet");
        assert_eq!(operation("GET", &format!("/secrets/a/{VERSION}")), "SecretGet");
        assert_eq!(operation("PATCH", "/secrets/a/"), "SecretUpdate");
        assert_eq!(operation("DELETE", "/secrets/a"), "SecretDelete");
        assert_eq!(operation("GET", "/secrets"), "SecretList");
        assert_eq!(operation("GET", "/secrets/a/versions"), "SecretListVersions");
        assert_eq!(operation("GET", "/deletedsecrets"), "SecretListDeleted");
        assert_eq!(operation("GET", "/deletedsecrets/a"), "SecretGetDeleted");
        assert_eq!(operation("DELETE", "/deletedsecrets/a"), "SecretPurge");
        assert_eq!(operation("POST", "/deletedsecrets/a/recover"), "SecretRecover");
        assert_eq!(operation("POST", "/secrets/a/backup"), "SecretBackup");
        assert_eq!(operation("POST", "/secrets/restore"), "SecretRestore");
    }

    #[test]
    fn an_empty_last_segment_is_the_latest_version_and_case_does_not_matter() {
        let latest = Route {
            operation: Operation::SecretGet,
            life: Some(Life::Get),
            name: Some("a".parse().unwrap()),
            version: None,
            issuer: None,
        };
        for path in ["/secrets/a", "/secrets/a/", "/SECRETS/A/", "//secrets/a"] {
            assert_eq!(parse("GET", path).as_ref(), Ok(&latest), "{path}");
        }
        assert_eq!(operation("GET", "/deletedSecrets/a"), "SecretGetDeleted");
    }

    #[test]
    fn the_operations_on_keys_have_their_paths() {
        for (method, path, expected) in [
            ("POST", "/keys/a/create", "KeyCreate"),
            ("PUT", "/keys/a", "KeyImport"),
            ("POST", "/keys/a/rotate", "KeyRotate"),
            ("GET", "/keys/a/", "KeyGet"),
            ("PATCH", "/keys/a", "KeyUpdate"),
            ("GET", "/keys", "KeyList"),
            ("GET", "/keys/a/versions", "KeyListVersions"),
            ("POST", "/keys/restore", "KeyRestore"),
            ("POST", "/keys/a/encrypt", "KeyEncrypt"),
            ("POST", "/keys/a/wrapKey", "KeyWrap"),
            ("GET", "/deletedKeys/a", "KeyGetDeleted"),
            ("POST", "/deletedkeys/a/recover", "KeyRecover"),
        ] {
            assert_eq!(operation(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn the_operations_on_certificates_have_their_paths() {
        for (method, path, expected) in [
            ("POST", "/certificates/a/create", "CertificateCreate"),
            ("POST", "/certificates//a/import", "CertificateImport"),
            ("GET", "/certificates/a/", "CertificateGet"),
            ("GET", "/certificates/pending", "CertificateGet"),
            ("PATCH", "/certificates/a/policy", "CertificatePolicyUpdate"),
            ("DELETE", "/certificates/a/pending", "CertificatePendingDelete"),
            ("POST", "/certificates/a/pending/merge", "CertificatePendingMerge"),
            (
                "POST",
                "/certificates/a/0123456789abcdef0123456789abcdef/revoke",
                "CertificateRevoke",
            ),
            ("GET", "/certificates/Contacts", "CertificateContactsGet"),
            ("GET", "/certificates/issuers", "CertificateIssuersList"),
            ("PUT", "/certificates/issuers/a", "CertificateIssuerSet"),
            ("POST", "/certificates/restore", "CertificateRestore"),
            ("GET", "/deletedCertificates/a", "CertificateGetDeleted"),
        ] {
            assert_eq!(operation(method, path), expected, "{method} {path}");
        }
        let issuer = parse("GET", "/certificates/issuers/A-1").unwrap();
        assert_eq!((issuer.name, issuer.issuer), (None, Some("a-1".parse().unwrap())));
    }

    #[test]
    fn a_path_of_certificates_without_a_name_is_no_other_path() {
        for (verb, path) in [
            (Verb::Post, "/certificates//create"),
            (Verb::Get, "/CERTIFICATES//create"),
            (Verb::Put, "/certificates/issuers/"),
        ] {
            let refused = parse(verb.as_str(), path);
            assert_eq!(refused, Err(RouteError::Nameless(verb)), "{path}");
        }
        for path in ["/certificates//", "/certificates///import", "/secrets//backup"] {
            assert_eq!(parse("POST", path), Err(RouteError::Path), "{path}");
        }
        for path in ["/certificates/contacts/create", "/certificates/restore/import"] {
            assert_eq!(parse("POST", path), Err(RouteError::Unknown), "{path}");
        }
    }

    #[test]
    fn work_without_a_version_is_the_latest_versions_however_it_is_written() {
        let latest = parse("POST", "/keys/a/sign").unwrap();
        assert_eq!(latest.version, None);
        for path in ["/keys/a//sign", "//keys/a//sign", "/KEYS/A//SIGN"] {
            assert_eq!(parse("POST", path).as_ref(), Ok(&latest), "{path}");
        }
        let versioned = parse("POST", &format!("/keys/a/{VERSION}/sign")).unwrap();
        assert_eq!(versioned.version, Some(VERSION.parse().unwrap()));
        for path in ["/keys//a/sign", "/keys//sign", "/keys/a///sign", "/keys/a//"] {
            assert_eq!(parse("POST", path), Err(RouteError::Path), "{path}");
        }
    }

    #[test]
    fn words_of_the_api_are_names_too() {
        for word in [
            "restore",
            "versions",
            "backup",
            "deletedsecrets",
            "root",
            "pending",
        ] {
            assert_eq!(operation("GET", &format!("/secrets/{word}")), "SecretGet");
            assert_eq!(operation("PUT", &format!("/secrets/{word}")), "SecretSet");
        }
    }

    #[test]
    fn a_path_that_is_not_canonical_is_refused() {
        for path in [
            "",
            "*",
            "secrets",
            "/secrets//a",
            "/secrets/a//",
            "///secrets/a",
            "/secrets/../a",
            "/secrets/./a",
            "/secrets/a%2fb",
            "/secrets/%2e%2e",
            "/secrets/a%00",
            "/secrets/a;x",
            "/secrets/a.",
            "/secrets/a ",
            "/secrets/a_b",
            "/secrets/ä",
            "/secrets\\a",
            "/secrets/%252e",
        ] {
            assert_eq!(parse("GET", path), Err(RouteError::Path), "{path}");
        }
        assert_eq!(
            parse("GET", &format!("/secrets/{}", "a/".repeat(200))),
            Err(RouteError::Path)
        );
    }

    #[test]
    fn a_name_of_128_characters_and_a_short_version_are_refused() {
        let long = format!("/secrets/{}", "a".repeat(128));
        assert_eq!(parse("GET", &long), Err(RouteError::Name(NameError::Object)));
        assert!(parse("GET", &format!("/secrets/{}", "a".repeat(127))).is_ok());
        assert_eq!(
            parse("GET", "/secrets/a/123"),
            Err(RouteError::Name(NameError::Version))
        );
        assert_eq!(
            parse("PUT", "/secrets/"),
            Err(RouteError::Name(NameError::Object))
        );
    }

    #[test]
    fn another_path_and_another_method_are_refused_apart() {
        for path in [
            "/",
            "/keys/a/b/c",
            "/secrets/a/b/c",
            "/certificates/a/b/c",
            "/certificates/contacts/versions",
            "/certificates/a/pending/",
            "/strongroom",
        ] {
            assert_eq!(parse("GET", path), Err(RouteError::Unknown), "{path}");
        }
        let version = format!("/secrets/a/{VERSION}");
        for (method, path, allowed) in [
            ("PUT", "/secrets", "GET"),
            ("POST", "/secrets/a", "GET, PUT, PATCH, DELETE"),
            ("TRACE", "/secrets/restore", "GET, PUT, PATCH, DELETE, POST"),
            ("DELETE", &version, "GET, PATCH"),
            ("POST", "/secrets/a/123", "GET, PATCH"),
            ("POST", "/secrets/a/versions", "GET"),
            ("PUT", "/secrets/a/backup", "POST"),
            ("PUT", "/deletedsecrets/a", "GET, DELETE"),
            ("GET", "/deletedsecrets/a/recover", "POST"),
        ] {
            let Err(RouteError::Method(verbs)) = parse(method, path) else {
                panic!("{method} {path}");
            };
            assert_eq!(verbs.to_string(), allowed, "{method} {path}");
        }
    }
}
