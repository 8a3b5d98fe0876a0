//! The members of a policy, by where they stand and what they may be.

/// A member of a policy that the vault reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// The policy itself.
    Policy,
    /// What is said of the key.
    KeyProperties,
    /// Whether the private key leaves the vault.
    Exportable,
    /// The type of the key.
    KeyType,
    /// The bits of the key.
    KeySize,
    /// Whether the next version has the same key.
    ReuseKey,
    /// The curve of the key.
    Curve,
    /// What is said of the secret.
    SecretProperties,
    /// How the secret writes the certificate.
    ContentType,
    /// What is said of the certificate.
    X509Properties,
    /// The subject.
    Subject,
    /// The extended uses of the key.
    ExtendedKeyUsages,
    /// The alternative names.
    AlternativeNames,
    /// Those that are addresses of mail.
    Emails,
    /// Those that are host names.
    DnsNames,
    /// Those that are principals of Windows.
    Upns,
    /// Those that are URIs.
    Uris,
    /// Those that are addresses of IP.
    IpAddresses,
    /// The uses of the key.
    KeyUsages,
    /// How long a certificate is valid.
    ValidityMonths,
    /// Whether the subject is an authority.
    BasicConstraints,
    /// That it is one.
    IsAuthority,
    /// How many authorities may stand below it.
    PathLength,
    /// What happens in the life of a certificate.
    LifetimeActions,
    /// When it happens.
    Trigger,
    /// When, as a part of the certificate's life.
    LifetimePercentage,
    /// When, before its end.
    DaysBeforeExpiry,
    /// What happens.
    Action,
    /// What happens, by name.
    ActionType,
    /// Who issues it.
    Issuer,
    /// Who, by name.
    IssuerName,
    /// The kind of certificate that is asked of the issuer.
    CertificateType,
    /// Whether the certificate goes to the logs of certificate transparency.
    CertificateTransparency,
    /// What the platform does with it.
    PlatformManaged,
    /// What the platform uses it for.
    CertificateUsage,
    /// What the platform notes of it.
    Metadata,
    /// The attributes of the policy.
    Attributes,
    /// Whether it is enabled.
    Enabled,
}

impl Member {
    /// Where the member stands in the body of a request.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::KeyProperties => "policy.key_props",
            Self::Exportable => "policy.key_props.exportable",
            Self::KeyType => "policy.key_props.kty",
            Self::KeySize => "policy.key_props.key_size",
            Self::ReuseKey => "policy.key_props.reuse_key",
            Self::Curve => "policy.key_props.crv",
            Self::SecretProperties => "policy.secret_props",
            Self::ContentType => "policy.secret_props.contentType",
            Self::X509Properties => "policy.x509_props",
            Self::Subject => "policy.x509_props.subject",
            Self::ExtendedKeyUsages => "policy.x509_props.ekus",
            Self::AlternativeNames => "policy.x509_props.sans",
            Self::Emails => "policy.x509_props.sans.emails",
            Self::DnsNames => "policy.x509_props.sans.dns_names",
            Self::Upns => "policy.x509_props.sans.upns",
            Self::Uris => "policy.x509_props.sans.uris",
            Self::IpAddresses => "policy.x509_props.sans.ipAddresses",
            Self::KeyUsages => "policy.x509_props.key_usage",
            Self::ValidityMonths => "policy.x509_props.validity_months",
            Self::BasicConstraints => "policy.x509_props.basic_constraints",
            Self::IsAuthority => "policy.x509_props.basic_constraints.ca",
            Self::PathLength => "policy.x509_props.basic_constraints.path_len_constraint",
            Self::LifetimeActions => "policy.lifetime_actions",
            Self::Trigger => "policy.lifetime_actions.trigger",
            Self::LifetimePercentage => "policy.lifetime_actions.trigger.lifetime_percentage",
            Self::DaysBeforeExpiry => "policy.lifetime_actions.trigger.days_before_expiry",
            Self::Action => "policy.lifetime_actions.action",
            Self::ActionType => "policy.lifetime_actions.action.action_type",
            Self::Issuer => "policy.issuer",
            Self::IssuerName => "policy.issuer.name",
            Self::CertificateType => "policy.issuer.cty",
            Self::CertificateTransparency => "policy.issuer.cert_transparency",
            Self::PlatformManaged => "policy.platformManaged",
            Self::CertificateUsage => "policy.platformManaged.certificateUsage",
            Self::Metadata => "policy.platformManaged.metadata",
            Self::Attributes => "policy.attributes",
            Self::Enabled => "policy.attributes.enabled",
        }
    }

    /// What it may be.
    pub const fn form(self) -> &'static str {
        match self {
            Self::Policy
            | Self::KeyProperties
            | Self::SecretProperties
            | Self::X509Properties
            | Self::AlternativeNames
            | Self::BasicConstraints
            | Self::Issuer
            | Self::PlatformManaged
            | Self::Attributes => "an object or null",
            Self::Exportable | Self::ReuseKey | Self::CertificateTransparency | Self::Enabled => {
                "true, false or null"
            }
            Self::KeyType => {
                "RSA or EC, or null; types that end in -HSM need a hardware security module, and no certificate has a \
                 key of another type"
            }
            Self::KeySize => "a number of bits, or null",
            Self::Curve => "P-256, P-384, P-521 or P-256K, or null",
            Self::ContentType => "application/x-pkcs12 or application/x-pem-file, or null",
            Self::Subject => "an X.500 distinguished name of at most 200 characters, or null",
            Self::ExtendedKeyUsages => {
                "a list of at most 100 object identifiers as numbers with dots between, as 1.3.6.1.5.5.7.3.1, or null"
            }
            Self::Emails | Self::DnsNames | Self::Upns | Self::Uris | Self::IpAddresses => {
                "a list of strings, or null"
            }
            Self::KeyUsages => {
                "a list of cRLSign, dataEncipherment, decipherOnly, digitalSignature, encipherOnly, keyAgreement, \
                 keyCertSign, keyEncipherment and nonRepudiation, or null"
            }
            Self::ValidityMonths => "a whole number of months from 1 to 1200, or null",
            Self::IsAuthority => "false or null: a vault issues no certificate for an authority",
            Self::PathLength => "a whole number from 0, or null",
            Self::LifetimeActions => "a list of at most 4 objects with trigger and action, or null",
            Self::Trigger => "an object with one of lifetime_percentage and days_before_expiry",
            Self::LifetimePercentage => "a whole number from 1 to 99, or null",
            Self::DaysBeforeExpiry => {
                "a whole number from 1 to 27 for each month that the certificate is valid, or null"
            }
            Self::Action => "an object with action_type",
            Self::ActionType => "EmailContacts or AutoRenew",
            Self::IssuerName => {
                "Self, Unknown or the name of an issuer of the vault, of 1 to 127 characters, or null"
            }
            Self::CertificateType => "a string of at most 127 characters, or null",
            Self::CertificateUsage => "a string of 1 to 127 characters",
            Self::Metadata => "JSON that nests at most 16 levels deep",
        }
    }

    /// Its name in the object that it stands in.
    pub(super) fn name(self) -> &'static str {
        let path = self.path();
        path.rsplit_once('.').map_or(path, |(_, name)| name)
    }
}
