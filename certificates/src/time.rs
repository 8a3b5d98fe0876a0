//! Times: seconds since 1970 in UTC, their calendar, and their forms in DER (RFC 5280, 4.1.2.5).

use std::time::Duration;

use der::{DateTime, Tag, Tagged, asn1::Any};
use x509_cert::time::Time;

const DAY: i64 = 24 * 60 * 60;

/// How long before its issue a certificate becomes valid, in seconds, for clocks that are late. It is Azure's value.
pub const BACKDATING: i64 = 600;

/// The time so many calendar months later. The day is the last one of the month where the month is too short.
pub fn months_after(time: i64, months: u32) -> i64 {
    let (year, month, day) = date_of_day(time.div_euclid(DAY));
    let month = year * 12 + (month - 1) + i64::from(months);
    let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
    let day = day.min(days_of_month(year, month));
    day_of_date(year, month, day)
        .saturating_mul(DAY)
        .saturating_add(time.rem_euclid(DAY))
}

/// How many calendar months make up the time between, rounded up.
pub fn months_between(from: i64, to: i64) -> u32 {
    let months_of = |time: i64| {
        let (year, month, _) = date_of_day(time.div_euclid(DAY));
        year * 12 + month
    };
    let whole = u32::try_from(months_of(to) - months_of(from)).unwrap_or(0);
    if months_after(from, whole) < to {
        whole.saturating_add(1)
    } else {
        whole
    }
}

/// A time in DER: `UTCTime` until 2049, `GeneralizedTime` after. None of a time before 1970 or after 9999.
pub(crate) fn to_der(time: i64) -> Option<Time> {
    let since_1970 = Duration::from_secs(u64::try_from(time).ok()?);
    DateTime::from_unix_duration(since_1970).ok().map(Time::from)
}

/// Reads either form, also as certificates have it that keep no rules: without seconds, or with fractions of them.
pub(crate) fn from_der(value: &Any) -> Option<i64> {
    let text = std::str::from_utf8(value.value()).ok()?;
    let text = text.strip_suffix('Z')?;
    let (year, rest) = match value.tag() {
        Tag::UtcTime => {
            let (year, rest) = number(text, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        Tag::GeneralizedTime => number(text, 4)?,
        _ => return None,
    };
    let (month, rest) = number(rest, 2)?;
    let (day, rest) = number(rest, 2)?;
    let (hour, rest) = number(rest, 2)?;
    let (minute, rest) = number(rest, 2)?;
    let second = match rest {
        "" => 0,
        _ => number(rest, 2).filter(|(_, rest)| is_fraction(rest))?.0,
    };
    let is_time = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    is_time.then(|| day_of_date(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

fn is_fraction(text: &str) -> bool {
    let digits = text.strip_prefix('.').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && (text.is_empty() || digits.len() < text.len())
}

fn number(text: &str, digits: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((number.parse().ok().filter(|_| is_number)?, rest))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970 to a date of the Gregorian calendar. Years are counted from March here, so that the leap day is the
/// last of a year.
fn day_of_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The reverse of [`day_of_date`]: year, month and day.
fn date_of_day(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month < 3);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        from_der(&Any::new(Tag::GeneralizedTime, text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        for (from, months, to) in [
            ("20230131120000Z", 1, "20230228120000Z"),
            ("20240131120000Z", 1, "20240229120000Z"),
            ("20240229000001Z", 12, "20250228000001Z"),
            ("20241130235959Z", 3, "20250228235959Z"),
            ("20241231000000Z", 0, "20241231000000Z"),
            ("20200101000000Z", 1200, "21200101000000Z"),
        ] {
            assert_eq!(months_after(at(from), months), at(to), "{from}");
        }
    }

    #[test]
    fn months_between_are_rounded_up() {
        for (from, to, months) in [
            ("20240101000000Z", "20250101000000Z", 12),
            ("20240101000000Z", "20250101000001Z", 13),
            ("20240131000000Z", "20240229000000Z", 1),
            ("20240102000000Z", "20240201000000Z", 1),
            ("20240101000000Z", "20240101000000Z", 0),
            ("20240201000000Z", "20240101000000Z", 0),
            ("20240101000000Z", "21231208000000Z", 1200),
        ] {
            assert_eq!(months_between(at(from), at(to)), months, "{from} {to}");
        }
    }

    #[test]
    fn times_are_read_in_either_form() {
        let utc = |text: &str| from_der(&Any::new(Tag::UtcTime, text.as_bytes()).unwrap());
        assert_eq!(utc("700101000000Z"), Some(0));
        assert_eq!(utc("491231235959Z"), Some(at("20491231235959Z")));
        assert_eq!(utc("500101000000Z"), Some(at("19500101000000Z")));
        assert_eq!(utc("2401010000Z"), Some(at("20240101000000Z")));
        assert_eq!(at("99991231235959Z"), 253_402_300_799);
        assert_eq!(at("20240101000000.5Z"), at("20240101000000Z"));
        for bad in [
            "",
            "Z",
            "240101000000",
            "240001000000Z",
            "240132000000Z",
            "230229000000Z",
            "240101240000Z",
            "24010100000xZ",
            "+40101000000Z",
            "240101000000.Z0",
            "2401010000005Z",
        ] {
            assert_eq!(utc(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_time_in_der_is_the_same_time(time in 0..253_402_300_800_i64) {
            let der = to_der(time).unwrap();
            prop_assert_eq!(from_der(&Any::encode_from(&der).unwrap()), Some(time));
            prop_assert_eq!(matches!(der, Time::UtcTime(_)), time < at("20500101000000Z"));
        }

        #[test]
        fn months_added_are_months_between(time in 0..100_000_000_000_i64, months in 0..2000_u32) {
            prop_assert_eq!(months_between(time, months_after(time, months)), months);
        }
    }

    #[test]
    fn times_that_der_cannot_have_have_none() {
        assert!(to_der(-1).is_none());
        assert!(to_der(253_402_300_800).is_none());
    }
}
