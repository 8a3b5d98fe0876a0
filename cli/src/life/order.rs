//! Which of the versions of an object came first.

use std::cmp::Reverse;

use crate::kind::CommandKind;

/// Puts the newest version first.
pub(super) fn sort<K: CommandKind>(items: &mut [K::Item]) {
    items.sort_by_key(|item| Reverse(K::item_attributes(item).created));
}

/// The current version: the one that was made last. None where two were made in the last second, since a list of versions has
/// no finer clock.
pub(crate) fn current<K: CommandKind>(newest_first: &[K::Item]) -> Option<&K::Item> {
    let mut newest = newest_first.iter();
    let (first, second) = (newest.next()?, newest.next());
    let created = |item: &K::Item| K::item_attributes(item).created;
    second
        .is_none_or(|second| created(second) < created(first))
        .then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strongroom_client::vault::{SecretItem, Secrets};

    use super::*;

    fn made(times: &[i64]) -> Vec<SecretItem> {
        let version = |(place, time): (usize, &i64)| {
            let id = format!("https://h/secrets/db/{place:032x}");
            serde_json::from_value(json!({ "id": id, "attributes": { "created": time } })).unwrap()
        };
        times.iter().enumerate().map(version).collect()
    }

    #[test]
    fn the_version_that_was_made_last_is_the_current_one() {
        let mut versions = made(&[5, 9, 7]);
        sort::<Secrets>(&mut versions);
        let times: Vec<_> = versions
            .iter()
            .map(|version| version.attributes.created)
            .collect();
        assert_eq!(times, [Some(9), Some(7), Some(5)]);
        assert_eq!(current::<Secrets>(&versions), versions.first());
        assert_eq!(current::<Secrets>(&[]), None);
    }

    #[test]
    fn of_two_versions_of_one_second_neither_is_said_to_be_the_current_one() {
        assert_eq!(current::<Secrets>(&made(&[9, 9, 5])), None);
        assert!(current::<Secrets>(&made(&[9, 5, 5])).is_some());
    }
}
