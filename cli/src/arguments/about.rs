//! What is known about a version beside what it holds: the same of every kind of object.

use std::collections::BTreeMap;

use clap::Args;
use strongroom_client::vault::NewAttributes;

use super::time::time;

/// Labels and dates of a version.
#[derive(Debug, Args)]
struct Details {
    /// A label, as KEY=VALUE; may be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// When the version ends: a date (its midnight in UTC), a time as `2027-01-31T12:00:00Z`, or 90d from now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires: Option<i64>,
    /// When the version begins, in the same form.
    #[arg(long, value_name = "TIME", value_parser = time)]
    not_before: Option<i64>,
}

impl Details {
    const fn attributes(&self, enabled: Option<bool>) -> NewAttributes {
        NewAttributes {
            enabled,
            nbf: self.not_before,
            exp: self.expires,
        }
    }

    /// The labels, where there are any.
    fn tags(&self) -> Option<BTreeMap<String, String>> {
        let tags: BTreeMap<_, _> = self.tags.iter().cloned().collect();
        (!tags.is_empty()).then_some(tags)
    }
}

/// Labels, dates and state of a new version.
#[derive(Debug, Args)]
pub(crate) struct About {
    #[command(flatten)]
    details: Details,
    /// Makes the version unusable until it is enabled.
    #[arg(long)]
    disabled: bool,
}

impl About {
    /// The attributes of a new version, which is enabled unless it is said to be disabled.
    pub(crate) const fn of_new(&self) -> NewAttributes {
        self.details.attributes(Some(!self.disabled))
    }

    /// The labels, where there are any.
    pub(crate) fn tags(&self) -> Option<BTreeMap<String, String>> {
        self.details.tags()
    }
}

/// A change of what is known about a version. What is not named stays.
#[derive(Debug, Args)]
pub(crate) struct AboutChange {
    #[command(flatten)]
    details: Details,
    /// Makes the version usable again.
    #[arg(long, visible_alias = "enabled", conflicts_with = "disable")]
    enable: bool,
    /// Makes the version unusable until it is enabled.
    #[arg(long, visible_alias = "disabled")]
    disable: bool,
}

impl AboutChange {
    /// The attributes that are to change.
    pub(crate) fn attributes(&self) -> NewAttributes {
        let enabled = (self.enable || self.disable).then_some(self.enable);
        self.details.attributes(enabled)
    }

    /// The labels that take the place of the old ones.
    pub(crate) fn tags(&self) -> Option<BTreeMap<String, String>> {
        self.details.tags()
    }
}

/// Reads a label.
pub(super) fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a tag is KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_a_name() {
        assert_eq!(tag("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        for text in ["", "a", "=b"] {
            assert!(tag(text).is_err(), "{text}");
        }
    }
}
