//! Why files cannot be read, in words for the pod's author and without values.

use std::{collections::BTreeMap, fmt};

use strongroom_client::vault::{VaultError, VaultRefusal};
use strongroom_core::{AccountName, ObjectState, Permission, PolicyCheck, ResourceName, VaultRef, Version};

use crate::volume::{ContentError, FilePath, spec::Object};

/// Why one object cannot be read. Distinguishes what is missing from what is not permitted only as far as the vault does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No policy allows it; the vault does not say whether it exists.
    NotPermitted,
    /// Allowed, and there is none.
    NotFound,
    /// Allowed, and deleted but recoverable.
    Deleted,
    /// Allowed, and disabled.
    Disabled,
    /// Allowed, and a key that has no public part.
    Symmetric,
    /// Allowed, and its value does not hold what the file is to show.
    Content(ContentError),
    /// Allowed perhaps, and the vault does not say when it changes.
    NotReported,
    /// The vault cannot be asked now.
    Unavailable(String),
    /// The vault gave some other answer.
    Refused(String),
    /// The trust bundle cannot be read.
    TrustBundle(String),
    /// The node driver is stopping.
    Closing,
}

impl Reason {
    /// Whether it may mend itself soon.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::TrustBundle(_) | Self::Closing => true,
            Self::NotPermitted
            | Self::NotFound
            | Self::Deleted
            | Self::Disabled
            | Self::Symmetric
            | Self::Content(_)
            | Self::NotReported
            | Self::Refused(_) => false,
        }
    }

    /// The version that can be read of an object in this state, or why there is none.
    pub const fn unless_available(state: ObjectState) -> Result<Version, Self> {
        match state {
            ObjectState::Available(version) => Ok(version),
            ObjectState::Forbidden => Err(Self::NotPermitted),
            ObjectState::NotFound => Err(Self::NotFound),
            ObjectState::Deleted => Err(Self::Deleted),
            ObjectState::Disabled => Err(Self::Disabled),
        }
    }
}

impl From<ContentError> for Reason {
    fn from(error: ContentError) -> Self {
        Self::Content(error)
    }
}

impl From<VaultError> for Reason {
    fn from(error: VaultError) -> Self {
        match error.refusal() {
            Some(refusal) => of_refusal(refusal),
            None if error.is_retryable() => Self::Unavailable(error.to_string()),
            None => Self::Refused(error.to_string()),
        }
    }
}

fn of_refusal(refusal: &VaultRefusal) -> Reason {
    if refusal.is_disabled() {
        Reason::Disabled
    } else if refusal.is_forbidden() {
        Reason::NotPermitted
    } else if refusal.inner_code.as_deref() == Some("ObjectIsDeletedButRecoverable") {
        Reason::Deleted
    } else if refusal.is_not_found() {
        Reason::NotFound
    } else if refusal.is_retryable() {
        Reason::Unavailable(in_our_words(refusal))
    } else {
        Reason::Refused(in_our_words(refusal))
    }
}

/// The refusal without the vault's sentence, which would reach the events of pods in other namespaces.
fn in_our_words(refusal: &VaultRefusal) -> String {
    let status = refusal.status.as_u16();
    let is_word = |code: &str| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let codes = [Some(refusal.code.as_str()), refusal.inner_code.as_deref()];
    let words: Vec<_> = codes.into_iter().flatten().filter(|code| is_word(code)).collect();
    format!("the vault answered {status} {}", words.join(", "))
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPermitted => f.write_str("the service account may not read it, or it does not exist"),
            Self::NotFound => f.write_str("it does not exist"),
            Self::Deleted => f.write_str("it is deleted and can be recovered"),
            Self::Disabled => f.write_str("it is disabled"),
            Self::Symmetric => f.write_str("it is a symmetric key, which has no public part"),
            Self::Content(error) => error.fmt(f),
            Self::NotReported => {
                f.write_str("the vault is of an earlier release, which reports no changes of keys")
            }
            Self::Unavailable(text) | Self::Refused(text) => f.write_str(text),
            Self::TrustBundle(text) => write!(f, "the trust bundle cannot be read: {text}"),
            Self::Closing => f.write_str("the node driver is stopping"),
        }
    }
}

