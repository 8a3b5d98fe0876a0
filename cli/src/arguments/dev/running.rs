//! What is asked of a `strongroom dev` that runs.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use strongroom_core::AccountName;
use strongroom_dev::faults::{Failing, FaultPlan};

use crate::arguments::{names, time};

/// Which one is meant.
#[derive(Debug, Args)]
pub(crate) struct RunningOptions {
    /// The URL of the vault of the one that is meant, where several run [default: the last that was started].
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The directory of `strongroom dev`, where it is not the usual one.
    #[arg(long, value_name = "DIR")]
    pub(crate) dev_dir: Option<PathBuf>,
}

/// What programs meet in the place of what they hope for.
#[derive(Debug, Args)]
pub(crate) struct FaultOptions {
    /// Answers a share of the requests with an error: 429, 500 or 503, and how many, such as 429:5%. May be repeated.
    #[arg(long, value_name = "STATUS:SHARE%")]
    pub(crate) fail: Vec<Failing>,
    /// Answers every request later by so much, such as 200ms.
    #[arg(long, value_name = "TIME", value_parser = time::duration)]
    pub(crate) latency: Option<Duration>,
    /// Has the same requests of a row fail each time; any number.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed_faults: Option<u64>,
}

impl FaultOptions {
    /// The faults that they mean.
    pub(crate) fn plan(self) -> FaultPlan {
        FaultPlan {
            fail: self.fail,
            latency: self.latency.unwrap_or_default(),
            seed: self.seed_faults,
            down: Duration::ZERO,
        }
    }
}

/// Faults from now on.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("faults").required(true).multiple(true).args(["fail", "latency", "down", "none"]))]
pub(crate) struct FaultArguments {
    #[command(flatten)]
    pub(crate) faults: FaultOptions,
    /// Answers every request with 503 for so long, such as 10s.
    #[arg(long, value_name = "TIME", value_parser = time::duration)]
    pub(crate) down: Option<Duration>,
    /// Makes no faults any more.
    #[arg(long, conflicts_with_all = ["fail", "latency", "down", "seed_faults"])]
    pub(crate) none: bool,
    #[command(flatten)]
    pub(crate) running: RunningOptions,
}

/// The time of the vaults.
#[derive(Debug, Args)]
pub(crate) struct TimeArguments {
    /// How far forward, such as +91d or +12h; `now` moves nothing, and prints the time.
    #[arg(value_name = "now|+TIME", value_parser = forward, allow_hyphen_values = true)]
    pub(crate) forward: Duration,
    #[command(flatten)]
    pub(crate) running: RunningOptions,
}

/// The files of a SecretRef.
#[derive(Debug, Args)]
pub(crate) struct FilesArguments {
    /// The SecretRef, of the files that the vault was started with: NAMESPACE/NAME, or NAME where only one has it.
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// The directory, which is the files' alone: it is made, or is empty, or holds such files.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The account of the pod that would mount it: NAMESPACE/NAME or NAMESPACE:NAME. Default: that which the SecretRef names.
    // The id is that of the global flag, which has this meaning here.
    #[arg(long = "as", id = "impersonate", value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    #[command(flatten)]
    pub(crate) running: RunningOptions,
}

impl FilesArguments {
    /// The account, if one is named.
    pub(crate) fn account(&self) -> Result<Option<AccountName>, String> {
        self.account.as_deref().map(names::account).transpose()
    }
}

/// A SecretRef and the directory of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilesOf {
    pub(crate) reference: String,
    pub(crate) directory: PathBuf,
}

/// Reads `REF=DIR`.
pub(super) fn files_of(text: &str) -> Result<FilesOf, String> {
    match text.split_once('=') {
        Some((reference, directory)) if !reference.is_empty() && !directory.is_empty() => Ok(FilesOf {
            reference: reference.to_owned(),
            directory: directory.into(),
        }),
        _ => Err("it is a SecretRef and a directory: NAMESPACE/NAME=DIR".to_owned()),
    }
}

/// Reads how far the time is to go.
fn forward(text: &str) -> Result<Duration, String> {
    if text == "now" {
        return Ok(Duration::ZERO);
    }
    if text.starts_with('-') {
        return Err("the time of a vault only moves forward, such as +91d".to_owned());
    }
    let length = text.strip_prefix('+').unwrap_or(text);
    time::duration(length).map_err(|_| "it is `now`, or how far forward, such as +91d or +12h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_forward_alone() {
        assert_eq!(forward("now"), Ok(Duration::ZERO));
        assert_eq!(forward("+91d"), Ok(Duration::from_hours(91 * 24)));
        assert_eq!(forward("12h"), Ok(Duration::from_hours(12)));
        assert!(forward("-1d").unwrap_err().contains("only moves forward"));
        assert!(forward("soon").is_err());
    }

    #[test]
    fn files_have_a_reference_and_a_directory() {
        let read = files_of("shop/db=./a=b").unwrap();
        assert_eq!(
            (read.reference.as_str(), read.directory.to_str()),
            ("shop/db", Some("./a=b"))
        );
        assert!(files_of("shop/db").is_err() && files_of("=a").is_err());
    }
}
