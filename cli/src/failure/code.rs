//! The word of each failure, by which a program knows it. A word stays what it is; sentences may change.

use strongroom_client::{
    identity::ExchangeError,
    vault::{VaultError, VaultRefusal},
};

#[cfg(unix)]
use super::DevFailure;
use super::{
    CertFailure, ConfigFailure, DirectFailure, Failure, KeyFailure, LifeFailure, PolicyFailure,
    SecretFailure, VaultObjectFailure, is_forbidden,
};

impl Failure {
    /// Its word.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Kubeconfig(_) => "KubeconfigUnusable",
            Self::Client(_) => "KubernetesClientUnusable",
            Self::Namespace(_) => "NamespaceMalformed",
            Self::NoVault => "VaultNotNamed",
            Self::TwoPlaces => "PlacesContradict",
            Self::TwoNamespaces => "NamespacesContradict",
            Self::Output(_) | Self::NoOutput(_) => "OutputNotSupported",
            Self::Cluster { source, .. } if is_forbidden(source) => "KubernetesForbidden",
            Self::Cluster { .. } => "KubernetesFailed",
            Self::NoToken => "TokenMissing",
            Self::NoTrust | Self::Trust(_) => "TrustBundleUnusable",
            Self::NoService { .. } => "ServiceNotFound",
            Self::NoPod { .. } => "PodNotReady",
            Self::Exchange { source, .. } => exchange(source),
            Self::Vault { source, .. } => vault(source),
            Self::ReadValue { .. } => "ValueUnreadable",
            Self::NoValue => "ValueMissing",
            Self::ValueTooLong => "ValueTooLong",
            Self::ValueNotText => "ValueNotText",
            Self::ValueControls
            | Self::ResultControls
            | Self::BackupControls
            | Self::PrivateKeyToTerminal
            | Self::TokenToTerminal => "NotForTerminal",
            Self::NotWanted => "Declined",
            Self::BackupTooLong => "BackupTooLong",
            Self::WriteFile { .. } => "FileUnwritable",
            Self::Key(failure) => failure.code(),
            Self::Cert(failure) => failure.code(),
            Self::Config(failure) => failure.code(),
            Self::Direct(failure) => failure.code(),
            Self::Life(failure) => failure.code(),
            Self::Policy(failure) => failure.code(),
            Self::Secret(failure) => failure.code(),
            Self::VaultObject(failure) => failure.code(),
            #[cfg(unix)]
            Self::Dev(failure) => failure.code(),
            Self::Write(_) => "OutputUnwritable",
            Self::Form(_) | Self::Json(_) => "OutputMalformed",
        }
    }
}

const fn exchange(error: &ExchangeError) -> &'static str {
    match error {
        ExchangeError::Transport(_) => "IdentityServiceUnreachable",
        ExchangeError::Refused { .. } => "TokenRefused",
        ExchangeError::Malformed => "IdentityServiceMalformed",
    }
}

fn vault(error: &VaultError) -> &'static str {
    match error {
        VaultError::Transport(_) => "VaultUnreachable",
        VaultError::Refused(refusal) => refused(refusal),
        VaultError::Malformed { .. } | VaultError::OtherObject | VaultError::LargeValue => "VaultMalformed",
        VaultError::TooMany(_) => "TooManyObjects",
        VaultError::Token | VaultError::Unwritable => "RequestUnwritable",
    }
}

/// By the status, which the vault's own codes follow.
fn refused(refusal: &VaultRefusal) -> &'static str {
    match refusal.status.as_u16() {
        _ if refusal.is_by_policy() => "ForbiddenByPolicy",
        401 | 403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        429 => "TooManyRequests",
        500.. => "VaultFailed",
        _ => "VaultRefused",
    }
}

