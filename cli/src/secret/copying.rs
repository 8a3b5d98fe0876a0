//! `secret copy`: the value of one secret, as a new version of another.

use serde_json::json;
use strongroom_client::vault::{NewAttributes, NewSecret, SecretChange};
use strongroom_core::{ObjectName, Version};

use super::history::History;
use crate::{
    Failure,
    arguments::{CopyArguments, SecretCommand, Selection},
    failure::SecretFailure,
    life::document,
    output::ObjectOutput,
    printed::{Outcome, Printed},
    session::Session,
};

/// A secret that is copied.
pub(crate) struct CopyRequest {
    from: ObjectName,
    to: ObjectName,
    dry_run: bool,
    output: ObjectOutput,
}

/// The vault of `command`, and that of its target where it names one.
pub(super) fn selections(
    command: &SecretCommand,
    mut selection: Selection,
) -> Result<(Selection, Option<Selection>), Failure> {
    let SecretCommand::Copy(CopyArguments { from, to, .. }) = command else {
        return Ok((selection, None));
    };
    if from.vault.is_none() && to.vault.is_none() {
        return Ok((selection, None));
    }
    if selection.direct.url.is_some() {
        return Err(SecretFailure::TwoVaultsByUrl.into());
    }
    let mut target = selection.clone();
    target.vault = to.vault.clone().or(target.vault);
    selection.vault = from.vault.clone().or(selection.vault);
    Ok((selection, Some(target)))
}

impl CopyRequest {
    pub(super) fn prepare(arguments: CopyArguments, output: ObjectOutput) -> Result<Self, Failure> {
        let CopyArguments { from, to, dry_run } = arguments;
        if from == to {
            return Err(SecretFailure::CopyToItself.into());
        }
        Ok(Self {
            from: from.name,
            to: to.name,
            dry_run,
            output,
        })
    }

    /// Reads it from the vault of `source` and sets it in that of `target`.
    pub(crate) async fn perform(self, source: &Session, target: &Session) -> Result<Outcome, Failure> {
        if self.dry_run {
            let version = History::read(source, &self.from).await?.current(source).await?;
            return self.printed(Some(version), None).map(Outcome::from);
        }
        // The two may be one secret by way of --vault.
        if self.from == self.to && source.flags() == target.flags() {
            return Err(SecretFailure::CopyToItself.into());
        }
        let secret = super::read_secret(source, &self.from, None).await?;
        let copied = secret.id.version;
        let new = NewSecret {
            value: secret.value,
            about: SecretChange {
                content_type: secret.content_type,
                attributes: NewAttributes {
                    enabled: None,
                    nbf: secret.attributes.nbf,
                    exp: secret.attributes.exp,
                },
                tags: Some(secret.tags),
            },
        };
        let made = super::write_secret(target, &self.to, &new).await?.id.version;
        self.printed(copied, made).map(Outcome::from)
    }

    fn printed(&self, copied: Option<Version>, made: Option<Version>) -> Result<Printed, Failure> {
        let (from, to) = (super::path(&self.from), super::path(&self.to));
        let of = |version: Option<Version>| {
            version.map_or_else(|| crate::table::UNKNOWN.to_owned(), |version| version.to_string())
        };
        match self.output {
            ObjectOutput::Text if self.dry_run => Ok(Printed::Text(format!(
                "{from}, version {}, would be copied to {to}\n",
                of(copied)
            ))),
            ObjectOutput::Text => Ok(Printed::Text(format!(
                "{from}, version {}, copied to {to}, version {}\n",
                of(copied),
                of(made)
            ))),
            ObjectOutput::Name => Ok(Printed::Text(format!("{to}\n"))),
            ObjectOutput::Json => {
                let document = json!({
                    "from": { "name": self.from.to_string(), "version": copied },
                    "to": { "name": self.to.to_string(), "version": made },
                    "dryRun": self.dry_run,
                });
                document::one("SecretCopy", document)
            }
        }
    }
}
