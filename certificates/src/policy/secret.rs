//! How the secret of a certificate is written: the member `secret_props`.

/// How a certificate is written into its secret: `secret_props.contentType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretContentType {
    /// `application/x-pkcs12`.
    #[default]
    Pkcs12,
    /// `application/x-pem-file`.
    Pem,
}

impl SecretContentType {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pkcs12 => "application/x-pkcs12",
            Self::Pem => "application/x-pem-file",
        }
    }

    /// The one of that name, in any case, as media types compare.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pkcs12, Self::Pem]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}
