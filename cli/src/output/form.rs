//! The forms of a document.

use jsonpath_rust::{JsonPath as _, parser::parse_json_path};
use serde_json::Value;

/// A form of a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Form {
    /// As JSON.
    #[default]
    Json,
    /// As YAML.
    Yaml,
    /// What a `JSONPath` (RFC 9535) finds: texts as they are, everything else as JSON, with a space between.
    Path(String),
}

/// A document cannot be written in a form.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormError {
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot be written as YAML: {0}")]
    Yaml(#[from] serde_saphyr::ser_error::Error),
    #[error("cannot be searched by the JSONPath: {0}")]
    Path(String),
}

impl Form {
    /// What a path finds, in the spelling of RFC 9535 (`$.items[*].name`) or in that of kubectl (`{.items[*].name}`).
    pub(super) fn path(text: &str) -> Result<Self, String> {
        let inner = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
            .unwrap_or(text);
        let path = if inner.starts_with('$') {
            inner.to_owned()
        } else if inner.starts_with(['.', '[']) {
            format!("${inner}")
        } else {
            format!("$.{inner}")
        };
        parse_json_path(&path).map_err(|_| {
            format!(
                "{text} is no JSONPath: write one as {{.items[*].name}}, or as $.items[*].name (RFC 9535)"
            )
        })?;
        Ok(Self::Path(path))
    }

    /// The document, which is JSON, in this form. Ends its last line.
    pub(crate) fn of(&self, json: &str) -> Result<String, FormError> {
        let value = || serde_json::from_str::<Value>(json);
        let mut text = match self {
            Self::Json => json.to_owned(),
            Self::Yaml => serde_saphyr::to_string(&value()?)?,
            Self::Path(path) => {
                let value = value()?;
                let found = value
                    .query(path)
                    .map_err(|error| FormError::Path(error.to_string()))?;
                let found = found.into_iter().map(|found| match found {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                found.collect::<Vec<_>>().join(" ")
            }
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"items":[{"name":"a","n":1},{"name":"b: c","n":null}]}"#;

    fn of(path: &str) -> String {
        Form::path(path).unwrap().of(DOCUMENT).unwrap()
    }

    #[test]
    fn a_path_in_either_spelling_finds_texts_and_numbers() {
        for path in [
            "{.items[*].name}",
            ".items[*].name",
            "items[*].name",
            "$.items[*].name",
        ] {
            assert_eq!(of(path), "a b: c\n", "{path}");
        }
        assert_eq!(of("{.items[0].n}"), "1\n");
        assert_eq!(of("{.nothing}"), "\n");
        assert_eq!(of("$.items[?@.n == 1].name"), "a\n");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "{", "$.items[", "{range .items[*]}{.name}{end}"] {
            assert!(Form::path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn yaml_is_the_same_document() {
        let yaml = Form::Yaml.of(DOCUMENT).unwrap();
        let back: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(DOCUMENT).unwrap(), "{yaml}");
    }
}
