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
            Source::TrustBundle(wanted) => bundle(*wanted).map_err(|reason| (None, reason)),
            Source::Secret(_)
            | Source::Decoded { .. }
            | Source::Certificate { .. }
            | Source::Store { .. }
            | Source::Key { .. } => content(&file.source, answers),
        };
        match content {
            Ok(content) => {
                let mode = file.mode.unwrap_or_else(|| default_mode(group));
                image.files.insert(file.path.clone(), File { mode, content });
            }
            Err((object, reason)) => failures.push(FileFailure {
                path: file.path.clone(),
                object: object.cloned(),
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

/// What the source makes of the answers, or the first object that keeps it from being made, and why.
fn content<'a>(
    source: &'a Source,
    answers: &BTreeMap<&Object, Answer>,
) -> Result<Content, (Option<&'a Object>, Reason)> {
    let mut given = Vec::new();
    for object in source.objects() {
        match answers.get(object) {
            Some(Ok((value, version))) => given.push((value, *version)),
            Some(Err(reason)) => return Err((Some(object), reason.clone())),
            None => return Err((Some(object), Reason::Closing)),
        }
    }
    let content = source.content_of(&given);
    content.map_err(|error| (source.at_fault(&error), error.into()))
}

fn versions(answers: &BTreeMap<&Object, Answer>) -> BTreeMap<Object, Version> {
    let version = |(object, answer): (&&Object, &Answer)| {
        let (_, version) = answer.as_ref().ok()?;
        Some(((*object).clone(), (*version)?))
    };
    answers.iter().filter_map(version).collect()
}
