//! A second implementation of what becomes of certificates, keys and secrets of one name, written from the rules: lists in
//! memory, no keys, no records, and no transaction.

use std::collections::BTreeMap;

use strongroom_core::Version;
use strongroom_engine::{Tags, certificate::object::OperationId};

use crate::model::Refusal;

/// When an object was deleted, and when it goes.
type Deleted = Option<(u64, u64)>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub version: Version,
    pub content: String,
    pub enabled: bool,
    pub tags: Tags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    InProgress,
    Completed,
    Cancelled,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub id: OperationId,
    pub version: Version,
    pub state: State,
    pub enabled: bool,
    pub tags: Tags,
}

#[derive(Debug, Clone, Default)]
pub struct Certificate {
    /// None before the first is issued.
    pub versions: Vec<Issued>,
    pub operation: Option<Operation>,
    pub policy: String,
    pub deleted: Deleted,
}

impl Certificate {
    fn is_in_progress(&self) -> bool {
        let operation = self.operation.as_ref();
        operation.is_some_and(|operation| operation.state == State::InProgress)
    }

    fn in_progress(&mut self) -> Option<&mut Operation> {
        let operation = self.operation.as_mut();
        operation.filter(|operation| operation.state == State::InProgress)
    }
}

/// A key or a secret that is part of nothing.
#[derive(Debug, Clone, Default)]
pub struct Plain {
    pub versions: usize,
    pub deleted: Deleted,
}

/// Which of the plain objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    Key,
    Secret,
}

/// What has one name.
#[derive(Debug, Clone, Default)]
pub struct Name {
    pub certificate: Option<Certificate>,
    pub plain: BTreeMap<Which, Plain>,
}

#[derive(Debug, Default)]
pub struct Model {
    pub names: BTreeMap<String, Name>,
    pub retention: u64,
    pub protected: bool,
}

fn is_past(deleted: Deleted, now: u64) -> bool {
    deleted.is_some_and(|(_, goes)| goes <= now)
}

impl Model {
    pub fn name(&mut self, text: &str, now: u64) -> &mut Name {
        let name = self.names.entry(text.to_owned()).or_default();
        name.certificate
            .take_if(|certificate| is_past(certificate.deleted, now));
        name.plain.retain(|_, plain| !is_past(plain.deleted, now));
        name
    }
}

impl Name {
    pub fn live(&mut self) -> Result<&mut Certificate, Refusal> {
        let live = self.certificate.as_mut();
        live.filter(|certificate| certificate.deleted.is_none())
            .ok_or(Refusal::NotFound)
    }

    pub fn deleted(&mut self) -> Result<&mut Certificate, Refusal> {
        let deleted = self.certificate.as_mut();
        deleted
            .filter(|certificate| certificate.deleted.is_some())
            .ok_or(Refusal::NotFound)
    }

    /// Whether a new certificate, or the parts of one, may have the name.
    fn check_free(&self) -> Result<(), Refusal> {
        if self.certificate.is_some() {
            Err(Refusal::Blocked)
        } else if self.plain.is_empty() {
            Ok(())
        } else {
            Err(Refusal::InUse)
        }
    }

    /// `renews` says of a renewal whether it is that of the version that is the current one.
    pub fn begin(&mut self, renews: Option<bool>) -> Result<(), Refusal> {
        let live = self.live().map(|certificate| certificate.is_in_progress());
        match (live, renews) {
            (Ok(true), _) => Err(Refusal::InProgress),
            (_, Some(false)) => Err(Refusal::Superseded),
            (Ok(false), _) => Ok(()),
            (Err(_), _) => self.check_free(),
        }
    }

    pub fn began(&mut self, operation: Operation, policy: Option<String>) {
        let certificate = self.certificate.get_or_insert_default();
        certificate.operation = Some(operation);
        certificate.policy = policy.unwrap_or(std::mem::take(&mut certificate.policy));
    }

    /// The operation that is to go on, of this number where it is said.
    pub fn running(&mut self, id: Option<OperationId>) -> Result<&mut Operation, Refusal> {
        let operation = self.live()?.operation.as_mut();
        let operation = operation.filter(|operation| id.is_none_or(|id| id == operation.id));
        let operation = operation.ok_or(Refusal::NoOperation)?;
        if operation.state == State::InProgress {
            Ok(operation)
        } else {
            Err(Refusal::Ended)
        }
    }

    pub fn complete(&mut self, content: &str, enabled: Option<bool>, tags: Option<Tags>) {
        let Ok(certificate) = self.live() else { return };
        let Some(operation) = certificate.in_progress() else {
            return;
        };
        operation.state = State::Completed;
        let issued = Issued {
            version: operation.version,
            content: content.to_owned(),
            enabled: enabled.unwrap_or(operation.enabled),
            tags: tags.unwrap_or_else(|| operation.tags.clone()),
        };
        certificate.versions.push(issued);
    }

