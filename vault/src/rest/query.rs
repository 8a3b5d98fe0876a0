//! The query of a request: `api-version`, the paging of a list, and what is asked of certificates.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use strongroom_certificates::policy::SecretContentType;
use strongroom_engine::{Marker, PageRequest};

use super::api_version::ApiVersion;

/// What a token begins with that goes on with a list of objects that have no complete version yet, too. No marker has a
/// colon.
const INCOMPLETE: &str = "incomplete:";

/// The longest query, in bytes.
const MAX_QUERY: usize = 2048;

/// What is wrong with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    /// Too long.
    #[error("The query is longer than {MAX_QUERY} bytes.")]
    TooLong,
    /// A parameter that matters is there twice.
    #[error("The query names a parameter twice.")]
    Twice,
    /// No `api-version`.
    #[error("The query parameter api-version is missing.")]
    NoApiVersion,
    /// An `api-version` that there is not. The sentence is Azure's, which tools read the newest version from.
    #[error(
        "The specified version is not recognized. Consider using the latest supported version ({}).",
        ApiVersion::newest()
    )]
    ApiVersion,
    /// An `outContentType` that there is not.
    #[error(
        "The query parameter outContentType must be {} or {}.",
        SecretContentType::Pkcs12.name(),
        SecretContentType::Pem.name()
    )]
    OutContentType,
    /// `maxresults` is no number.
    #[error("The query parameter maxresults is not a number.")]
    MaxResults,
    /// This vault did not make the `$skiptoken`.
    #[error("The query parameter $skiptoken is not one of this vault's.")]
    SkipToken,
}

/// A checked query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// The version asked for, as links repeat it.
    pub(crate) api_version: ApiVersion,
    /// Which page of a list.
    pub(crate) page: PageRequest,
    /// What the value of a certificate's secret is converted to. It changes nothing for a secret that is part of none.
    pub(crate) out_content_type: Option<SecretContentType>,
    /// Which operation of a certificate is asked about, as it was sent.
    pub(crate) request_id: Option<String>,
}

impl Query {
    /// Parses what follows the `?`. Keys may be percent-encoded, as one of the SDKs sends them; unknown ones are
    /// ignored.
    pub(crate) fn parse(query: &str) -> Result<Self, QueryError> {
        if query.len() > MAX_QUERY {
            return Err(QueryError::TooLong);
        }
        let (mut version, mut max_results, mut skip_token) = (None, None, None);
        let (mut out, mut pending, mut request_id) = (None, None, None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*key {
                "api-version" => &mut version,
                "maxresults" => &mut max_results,
                "$skiptoken" => &mut skip_token,
                "outContentType" => &mut out,
                "includePending" => &mut pending,
                "request_id" => &mut request_id,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(QueryError::Twice);
            }
        }
        let version = version.ok_or(QueryError::NoApiVersion)?;
        let api_version = ApiVersion::parse(&version).ok_or(QueryError::ApiVersion)?;
        let out = out.map(|name| SecretContentType::from_name(&name).ok_or(QueryError::OutContentType));
        let max_results = max_results
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| QueryError::MaxResults)?;
        let includes_pending = pending.is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let mut page = PageRequest {
            max_results,
            marker: None,
            incomplete: includes_pending,
        };
        if let Some(token) = skip_token {
            let (marker, is_incomplete) = marker(&token)?;
            page.marker = Some(marker);
            page.incomplete |= is_incomplete;
        }
        Ok(Self {
            api_version,
            page,
            out_content_type: out.transpose()?,
            request_id: request_id.map(Into::into),
        })
    }

    /// The query of the page that starts at `next`.
    pub(crate) fn next(&self, next: &Marker) -> String {
        let begin = if self.page.incomplete { INCOMPLETE } else { "" };
        let token = BASE64_URL_SAFE_NO_PAD.encode(format!("{begin}{}", next.as_str()));
        let mut query = format!("api-version={}&$skiptoken={token}", self.api_version);
        if let Some(max) = self.page.max_results {
            query.push_str("&maxresults=");
            query.push_str(&max.to_string());
        }
        query
    }
}

