//! The files that answers make, or every file that they do not, in the SecretRef's order.

use std::collections::BTreeMap;

use strongroom_core::Version;
use strongroom_crds::secret_ref::TrustBundle;

use super::{FileFailure, Loaded, Reason};
use crate::volume::{
    Content, File, Image, Value,
    image::default_mode,
    spec::{Object, Source, VolumeSpec},
};

/// What the vault gave of an object, and the version that it is of.
pub(super) type Answer = Result<(Value, Option<Version>), Reason>;

pub(super) fn assemble(
    spec: &VolumeSpec,
    group: Option<u32>,
    answers: &BTreeMap<&Object, Answer>,
    bundle: impl Fn(TrustBundle) -> Result<Content, Reason>,
) -> Result<Loaded, Vec<FileFailure>> {
    let mut image = Image {
        group,
        ..Image::default()
    };
    let mut failures = Vec::new();
    for file in &spec.files {
        let content = match &file.source {
            Source::TrustBundle(wanted) => bundle(*wanted),
            Source::Secret(object)
            | Source::Decoded { object, .. }
            | Source::Certificate { object, .. }
            | Source::Key { object, .. } => content(&file.source, answers.get(object)),
        };
        match content {
            Ok(content) => {
                let mode = file.mode.unwrap_or_else(|| default_mode(group));
                image.files.insert(file.path.clone(), File { mode, content });
            }
            Err(reason) => failures.push(FileFailure {
                path: file.path.clone(),
                source: file.source.clone(),
                reason,
            }),
        }
    }
    if failures.is_empty() {
        Ok(Loaded {
            image,
            versions: versions(answers),
        })
    } else {
        Err(failures)
    }
}

fn content(source: &Source, answer: Option<&Answer>) -> Result<Content, Reason> {
    match answer {
        Some(Ok((value, _))) => Ok(source.content_of(value)?),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err(Reason::Closing),
    }
}

fn versions(answers: &BTreeMap<&Object, Answer>) -> BTreeMap<Object, Version> {
    let version = |(object, answer): (&&Object, &Answer)| {
        let (_, version) = answer.as_ref().ok()?;
        Some(((*object).clone(), (*version)?))
    };
    answers.iter().filter_map(version).collect()
}
