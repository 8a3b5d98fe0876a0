//! Times and durations, as people write them.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, civil::Date, tz::TimeZone};

/// Reads a date, a time, or how long from now, as seconds since 1970.
pub(super) fn time(text: &str) -> Result<i64, String> {
    time_from(text, Timestamp::now())
}

fn time_from(text: &str, now: Timestamp) -> Result<i64, String> {
    let wrong = || {
        "a time is a date as 2027-01-31, a time as 2027-01-31T12:00:00Z, or a time from now as 90d".to_owned()
    };
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_second());
    }
    if let Ok(length) = length(text.strip_prefix('+').unwrap_or(text)) {
        return now
            .checked_add(length)
            .map(Timestamp::as_second)
            .map_err(|_| wrong());
    }
    // A date is also read from a text with a time after it, which would be passed over.
    if text.len() != "2027-01-31".len() {
        return Err(wrong());
    }
    let date: Date = text.parse().map_err(|_| wrong())?;
    let begin = date.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    Ok(begin.timestamp().as_second())
}

/// Reads a duration, such as `30s`, `2m` or `90d`. A day has 24 hours.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a duration is a number with its unit, as 30s, 2m, 12h or 90d".to_owned();
    let length = length(text).map_err(|()| wrong())?;
    Duration::try_from(length).map_err(|_| wrong())
}

fn length(text: &str) -> Result<SignedDuration, ()> {
    let span: Span = text.parse().map_err(|_| ())?;
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| ())?;
    (length.is_positive() && !text.starts_with('-'))
        .then_some(length)
        .ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Result<i64, String> {
        time_from(text, Timestamp::from_second(1_000_000).unwrap())
    }

    #[test]
    fn a_date_is_its_midnight_in_utc_and_a_time_names_its_offset() {
        assert_eq!(at("1970-01-02"), Ok(86_400));
        assert_eq!(at("1970-01-02T00:00:01Z"), Ok(86_401));
        assert_eq!(at("1970-01-02T01:00:00+01:00"), Ok(86_400));
        for text in [
            "",
            "tomorrow",
            "1970-01",
            "1970-13-01",
            "86400",
            "1970-01-02T00:00:00",
            "19700102T00",
            "-90d",
            "0d",
            "1mo",
        ] {
            assert!(at(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_from_now_has_days_of_24_hours() {
        assert_eq!(at("90d"), Ok(1_000_000 + 90 * 86_400));
        assert_eq!(at("+90d"), Ok(1_000_000 + 90 * 86_400));
        assert_eq!(at("1h30m"), Ok(1_000_000 + 5_400));
    }

    #[test]
    fn a_duration_has_a_unit_and_is_more_than_nothing() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("2d"), Ok(Duration::from_hours(48)));
        for text in ["", "30", "-1s", "0s", "1y"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