/// Where a token goes on, and whether with objects that have no complete version yet, too.
fn marker(token: &str) -> Result<(Marker, bool), QueryError> {
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| QueryError::SkipToken)?;
    let text = String::from_utf8(bytes).map_err(|_| QueryError::SkipToken)?;
    Ok(match text.strip_prefix(INCOMPLETE) {
        Some(marker) => (Marker::new(marker), true),
        None => (Marker::new(text), false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_version_is_mandatory_and_known() {
        for (query, version) in [
            ("api-version=2026-04-01", "2026-04-01"),
            ("api%2Dversion=7.4&x=y", "7.4"),
            ("api-version=7.3-preview", "7.3-preview"),
        ] {
            assert_eq!(Query::parse(query).unwrap().api_version.to_string(), version);
        }
        assert_eq!(Query::parse("").unwrap_err(), QueryError::NoApiVersion);
        assert_eq!(
            Query::parse("API-VERSION=7.4").unwrap_err(),
            QueryError::NoApiVersion
        );
        assert_eq!(Query::parse("api-version=").unwrap_err(), QueryError::ApiVersion);
        let unknown = Query::parse("api-version=7.7").unwrap_err();
        assert_eq!(unknown, QueryError::ApiVersion);
        assert!(unknown.to_string().contains("(2026-04-01)"), "{unknown}");
        assert_eq!(
            Query::parse("api-version=7.4&api-version=7.4").unwrap_err(),
            QueryError::Twice
        );
        assert_eq!(
            Query::parse(&"x".repeat(MAX_QUERY + 1)).unwrap_err(),
            QueryError::TooLong
        );
    }

    #[test]
    fn an_out_content_type_is_one_of_two() {
        let parse = |out: &str| Query::parse(&format!("api-version=7.4&{out}"));
        for known in [
            "outContentType=application%2Fx-pkcs12",
            "outContentType=application/x-pem-file",
            "outContentType=Application/X-PEM-File",
        ] {
            assert!(parse(known).unwrap().out_content_type.is_some(), "{known}");
        }
        for unknown in ["outContentType=x", "outContentType=", "outContentType=text/plain"] {
            assert_eq!(
                parse(unknown).unwrap_err(),
                QueryError::OutContentType,
                "{unknown}"
            );
        }
        let twice = parse("outContentType=application/x-pkcs12&outContentType=application/x-pkcs12");
        assert_eq!(twice.unwrap_err(), QueryError::Twice);
    }

    #[test]
    fn a_next_links_query_is_the_next_pages() {
        let query = Query::parse("api-version=7.4&maxresults=2").unwrap();
        let next = query.next(&Marker::new("db password/ä"));
        let parsed = Query::parse(&next).unwrap();
        assert_eq!(parsed.page.marker, Some(Marker::new("db password/ä")));
        assert_eq!(parsed.api_version.to_string(), "7.4");
        assert_eq!(parsed.page.max_results, Some(2));
        assert!(
            Query::parse(&next.replace('$', "%24"))
                .unwrap()
                .page
                .marker
                .is_some()
        );
    }

    #[test]
    fn a_list_with_what_is_pending_goes_on_with_it() {
        let first = |query: &str| Query::parse(&format!("api-version=7.4&{query}")).unwrap();
        for (query, is_incomplete) in [
            ("includePending=true", true),
            ("includePending=True", true),
            ("includePending=false", false),
            ("includepending=true", false),
            ("", false),
        ] {
            let first = first(query);
            assert_eq!(first.page.incomplete, is_incomplete, "{query}");
            let next = first.next(&Marker::new("a"));
            assert!(!next.contains("includePending"), "{next}");
            let second = Query::parse(&next).unwrap();
            assert_eq!(second.page.incomplete, is_incomplete, "{query}");
            assert_eq!(second.page.marker, Some(Marker::new("a")), "{query}");
        }
        assert_eq!(first("request_id=0aB").request_id.as_deref(), Some("0aB"));
    }

    #[test]
    fn paging_that_is_not_ours_is_refused() {
        for max in ["x", "-1", "4294967296", "1.5", ""] {
            let query = format!("api-version=7.4&maxresults={max}");
            assert_eq!(Query::parse(&query).unwrap_err(), QueryError::MaxResults, "{max}");
        }
        for token in ["%21", "a", "_w"] {
            let query = format!("api-version=7.4&$skiptoken={token}");
            assert_eq!(
                Query::parse(&query).unwrap_err(),
                QueryError::SkipToken,
                "{token}"
            );
        }
    }
}