impl KeyFailure {
    const fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "FlagNotApplicable",
            Self::NoParameterSet => "ParameterSetMissing",
            Self::BadKey(_) => "KeyNotSupported",
            Self::Import { .. } => "KeyFileUnusable",
            Self::WrongAlgorithm { .. } => "AlgorithmNotApplicable",
            Self::NoAlgorithm => "AlgorithmMissing",
            Self::TooLong | Self::EncodedTooLong => "DataTooLong",
            Self::NotBase64 => "DataNotBase64",
            Self::Digest { .. } => "DigestMalformed",
            Self::NoDigest(_) => "DigestNotApplicable",
            Self::LosesParts(_) => "OutputNotSupported",
            Self::LongSignature => "SignatureTooLong",
            Self::OtherKey { .. } | Self::OtherVersion { .. } | Self::OtherAlgorithm { .. } => {
                "DocumentContradicts"
            }
            Self::UnknownAlgorithm => "AlgorithmUnknown",
            Self::Policy { .. } | Self::PolicyMember(_) | Self::LongPolicy => "PolicyMalformed",
            Self::NoPublicPart(_) => "PublicPartMissing",
            Self::MalformedPublic => "VaultMalformed",
        }
    }
}

impl CertFailure {
    const fn code(&self) -> &'static str {
        match self {
            Self::NoName => "CertificateNameMissing",
            Self::Policy(_) => "PolicyNotSupported",
            Self::Json { .. } | Self::Member { .. } | Self::Long(_) => "DocumentMalformed",
            Self::IssuerPassword => "IssuerPasswordNotKept",
            Self::Import { .. } | Self::Merge { .. } => "CertificateFileUnusable",
            Self::TwoInputs => "TwoInputs",
            Self::Password => "PasswordFileMalformed",
            Self::NotIssued(_) => "CertificateNotIssued",
            Self::NoRequest(_) => "RequestMissing",
            Self::Ended { .. } => "OperationEnded",
            Self::InTime { .. } => "NotInTime",
            Self::NotExportable(_) => "KeyNotExportable",
            Self::NoCertificateSecret => "NoCertificateSecret",
            Self::MalformedAnswer => "VaultMalformed",
        }
    }
}

impl ConfigFailure {
    const fn code(&self) -> &'static str {
        match self {
            Self::NoHome => "ConfigurationMissing",
            Self::Read { .. } => "ConfigurationUnreadable",
            Self::Long(_) | Self::Malformed { .. } | Self::KeptValue { .. } => "ConfigurationMalformed",
            Self::Value { .. } => "ConfigurationValueMalformed",
            Self::TwoNamespaces { .. } => "NamespacesContradict",
            Self::Write { .. } | Self::Form(_) => "ConfigurationUnwritable",
        }
    }
}

impl DirectFailure {
    const fn code(&self) -> &'static str {
        match self {
            Self::Url(..) | Self::Proxy(_) => "UrlMalformed",
            Self::WhichVault(_) => "VaultNotNamed",
            Self::WhichNamespace => "NamespaceMissing",
            Self::OtherVault { .. } => "VaultsContradict",
            Self::TwoPlaces => "PlacesContradict",
            Self::NoLogin(_) => "IdentityServiceNotNamed",
            Self::NoTokenFile => "TokenFileMissing",
            Self::NoTrust => "TrustMissing",
            Self::NoText(_) => "FileNotText",
            Self::Token(_) => "TokenMalformed",
            Self::OtherAccount { .. } => "AccountsContradict",
            Self::Trust { .. } => "TrustUnusable",
        }
    }
}

impl LifeFailure {
    const fn code(&self) -> &'static str {
        match self {
            Self::NobodyToAsk { .. } => "NobodyToAsk",
            Self::OtherName { .. } => "Declined",
        }
    }
}

impl SecretFailure {
    fn code(&self) -> &'static str {
        match self {
            Self::Differ => "ValuesDiffer",
            Self::NothingTyped => "ValueMissing",
            Self::LongLine | Self::LongValue(_) => "ValueTooLong",
            Self::NoRandomBytes => "NoRandomBytes",
            Self::ShowValue => "FlagNotApplicable",
            Self::Nul => "ValueNotText",
            Self::NotFound { .. } => "NotFound",
            Self::NoVersion { .. } | Self::NoPrevious(_) => "VersionNotFound",
            Self::SameSecond { .. } | Self::WhichCurrent { .. } => "CurrentVersionUnknown",
            Self::OtherVersion { .. } | Self::ChangedMeanwhile(_) => "Conflict",
            Self::AlreadyCurrent { .. } => "AlreadyCurrent",
            Self::CopyToItself => "CopyToItself",
            Self::TwoVaultsByUrl => "TwoVaultsByUrl",
            Self::Twice(_) => "NameTwice",
            Self::NoSecrets(_) | Self::ListOfSecrets(_) | Self::Seed(_) => "SeedUnusable",
            Self::NoKey { .. } | Self::WhichKey { .. } | Self::KeyValue { .. } | Self::KeyName { .. } => {
                "KubernetesSecretUnusable"
            }
            Self::Partly { source, .. } => source.code(),
            Self::NoMemory => "NoMemoryBackedFile",
            Self::EditedFile(_) => "FileUnusable",
            Self::NoEditor { .. } | Self::EditorFailed { .. } | Self::EditedToNothing => "EditorFailed",
            Self::Interrupted => "Interrupted",
        }
    }
}

