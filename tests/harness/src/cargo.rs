//! Cargo, in the profile of tests, and what it says that it built.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace;

/// The one profile of tests and images, so that they share the build of all dependencies.
pub const PROFILE: &str = "ci";

/// One file that Cargo built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The name of its target.
    pub target: String,
    /// The directory of its package.
    pub package: PathBuf,
    /// The path of the built program.
    pub executable: PathBuf,
    /// Whether it is a program of tests.
    pub is_test: bool,
}

/// `cargo WORD` over the whole workspace: the features of shared dependencies then agree, and they are built once.
pub fn command(word: &str, profile: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args([word, "--workspace", "--profile", profile]);
    if word == "build" && profile == PROFILE {
        // With any example, Cargo counts dev-dependencies when it chooses features, as it does for tests. Without it,
        // shared dependencies and what stands on them would be built twice.
        command.args(["--example", "reference"]);
    }
    command.current_dir(workspace::root()).stdin(Stdio::null());
    // Shuffled tests run with this consent to an unstable option: with it, Cargo would build everything again.
    command.env_remove("RUSTC_BOOTSTRAP");
    command
}

/// Runs Cargo with its messages for people shown, and gives the programs that it built, in no order.
///
/// # Errors
/// Cargo does not start, or fails; it has said why by then.
pub fn programs(command: &mut Command) -> Result<Vec<Artifact>> {
    let mut child = command
        .args(["--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let mut built = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            built.extend(artifact(&line?));
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("cargo failed ({status})");
    }
    Ok(built)
}

fn artifact(message: &str) -> Option<Artifact> {
    let message: Value = serde_json::from_str(message).ok()?;
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
    Some(Artifact {
        target: text("/target/name")?.to_owned(),
        package: Path::new(text("/manifest_path")?).parent()?.to_owned(),
        executable: PathBuf::from(text("/executable")?),
        is_test: message.pointer("/profile/test").and_then(Value::as_bool)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_what_cargo_says() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/w/vault/Cargo.toml","target":{"name":"strongroom-vault"},"profile":{"test":false},"executable":"/t/ci/strongroom-vault"}"#;
        let expected = Artifact {
            target: "strongroom-vault".to_owned(),
            package: "/w/vault".into(),
            executable: "/t/ci/strongroom-vault".into(),
            is_test: false,
        };
        assert_eq!(artifact(line), Some(expected));
        assert_eq!(artifact(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
