//! The query of a request: `api-version`, and the paging of a list.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use strongroom_engine::{Marker, PageRequest};

/// The versions of the API that have the secrets operations. All are answered alike: none changed them in a way that
/// an older client would notice.
const API_VERSIONS: [&str; 17] = [
    "2015-06-01",
    "2016-10-01",
    "7.0",
    "7.1",
    "7.2",
    "7.3",
    "7.4",
    "7.5",
    "7.6",
    "7.6-preview.2",
    "2025-06-01-preview",
    "2025-07-01",
    "2026-01-01-preview",
    "2026-03-01-preview",
    "2026-04-01",
    "2026-05-01-preview",
    "2026-07-01-preview",
];

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
    /// An `api-version` that there is not.
    #[error("The query parameter api-version is not one that this vault knows.")]
    ApiVersion,
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
    pub(crate) api_version: &'static str,
    /// Which page of a list.
    pub(crate) page: PageRequest,
}

impl Query {
    /// Parses what follows the `?`. Keys may be percent-encoded, as one of the SDKs sends them; unknown ones are
    /// ignored.
    pub(crate) fn parse(query: &str) -> Result<Self, QueryError> {
        if query.len() > MAX_QUERY {
            return Err(QueryError::TooLong);
        }
        let (mut version, mut max_results, mut skip_token) = (None, None, None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*key {
                "api-version" => &mut version,
                "maxresults" => &mut max_results,
                "$skiptoken" => &mut skip_token,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(QueryError::Twice);
            }
        }
        let version = version.ok_or(QueryError::NoApiVersion)?;
        let known = API_VERSIONS.into_iter().find(|known| *known == version);
        let api_version = known.ok_or(QueryError::ApiVersion)?;
        let max_results = max_results
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| QueryError::MaxResults)?;
        let marker = skip_token.map(|token| marker(&token)).transpose()?;
        Ok(Self {
            api_version,
            page: PageRequest { max_results, marker },
        })
    }

    /// The query of the page that starts at `next`.
    pub(crate) fn next(&self, next: &Marker) -> String {
        let token = BASE64_URL_SAFE_NO_PAD.encode(next.as_str());
        let mut query = format!("api-version={}&$skiptoken={token}", self.api_version);
        if let Some(max) = self.page.max_results {
            query.push_str("&maxresults=");
            query.push_str(&max.to_string());
        }
        query
    }
}

fn marker(token: &str) -> Result<Marker, QueryError> {
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| QueryError::SkipToken)?;
    String::from_utf8(bytes)
        .map(Marker::new)
        .map_err(|_| QueryError::SkipToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_version_is_mandatory_and_known() {
        assert_eq!(
            Query::parse("api-version=2026-04-01").unwrap().api_version,
            "2026-04-01"
        );
        assert_eq!(Query::parse("api%2Dversion=7.4&x=y").unwrap().api_version, "7.4");
        assert_eq!(Query::parse("").unwrap_err(), QueryError::NoApiVersion);
        assert_eq!(
            Query::parse("API-VERSION=7.4").unwrap_err(),
            QueryError::NoApiVersion
        );
        assert_eq!(Query::parse("api-version=").unwrap_err(), QueryError::ApiVersion);
        assert_eq!(
            Query::parse("api-version=7.7").unwrap_err(),
            QueryError::ApiVersion
        );
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
    fn a_next_links_query_is_the_next_pages() {
        let query = Query::parse("api-version=7.4&maxresults=2").unwrap();
        let next = query.next(&Marker::new("db password/ä"));
        let parsed = Query::parse(&next).unwrap();
        assert_eq!(parsed.page.marker, Some(Marker::new("db password/ä")));
        assert_eq!((parsed.api_version, parsed.page.max_results), ("7.4", Some(2)));
        assert!(
            Query::parse(&next.replace('$', "%24"))
                .unwrap()
                .page
                .marker
                .is_some()
        );
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
