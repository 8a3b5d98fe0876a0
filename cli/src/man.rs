//! `strongroom man`: the manual pages, from the grammar.

use std::{fs, io, path::Path, process::ExitCode};

use crate::{
    arguments::{Arguments, Global, ManArguments},
    failure::Failure,
    printed::{Outcome, Printed},
};

/// Runs the command.
pub(crate) fn run(arguments: &ManArguments, global: &Global) -> Result<ExitCode, Failure> {
    let dir = &arguments.dir;
    let pages = write(dir).map_err(|source| Failure::WriteFile {
        what: "manual pages",
        path: dir.clone(),
        source,
    })?;
    Outcome::from(Printed::Done(format!(
        "{pages} pages written to {}\n",
        dir.display()
    )))
    .conclude(global)
}

fn write(dir: &Path) -> io::Result<usize> {
    fs::create_dir_all(dir)?;
    pages(&Arguments::grammar(), dir)
}

/// Writes the page of the command, and of all below it. Gives how many there are.
fn pages(command: &clap::Command, dir: &Path) -> io::Result<usize> {
    clap_mangen::Man::new(command.clone()).generate_to(dir)?;
    let mut written = 1;
    for below in command.get_subcommands() {
        if !below.is_hide_set() && below.get_name() != "help" {
            written += pages(below, dir)?;
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_page() {
        let directory = strongroom_testing::Directory::new();
        let dir = directory.path().join("man1");
        let written = write(&dir).unwrap();
        let names: Vec<_> = fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names.len(), written, "{names:?}");
        for name in [
            "strongroom.1",
            "strongroom-secret-set.1",
            "strongroom-cert-pending-wait.1",
        ] {
            assert!(names.iter().any(|written| written == name), "{name}: {names:?}");
        }
        let page = fs::read_to_string(dir.join("strongroom-config-set.1")).unwrap();
        assert!(page.contains(".TH strongroom-config-set 1"), "{page}");
        assert!(page.contains("strongroom config set vault team"), "{page}");
    }
}
