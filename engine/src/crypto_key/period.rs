//! Periods of the calendar, as a rotation policy names them (ISO 8601: `P18M`, `P30D`).

use std::{fmt, str::FromStr};

use jiff::{Span, tz::TimeZone};
use strongroom_core::Timestamp;

/// The text is none of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period is P with years, months, weeks or days, as P18M or P30D")]
pub struct PeriodError;

/// The most of a unit: more than a century of the shortest.
const MOST: u32 = 99_999;

/// A period of whole days, kept as it was written: `P2M` is not `P60D`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    text: Box<str>,
    years: u32,
    months: u32,
    days: u32,
}

impl Period {
    /// This many days.
    pub fn of_days(days: u32) -> Self {
        Self {
            text: format!("P{days}D").into(),
            years: 0,
            months: 0,
            days,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many days it has at least: a month may have 28, a year 365.
    pub const fn least_days(&self) -> u64 {
        self.years as u64 * 365 + self.months as u64 * 28 + self.days as u64
    }

    /// How many days it has at most.
    pub const fn most_days(&self) -> u64 {
        self.years as u64 * 366 + self.months as u64 * 31 + self.days as u64
    }

    /// The time that lies the period after `time`, by the calendar of UTC; none beyond the last year that it has.
    pub fn after(&self, time: Timestamp) -> Option<Timestamp> {
        self.from(time, 1)
    }

    /// The time that lies the period before `time`; none before 1970.
    pub fn before(&self, time: Timestamp) -> Option<Timestamp> {
        self.from(time, -1)
    }

    fn from(&self, time: Timestamp, sign: i64) -> Option<Timestamp> {
        let span = Span::new()
            .try_years(sign * i64::from(self.years))
            .and_then(|span| span.try_months(sign * i64::from(self.months)))
            .and_then(|span| span.try_days(sign * i64::from(self.days)))
            .ok()?;
        let seconds = i64::try_from(time.unix()).ok()?;
        let begin = jiff::Timestamp::from_second(seconds)
            .ok()?
            .to_zoned(TimeZone::UTC);
        let end = begin.checked_add(span).ok()?.timestamp().as_second();
        u64::try_from(end).ok().map(Timestamp::from_unix)
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let mut rest = text.strip_prefix('P').ok_or(PeriodError)?;
        let (mut period, mut units) = (Self::of_days(0), "YMWD");
        if rest.is_empty() {
            return Err(PeriodError);
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at(digits);
            let number: u32 = number.parse().map_err(|_| PeriodError)?;
            let unit = after.chars().next().ok_or(PeriodError)?;
            // Each unit once, and in this order.
            let (_, later) = units.split_once(unit).ok_or(PeriodError)?;
            if number > MOST {
                return Err(PeriodError);
            }
            match unit {
                'Y' => period.years = number,
                'M' => period.months = number,
                'W' => period.days = number * 7,
                _ => period.days += number,
            }
            (units, rest) = (later, after.get(1..).unwrap_or_default());
        }
        if period.most_days() == 0 {
            return Err(PeriodError);
        }
        period.text = text.into();
        Ok(period)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let time: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_unix(u64::try_from(time.as_second()).unwrap())
    }

    #[test]
    fn a_period_is_read_as_it_is_written_and_follows_the_calendar() {
        for (text, after) in [
            ("P90D", "2024-04-30T12:00:00Z"),
            ("P1M", "2024-02-29T12:00:00Z"),
            ("P18M", "2025-07-31T12:00:00Z"),
            ("P1Y2M3W4D", "2025-04-25T12:00:00Z"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.to_string(), text);
            assert_eq!(
                period.after(at("2024-01-31T12:00:00Z")),
                Some(at(after)),
                "{text}"
            );
        }
        let period: Period = "P1M".parse().unwrap();
        assert_eq!(
            period.before(at("2024-03-31T00:00:00Z")),
            Some(at("2024-02-29T00:00:00Z"))
        );
        assert_eq!(period.before(Timestamp::from_unix(60)), None);
        assert_eq!(period.after(Timestamp::from_unix(u64::MAX)), None);
    }

    #[test]
    fn what_is_no_period_of_days_is_refused() {
        for text in [
            "",
            "P",
            "30D",
            "P30",
            "PD",
            "P-1D",
            "P1D1M",
            "P1D1D",
            "PT1H",
            "P1DT1H",
            "p30d",
            "P0D",
            "P1.5D",
            "P100000D",
            "P99999999999D",
            "P1Ä",
        ] {
            assert_eq!(text.parse::<Period>(), Err(PeriodError), "{text}");
        }
    }
}
