//! The release of a key: to whom, and on whose word.
//!
//! A key leaves the vault only if it was made exportable, with a release policy; only to an environment whose attestation
//! token an authority signed that the vault's owner named, with keys that the owner gave; only if the policy allows what the
//! token claims; and only encrypted for a key inside that environment.
//!
//! | room | what it holds |
//! |---|---|
//! | [`authority`] | the attestation authorities of this vault, and the verification of their tokens |
//! | [`policy`] | release policies: which authority, and what it must say |

pub mod authority;
pub mod policy;

use strongroom_keys::{Recipient, ReleaseEncryption};

use self::{
    authority::{Attested, Authorities, NotAttested},
    policy::ReleasePolicy,
};
use super::opened::OpenedKey;

/// A request to release a key.
#[derive(Debug, Clone)]
pub struct Target {
    /// The attestation token of the environment that the key is for.
    pub token: String,
    /// How the key is to be encrypted for it.
    pub encryption: ReleaseEncryption,
}

/// A key on its way out.
#[derive(Debug)]
pub struct Released {
    /// The key inside the environment that it is encrypted for, by the name that the token gives it.
    pub recipient: Option<String>,
    /// How it is encrypted.
    pub encryption: ReleaseEncryption,
    /// The private part, encrypted: [`strongroom_keys::release`] says how.
    pub ciphertext: Vec<u8>,
}

/// Why a key is not released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReleased {
    /// It was not made to leave the vault: 403, inner `KeyNotExportable`.
    #[error("Operation release is not allowed on a key that is not exportable.")]
    NotExportable,
    /// It is disabled: 403, inner `KeyDisabled`.
    #[error("Operation release is not allowed on a disabled key.")]
    Disabled,
    /// The token is not to be believed: 403, inner `AttestationNotVerified`.
    #[error("Target environment attestation statement cannot be verified. {0}")]
    NotAttested(#[from] NotAttested),
    /// What the token claims is not what the policy asks for: 403, inner `ReleasePolicyNotMet`.
    #[error("Target environment does not meet the key release policy.")]
    PolicyNotMet,
    /// The token names no key that the released one can be encrypted for: 403, inner `AttestationNotVerified`.
    #[error(
        "Target environment attestation statement names no RSA key of 2048, 3072 or 4096 bits for encryption in x-ms-runtime.keys."
    )]
    NoRecipient,
    /// The stored policy is damaged, or the provider gives no key away: 500.
    #[error("The key cannot be released.")]
    Failed,
}

impl NotReleased {
    /// The status and the word that stands for it, as an inner code and in the audit log.
    pub const fn outcome(self) -> (u16, &'static str) {
        match self {
            Self::NotExportable => (403, "KeyNotExportable"),
            Self::Disabled => (403, "KeyDisabled"),
            Self::NotAttested(_) | Self::NoRecipient => (403, "AttestationNotVerified"),
            Self::PolicyNotMet => (403, "ReleasePolicyNotMet"),
            Self::Failed => (500, "InternalServerError"),
        }
    }
}

/// Encrypts `key` for the environment that `target` attests, if `authorities` vouch for it and its policy allows it, at
/// `now` (seconds since 1970).
///
/// # Errors
/// Why it is not released.
pub fn release(
    key: &OpenedKey,
    target: &Target,
    authorities: &Authorities,
    now: i64,
) -> Result<Released, NotReleased> {
    let stored = key.release.as_ref().ok_or(NotReleased::NotExportable)?;
    if !key.attributes.enabled {
        return Err(NotReleased::Disabled);
    }
    let policy = ReleasePolicy::parse(&stored.policy).map_err(|_| NotReleased::Failed)?;
    let attested = authorities.attest(&target.token, now)?;
    if !policy.allows(&attested) {
        return Err(NotReleased::PolicyNotMet);
    }
    let (recipient, name) = recipient(&attested, target.encryption).ok_or(NotReleased::NoRecipient)?;
    Ok(Released {
        recipient: name,
        encryption: target.encryption,
        ciphertext: key.key.release(&recipient).map_err(|_| NotReleased::Failed)?,
    })
}

/// The first key of the environment that is for encryption; or that which a confidential machine of Azure makes for this
/// purpose, which stands behind others.
fn recipient(attested: &Attested, encryption: ReleaseEncryption) -> Option<(Recipient, Option<String>)> {
    /// What a confidential machine calls the key of its TPM that releases are for.
    const OF_THE_TPM: &str = "TpmEphemeralEncryptionKey";
    let keys = attested.encryption_keys();
    let of_the_tpm = keys.iter().position(|key| key.id.as_deref() == Some(OF_THE_TPM));
    let chosen = keys.into_iter().nth(of_the_tpm.unwrap_or_default())?;
    let recipient = Recipient::new(&chosen.modulus, &chosen.exponent, encryption).ok()?;
    Some((recipient, chosen.id))
}
