//! Changing the files of a published volume.

use std::collections::BTreeMap;

use jiff::Timestamp;
use strongroom_core::ObjectName;

use crate::{
    source::load::Loader,
    volume::{
        Content, File, Image,
        image::default_mode,
        limits::LimitError,
        mount::{MountError, Mounted, Places},
        spec::{Source, VolumeSpec},
        tree::{Tree, TreeError, Written},
    },
};

/// Why the files of a published volume could not be changed. They are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// It is not mounted any more.
    #[error("the volume is not mounted")]
    Gone,
    /// It would be too large.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Its mounts cannot be looked at.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// Its files.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl RewriteError {
    /// Whether the same change may be written later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Gone | Self::Limit(_) => false,
            Self::Mount(_) | Self::Tree(_) => true,
        }
    }
}

/// Opens a published volume.
pub fn open(places: &Places) -> Result<Tree, RewriteError> {
    match places.inspect()? {
        Mounted::Both => Ok(Tree::open(&places.own)?),
        Mounted::TargetOnly => {
            places.adopt()?;
            Ok(Tree::open(&places.own)?)
        }
        Mounted::Nothing | Mounted::OwnOnly | Mounted::Foreign => Err(RewriteError::Gone),
    }
}

/// Writes `image` if it is not what the files hold.
pub fn replace(places: &Places, image: &Image, now: Timestamp) -> Result<Written, RewriteError> {
    Ok(open(places)?.write(image, now)?)
}

/// What the files should hold, given what they hold and what was fetched: the rest stays, but for modes and the trust
/// bundle, which cost nothing to bring up to date.
pub fn merged(
    current: Image,
    spec: &VolumeSpec,
    fetched: &BTreeMap<ObjectName, Content>,
    loader: &Loader,
) -> Image {
    let Image { mut files, group } = current;
    let watched = spec.watched();
    let bundle = loader.bundle().ok();
    let mut merged = Image {
        group,
        ..Image::default()
    };
    for wanted in &spec.files {
        let news = match &wanted.source {
            Source::TrustBundle => bundle.clone(),
            Source::Secret(object) if watched.get(&object.name) == Some(&object) => {
                fetched.get(&object.name).cloned()
            }
            Source::Secret(_) => None,
        };
        let kept = files.remove(&wanted.path).map(|file| file.content);
        if let Some(content) = news.or(kept) {
            let mode = wanted.mode.unwrap_or_else(|| default_mode(group));
            merged.files.insert(wanted.path.clone(), File { mode, content });
        }
    }
    merged
}
