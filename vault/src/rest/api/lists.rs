//! `GET /crl/{name}/{version}`: the list of what an authority has revoked, for everybody. It needs no token and no `api-version`,
//! since what reads it is no client of Azure's.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use strongroom_audit::RefusalReason;
use strongroom_core::Operation;
use strongroom_serving::accept::{Peer, Source};

use super::{
    super::{
        error::{FormError, Problem},
        respond,
        route::{RouteError, Verb, Verbs, segments},
    },
    Api,
};
use crate::{
    access::{Client, Failure},
    certificates::{
        error::CertificateError,
        revocation_list::RevocationList,
        revoked::{AuthorityVersion, LISTS},
    },
};

/// The type of a list (RFC 2585, 4.2).
const TYPE: &str = "application/pkix-crl";

/// What a path below the lists names: none where it can be no authority's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListPath(Option<AuthorityVersion>);

impl ListPath {
    /// None of another path.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let segments = segments(path).ok()?;
        let (first, rest) = segments.split_first()?;
        let authority = || match rest {
            [name, version] => Some(AuthorityVersion {
                name: name.parse().ok()?,
                version: version.to_ascii_lowercase().parse().ok()?,
            }),
            _ => None,
        };
        first.eq_ignore_ascii_case(LISTS).then(|| Self(authority()))
    }
}

impl Api {
    /// Answers who asks for a list, whoever it is.
    pub(super) async fn answer_list(
        &self,
        request: &Parts,
        list: ListPath,
        peer: &Peer,
        began: Instant,
    ) -> Response {
        let mut response = match self.list(request, list, peer).await {
            Ok(list) => shown(request, &list),
            Err(problem) => problem.into_response(),
        };
        if request.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        let operation = Operation::RevocationListGet.as_str();
        self.metrics
            .request(operation, response.status().as_u16(), began.elapsed());
        response
    }

    async fn list(
        &self,
        request: &Parts,
        list: ListPath,
        peer: &Peer,
    ) -> Result<Arc<RevocationList>, Problem> {
        let counted = self.access.count_list(Source::from(peer.address.ip()));
        counted.map_err(|throttled| {
            let address = Client::new(peer, None).address();
            self.refusals.count(address, RefusalReason::Limited);
            Problem::from(&throttled)
        })?;
        if ![Method::GET, Method::HEAD].contains(&request.method) {
            let allowed = RouteError::Method(Verbs::default().with(Verb::Get));
            return Err(FormError::from(allowed).into());
        }
        let none = || Problem::from(&Failure::from(CertificateError::NoList));
        let list = list.0.ok_or_else(none)?;
        let found = self.access.revocation_list(&list).await;
        found.map_err(|failure| Problem::from(&failure))
    }
}

/// The answer with a list; without it, where the client has it already.
fn shown(request: &Parts, list: &RevocationList) -> Response {
    let tag = format!("\"{}\"", list.number);
    let mut response = if has(&request.headers, &tag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        respond::shared(TYPE, list.der.clone())
    };
    if response.status() == StatusCode::OK {
        let length = HeaderValue::from(list.der.len());
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    let said = [(header::ETAG, Some(tag)), (header::LAST_MODIFIED, date(list))];
    for (name, value) in said {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Whether the client says that it has the list with this tag.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter();
    let given = given.filter_map(|value| value.to_str().ok());
    let mut tags = given.flat_map(|value| value.split(',').map(str::trim));
    tags.any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

fn date(list: &RevocationList) -> Option<String> {
    let made = Timestamp::from_second(list.made.unix().try_into().ok()?).ok()?;
    DateTimePrinter::new().timestamp_to_rfc9110_string(&made).ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const VERSION: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn every_path_below_the_lists_is_one_of_a_list_and_no_other_is() {
        let expected = AuthorityVersion {
            name: "ca".parse().unwrap(),
            version: VERSION.parse().unwrap(),
        };
        for path in [
            format!("/crl/ca/{VERSION}"),
            format!("//CRL/Ca/{}", VERSION.to_uppercase()),
        ] {
            assert_eq!(
                ListPath::parse(&path),
                Some(ListPath(Some(expected.clone()))),
                "{path}"
            );
        }
        for path in [
            "/crl",
            "/crl/",
            "/crl/ca",
            "/crl/ca/",
            "/crl/ca/0123",
            &format!("/crl//{VERSION}"),
            &format!("/crl/ca/{VERSION}/"),
        ] {
            assert_eq!(ListPath::parse(path), Some(ListPath(None)), "{path}");
        }
        for path in [
            "",
            "/",
            "/crls/ca",
            "/secrets/crl",
            "/certificates/crl/revoke",
            "/crl/a%2fb",
            "*",
        ] {
            assert_eq!(ListPath::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_client_that_has_the_list_gets_none() {
        let list = RevocationList {
            der: vec![1, 2, 3].into(),
            number: 7,
            made: strongroom_core::Timestamp::from_unix(1_767_225_600),
        };
        let answered = |method: &str, tags: &str| {
            let request = Request::builder().method(method).header("if-none-match", tags);
            shown(&request.body(()).unwrap().into_parts().0, &list)
        };
        for (tags, status) in [
            ("\"7\"", 304),
            ("\"6\", W/\"7\"", 304),
            ("*", 304),
            ("\"8\"", 200),
            ("7", 200),
            ("", 200),
        ] {
            let response = answered("GET", tags);
            assert_eq!(response.status().as_u16(), status, "{tags}");
            assert_eq!(response.headers()["etag"], "\"7\"");
            assert_eq!(
                response.headers()["last-modified"],
                "Thu, 01 Jan 2026 00:00:00 GMT"
            );
        }
        let whole = answered("GET", "\"6\"");
        assert_eq!(whole.headers()["content-length"], "3");
    }
}
