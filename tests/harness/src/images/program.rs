//! Programs of this workspace: built by cargo, packed with the libraries that they are linked to.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{Contents, Entry, Image};
use crate::{cargo, command::output, progress::Step};

/// The command line's program, which is also its path in the image.
pub(super) const COMMAND_LINE: &str = "strongroom";

/// The profile of what is released.
pub const RELEASE: &str = "release";

/// The command line has no symbols where it is released, as `scripts/package` builds it too. Of this package alone: without
/// those of all, Cargo would build every dependency again.
const STRIPPED: &str = "profile.release.package.strongroom-cli.strip=\"symbols\"";

/// Builds the programs of some images and gives the path of each by name.
pub fn build(images: &[&Image], profile: &str) -> Result<BTreeMap<String, PathBuf>> {
    let mut targets = Vec::new();
    for image in images {
        match image.contents {
            Contents::Program { target, example } => {
                targets.push((if example { "--example" } else { "--bin" }, target));
            }
            Contents::Laptop => targets.push(("--bin", COMMAND_LINE)),
            Contents::Tool { .. } | Contents::Shell => {}
        }
    }
    if targets.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<&str> = targets.iter().map(|(_, name)| *name).collect();
    let step = Step::begin(format!("Building {}", names.join(", ")));
    let mut cargo = cargo::command("build", profile);
    if profile == RELEASE {
        cargo.args(["--config", STRIPPED]);
    }
    for (kind, name) in targets {
        cargo.args([kind, name]);
    }
    let built = cargo::programs(&mut cargo)?;
    step.done();
    Ok(built
        .into_iter()
        .map(|program| (program.target, program.executable))
        .collect())
}

/// The files of a program's image: itself, and what the loader would load beside it, under the same
/// paths. glibc 2.34 and newer resolves names without further modules.
pub fn entries(program: &Path, name: &str) -> Result<Vec<Entry>> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let mut entries = vec![Entry::program(&format!("/{name}"), read(program)?)];
    let listing = String::from_utf8(output(Command::new("ldd").arg(program))?)?;
    for library in libraries(&listing)? {
        entries.push(Entry::program(&library, read(Path::new(&library))?));
    }
    let passwd = "nonroot:x:65532:65532:nonroot:/:/\n";
    entries.push(Entry::File {
        path: "/etc/passwd".to_owned(),
        mode: 0o644,
        bytes: passwd.into(),
    });
    Ok(entries)
}

/// The libraries in ldd's listing: `NAME => PATH (ADDRESS)`, and the loader as `PATH (ADDRESS)`. The
/// kernel's own library has no path. A static program is listed with one line that holds neither.
fn libraries(listing: &str) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for line in listing.lines().map(str::trim) {
        if line.contains("not found") {
            bail!("a library is missing: {line}");
        }
        let right = line.split_once(" => ").map_or(line, |(_, right)| right);
        if let Some((path, _)) = right.split_once(" (").filter(|(path, _)| path.starts_with('/')) {
            paths.push(path.to_owned());
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_and_the_libraries_are_packed() {
        let listing = "\tlinux-vdso.so.1 (0x00007ffd)\n\
            \tlibgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007f)\n\
            \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\
            \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let found = libraries(listing).unwrap();
        assert_eq!(
            found,
            [
                "/lib/x86_64-linux-gnu/libgcc_s.so.1",
                "/lib/x86_64-linux-gnu/libc.so.6",
                "/lib64/ld-linux-x86-64.so.2"
            ]
        );
        assert!(libraries("\tstatically linked\n").unwrap().is_empty());
    }

    #[test]
    fn a_missing_library_is_an_error() {
        assert!(libraries("\tlibfoo.so => not found\n").is_err());
    }
}
