//! `strongroom cert revoke`.

use clap::Args;
use strongroom_certificates::revocation::RevocationReason;
use strongroom_core::{ObjectName, Version};

use super::super::choice::one_of;

/// Which certificate is revoked, and why.
#[derive(Debug, Args)]
pub(crate) struct RevokeArguments {
    /// The name of the certificate.
    pub(crate) name: ObjectName,
    /// The version; the current one by default.
    #[arg(long)]
    pub(crate) version: Option<Version>,
    /// Why: keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn. Default:
    /// unspecified.
    #[arg(long, value_parser = reason)]
    pub(crate) reason: Option<RevocationReason>,
}

fn reason(text: &str) -> Result<RevocationReason, String> {
    one_of(text, RevocationReason::ALL, RevocationReason::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_in_any_case_and_a_hold_is_none() {
        assert_eq!(reason("keycompromise"), Ok(RevocationReason::KeyCompromise));
        assert!(
            reason("certificateHold")
                .unwrap_err()
                .starts_with("it is one of unspecified, keyCompromise, ")
        );
    }
}
