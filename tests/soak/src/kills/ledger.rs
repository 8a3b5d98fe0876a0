//! What one secret must be after what was acknowledged, and whether what is found is that.

use std::fmt;

/// What a client can ask of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A new version with this value.
    Set(String),
    /// A tag of the newest version.
    Update(String),
    /// Deletes it.
    Delete,
    /// Takes the deletion back.
    Recover,
    /// Destroys what was deleted.
    Purge,
}

/// A version, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id; none where nobody answered which one it is.
    pub id: Option<String>,
    /// Its value.
    pub value: String,
    /// Its one tag.
    pub tag: Option<String>,
}

/// A secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// Never set, or purged.
    Absent,
    /// With its versions, the newest last.
    Active(Vec<Version>),
    /// Deleted, with the versions that it will have when it is recovered.
    Deleted(Vec<Version>),
}

/// What a reader sees of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Neither there nor deleted.
    Nothing,
    /// Deleted: its versions cannot be read.
    Deleted,
    /// The newest version, and all of them in no order.
    Active(Box<Version>, Vec<Version>),
}

/// A secret is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    before: Secret,
    pending: Option<Act>,
    found: Found,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            before,
            pending,
            found,
        } = self;
        write!(
            f,
            "acknowledged was {before:?}, then asked for {pending:?}; found is {found:?}"
        )
    }
}

impl Secret {
    /// The secret after `act`, whose new version has the id `id`. An act that does not fit changes nothing.
    #[must_use]
    pub fn after(&self, act: &Act, id: Option<String>) -> Self {
        match (self.clone(), act) {
            (Self::Absent, Act::Set(value)) => Self::Active(vec![Version::new(id, value)]),
            (Self::Active(mut versions), Act::Set(value)) => {
                versions.push(Version::new(id, value));
                Self::Active(versions)
            }
            (Self::Active(mut versions), Act::Update(tag)) => {
                if let Some(newest) = versions.last_mut() {
                    newest.tag = Some(tag.clone());
                }
                Self::Active(versions)
            }
            (Self::Active(versions), Act::Delete) => Self::Deleted(versions),
            (Self::Deleted(versions), Act::Recover) => Self::Active(versions),
            (Self::Deleted(_), Act::Purge) => Self::Absent,
            (same, _) => same,
        }
    }

    /// What the secret is, by what was acknowledged and what was asked for after that without an answer; and whether the
    /// latter has happened.
    pub fn settle(&self, pending: Option<&Act>, found: &Found) -> Result<(Self, bool), Wrong> {
        if let Some(same) = self.seen_as(found) {
            return Ok((same, false));
        }
        let after = pending.and_then(|act| self.after(act, None).seen_as(found));
        after.map(|secret| (secret, true)).ok_or_else(|| Wrong {
            before: self.clone(),
            pending: pending.cloned(),
            found: found.clone(),
        })
    }

    /// The secret with the ids that were found, if it can be what was found.
    fn seen_as(&self, found: &Found) -> Option<Self> {
        match (self, found) {
            (Self::Absent, Found::Nothing) | (Self::Deleted(_), Found::Deleted) => Some(self.clone()),
            (Self::Active(versions), Found::Active(newest, all)) if versions.len() == all.len() => {
                let seen: Option<Vec<_>> = versions.iter().map(|version| version.among(all)).collect();
                seen.filter(|seen| seen.last() == Some(&**newest))
                    .map(Self::Active)
            }
            _ => None,
        }
    }
}

impl Version {
    fn new(id: Option<String>, value: &str) -> Self {
        Self {
            id,
            value: value.to_owned(),
            tag: None,
        }
    }

    /// This version as it was found. No two have the same value.
    fn among(&self, all: &[Self]) -> Option<Self> {
        let same = |found: &&Self| {
            found.value == self.value && found.tag == self.tag && (self.id.is_none() || found.id == self.id)
        };
        all.iter().find(same).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str, value: &str, tag: Option<&str>) -> Version {
        Version {
            id: Some(id.to_owned()),
            value: value.to_owned(),
            tag: tag.map(str::to_owned),
        }
    }

    fn active(versions: &[Version]) -> Found {
        Found::Active(Box::new(versions.last().unwrap().clone()), versions.to_vec())
    }

    fn set(value: &str) -> Act {
        Act::Set(value.to_owned())
    }

    #[test]
    fn what_was_acknowledged_must_be_there_and_nothing_else() {
        let (one, two) = (version("1", "a", None), version("2", "b", None));
        let secret = Secret::Absent
            .after(&set("a"), Some("1".into()))
            .after(&set("b"), Some("2".into()));
        assert_eq!(
            secret.settle(None, &active(&[one.clone(), two.clone()])),
            Ok((secret.clone(), false))
        );
        for found in [
            Found::Nothing,
            Found::Deleted,
            active(std::slice::from_ref(&one)),
            active(&[two.clone(), one.clone()]),
            active(&[one.clone(), version("3", "b", None)]),
            active(&[one.clone(), version("2", "c", None)]),
            active(&[one.clone(), version("2", "b", Some("t"))]),
            active(&[one, two, version("3", "c", None)]),
        ] {
            assert!(secret.settle(None, &found).is_err(), "{found:?}");
        }
    }

    #[test]
    fn what_was_asked_for_without_an_answer_may_have_happened() {
        let before = Secret::Absent.after(&set("a"), Some("1".into()));
        let one = version("1", "a", None);
        let both = active(&[one.clone(), version("2", "b", None)]);
        assert_eq!(
            before.settle(Some(&set("b")), &active(std::slice::from_ref(&one))),
            Ok((before.clone(), false))
        );
        let (after, happened) = before.settle(Some(&set("b")), &both).unwrap();
        assert!(happened);
        assert_eq!(
            after,
            before.after(&set("b"), Some("2".into())),
            "the id is learnt"
        );
        let tagged = active(&[version("1", "a", Some("t"))]);
        assert!(before.settle(Some(&Act::Update("t".into())), &tagged).unwrap().1);
        assert!(before.settle(Some(&Act::Update("u".into())), &tagged).is_err());
        assert!(before.settle(Some(&set("c")), &both).is_err());
    }

    #[test]
    fn a_deleted_secret_comes_back_whole_or_is_gone() {
        let active_before = Secret::Absent.after(&set("a"), Some("1".into()));
        let deleted = active_before.after(&Act::Delete, None);
        assert_eq!(
            deleted.settle(None, &Found::Deleted),
            Ok((deleted.clone(), false))
        );
        assert!(deleted.settle(None, &Found::Nothing).is_err());
        assert_eq!(
            deleted.settle(Some(&Act::Purge), &Found::Nothing),
            Ok((Secret::Absent, true))
        );
        let found = active(&[version("1", "a", None)]);
        assert_eq!(
            deleted.settle(Some(&Act::Recover), &found),
            Ok((active_before, true))
        );
        assert!(
            Secret::Absent.settle(None, &Found::Deleted).is_err(),
            "purged is gone"
        );
    }
}
