//! `strongroom cert`.

mod download;
mod import;
mod making;
mod people;
mod revoke;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use strongroom_client::vault::{CertificateChange, Certificates, NewAttributes};
use strongroom_core::{ObjectName, Version};

use super::{about::tag, life::LifeCommand, selection::Selection};
pub(crate) use download::DownloadArguments;
pub(crate) use import::{CertImportArguments, MergeArguments};
pub(crate) use making::{CertPolicyFlags, NewCertArguments, WaitArguments};
pub(crate) use people::{ContactsCommand, IssuerCommand, IssuerFlags};
pub(crate) use revoke::RevokeArguments;

/// Which vault, as whom, and what to do.
#[derive(Debug, Args)]
pub(crate) struct CertArguments {
    #[command(subcommand)]
    pub(crate) command: CertCommand,
    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// Has a new version of a certificate made, by the policy that the flags or a file describe.
    ///
    /// With the issuer Self it waits until the certificate is issued. With Unknown it prints the request (PKCS#10) in PEM, which
    /// somebody is to sign: `cert merge` brings back what he issues. With an issuer of the vault, --wait waits.
    Create {
        /// The name of the certificate.
        name: ObjectName,
        #[command(flatten)]
        new: Box<NewCertArguments>,
    },
    /// Imports a certificate that was issued elsewhere, with its private key, as a new version.
    ///
    /// Reads a PFX, or PEM with an unencrypted private key, and any chain beside the certificate. What holds no certificate with its
    /// key is refused here, and not sent.
    Import {
        /// The name of the certificate.
        name: ObjectName,
        #[command(flatten)]
        import: CertImportArguments,
    },
    /// Prints what is known about a certificate; with -o pem, the certificate itself.
    Show {
        #[command(flatten)]
        cert: CertVersion,
    },
    /// Changes the labels of a version, and whether it, its key and its secret are enabled.
    Update {
        #[command(flatten)]
        cert: CertVersion,
        #[command(flatten)]
        about: CertAboutChange,
    },
    /// Prints the policy of a certificate, or changes it.
    Policy {
        #[command(subcommand)]
        command: CertPolicyCommand,
    },
    /// Shows, waits for, cancels or forgets the operation that makes a version.
    Pending {
        #[command(subcommand)]
        command: PendingCommand,
    },
    /// Completes an operation with the certificate that somebody issued for its request.
    Merge {
        /// The name of the certificate.
        name: ObjectName,
        #[command(flatten)]
        merge: MergeArguments,
    },
    /// Has a new version made by the policy that the certificate has, with the same labels.
    Renew {
        /// The name of the certificate.
        name: ObjectName,
        #[command(flatten)]
        wait: WaitArguments,
    },
    /// Revokes a certificate that an authority of the vault issued, for good: it is on the authority's list from then on.
    ///
    /// The version stays readable, and no pod loses its files by it: renew first, so that whoever uses the certificate has
    /// another one. Who reads no lists takes it until it ends.
    Revoke(RevokeArguments),
    /// Writes the chain of a certificate as PEM; with --with-private-key, its secret with the private key.
    ///
    /// The chain lies in the secret of the certificate, so the permission is secrets/get. `show -o pem` prints the certificate
    /// alone, for which certificates/get is enough.
    Download(DownloadArguments),
    /// Lists, prints, sets or deletes the issuers that a policy can name.
    Issuer {
        #[command(subcommand)]
        command: IssuerCommand,
    },
    /// Prints, sets or deletes the contacts of the vault's certificates.
    Contacts {
        #[command(subcommand)]
        command: ContactsCommand,
    },
    #[command(flatten)]
    Life(LifeCommand<Certificates>),
}

/// The certificate that a command is about.
#[derive(Debug, Args)]
pub(crate) struct CertVersion {
    /// The name of the certificate.
    pub(crate) name: ObjectName,
    /// The version; the current one by default.
    #[arg(long)]
    pub(crate) version: Option<Version>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertPolicyCommand {
    /// Prints the policy by which the next version is made.
    Show {
        /// The name of the certificate.
        name: ObjectName,
    },
    /// Changes what a file names of the policy; the rest stays.
    Set {
        /// The name of the certificate.
        name: ObjectName,
        /// The file that holds the policy, or a part of it, as JSON as -o json prints it; `-` or nothing is standard input.
        #[arg(long, short = 'f', value_name = "PATH")]
        from_file: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PendingCommand {
    /// Prints how far the operation is; with -o pem, its request (PKCS#10).
    Show {
        /// The name of the certificate.
        name: ObjectName,
    },
    /// Waits until the operation has ended.
    Wait {
        /// The name of the certificate.
        name: ObjectName,
        /// The longest to wait, in seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = making::TIMEOUT, value_parser = making::timeout())]
        timeout: u64,
    },
    /// Asks for the operation to be cancelled.
    Cancel {
        /// The name of the certificate.
        name: ObjectName,
    },
    /// Has the operation forgotten.
    Delete {
        /// The name of the certificate.
        name: ObjectName,
    },
}

/// Labels and state of a new version. When a certificate is valid, it says by itself.
#[derive(Debug, Args)]
pub(crate) struct CertAbout {
    /// A label, as KEY=VALUE; may be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// Makes the version, its key and its secret unusable until it is enabled.
    #[arg(long)]
    disabled: bool,
}

impl CertAbout {
    /// What is said of a new version, which is enabled unless it is said to be disabled.
    pub(crate) fn of_new(&self) -> CertificateChange {
        self.change(Some(!self.disabled))
    }

    fn change(&self, enabled: Option<bool>) -> CertificateChange {
        CertificateChange {
            attributes: NewAttributes {
                enabled,
                ..NewAttributes::default()
            },
            tags: (!self.tags.is_empty()).then(|| self.tags.iter().cloned().collect()),
        }
    }
}

/// A change of what is known about a version. What is not named stays.
#[derive(Debug, Args)]
pub(crate) struct CertAboutChange {
    #[command(flatten)]
    about: CertAbout,
    /// Makes the version usable again.
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
}

impl CertAboutChange {
    /// What is to change.
    pub(crate) fn change(&self) -> CertificateChange {
        let enabled = (self.enabled || self.about.disabled).then_some(self.enabled);
        self.about.change(enabled)
    }
}