/// One file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFailure {
    /// The file's path in the volume.
    pub path: FilePath,
    /// The object that it lacks; none where it shows nothing of a vault's.
    pub object: Option<Object>,
    /// What kept the driver from obtaining it.
    pub reason: Reason,
}

/// Every file of a volume that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesError {
    /// The vault that the SecretRef names.
    pub vault: VaultRef,
    /// The pod's service account, which the vault decides about.
    pub account: AccountName,
    /// The service account of the same namespace that the SecretRef's conditions are about.
    pub checked_for: Option<ResourceName>,
    /// The files, in the SecretRef's order; not empty.
    pub failures: Vec<FileFailure>,
}

impl FilesError {
    /// Whether all of it may mend itself soon.
    pub fn is_retryable(&self) -> bool {
        self.failures.iter().all(|failure| failure.reason.is_retryable())
    }

    /// The same for an account that policy is not known to let read anything: whether a vault that does not answer
    /// exists at all is not for it to know.
    #[must_use]
    pub fn concealed(mut self) -> Self {
        for failure in &mut self.failures {
            if matches!(failure.reason, Reason::Unavailable(_)) {
                failure.reason = Reason::NotPermitted;
            }
        }
        self
    }

    /// Whether it is only about what is not permitted.
    pub fn is_forbidden(&self) -> bool {
        self.failures
            .iter()
            .all(|failure| failure.reason == Reason::NotPermitted)
    }
}

impl FilesError {
    /// The reason, with the account that a refusal is about.
    fn said(&self, reason: &Reason) -> String {
        match reason {
            Reason::NotPermitted => {
                format!(
                    "service account {} may not read it, or it does not exist",
                    self.account.path()
                )
            }
            Reason::NotFound
            | Reason::Deleted
            | Reason::Disabled
            | Reason::Symmetric
            | Reason::Content(_)
            | Reason::NotReported
            | Reason::Unavailable(_)
            | Reason::Refused(_)
            | Reason::TrustBundle(_)
            | Reason::Closing => reason.to_string(),
        }
    }

    /// What may explain a refusal: the account that the SecretRef was checked for, and the command that says what policy
    /// says. `None` where nothing was refused. It is the same whether the vault and the object exist or not.
    fn explanation(&self) -> Option<String> {
        let mut refused = self
            .failures
            .iter()
            .filter(|failure| failure.reason == Reason::NotPermitted);
        let object = refused.find_map(|failure| failure.object.as_ref())?;
        let checked = match &self.checked_for {
            Some(checked) if *checked == self.account.name => {
                ". The conditions of the SecretRef are about this service account".to_owned()
            }
            Some(checked) => format!(
                ". The conditions of the SecretRef are about another one, {}/{checked}",
                self.account.namespace
            ),
            None => String::new(),
        };
        let check = PolicyCheck {
            vault: self.vault.clone(),
            account: self.account.clone(),
            permission: Permission::to_get(object.kind),
            object: Some(object.name.clone()),
        };
        Some(format!("{checked}. To see why: kubectl strongroom {check}"))
    }
}

impl std::error::Error for FilesError {}

impl fmt::Display for FilesError {
    /// Names every file, each reason once, and what may explain a refusal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for failure in &self.failures {
            let file = match &failure.object {
                Some(object) => format!("{} ({object})", failure.path),
                None => failure.path.to_string(),
            };
            by_reason
                .entry(self.said(&failure.reason))
                .or_default()
                .push(file);
        }
        write!(
            f,
            "{} of its files cannot be read from vault {}",
            self.failures.len(),
            self.vault
        )?;
        for (n, (reason, files)) in by_reason.iter().enumerate() {
            write!(
                f,
                "{} {}: {reason}",
                if n == 0 { ":" } else { ";" },
                files.join(", ")
            )?;
        }
        self.explanation()
            .map_or(Ok(()), |explanation| f.write_str(&explanation))
    }
}

#[cfg(test)]
mod tests;
