//! Images of programs that are not of this workspace.

use std::{fs, process::Command};

use anyhow::{Context, Result};

use super::Entry;
use crate::{
    command::output,
    tools::{self, Store},
};

/// The static program of a tool, alone.
pub fn tool(store: &Store, name: &str, path: &str) -> Result<Vec<Entry>> {
    let program = tools::program(store, name)?;
    let bytes = fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    Ok(vec![Entry::program(path, bytes)])
}

/// Busybox under the name of each of its commands.
pub fn shell(store: &Store) -> Result<Vec<Entry>> {
    let program = tools::program(store, "busybox")?;
    let names = String::from_utf8(output(Command::new(&program).arg("--list"))?)?;
    let mut entries = vec![Entry::program("/bin/busybox", fs::read(&program)?)];
    for name in names
        .lines()
        .filter(|name| *name != "busybox" && !name.is_empty())
    {
        entries.push(Entry::Link {
            path: format!("/bin/{name}"),
            target: "busybox".to_owned(),
        });
    }
    let passwd = "root:x:0:0:root:/:/bin/sh\nnonroot:x:65532:65532:nonroot:/:/bin/sh\n";
    entries.push(Entry::File {
        path: "/etc/passwd".to_owned(),
        mode: 0o644,
        bytes: passwd.into(),
    });
    Ok(entries)
}
