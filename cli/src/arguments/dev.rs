//! `strongroom dev`.

mod reach;
mod running;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand};
use strongroom_core::AccountName;

use super::names;
pub(crate) use reach::ReachOptions;
pub(crate) use running::{
    FaultArguments, FaultOptions, FilesArguments, FilesOf, RunningOptions, TimeArguments,
};

/// What `strongroom dev --help` begins with.
pub(super) const HELP: &str = "\
Runs a vault on this machine, without a cluster: for development and tests.

The servers are those of production, in one process, on loopback. Any Azure SDK uses the vault with its own verification on, by \
environment alone: `strongroom dev run -- PROGRAM` sets it, and `strongroom dev env` prints it. With the manifests of a deployment \
(-f), a program gets what its account would get in the cluster, and a 403 where it would be refused there.

The objects are in memory unless --data names a directory. No file of the system is changed.";

/// A vault on this machine.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct DevArguments {
    #[command(subcommand)]
    pub(crate) command: Option<DevCommand>,
    #[command(flatten)]
    pub(crate) options: DevOptions,
    #[command(flatten)]
    pub(crate) stay: StayOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DevCommand {
    /// Starts a vault, runs a program that finds it by its environment, and ends with it.
    ///
    /// The program is the account that --as names, and gets what policy lets that account have. Exits with the program's code.
    Run {
        #[command(flatten)]
        options: Box<DevOptions>,
        #[command(flatten)]
        faults: FaultOptions,
        /// Keeps the files of a SecretRef in a directory while the program runs, as a pod's volume would have them. May be repeated.
        #[arg(long, value_name = "REF=DIR", value_parser = running::files_of)]
        files: Vec<FilesOf>,
        /// Writes the requests that the vault answers into a file; --verbose shows them on standard error.
        #[arg(long, value_name = "FILE")]
        log: Option<PathBuf>,
        /// The program and its arguments.
        #[arg(last = true, required = true, value_name = "PROGRAM")]
        program: Vec<OsString>,
    },
    /// Prints the environment of the vault that runs, for the account that it was started with.
    ///
    /// Among the variables is the token of the account, so that nothing is printed on a terminal unless --show says so.
    Env {
        /// Writes lines NAME=VALUE to a file that you alone can read, in the place of lines for a shell.
        #[arg(long, value_name = "FILE")]
        dotenv: Option<PathBuf>,
        /// Prints on a terminal, too.
        #[arg(long)]
        show: bool,
        #[command(flatten)]
        running: RunningOptions,
    },
    /// Sets the secrets of files in the vault that runs, as --seed does at its start.
    ///
    /// What is there already stays. It is done as the account that the vault was started with.
    Seed {
        /// A file of YAML, or of lines NAME=VALUE.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        running: RunningOptions,
    },
    /// Writes the secrets of the vault that runs to a file that --seed reads.
    ///
    /// The file holds the values, and you alone can read it. The account that the vault was started with must be allowed to list and
    /// get them. Of each secret the newest version is in it; keys and certificates, whose private parts stay in the vault, are not,
    /// and neither is the value of a secret that is disabled.
    Snapshot {
        /// The file, whose name ends in .yaml.
        #[arg(value_name = "FILE", value_parser = snapshot_file)]
        file: PathBuf,
        /// Takes the place of a file that is there.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        running: RunningOptions,
    },
    /// Deletes and purges everything in the vault that runs, as far as its account may.
    Reset {
        /// Does not ask.
        #[arg(long, short = 'y')]
        yes: bool,
        #[command(flatten)]
        running: RunningOptions,
    },
    /// Has this system, its browsers and its Java trust the authority of this machine.
    ///
    /// Programs that `strongroom dev` gives their environment need none of it. The authority can sign for names of this machine alone.
    /// The commands are shown, and run once you agree; those for root go through sudo.
    Trust {
        /// Takes it back.
        #[arg(long)]
        uninstall: bool,
        /// Prints the commands, and runs none.
        #[arg(long, conflicts_with = "yes")]
        print: bool,
        /// Does not ask.
        #[arg(long, short = 'y')]
        yes: bool,
        /// The directory of `strongroom dev`, where it is not the usual one.
        #[arg(long, value_name = "DIR")]
        dev_dir: Option<PathBuf>,
    },
    /// Makes requests fail on purpose, from now on, and no others than these.
    ///
    /// A fault never comes to the vault, so that it is in no audit log. Its answer has the form of the vault's own errors.
    Fault(FaultArguments),
    /// Keeps the files of a SecretRef in a directory until Ctrl-C, as a pod's volume would have them.
    ///
    /// By the node driver's own code: the files change in one moment, within a second of the secret. They stay when the command ends.
    Files(FilesArguments),
    /// Says what runs: its vaults, their time, and the faults that they make.
    Status(RunningOptions),
    /// Ends the vault that runs, and waits until it has ended.
    Stop(RunningOptions),
    /// Moves the time of the vaults forward, so that what expires, rotates or renews can be seen.
    ///
    /// Time only moves forward, until the vault ends. Programs keep the machine's time: one that keeps a token in memory which is over
    /// then gets 401, and logs in again or is to be started again.
    Time(TimeArguments),
}

/// A file that is read again as YAML.
fn snapshot_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => Ok(path),
        _ => Err("its name must end in .yaml, by which it is read again".to_owned()),
    }
}

/// What is to run.
#[derive(Debug, Args)]
pub(crate) struct DevOptions {
    /// A manifest with a Vault, AccessPolicy or SecretRef, as a cluster has it, or a directory of such; `-` is standard input. May
    /// be repeated. Without one there is a vault `dev` in which every account may do everything.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) filename: Vec<PathBuf>,
    /// Secrets that are to be there: a file of YAML, or of lines NAME=VALUE. What is there already stays. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Vec<PathBuf>,
    /// The account that a program is: NAMESPACE/NAME or NAMESPACE:NAME. Default: `default` of the vault's namespace.
    // The id is that of the global flag, which has this meaning here.
    #[arg(long = "as", id = "impersonate", value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Keeps the objects in a directory, with the key that opens them. Without it they are in memory, and gone at the end.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The port of the vault [default: 8443 or the next that is free; with `run` one that is free].
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Takes any client secret for that of the account that the client id names (NAMESPACE:NAME), or else of --as. Every user of
    /// this machine can be any account then.
    #[arg(long)]
    pub(crate) accept_any_secret: bool,
    /// The directory that holds the authority of this machine [default: that of the user's programs].
    #[arg(long, value_name = "DIR")]
    pub(crate) dev_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: ReachOptions,
}

impl DevOptions {
    /// The account that a program is, if one is named.
    pub(crate) fn account(&self) -> Result<Option<AccountName>, String> {
        self.account.as_deref().map(names::account).transpose()
    }
}

/// What matters while it stays.
#[derive(Debug, Args)]
pub(crate) struct StayOptions {
    /// A file that is written when the vault is ready: its URL, port and variables as JSON, the token among them, for you alone to
    /// read. It is gone when the vault is.
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Returns as soon as the vault is ready, and leaves it running: `strongroom dev stop` ends it.
    #[arg(long)]
    pub(crate) detach: bool,
    /// The file that one gets which was started so, to write to.
    #[arg(long, hide = true, value_name = "FILE", conflicts_with = "detach")]
    pub(crate) detached: Option<PathBuf>,
    /// Prints no requests, and nothing but that it is ready.
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) faults: FaultOptions,
}
