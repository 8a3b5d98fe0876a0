//! Who issues a certificate: the member `issuer`.

use super::{
    error::PolicyError,
    lifetime::ActionType,
    member::Member,
    object::{Object, line},
};

/// The most characters of the name of an issuer, and of a kind of certificate.
const LONGEST: usize = 127;

/// The issuer when a policy names none.
const UNKNOWN: &str = "Unknown";

/// Who issues a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    name: String,
    /// `cty`: the kind of certificate that is asked of the issuer.
    pub certificate_type: Option<String>,
    /// `cert_transparency`: whether the certificate goes to the logs of certificate transparency, where that was said.
    pub certificate_transparency: Option<bool>,
}

/// Who that is. Names compare in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerKind {
    /// `Self`: the certificate is signed with its own key.
    Own,
    /// `Unknown`: somebody who gets the request from a user, who merges what he issues.
    Unknown,
    /// An issuer of the vault, of that name.
    Named(String),
}

impl IssuerKind {
    /// Whose name it is.
    pub fn of(name: &str) -> Self {
        if name.eq_ignore_ascii_case("Self") {
            Self::Own
        } else if name.eq_ignore_ascii_case(UNKNOWN) {
            Self::Unknown
        } else {
            Self::Named(name.to_owned())
        }
    }
}

impl Default for Issuer {
    fn default() -> Self {
        Self {
            name: UNKNOWN.to_owned(),
            certificate_type: None,
            certificate_transparency: None,
        }
    }
}

impl Issuer {
    /// The name as it was sent.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who the name is.
    pub fn kind(&self) -> IssuerKind {
        IssuerKind::of(&self.name)
    }

    /// What happens late in the life of a certificate of it when the policy does not say.
    pub(super) fn usual_action(&self) -> ActionType {
        match self.kind() {
            IssuerKind::Unknown => ActionType::EmailContacts,
            IssuerKind::Own | IssuerKind::Named(_) => ActionType::AutoRenew,
        }
    }
}

/// What a request says of the issuer.
#[derive(Debug, Clone, Default)]
pub(super) struct IssuerBody {
    name: Option<String>,
    certificate_type: Option<String>,
    certificate_transparency: Option<bool>,
}

impl IssuerBody {
    pub(super) fn read(object: Object<'_>) -> Result<Self, PolicyError> {
        Ok(Self {
            name: object.named(Member::IssuerName, |name| line(name, 1, LONGEST))?,
            certificate_type: object.named(Member::CertificateType, |kind| line(kind, 0, LONGEST))?,
            certificate_transparency: object.flag(Member::CertificateTransparency)?,
        })
    }

    /// What holds after it is merged into what held before.
    pub(super) fn onto(self, before: &Issuer) -> Issuer {
        let before = before.clone();
        Issuer {
            name: self.name.unwrap_or(before.name),
            certificate_type: self.certificate_type.or(before.certificate_type),
            certificate_transparency: self.certificate_transparency.or(before.certificate_transparency),
        }
    }
}
