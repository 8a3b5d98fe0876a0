//! The record of what `up` started: written before anything is allowed to run.

use std::{fs, io::ErrorKind};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::{Layout, Options, process::Process};

/// The version of the record's format.
const FORMAT: u32 = 1;

/// A cluster that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    format: u32,
    /// The boot in which it was started.
    pub boot: String,
    /// What it was asked to be.
    pub options: Options,
    /// The port of the API server on 127.0.0.1.
    pub api_port: u16,
    /// The bundles, the control bundle first.
    pub bundles: Vec<Bundle>,
    /// Whether `up` came to its end.
    pub complete: bool,
}

/// One bundle of namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// `control` or the node's name.
    pub role: String,
    /// The `unshare` process: killing it ends the bundle.
    pub holder: Process,
    /// The bundle's init.
    pub init: Process,
}

impl Record {
    /// A record of nothing yet.
    pub fn new(boot: String, options: Options, api_port: u16) -> Self {
        Self {
            format: FORMAT,
            boot,
            options,
            api_port,
            bundles: Vec::new(),
            complete: false,
        }
    }

    /// Reads the record of a cluster; none when there is no cluster.
    pub fn load(layout: &Layout) -> Result<Option<Self>> {
        let path = layout.record();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let record: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
        if record.format != FORMAT {
            bail!(
                "{} was written by another version of this tool (format {})",
                path.display(),
                record.format
            );
        }
        Ok(Some(record))
    }

    /// Writes the record in one step, so that an abort leaves the old one or the new one.
    pub fn save(&self, layout: &Layout) -> Result<()> {
        layout.write("cluster.json.new", &serde_json::to_string_pretty(self)?)?;
        let path = layout.record();
        fs::rename(layout.root().join("cluster.json.new"), &path)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The bundles that still run. A record of an earlier boot has none.
    pub fn alive(&self, boot: &str) -> Vec<&Bundle> {
        if self.boot != boot {
            return Vec::new();
        }
        self.bundles
            .iter()
            .filter(|bundle| bundle.holder.alive() || bundle.init.alive())
            .collect()
    }

    /// The bundle of a role.
    pub fn bundle(&self, role: &str) -> Option<&Bundle> {
        self.bundles.iter().find(|bundle| bundle.role == role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(dir: &tempfile::TempDir) -> Layout {
        Layout::new("one", dir.path()).unwrap()
    }

    #[test]
    fn a_record_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(&dir);
        assert_eq!(Record::load(&layout).unwrap(), None);
        let record = Record::new("boot".to_owned(), Options::default(), 7);
        record.save(&layout).unwrap();
        assert_eq!(Record::load(&layout).unwrap(), Some(record));
    }

    #[test]
    fn a_record_of_an_earlier_boot_names_no_living_process() {
        let this = Process::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        let mut record = Record::new("earlier".to_owned(), Options::default(), 7);
        record.bundles.push(Bundle {
            role: "control".to_owned(),
            holder: this,
            init: this,
        });
        assert!(record.alive("now").is_empty());
        assert_eq!(record.alive("earlier").len(), 1);
    }

    #[test]
    fn a_damaged_record_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(&dir);
        layout.write("cluster.json", "{").unwrap();
        assert!(
            Record::load(&layout)
                .unwrap_err()
                .to_string()
                .contains("cluster.json is damaged")
        );
    }
}
