//! The versions of a secret, by the time at which each was made.

use strongroom_client::vault::{SecretItem, Secrets};
use strongroom_core::{ObjectName, Version};

use crate::{
    Failure,
    failure::SecretFailure,
    life::{self, order},
    session::Session,
};

/// The versions of a secret; there is at least one.
pub(super) struct History {
    name: ObjectName,
    newest_first: Vec<SecretItem>,
}

impl History {
    /// Has the vault list them. No value is read.
    pub(super) async fn read(session: &Session, name: &ObjectName) -> Result<Self, Failure> {
        let newest_first = life::all_versions::<Secrets>(session, name).await?;
        if newest_first.is_empty() {
            return Err(SecretFailure::NotFound {
                name: name.clone(),
                flags: session.flags(),
            }
            .into());
        }
        Ok(Self {
            name: name.clone(),
            newest_first,
        })
    }

    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.newest_first.len()
    }

    /// The current version, where the list says which one it is.
    pub(super) fn listed_current(&self) -> Result<&SecretItem, SecretFailure> {
        if let Some(current) = order::current::<Secrets>(&self.newest_first) {
            return Ok(current);
        }
        let mut versions = self.newest_first.iter().filter_map(|item| item.id.version);
        match (versions.next(), versions.next()) {
            (Some(first), Some(second)) => Err(SecretFailure::WhichCurrent {
                name: self.name.clone(),
                first,
                second,
            }),
            _ => Err(SecretFailure::ChangedMeanwhile(self.name.clone())),
        }
    }

    /// The current version. Where the list does not say which one it is, the vault is asked for the secret itself.
    pub(super) async fn current(&self, session: &Session) -> Result<Version, Failure> {
        let listed = order::current::<Secrets>(&self.newest_first).and_then(|current| current.id.version);
        if let Some(version) = listed {
            return Ok(version);
        }
        let asked = super::read_secret(session, &self.name, None).await?.id.version;
        Ok(asked.ok_or_else(|| SecretFailure::ChangedMeanwhile(self.name.clone()))?)
    }

    /// The version that was made before this one, which is the current one.
    pub(super) fn before(&self, current: Version) -> Result<Version, SecretFailure> {
        let mut others = self
            .newest_first
            .iter()
            .filter(|item| item.id.version != Some(current));
        let (previous, next) = (others.next(), others.next());
        let previous = previous.and_then(|item| Some((item.id.version?, item.attributes.created)));
        let Some((version, created)) = previous else {
            return Err(SecretFailure::NoPrevious(self.name.clone()));
        };
        match next.and_then(|item| Some((item.id.version?, item.attributes.created))) {
            Some((second, at)) if at == created => Err(SecretFailure::SameSecond {
                name: self.name.clone(),
                first: version,
                second,
            }),
            _ => Ok(version),
        }
    }

    /// This version.
    pub(super) fn version(&self, version: Version) -> Result<&SecretItem, SecretFailure> {
        let found = self
            .newest_first
            .iter()
            .find(|item| item.id.version == Some(version));
        found.ok_or_else(|| SecretFailure::NoVersion {
            name: self.name.clone(),
            version,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version(number: usize) -> Version {
        format!("{number:032x}").parse().unwrap()
    }

    /// Versions 0, 1 and so on, which were made at these times.
    fn history(times: &[i64]) -> History {
        let item = |(number, time): (usize, &i64)| {
            let id = format!("https://h/secrets/db/{}", version(number));
            serde_json::from_value(json!({ "id": id, "attributes": { "created": time } })).unwrap()
        };
        History {
            name: "db".parse().unwrap(),
            newest_first: times.iter().enumerate().map(item).collect(),
        }
    }

    #[test]
    fn the_version_before_the_current_one_is_the_next_older() {
        assert_eq!(history(&[9, 7, 5]).before(version(0)).unwrap(), version(1));
        assert!(matches!(
            history(&[9]).before(version(0)),
            Err(SecretFailure::NoPrevious(_))
        ));
    }

    #[test]
    fn of_two_versions_of_one_second_it_is_the_one_that_is_not_current() {
        assert_eq!(history(&[9, 9, 5]).before(version(1)).unwrap(), version(0));
        let refused = history(&[9, 9, 9]).before(version(0)).unwrap_err();
        assert!(refused.to_string().contains(&version(2).to_string()), "{refused}");
        assert!(matches!(
            history(&[9, 9]).listed_current(),
            Err(SecretFailure::WhichCurrent { .. })
        ));
    }
}
