//! Many secrets, each of which is set by a request of its own.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;
use serde_json::Value;
use strongroom_client::vault::{NewSecret, SecretItem};
use strongroom_core::{ObjectName, limits::VALUE_BYTES};

use crate::{
    Failure, failure::SecretFailure, life::document, output::ObjectOutput, printed::Printed, session::Session,
};

/// A secret with its name.
pub(super) struct NamedSecret {
    pub(super) name: ObjectName,
    pub(super) new: NewSecret,
}

/// Secrets that are set, no two with one name.
pub(crate) struct ManyRequest {
    secrets: Vec<NamedSecret>,
    /// Whether their names are printed, and nothing is set.
    dry_run: bool,
    output: ObjectOutput,
}

impl ManyRequest {
    /// Refuses what the vault would refuse or only the last would survive, before anything is set.
    pub(super) fn new(
        secrets: Vec<NamedSecret>,
        dry_run: bool,
        output: ObjectOutput,
    ) -> Result<Self, SecretFailure> {
        let mut names = BTreeSet::new();
        for NamedSecret { name, new } in &secrets {
            if !names.insert(name) {
                return Err(SecretFailure::Twice(name.clone()));
            }
            if new.value.expose_secret().len() > VALUE_BYTES {
                return Err(SecretFailure::LongValue(name.clone()));
            }
        }
        Ok(Self {
            secrets,
            dry_run,
            output,
        })
    }

    /// The names, where nothing else is asked for.
    pub(super) fn without_vault(&self) -> Result<Option<Printed>, Failure> {
        if !self.dry_run {
            return Ok(None);
        }
        let names = self.secrets.iter().map(|secret| &secret.name);
        match self.output {
            ObjectOutput::Text => {
                let lines = names.map(|name| format!("{} would be set\n", super::path(name)));
                Ok(Some(Printed::Text(lines.collect())))
            }
            ObjectOutput::Name => Ok(Some(paths(names))),
            ObjectOutput::Json => {
                let names: Vec<_> = names.map(|name| Value::from(name.to_string())).collect();
                document::list("SecretName", &names).map(Some)
            }
        }
    }

    /// Sets one after the other. Where one fails, the error says which are set and which are not.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        if let Some(printed) = self.without_vault()? {
            return Ok(printed);
        }
        let mut done = Vec::with_capacity(self.secrets.len());
        for (place, NamedSecret { name, new }) in self.secrets.iter().enumerate() {
            match super::write_secret(session, name, new).await {
                Ok(item) => done.push((name, item)),
                Err(source) => {
                    let after = self.secrets.iter().skip(place + 1).map(|secret| &secret.name);
                    return Err(SecretFailure::Partly {
                        name: name.clone(),
                        before: list(done.iter().map(|(name, _)| *name)),
                        after: list(after),
                        source: Box::new(source),
                    }
                    .into());
                }
            }
        }
        print(&done, self.output)
    }
}

fn print(done: &[(&ObjectName, SecretItem)], output: ObjectOutput) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text => {
            let line = |(name, item): &(&ObjectName, SecretItem)| {
                format!("{} set, version {}\n", super::path(name), super::version(item))
            };
            Ok(Printed::Text(done.iter().map(line).collect()))
        }
        ObjectOutput::Name => Ok(paths(done.iter().map(|(name, _)| *name))),
        ObjectOutput::Json => {
            let items = done.iter().map(|(_, item)| document::item(&item.id, item));
            document::list("Secret", &items.collect::<Result<Vec<_>, _>>()?)
        }
    }
}

fn paths<'a>(names: impl Iterator<Item = &'a ObjectName>) -> Printed {
    Printed::Text(names.map(|name| super::path(name) + "\n").collect())
}

/// Names in a sentence.
fn list<'a>(names: impl Iterator<Item = &'a ObjectName>) -> String {
    let names: Vec<_> = names.map(ToString::to_string).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
