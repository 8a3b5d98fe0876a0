//! What is known about a version beside what it holds: the same of every kind of object.

use std::collections::BTreeMap;

use clap::Args;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use strongroom_client::vault::NewAttributes;

/// Labels, dates and state of a version.
#[derive(Debug, Args)]
pub(crate) struct About {
    /// A label, as KEY=VALUE; may be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// When the version ends: a date (its midnight in UTC), or a time as `2027-01-31T12:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires: Option<i64>,
    /// When the version begins, in the same form.
    #[arg(long, value_name = "TIME", value_parser = time)]
    not_before: Option<i64>,
    /// Makes the version unusable until it is enabled.
    #[arg(long)]
    disabled: bool,
}

impl About {
    /// The attributes of a new version, which is enabled unless it is said to be disabled.
    pub(crate) fn of_new(&self) -> NewAttributes {
        self.attributes(Some(!self.disabled))
    }

    /// The labels, where there are any.
    pub(crate) fn tags(&self) -> Option<BTreeMap<String, String>> {
        let tags: BTreeMap<_, _> = self.tags.iter().cloned().collect();
        (!tags.is_empty()).then_some(tags)
    }

    const fn attributes(&self, enabled: Option<bool>) -> NewAttributes {
        NewAttributes {
            enabled,
            nbf: self.not_before,
            exp: self.expires,
        }
    }
}

/// A change of what is known about a version. What is not named stays.
#[derive(Debug, Args)]
pub(crate) struct AboutChange {
    #[command(flatten)]
    about: About,
    /// Makes the version usable again.
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
}

impl AboutChange {
    /// The attributes that are to change.
    pub(crate) fn attributes(&self) -> NewAttributes {
        let enabled = (self.enabled || self.about.disabled).then_some(self.enabled);
        self.about.attributes(enabled)
    }

    /// The labels that take the place of the old ones.
    pub(crate) fn tags(&self) -> Option<BTreeMap<String, String>> {
        self.about.tags()
    }
}

/// Reads a label.
pub(super) fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a tag is KEY=VALUE".to_owned()),
    }
}

/// Reads a date or a time, as seconds since 1970.
fn time(text: &str) -> Result<i64, String> {
    let wrong = || "a time is a date as 2027-01-31, or as 2027-01-31T12:00:00Z".to_owned();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_second());
    }
    // A date is also read from a text with a time after it, which would be passed over.
    if text.len() != "2027-01-31".len() {
        return Err(wrong());
    }
    let date: Date = text.parse().map_err(|_| wrong())?;
    let begin = date.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    Ok(begin.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_midnight_in_utc_and_a_time_names_its_offset() {
        assert_eq!(time("1970-01-02"), Ok(86_400));
        assert_eq!(time("1970-01-02T00:00:01Z"), Ok(86_401));
        assert_eq!(time("1970-01-02T01:00:00+01:00"), Ok(86_400));
        for text in [
            "",
            "tomorrow",
            "1970-01",
            "1970-13-01",
            "86400",
            "1970-01-02T00:00:00",
            "19700102T00",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tag_has_a_name() {
        assert_eq!(tag("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        for text in ["", "a", "=b"] {
            assert!(tag(text).is_err(), "{text}");
        }
    }
}
