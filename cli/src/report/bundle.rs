//! The files of a report.

use std::fmt::Write as _;

use serde_json::Value;

use crate::Failure;

/// What one file holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Contents {
    Json(Value),
    Log(String),
}

/// One file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BundleFile {
    pub(super) path: String,
    pub(super) contents: Contents,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bundle {
    pub(super) files: Vec<BundleFile>,
}

impl Contents {
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        Ok(match self {
            Self::Json(value) => serde_json::to_vec_pretty(value)?,
            Self::Log(text) => text.clone().into_bytes(),
        })
    }

    fn describe(&self) -> String {
        match self {
            Self::Json(Value::Array(items)) if items.len() != 1 => format!("{} entries", items.len()),
            Self::Json(_) => "1 entry".to_owned(),
            Self::Log(text) => format!("{} lines", text.lines().count()),
        }
    }
}

impl Bundle {
    pub(super) fn json(&mut self, path: &str, value: Value) {
        self.files.push(BundleFile {
            path: path.to_owned(),
            contents: Contents::Json(value),
        });
    }

    pub(super) fn log(&mut self, path: String, text: String) {
        self.files.push(BundleFile {
            path,
            contents: Contents::Log(text),
        });
    }

    /// What is in it, for the user to read before it is written.
    pub(super) fn contents(&self) -> String {
        let mut text = "The report holds:".to_owned();
        for file in &self.files {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n  {}  ({})", file.path, file.contents.describe());
        }
        text
    }

    /// It as a tar archive.
    pub(super) fn archive(&self) -> Result<Vec<u8>, Failure> {
        let mut archive = tar::Builder::new(Vec::new());
        for file in &self.files {
            let bytes = file.contents.bytes()?;
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o600);
            header.set_size(u64::try_from(bytes.len()).unwrap_or_default());
            archive.append_data(
                &mut header,
                format!("strongroom-report/{}", file.path),
                bytes.as_slice(),
            )?;
        }
        Ok(archive.into_inner()?)
    }
}
