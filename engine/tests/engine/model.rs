//! A second implementation of the lifecycle, written from Azure's rules: lists in memory, no keys, no records.

use std::collections::BTreeMap;

use strongroom_core::Version;
use strongroom_engine::{ObjectError, Tags, object::error::OperationError};

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
pub struct ModelObject<O> {
    pub versions: Vec<ModelVersion>,
    /// What the kind notes about the object.
    pub own: O,
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
    Superseded,
    /// It is part of a certificate.
    Managed,
    /// A certificate has no such operation.
    NoOperation,
    InProgress,
    Ended,
    Bad,
}

impl Refusal {
    /// What the vault's refusal is in the model.
    pub fn of(error: &ObjectError) -> Self {
        match error {
            ObjectError::NotFound { .. } | ObjectError::DeletedNotFound { .. } => Self::NotFound,
            ObjectError::Disabled { .. } => Self::Disabled,
            ObjectError::DeletedButRecoverable { .. } => Self::Blocked,
            ObjectError::NameInUse { .. } | ObjectError::NameOfAnother { .. } => Self::InUse,
            ObjectError::Managed { .. } => Self::Managed,
            ObjectError::Operation(OperationError::NotFound(_)) => Self::NoOperation,
            ObjectError::Operation(OperationError::InProgress) => Self::InProgress,
            ObjectError::Operation(OperationError::Ended) => Self::Ended,
            ObjectError::PurgeProtected { .. } => Self::Protected,
            ObjectError::Superseded { .. } => Self::Superseded,
            ObjectError::BadParameter(_) | ObjectError::MalformedBackup(_) => Self::Bad,
            ObjectError::TooManyVersions { .. }
            | ObjectError::VaultFull { .. }
            | ObjectError::Corrupt { .. }
            | ObjectError::Store(_) => panic!("{error}"),
        }
    }
}

#[derive(Debug, Default)]
pub struct Model<O> {
    pub objects: BTreeMap<String, ModelObject<O>>,
    pub retention: u64,
    pub protected: bool,
}

impl<O> Model<O> {
    fn drop_if_past(&mut self, name: &str, now: u64) {
        if self
            .objects
            .get(name)
            .and_then(|object| object.deleted)
            .is_some_and(|(_, goes)| goes <= now)
        {
            self.objects.remove(name);
        }
    }

    pub fn live(&mut self, name: &str, now: u64) -> Result<&mut ModelObject<O>, Refusal> {
        self.drop_if_past(name, now);
        self.objects
            .get_mut(name)
            .filter(|object| object.deleted.is_none())
            .ok_or(Refusal::NotFound)
    }

    pub fn gone(&mut self, name: &str, now: u64) -> Result<&mut ModelObject<O>, Refusal> {
        self.drop_if_past(name, now);
        self.objects
            .get_mut(name)
            .filter(|object| object.deleted.is_some())
            .ok_or(Refusal::NotFound)
    }

    pub fn can_set(&mut self, name: &str, now: u64) -> Result<(), Refusal> {
        self.drop_if_past(name, now);
        match self.objects.get(name) {
            Some(object) if object.deleted.is_some() => Err(Refusal::Blocked),
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
        let object = self.live(name, now)?;
        match version {
            None => object.versions.last_mut().ok_or(Refusal::NotFound),
            Some(id) => object
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
        self.objects.remove(name);
        Ok(())
    }

    /// A version may be replaced while it is the current one. It gives its tags.
    pub fn can_replace(&mut self, name: &str, replaced: Version, now: u64) -> Result<Tags, Refusal> {
        let current = self.find(name, None, now)?;
        if current.id == replaced {
            Ok(current.tags.clone())
        } else {
            Err(Refusal::Superseded)
        }
    }

    /// A new version, of a new object where there is none.
    pub fn push(&mut self, name: &str, version: ModelVersion)
    where
        O: Default,
    {
        let object = self.objects.entry(name.to_owned()).or_default();
        object.versions.push(version);
    }

    pub fn restore(&mut self, name: &str, backup: ModelObject<O>, now: u64) -> Result<(), Refusal> {
        self.drop_if_past(name, now);
        match self.objects.get(name) {
            Some(ModelObject { deleted: None, .. }) => Err(Refusal::InUse),
            Some(_) => Err(Refusal::Blocked),
            None => {
                self.objects.insert(name.to_owned(), backup);
                Ok(())
            }
        }
    }
}
