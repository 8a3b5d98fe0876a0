//! Which objects of a list are shown.

use crate::{arguments::ListFilter, kind::CommandKind};

/// Which objects of a list are shown; all of them by default.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// How the name begins, in lower case.
    prefix: Option<String>,
    /// When the current version ends at the latest, seconds since 1970.
    until: Option<i64>,
    tags: Vec<(String, Option<String>)>,
}

impl Chosen {
    /// What the flags say at `now`.
    pub(crate) fn of(filter: ListFilter, now: i64) -> Self {
        let seconds = |time: std::time::Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Self {
            until: filter.expiring.map(|time| now.saturating_add(seconds(time))),
            tags: filter.tags,
            ..Self::beginning(filter.prefix)
        }
    }

    /// Those whose names begin so, in any case.
    pub(crate) fn beginning(prefix: Option<String>) -> Self {
        Self {
            prefix: prefix.map(|prefix| prefix.to_ascii_lowercase()),
            ..Self::default()
        }
    }

    /// Whether it is one of them.
    pub(crate) fn admits<K: CommandKind>(&self, item: &K::Item) -> bool {
        let (name, tags) = (&K::item_id(item).name, K::item_tags(item));
        let ends = K::item_attributes(item).exp;
        let has = |(key, value): &(String, Option<String>)| {
            let found = tags.get(key);
            found.is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
        };
        self.prefix
            .as_ref()
            .is_none_or(|prefix| name.as_str().starts_with(prefix))
            && self
                .until
                .is_none_or(|until| ends.is_some_and(|ends| ends <= until))
            && self.tags.iter().all(has)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use strongroom_client::vault::Secrets;

    use super::*;

    /// Whether these flags show a secret `Db-1` that ends at 1000 and is of team a.
    fn shows(prefix: Option<&str>, expiring: Option<u64>, tags: &[(&str, Option<&str>)]) -> bool {
        let item = serde_json::from_value(json!({
            "id": "https://h/secrets/Db-1", "attributes": { "exp": 1000 }, "tags": { "team": "a" },
        }));
        let own = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(ToOwned::to_owned));
        let filter = ListFilter {
            prefix: prefix.map(ToOwned::to_owned),
            expiring: expiring.map(Duration::from_secs),
            tags: tags.iter().map(own).collect(),
        };
        Chosen::of(filter, 900).admits::<Secrets>(&item.unwrap())
    }

    #[test]
    fn everything_that_is_asked_for_must_be_so() {
        assert!(shows(None, None, &[]));
        assert!(shows(
            Some("DB-"),
            Some(100),
            &[("team", None), ("team", Some("a"))]
        ));
        for hidden in [
            shows(Some("b"), None, &[]),
            shows(None, Some(99), &[]),
            shows(None, None, &[("owner", None)]),
            shows(None, None, &[("team", Some("b"))]),
            shows(None, None, &[("team", None), ("owner", None)]),
        ] {
            assert!(!hidden);
        }
    }
}
