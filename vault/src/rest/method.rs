//! The method of a request: its own, or the one that a POST names in a header.
//!
//! Clients whose library or proxy has only GET and POST name the method that they mean in `X-HTTP-REQUEST` (Key Vault,
//! Authentication, requests and responses: "Request URL") or `X-HTTP-METHOD`. From here on there is no other method: the
//! named one is routed, decided by policy and recorded, and its operation needs the permission that it always needs. So
//! nobody can do more by a header than by a method. What stands before a vault and refuses methods is no boundary of a
//! vault, and sees none: TLS ends in the vault.

use http::{HeaderMap, Method, request::Parts};

use super::route::{RouteError, Verb};

/// The headers, of which a request has one at most, once.
const HEADERS: [&str; 2] = ["x-http-method", "x-http-request"];

/// The method that is meant by `request`.
pub(super) fn meant(request: &Parts) -> Result<Method, RouteError> {
    let Some(named) = named(&request.headers)? else {
        return Ok(request.method.clone());
    };
    // Of two methods that are not the same, two readers could take a different one.
    if request.method == Method::POST || request.method == named {
        Ok(named)
    } else {
        Err(RouteError::NamedMethod)
    }
}

fn named(headers: &HeaderMap) -> Result<Option<Method>, RouteError> {
    let mut values = HEADERS.iter().flat_map(|name| headers.get_all(*name));
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let verb = Verb::ALL
        .into_iter()
        .find(|verb| verb.as_str().as_bytes() == value.as_bytes());
    match (verb, values.next()) {
        (Some(verb), None) => Ok(Some(verb.method())),
        _ => Err(RouteError::NamedMethod),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn of(method: &str, headers: &[(&str, &str)]) -> Result<Method, RouteError> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        meant(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_post_means_the_method_that_it_names_and_others_their_own() {
        assert_eq!(of("GET", &[]), Ok(Method::GET));
        assert_eq!(of("POST", &[]), Ok(Method::POST));
        assert_eq!(of("TRACE", &[]), Ok(Method::TRACE));
        for header in ["X-HTTP-METHOD", "x-http-request"] {
            for method in [
                Method::GET,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
                Method::POST,
            ] {
                assert_eq!(of("POST", &[(header, method.as_str())]), Ok(method.clone()));
                assert_eq!(of(method.as_str(), &[(header, method.as_str())]), Ok(method));
            }
        }
    }

    #[test]
    fn a_method_named_twice_unknown_or_beside_another_is_refused() {
        let refused = Err(RouteError::NamedMethod);
        for value in [
            "",
            "delete",
            "TRACE",
            "HEAD",
            "OPTIONS",
            "CONNECT",
            "GET, DELETE",
            " DELETE x",
        ] {
            assert_eq!(of("POST", &[("x-http-method", value)]), refused, "{value}");
        }
        for name in HEADERS {
            let twice = [("x-http-method", "DELETE"), (name, "DELETE")];
            assert_eq!(of("POST", &twice), refused, "{name}");
            for method in ["GET", "HEAD", "PUT", "OPTIONS"] {
                assert_eq!(of(method, &[(name, "DELETE")]), refused, "{method}");
            }
        }
    }
}