impl PolicyFailure {
    const fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "FileUnreadable",
            Self::Yaml { .. } | Self::Object { .. } | Self::Twice(_) => "ManifestUnusable",
            Self::NoPolicy => "PolicyMissing",
            Self::NoReference(_) => "SecretRefMissing",
            Self::Reference { .. } => "SecretRefUnusable",
            Self::NoVolume(_) => "VolumeMissing",
            Self::NothingRefused(_) => "NothingRefused",
            Self::Account(_) => "AccountMalformed",
            Self::TwoNamespaces => "NamespacesContradict",
            Self::File { .. } | Self::Paths(_) | Self::Files(_) => "FileArgumentMalformed",
            Self::Container { .. } => "ContainerNotNamed",
        }
    }
}

impl VaultObjectFailure {
    const fn code(&self) -> &'static str {
        match self {
            Self::Cluster { .. } => "KubernetesFailed",
            Self::NoKind => "DefinitionsMissing",
            Self::None(_) | Self::NoneIn(_) => "NotFound",
            Self::Exists(_) => "AlreadyExists",
            Self::Stalled { .. } => "VaultStalled",
            Self::InTime { .. } => "NotInTime",
            Self::NoRollback(_) => "NothingToAccept",
            Self::OtherGeneration { .. } | Self::AcceptedBefore { .. } => "GenerationsContradict",
            Self::Door(_) => "DoorFailed",
            Self::Interrupted => "Interrupted",
            Self::Program(_) => "ProgramNotStarted",
        }
    }
}

#[cfg(unix)]
impl DevFailure {
    fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) => "ManifestUnusable",
            Self::Seed(_) => "SeedUnusable",
            Self::Place(_) => "DirectoryUnusable",
            Self::Start(_) => "StartFailed",
            Self::File { .. } => "FileUnusable",
            Self::System(_) => "SystemFailed",
            Self::Account(_) | Self::NoAccount(_) => "AccountMalformed",
            Self::Certificate(_) => "CertificateFileUnusable",
            Self::Authority(_) => "AuthorityUnusable",
            Self::InPod(_) => "InPod",
            Self::NoConsent(_) => "NobodyToAsk",
            Self::Declined => "Declined",
            Self::NothingToTrust | Self::NotTrusted(..) => "TrustNotChanged",
            Self::Vault(error) => vault(error),
            Self::NotReset(_) => "NotReset",
            Self::Control(_) => "ControlFailed",
            Self::Files(_) => "FilesRefused",
            Self::TooManyFaults => "FaultsContradict",
            Self::NotEnded(_) => "NotInTime",
            Self::Interrupted => "Interrupted",
            Self::NotRunning | Self::NotAt { .. } => "NotRunning",
            Self::Terminal => "NotForTerminal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_a_vault_has_the_word_of_its_kind() {
        let refusal = |status: u16, inner: Option<&str>| VaultRefusal {
            status: http::StatusCode::from_u16(status).unwrap(),
            code: "x".to_owned(),
            inner_code: inner.map(ToOwned::to_owned),
            message: String::new(),
            retry_after: None,
        };
        for (status, inner, code) in [
            (403, Some("ForbiddenByPolicy"), "ForbiddenByPolicy"),
            (403, None, "Forbidden"),
            (404, None, "NotFound"),
            (409, None, "Conflict"),
            (429, None, "TooManyRequests"),
            (400, None, "VaultRefused"),
            (503, None, "VaultFailed"),
        ] {
            assert_eq!(refused(&refusal(status, inner)), code);
        }
    }
}
