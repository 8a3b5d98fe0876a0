//! Secrets that are there from the beginning.
//!
//! A file of YAML is a list, in which each secret has one source of its value:
//!
//! ```yaml
//! - {name: db-password, value: not-so-secret}
//! - {name: api-key, valueFrom: {env: API_KEY}, contentType: text/plain}
//! - {name: tls-key, valueFrom: {file: key.pem}, expires: +30d, tags: {team: a}}
//! - {name: session-key, valueFrom: {generate: 32}, enabled: false}
//! ```
//!
//! Any other file has lines `NAME=VALUE`, as tools read an environment; an underscore of a name becomes a dash, since a vault
//! has none.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;
use strongroom_client::vault::{NewAttributes, NewSecret, SecretChange};
use strongroom_core::{ObjectName, quoted};
use zeroize::Zeroizing;

use crate::place::read_bounded;

/// The longest file that is read, in bytes: a snapshot of many secrets is long.
const MAX_FILE: u64 = 64 << 20;

/// The most random bytes of a generated value.
const MOST_GENERATED: usize = 1024;

/// Why there is no such secret.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Read { path: PathBuf, source: io::Error },
    /// The file is none of seeds.
    #[error("{} is no list of secrets: {reason}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Form { path: PathBuf, reason: String },
    /// One of the secrets.
    #[error("{}: {secret}: {reason}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Secret {
        path: PathBuf,
        secret: String,
        reason: String,
    },
}

/// A secret as a file has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    name: String,
    value: Option<SecretString>,
    value_from: Option<Source>,
    content_type: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    expires: Option<String>,
    not_before: Option<String>,
    enabled: Option<bool>,
}

/// Where a value comes from.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Source {
    /// The variable of this name.
    Env(String),
    /// A file, beside the file of seeds unless its path says otherwise.
    File(PathBuf),
    /// So many random bytes, in base64url.
    Generate(usize),
}

/// A secret that is to be there.
#[derive(Debug)]
pub struct Seed {
    /// Its name.
    pub name: ObjectName,
    /// Everything else.
    pub secret: NewSecret,
}

/// The secrets of a file, which are read before anything starts. A value that no source gives is an error.
///
/// # Errors
/// The first that goes wrong.
pub fn read(path: &Path) -> Result<Vec<Seed>, SeedError> {
    let text = Zeroizing::new(contents(path).map_err(|source| SeedError::Read {
        path: path.to_owned(),
        source,
    })?);
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("yaml" | "yml" | "json") => from_yaml(path, &text),
        _ => from_lines(path, &text),
    }
}

/// Whether values stand in a file, which is then as secret as they are. No of one that cannot be read.
pub fn has_literal_values(path: &Path) -> bool {
    let Ok(text) = contents(path).map(Zeroizing::new) else {
        return false;
    };
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("yaml" | "yml" | "json") => {
            let read = serde_saphyr::from_str::<Option<Vec<Written>>>(&text);
            let seeds = read.ok().flatten().unwrap_or_default();
            seeds.iter().any(|written| written.value.is_some())
        }
        // A line without a value is an error.
        _ => from_lines(path, &text).is_ok_and(|seeds| !seeds.is_empty()),
    }
}

/// What a file holds, if that is as little as a secret may be.
fn contents(path: &Path) -> io::Result<String> {
    read_bounded(fs::File::open(path)?, MAX_FILE)
}

fn from_yaml(path: &Path, text: &str) -> Result<Vec<Seed>, SeedError> {
    let read: Option<Vec<Written>> = serde_saphyr::from_str(text).map_err(|error| SeedError::Form {
        path: path.to_owned(),
        // What the parser says may quote a value.
        reason: match error.location() {
            Some(location) => format!("line {} cannot be read", location.line()),
            None => "it cannot be read".to_owned(),
        },
    })?;
    let seeds = read.unwrap_or_default().into_iter().map(|written| {
        let secret = quoted(&written.name);
        seed(path, written).map_err(|reason| SeedError::Secret {
            path: path.to_owned(),
            secret,
            reason,
        })
    });
    seeds.collect()
}

fn from_lines(path: &Path, text: &str) -> Result<Vec<Seed>, SeedError> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // What is wrong is not repeated: it may be a part of a value.
        let seed = from_line(line).map_err(|reason| SeedError::Form {
            path: path.to_owned(),
            reason: format!("line {}: {reason}", number + 1),
        })?;
        found.push(seed);
    }
    Ok(found)
}

fn from_line(line: &str) -> Result<Seed, &'static str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("it is not NAME=VALUE")?;
    let name = name.trim().replace('_', "-");
    Ok(Seed {
        name: name.parse().map_err(|_| "no secret can have that name")?,
        secret: NewSecret {
            value: unquoted(value.trim())?.into(),
            about: SecretChange::default(),
        },
    })
}

/// A value without the quotes around it. A quote in single quotes is written as a shell has it, `'\\''`.
fn unquoted(value: &str) -> Result<String, &'static str> {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote) {
            let inner = inner
                .strip_suffix(quote)
                .ok_or("its quotes do not end: a value has one line")?;
            let inner = match quote {
                '\'' => inner.replace("'\\''", "\u{0}"),
                _ => inner.to_owned(),
            };
            if inner.contains(quote) {
                return Err("there is a quote within its quotes");
            }
            return Ok(inner.replace('\u{0}', "'"));
        }
    }
    Ok(value.to_owned())
}

