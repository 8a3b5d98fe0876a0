//! Changing the files of a published volume.

use std::collections::BTreeMap;

use super::state::{Change, Failure};
use crate::{
    services::Services,
    source::load::Loader,
    volume::{
        Content, Facts, File, FilePath, Image,
        image::default_mode,
        limits::LimitError,
        mount::{MountError, MountPaths, Mounted},
        spec::{Source, VolumeSpec},
        tree::{Tree, TreeError, Written},
    },
};
use jiff::Timestamp;

/// Why the files of a published volume could not be changed. They are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// It is not mounted any more.
    #[error("the volume is not mounted")]
    NotMounted,
    /// It would be too large.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Its mounts cannot be looked at.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// Its files cannot be written.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl RewriteError {
    /// Whether the same change may be written later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::NotMounted | Self::Limit(_) => false,
            Self::Mount(_) | Self::Tree(_) => true,
        }
    }
}

impl From<RewriteError> for Failure {
    fn from(error: RewriteError) -> Self {
        Self {
            note: error.to_string(),
            is_retryable: error.is_retryable(),
        }
    }
}

/// Opens a published volume.
fn open(paths: &MountPaths) -> Result<Tree, RewriteError> {
    match paths.inspect()? {
        Mounted::Both => Ok(Tree::open(&paths.own)?),
        Mounted::TargetOnly => {
            paths.adopt()?;
            Ok(Tree::open(&paths.own)?)
        }
        Mounted::Nothing | Mounted::OwnOnly | Mounted::Foreign => Err(RewriteError::NotMounted),
    }
}

/// Changes the files, if they are not as they are to be already, and gives the volume the share of the node that they
/// take.
pub fn write(services: &Services, facts: &Facts, change: Change) -> Result<Written, RewriteError> {
    let tree = open(&facts.paths)?;
    let (spec, image) = match change {
        Change::Merge { spec, contents } => {
            let image = merged(tree.read()?, &spec, &contents, &services.sources.loader);
            (spec, image)
        }
        Change::Replace { spec, image } => (spec, image),
    };
    let share = facts.share(&spec, image.size());
    services.ledger().check(&facts.id, &share)?;
    let written = tree.write(&image, Timestamp::now())?;
    services.ledger().admit(&facts.id, share)?;
    Ok(written)
}

/// What the files should hold, given what they hold and what is new: the rest stays, but for modes and the trust
/// bundle, which cost nothing to bring up to date.
fn merged(
    current: Image,
    spec: &VolumeSpec,
    contents: &BTreeMap<FilePath, Content>,
    loader: &Loader,
) -> Image {
    let Image { mut files, group } = current;
    let mut merged = Image {
        group,
        ..Image::default()
    };
    for wanted in &spec.files {
        let news = match &wanted.source {
            Source::TrustBundle(bundle) => loader.bundle(*bundle).ok(),
            Source::Secret(_)
            | Source::Decoded { .. }
            | Source::Certificate { .. }
            | Source::Store { .. }
            | Source::Key { .. } => contents.get(&wanted.path).cloned(),
        };
        let kept = files.remove(&wanted.path).map(|file| file.content);
        if let Some(content) = news.or(kept) {
            let mode = wanted.mode.unwrap_or_else(|| default_mode(group));
            merged.files.insert(wanted.path.clone(), File { mode, content });
        }
    }
    merged
}
