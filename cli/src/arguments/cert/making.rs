//! `strongroom cert create`, and how long commands wait.

use std::{ops::RangeInclusive, path::PathBuf};

use clap::{Args, builder::RangedU64ValueParser};
use strongroom_certificates::policy::{LONGEST_VALIDITY, SecretContentType};

use super::CertAbout;

/// The longest that a command waits unless it is told otherwise, in seconds.
pub(super) const TIMEOUT: u64 = 60;

/// The seconds that a command can be told to wait.
const TIMEOUTS: RangeInclusive<u64> = 1..=86_400;

/// Reads a number of seconds to wait.
pub(super) fn timeout() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(TIMEOUTS)
}

/// What is made.
#[derive(Debug, Args)]
pub(crate) struct NewCertArguments {
    #[command(flatten)]
    pub(crate) policy: CertPolicyFlags,
    /// The file that holds the policy as JSON, as `cert policy show -o json` prints it, in the place of flags; `-` is standard
    /// input.
    #[arg(long, short = 'f', value_name = "PATH", conflicts_with = "policy-flags")]
    pub(crate) from_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) about: CertAbout,
    #[command(flatten)]
    pub(crate) wait: WaitArguments,
}

/// A policy, by flags. What is not named is as the vault has it by default.
#[derive(Debug, Default, Args)]
#[group(id = "policy-flags", multiple = true)]
pub(crate) struct CertPolicyFlags {
    /// Who issues: Self, Unknown (somebody who gets the request), or an issuer of the vault. Default: Self.
    #[arg(long)]
    pub(crate) issuer: Option<String>,
    /// The subject, as `CN=shop.example,O=Shop`.
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: Option<String>,
    /// A DNS name of the certificate; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) dns: Vec<String>,
    /// An IP address of the certificate; may be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ip: Vec<String>,
    /// A mail address of the certificate; may be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Vec<String>,
    /// A URI of the certificate; may be repeated.
    #[arg(long)]
    pub(crate) uri: Vec<String>,
    /// The type of its key: RSA or EC. Default: RSA.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// The size of an RSA key in bits: 2048, 3072 or 4096. Default: 2048.
    #[arg(long, value_name = "BITS")]
    pub(crate) size: Option<u32>,
    /// The curve of an EC key: P-256, P-384, P-521 or P-256K. Default: P-256.
    #[arg(long)]
    pub(crate) curve: Option<String>,
    /// For how many months it is valid. Default: 12.
    #[arg(long, value_name = "MONTHS", value_parser = clap::value_parser!(u32).range(1..=i64::from(LONGEST_VALIDITY)))]
    pub(crate) validity: Option<u32>,
    /// What the key is for, as digitalSignature, with commas between. Default: digitalSignature,keyEncipherment.
    #[arg(long, value_name = "USAGES", value_delimiter = ',')]
    pub(crate) key_usage: Option<Vec<String>>,
    /// What the certificate is for, as object identifiers with commas between. Default: servers and clients of TLS.
    #[arg(long, value_name = "OIDS", value_delimiter = ',')]
    pub(crate) eku: Option<Vec<String>>,
    /// How its secret holds it: pfx or pem. Default: pfx.
    #[arg(long, value_name = "FORM", value_parser = form)]
    pub(crate) secret_form: Option<SecretContentType>,
    /// Keeps the private key in the vault: its secret holds the chain alone.
    #[arg(long)]
    pub(crate) not_exportable: bool,
    /// Gives the next version the key of the present one.
    #[arg(long)]
    pub(crate) reuse_key: bool,
    /// Renews it when so much of its life has passed, in percent. Default: 80, but with the issuer Unknown.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=99))]
    pub(crate) renew_at: Option<u32>,
    /// Renews it never, and announces its end when so much of its life has passed, in percent.
    #[arg(
        long,
        value_name = "PERCENT",
        conflicts_with = "renew_at",
        value_parser = clap::value_parser!(u32).range(1..=99)
    )]
    pub(crate) notify_at: Option<u32>,
}

/// Whether a command waits until a certificate is issued.
#[derive(Debug, Args)]
pub(crate) struct WaitArguments {
    /// Waits until the certificate is issued, whoever issues it; without it, only with the issuer Self.
    #[arg(long)]
    pub(crate) wait: bool,
    /// Does not wait.
    #[arg(long, conflicts_with = "wait")]
    pub(crate) no_wait: bool,
    /// The longest to wait, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT, value_parser = timeout())]
    pub(crate) timeout: u64,
}

/// Reads the form of a secret.
pub(super) fn form(text: &str) -> Result<SecretContentType, String> {
    match text.to_ascii_lowercase().as_str() {
        "pfx" => Ok(SecretContentType::Pkcs12),
        "pem" => Ok(SecretContentType::Pem),
        _ => Err("it is pfx or pem".to_owned()),
    }
}
