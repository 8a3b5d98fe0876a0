//! Secrets of a file, in the forms that `strongroom dev --seed` reads.

use std::path::Path;

use strongroom_dev::seed;

use super::many::NamedSecret;
use crate::failure::SecretFailure;

/// What names a list of YAML or JSON.
const LISTS: [&str; 3] = ["yaml", "yml", "json"];

/// The secrets of a file, at least one.
pub(super) fn read(path: &Path) -> Result<Vec<NamedSecret>, SecretFailure> {
    let secrets: Vec<_> = seed::read(path)?
        .into_iter()
        .map(|seed| NamedSecret {
            name: seed.name,
            new: seed.secret,
        })
        .collect();
    if secrets.is_empty() {
        return Err(SecretFailure::NoSecrets(path.display().to_string()));
    }
    Ok(secrets)
}

/// The same of a file of lines NAME=VALUE alone.
pub(super) fn read_lines(path: &Path) -> Result<Vec<NamedSecret>, SecretFailure> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    if extension.is_some_and(|extension| LISTS.contains(&extension)) {
        return Err(SecretFailure::ListOfSecrets(path.to_owned()));
    }
    read(path)
}
