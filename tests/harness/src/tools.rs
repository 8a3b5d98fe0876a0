//! The programs that the tests use, and one cache directory for what is not a Debian package.
//!
//! The cache is `$STRONGROOM_CACHE`, or `~/.cache/strongroom`: one directory per tool and version,
//! and `bin/` with each program of the current versions, for `PATH`. Nothing but Debian packages is
//! installed outside of it.

mod catalog;
mod debian;
mod go;
mod locked;
mod python;
mod store;

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

pub use catalog::{Locked, Module, Reader, Recipe, TOOLS, Tool, all, find};
pub use locked::directories;
pub use store::Store;

use crate::{command::run_logged, progress::Step};

/// The name under which the Debian packages are asked for.
pub const PACKAGES: &str = "packages";

/// What an installation did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Tools that were installed now.
    pub installed: Vec<String>,
    /// Tools that were there already.
    pub present: Vec<String>,
}

/// Installs what is missing of the named tools; an empty list means all of them but those that few need.
pub fn install(store: &Store, names: &[String]) -> Result<Report> {
    let (packages, tools) = chosen(names)?;
    let mut report = Report::default();
    if packages {
        let list = if debian::install_missing()? {
            &mut report.installed
        } else {
            &mut report.present
        };
        list.push(PACKAGES.to_owned());
    }
    for tool in tools {
        let list = if ensure(store, tool)? {
            &mut report.installed
        } else {
            &mut report.present
        };
        list.push(tool.name.to_owned());
    }
    Ok(report)
}

/// The path of a tool's program, installed first when it is missing.
pub fn program(store: &Store, name: &str) -> Result<PathBuf> {
    let tool = find(name).with_context(|| unknown(name))?;
    ensure(store, tool)?;
    Ok(store.program(tool))
}

/// Every name that [`install`] knows.
pub fn names() -> Vec<&'static str> {
    std::iter::once(PACKAGES)
        .chain(all().map(|tool| tool.name))
        .collect()
}

fn chosen(names: &[String]) -> Result<(bool, Vec<&'static Tool>)> {
    if names.is_empty() {
        return Ok((true, TOOLS.iter().collect()));
    }
    let mut tools = Vec::new();
    for name in names.iter().filter(|name| *name != PACKAGES) {
        tools.push(find(name).with_context(|| unknown(name))?);
    }
    Ok((names.iter().any(|name| name == PACKAGES), tools))
}

fn unknown(name: &str) -> String {
    format!(
        "there is no tool called {name}; the tools are: {}",
        names().join(", ")
    )
}

/// Installs a tool that is missing; true when it did something.
fn ensure(store: &Store, tool: &Tool) -> Result<bool> {
    if store.has(tool) {
        store.publish(tool)?;
        return Ok(false);
    }
    let _lock = store.lock(tool)?;
    if store.has(tool) {
        return Ok(false);
    }
    let mut step = Step::begin(format!(
        "Installing {} {} ({})",
        tool.name, tool.version, tool.about
    ));
    let dir = store.begin(tool)?;
    let log = store.log(tool);
    match tool.recipe {
        Recipe::Multicall { module, links } => {
            go::multicall(&dir, tool.version, (module, links), &log, &mut step)?;
        }
        Recipe::Go { package } => go::install(&dir, package, tool.version, &log, &mut step)?,
        Recipe::Python { requirements, native } => {
            python::venv(&dir, requirements, &log, &mut step)?;
            if let Some(native) = native {
                python::unwrap(&dir, native, tool.program)?;
            }
        }
        Recipe::Locked(locked) => locked::install(&locked, &dir, &log, &mut step)?,
        Recipe::Crate => {
            let mut cargo = Command::new("cargo");
            cargo
                .args(["install", "--locked", "--version", tool.version, "--root"])
                .arg(&dir)
                .arg(tool.name);
            run_logged(cargo.env_remove("CARGO_TARGET_DIR"), &log, &mut step)?;
        }
        Recipe::Package { package } => debian::unpack(&dir, package, &log, &mut step)?,
    }
    if !store.program(tool).exists() {
        bail!(
            "{} was installed, but {} is not there; see {}",
            tool.name,
            store.program(tool).display(),
            log.display()
        );
    }
    store.complete(tool)?;
    step.done();
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_names_means_everything_that_most_need() {
        let (packages, tools) = chosen(&[]).unwrap();
        assert!(packages);
        assert_eq!(tools.len(), TOOLS.len());
    }

    #[test]
    fn a_name_chooses_only_its_tool() {
        let (packages, tools) = chosen(&["helm".to_owned()]).unwrap();
        assert!(!packages);
        assert_eq!(tools.iter().map(|tool| tool.name).collect::<Vec<_>>(), ["helm"]);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = chosen(&["hlem".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("hlem") && error.contains("helm"), "{error}");
    }
}
