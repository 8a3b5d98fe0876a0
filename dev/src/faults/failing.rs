//! How often a request fails, and how: `429:5%`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A status, and the share of requests that get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Failing {
    status: u16,
    /// In hundredths of a percent.
    share: u32,
}

/// The text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FailingError {
    /// It has another form.
    #[error("a fault is a status and how many requests get it, such as 429:5% or 503:0.5%")]
    Form,
    /// A vault has no such error.
    #[error("a fault is 429, 500 or 503: what a client may meet at any time")]
    Status,
    /// It is not above 0 and at most 100, with two digits after the point.
    #[error("a share is above 0% and at most 100%, with at most two digits after the point")]
    Share,
}

impl Failing {
    /// The share of all requests.
    pub(super) const ALL: u32 = 10_000;

    /// The status that is answered.
    pub const fn status(self) -> u16 {
        self.status
    }

    /// In hundredths of a percent.
    pub(super) const fn share(self) -> u32 {
        self.share
    }
}

impl FromStr for Failing {
    type Err = FailingError;

    fn from_str(text: &str) -> Result<Self, FailingError> {
        let (status, share) = text.split_once(':').ok_or(FailingError::Form)?;
        let share = share.strip_suffix('%').ok_or(FailingError::Form)?;
        let status = status.parse().map_err(|_| FailingError::Form)?;
        if !matches!(status, 429 | 500 | 503) {
            return Err(FailingError::Status);
        }
        let (whole, part) = share.split_once('.').unwrap_or((share, "0"));
        let digits = |text: &str, most| {
            let is_number =
                (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().ok()).flatten()
        };
        let whole: u32 = digits(whole, 3).ok_or(FailingError::Share)?;
        let part: u32 = digits(&format!("{part:0<2}"), 2).ok_or(FailingError::Share)?;
        let share = whole * 100 + part;
        if (1..=Self::ALL).contains(&share) {
            Ok(Self { status, share })
        } else {
            Err(FailingError::Share)
        }
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.share / 100, self.share % 100);
        if part == 0 {
            write!(f, "{}:{whole}%", self.status)
        } else {
            write!(f, "{}:{whole}.{part:02}%", self.status)
        }
    }
}

impl TryFrom<String> for Failing {
    type Error = FailingError;

    fn try_from(text: String) -> Result<Self, FailingError> {
        text.parse()
    }
}

impl From<Failing> for String {
    fn from(failing: Failing) -> Self {
        failing.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_as_it_is_written_and_nothing_else_is_one() {
        for (text, shown) in [
            ("429:5%", "429:5%"),
            ("503:0.5%", "503:0.50%"),
            ("500:100%", "500:100%"),
            ("500:0.01%", "500:0.01%"),
        ] {
            let failing: Failing = text.parse().unwrap();
            assert_eq!(failing.to_string(), shown);
            assert_eq!(shown.parse(), Ok(failing));
        }
        for (text, error) in [
            ("429", FailingError::Form),
            ("429:5", FailingError::Form),
            ("x:5%", FailingError::Form),
            ("404:5%", FailingError::Status),
            ("429:0%", FailingError::Share),
            ("429:101%", FailingError::Share),
            ("429:-1%", FailingError::Share),
            ("429:0.001%", FailingError::Share),
        ] {
            assert_eq!(text.parse::<Failing>(), Err(error), "{text}");
        }
    }
}