fn seed(path: &Path, written: Written) -> Result<Seed, String> {
    let value = match (written.value, written.value_from) {
        (Some(value), None) => value,
        (None, Some(source)) => value_of(path, source)?,
        (Some(_), Some(_)) | (None, None) => {
            return Err("exactly one of value and valueFrom says what it is".to_owned());
        }
    };
    let attributes = NewAttributes {
        enabled: written.enabled,
        nbf: written.not_before.as_deref().map(time).transpose()?,
        exp: written.expires.as_deref().map(time).transpose()?,
    };
    Ok(Seed {
        name: written.name.parse().map_err(|error| format!("{error}"))?,
        secret: NewSecret {
            value,
            about: SecretChange {
                content_type: written.content_type,
                attributes,
                tags: Some(written.tags),
            },
        },
    })
}

fn value_of(path: &Path, source: Source) -> Result<SecretString, String> {
    match source {
        Source::Env(name) => match env::var(&name) {
            Ok(value) => Ok(value.into()),
            Err(_) => Err(format!("the variable {name} is not set, or is no text")),
        },
        Source::File(file) => {
            let beside = path.parent().unwrap_or(Path::new(".")).join(&file);
            match contents(&beside) {
                Ok(value) => Ok(value.into()),
                Err(error) => Err(format!("cannot read {}: {error}", beside.display())),
            }
        }
        Source::Generate(count) if (1..=MOST_GENERATED).contains(&count) => {
            let mut bytes = vec![0; count];
            rand::fill(&mut bytes).map_err(|_| "no random bytes can be had".to_owned())?;
            Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes).into())
        }
        Source::Generate(_) => Err("generate is a number of bytes from 1 to 1024".to_owned()),
    }
}

/// Seconds since 1970 of a time: `+30d` and the like from now, or as RFC 3339 has it.
fn time(text: &str) -> Result<i64, String> {
    let form = || format!("{} is no time: write +30d, or 2027-01-31T00:00:00Z", quoted(text));
    match text.strip_prefix('+') {
        Some(period) => {
            let span: Span = period.parse().map_err(|_| form())?;
            let duration: SignedDuration = span
                .to_duration(SpanRelativeTo::days_are_24_hours())
                .map_err(|_| form())?;
            Ok(Timestamp::now().as_second().saturating_add(duration.as_secs()))
        }
        None => text
            .parse::<Timestamp>()
            .map(Timestamp::as_second)
            .map_err(|_| form()),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn of(name: &str, text: &str) -> Result<Vec<(String, String)>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        let seeds =
            read(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), name))?;
        let shown = |seed: Seed| {
            (
                seed.name.spelling().to_owned(),
                seed.secret.value.expose_secret().to_owned(),
            )
        };
        Ok(seeds.into_iter().map(shown).collect())
    }

    #[test]
    fn lines_are_names_with_dashes_and_values_without_their_quotes() {
        let text = "# a comment\n\nexport DB_PASSWORD=\"a b\"\nKEY=x=y\nSINGLE='q'\n";
        let pairs = [("DB-PASSWORD", "a b"), ("KEY", "x=y"), ("SINGLE", "q")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(of(".env", text), Ok(pairs.to_vec()));
    }

    #[test]
    fn only_a_file_with_values_in_it_is_as_secret_as_they_are() {
        let directory = tempfile::tempdir().unwrap();
        for (name, text, has_values) in [
            ("a.yaml", "- {name: a, valueFrom: {env: A}}", false),
            (
                "b.yaml",
                "- {name: a, valueFrom: {env: A}}\n- {name: b, value: c}",
                true,
            ),
            ("c.env", "# nothing yet\n", false),
            ("d.env", "A=1\n", true),
        ] {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            assert_eq!(has_literal_values(&path), has_values, "{name}");
        }
        assert!(!has_literal_values(&directory.path().join("missing.yaml")));
    }

    #[test]
    fn what_is_wrong_is_said_by_its_place_and_no_value_is_repeated() {
        for (name, text, said) in [
            (
                "a.env",
                "A=1\nCANARY\n",
                "a.env is no list of secrets: line 2: it is not NAME=VALUE",
            ),
            (
                "a.env",
                "A=\"CANARY\nCANARY==\"",
                "a.env is no list of secrets: line 1: its quotes do not end: a value has one line",
            ),
            (
                "a.env",
                "CAN ARY=1",
                "a.env is no list of secrets: line 1: no secret can have that name",
            ),
            (
                "a.yaml",
                "- {name: a, value: CANARY",
                "a.yaml is no list of secrets: line 1 cannot be read",
            ),
            (
                "a.yaml",
                "- {name: a, value: CANARY, valueFrom: {env: X}}",
                "a.yaml: a: exactly one of value and valueFrom says what it is",
            ),
            (
                "a.yaml",
                "- {name: a, valueFrom: {env: STRONGROOM_NOT_SET}}",
                "a.yaml: a: the variable STRONGROOM_NOT_SET is not set, or is no text",
            ),
            (
                "a.yaml",
                "- {name: a, value: b, expires: soon}",
                "a.yaml: a: soon is no time: write +30d, or 2027-01-31T00:00:00Z",
            ),
        ] {
            assert_eq!(of(name, text), Err(said.to_owned()), "{text}");
        }
    }
}
