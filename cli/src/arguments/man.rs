//! `strongroom man`.

use std::path::PathBuf;

use clap::Args;

/// What `strongroom man --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  strongroom man --dir ~/.local/share/man/man1
  strongroom man --dir ./man && man ./man/strongroom-secret-set.1
  strongroom man --dir /usr/local/share/man/man1 --quiet";

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The directory to write them into, which is made if need be. Pages that are there are replaced.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
}