    pub fn import(&mut self) -> Result<(), Refusal> {
        match self.live() {
            Ok(certificate) if certificate.is_in_progress() => Err(Refusal::InProgress),
            Ok(_) => Ok(()),
            Err(_) => self.check_free(),
        }
    }

    pub fn imported(&mut self, issued: Issued, policy: &str) {
        let certificate = self.certificate.get_or_insert_default();
        certificate.versions.push(issued);
        certificate.operation = None;
        policy.clone_into(&mut certificate.policy);
    }

    pub fn update(
        &mut self,
        version: Option<Version>,
        policy: Option<(&str, &str)>,
        enabled: Option<bool>,
        tags: Option<Tags>,
    ) -> Result<(), Refusal> {
        let certificate = self.live()?;
        let pending = certificate.operation.as_ref().map(|operation| operation.version);
        let is_first = certificate.versions.is_empty();
        if let Some(version) = version {
            let mut known = certificate.versions.iter().map(|issued| issued.version);
            let is_pending = is_first && Some(version) == pending;
            if !known.any(|known| known == version) && !is_pending {
                return Err(Refusal::NotFound);
            }
        }
        if let Some((seen, new)) = policy {
            if certificate.policy != seen {
                return Err(Refusal::Superseded);
            }
            new.clone_into(&mut certificate.policy);
        }
        let found = match version {
            Some(version) => certificate
                .versions
                .iter_mut()
                .find(|issued| issued.version == version),
            None => certificate.versions.last_mut(),
        };
        if let Some(issued) = found {
            issued.enabled = enabled.unwrap_or(issued.enabled);
            issued.tags = tags.unwrap_or_else(|| issued.tags.clone());
        } else if let Some(operation) = certificate.in_progress() {
            operation.enabled = enabled.unwrap_or(operation.enabled);
            operation.tags = tags.unwrap_or_else(|| operation.tags.clone());
        }
        Ok(())
    }

    pub fn recover(&mut self) -> Result<(), Refusal> {
        let is_taken = !self.plain.is_empty();
        let certificate = self.deleted()?;
        if certificate.versions.is_empty() && is_taken {
            return Err(Refusal::InUse);
        }
        certificate.deleted = None;
        Ok(())
    }

    pub fn purge(&mut self, protected: bool) -> Result<(), Refusal> {
        self.deleted()?;
        if protected {
            return Err(Refusal::Protected);
        }
        self.certificate = None;
        Ok(())
    }

    pub fn back_up(&mut self) -> Result<Certificate, Refusal> {
        let certificate = self.live()?;
        if certificate.versions.is_empty() {
            return Err(Refusal::NotFound);
        }
        Ok(Certificate {
            operation: None,
            ..certificate.clone()
        })
    }

    pub fn restore(&mut self, backup: Certificate) -> Result<(), Refusal> {
        if self.live().is_ok() {
            return Err(Refusal::InUse);
        }
        if self.certificate.is_some() {
            return Err(Refusal::Blocked);
        }
        match self.plain.values().next().map(|plain| plain.deleted) {
            Some(None) => return Err(Refusal::InUse),
            Some(Some(_)) => return Err(Refusal::Blocked),
            None => {}
        }
        self.certificate = Some(backup);
        Ok(())
    }

    /// Whether the certificate has parts, and whether they are deleted.
    fn parts(&self) -> Option<bool> {
        let certificate = self.certificate.as_ref()?;
        (!certificate.versions.is_empty()).then_some(certificate.deleted.is_some())
    }

    pub fn set_plain(&mut self, which: Which) -> Result<(), Refusal> {
        if self.live().is_ok() {
            return Err(Refusal::Managed);
        }
        if self.parts() == Some(true)
            || self
                .plain
                .get(&which)
                .is_some_and(|plain| plain.deleted.is_some())
        {
            return Err(Refusal::Blocked);
        }
        self.plain.entry(which).or_default().versions += 1;
        Ok(())
    }

    pub fn delete_plain(&mut self, which: Which, deleted: (u64, u64)) -> Result<(), Refusal> {
        if self.parts() == Some(false) {
            return Err(Refusal::Managed);
        }
        let live = self.plain.get_mut(&which).filter(|plain| plain.deleted.is_none());
        live.ok_or(Refusal::NotFound)?.deleted = Some(deleted);
        Ok(())
    }

    /// A deleted key or secret that may be recovered or purged.
    pub fn deleted_plain(&mut self, which: Which) -> Result<&mut Plain, Refusal> {
        if self.parts() == Some(true) {
            return Err(Refusal::Managed);
        }
        let deleted = self.plain.get_mut(&which).filter(|plain| plain.deleted.is_some());
        deleted.ok_or(Refusal::NotFound)
    }
}
