//! Lists come in pages.

use serde::{Deserialize, Deserializer};

/// One page of a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct Page<T> {
    /// The objects. May be empty with more pages behind it.
    #[serde(default = "Vec::new")]
    pub value: Vec<T>,
    /// Where the list goes on.
    #[serde(default, rename = "nextLink", deserialize_with = "token_of_link")]
    pub next: Option<NextPage>,
}

/// The place in a list where its next page begins. The client takes only the place from the vault's link: it
/// never lets an answer say where to send a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPage(String);

impl NextPage {
    /// The query that asks for it.
    pub(super) fn query(&self) -> String {
        format!("&$skiptoken={}", self.0)
    }

    fn of_link(link: &str) -> Option<Self> {
        let (_, query) = link.split_once('?')?;
        let token = query.split('&').find_map(|pair| {
            pair.strip_prefix("$skiptoken=")
                .or(pair.strip_prefix("%24skiptoken="))
        })?;
        let clean = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%=+/".contains(&byte);
        (token.len() <= 4096 && token.bytes().all(clean)).then(|| Self(token.to_owned()))
    }
}

fn token_of_link<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NextPage>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref() {
        None | Some("") => Ok(None),
        Some(link) => NextPage::of_link(link)
            .map(Some)
            .ok_or_else(|| serde::de::Error::custom("nextLink has no usable $skiptoken")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_place_is_taken_from_a_link() {
        let link = "https://evil.example/x?api-version=1&$skiptoken=eyJh%3D&maxresults=1";
        assert_eq!(NextPage::of_link(link).unwrap().query(), "&$skiptoken=eyJh%3D");
        assert_eq!(NextPage::of_link("https://h/secrets?$skiptoken=a b"), None);
        assert_eq!(NextPage::of_link("https://h/secrets?x=1"), None);
    }
}
