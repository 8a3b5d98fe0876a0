//! `strongroom report`: what support needs to see, in one file, and nothing that is secret.
//!
//! ```text
//!   gather (as the current user, fields by name) --> Bundle --> redaction (pure) --> list, ask --> tar
//! ```
//!
//! Of every object only fields that are named here are taken, so that no field that holds a value comes along.

mod bundle;
mod gather;
mod redaction;

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use crate::{
    Failure,
    arguments::{Global, ReportArguments},
    cluster::Cluster,
    new_file::NewFile,
    terminal,
};
use gather::Gathering;
use redaction::Redaction;

/// Runs the command. The file is made before any server is asked, and gone if it comes to nothing.
pub(crate) async fn run(arguments: ReportArguments, global: &Global) -> Result<ExitCode, Failure> {
    if let Some(output) = global.output() {
        return Err(Failure::NoOutput(output));
    }
    let file = NewFile::create("report", &arguments.to_file)?;
    let cluster = Cluster::connect(global).await?;
    let mut bundle = Gathering {
        cluster: &cluster,
        namespace: (!arguments.all_namespaces).then_some(&cluster.namespace),
        node_namespace: &arguments.node_namespace,
        log_lines: arguments.log_lines,
    }
    .bundle()
    .await?;
    if arguments.redact {
        bundle = Redaction::of(&bundle).apply(bundle);
    }
    terminal::complain(&bundle.contents());
    if !arguments.yes && io::stdin().is_terminal() && !is_wanted()? {
        return Err(Failure::NotWanted);
    }
    let path = file.write(&bundle.archive()?)?;
    terminal::complain(&format!("Written to {}.", path.display()));
    Ok(ExitCode::SUCCESS)
}

fn is_wanted() -> io::Result<bool> {
    let mut err = io::stderr();
    err.write_all(b"Write it? [y/N] ")?;
    err.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
