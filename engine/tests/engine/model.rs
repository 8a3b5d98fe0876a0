//! A second implementation of the lifecycle, written from Azure's rules: lists in memory, no keys, no records.

use std::collections::BTreeMap;

use strongroom_core::Version;
use strongroom_engine::Tags;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersion {
    pub id: Version,
    pub value: String,
    /// What the kind notes, as it shows itself.
    pub fields: String,
    pub enabled: bool,
    pub nbf: Option<u64>,
    pub exp: Option<u64>,
    pub created: u64,
    pub updated: u64,
    pub tags: Tags,
}

#[derive(Debug, Clone, Default)]
pub struct ModelSecret {
    pub versions: Vec<ModelVersion>,
    /// Deleted at, goes at.
    pub deleted: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    NotFound,
    Disabled,
    Blocked,
    InUse,
    Protected,
    Bad,
}

#[derive(Debug, Default)]
pub struct Model {
    pub secrets: BTreeMap<String, ModelSecret>,
    pub retention: u64,
    pub protected: bool,
}

impl Model {
    fn drop_if_past(&mut self, name: &str, now: u64) {
        if self
            .secrets
            .get(name)
            .and_then(|secret| secret.deleted)
            .is_some_and(|(_, goes)| goes <= now)
        {
            self.secrets.remove(name);
        }
    }

    pub fn live(&mut self, name: &str, now: u64) -> Result<&mut ModelSecret, Refusal> {
        self.drop_if_past(name, now);
        self.secrets
            .get_mut(name)
            .filter(|secret| secret.deleted.is_none())
            .ok_or(Refusal::NotFound)
    }

    pub fn gone(&mut self, name: &str, now: u64) -> Result<&mut ModelSecret, Refusal> {
        self.drop_if_past(name, now);
        self.secrets
            .get_mut(name)
            .filter(|secret| secret.deleted.is_some())
            .ok_or(Refusal::NotFound)
    }

    pub fn can_set(&mut self, name: &str, now: u64) -> Result<(), Refusal> {
        self.drop_if_past(name, now);
        match self.secrets.get(name) {
            Some(secret) if secret.deleted.is_some() => Err(Refusal::Blocked),
            _ => Ok(()),
        }
    }

    pub fn get(&mut self, name: &str, version: Option<Version>, now: u64) -> Result<&ModelVersion, Refusal> {
        let found = self.find(name, version, now)?;
        if found.enabled {
            Ok(found)
        } else {
            Err(Refusal::Disabled)
        }
    }

    pub fn find(
        &mut self,
        name: &str,
        version: Option<Version>,
        now: u64,
    ) -> Result<&mut ModelVersion, Refusal> {
        let secret = self.live(name, now)?;
        match version {
            None => secret.versions.last_mut().ok_or(Refusal::NotFound),
            Some(id) => secret
                .versions
                .iter_mut()
                .find(|version| version.id == id)
                .ok_or(Refusal::NotFound),
        }
    }

    pub fn delete(&mut self, name: &str, now: u64) -> Result<(), Refusal> {
        let goes = now + self.retention;
        self.live(name, now)?.deleted = Some((now, goes));
        Ok(())
    }

    pub fn recover(&mut self, name: &str, now: u64) -> Result<(), Refusal> {
        self.gone(name, now)?.deleted = None;
        Ok(())
    }

    pub fn purge(&mut self, name: &str, now: u64) -> Result<(), Refusal> {
        self.gone(name, now)?;
        if self.protected {
            return Err(Refusal::Protected);
        }
        self.secrets.remove(name);
        Ok(())
    }

    pub fn restore(&mut self, name: &str, versions: Vec<ModelVersion>, now: u64) -> Result<(), Refusal> {
        self.drop_if_past(name, now);
        match self.secrets.get(name) {
            Some(ModelSecret { deleted: None, .. }) => Err(Refusal::InUse),
            Some(_) => Err(Refusal::Blocked),
            None => {
                self.secrets.insert(
                    name.to_owned(),
                    ModelSecret {
                        versions,
                        deleted: None,
                    },
                );
                Ok(())
            }
        }
    }
}
