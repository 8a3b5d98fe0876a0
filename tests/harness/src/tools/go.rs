//! Tools that are built from Go modules.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::symlink,
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{Recipe, Tool, catalog::Module};
use crate::{
    command::{output, run_logged},
    progress::Step,
};

/// The name of a tool's directory: its version, and what else decides its content.
pub fn key(tool: &Tool) -> String {
    match tool.recipe {
        Recipe::Multicall { module, .. } => {
            let mut hasher = DefaultHasher::new();
            module.hash(&mut hasher);
            format!("{}-{:08x}", tool.version, hasher.finish() >> 32)
        }
        Recipe::Locked(locked) => format!("{}-{:08x}", tool.version, locked.fingerprint()),
        Recipe::Go { .. } | Recipe::Python { .. } | Recipe::Crate | Recipe::Package { .. } => {
            tool.version.to_owned()
        }
    }
}

/// Builds a module and links it under every name that it answers to.
pub fn multicall(
    dir: &Path,
    version: &str,
    (module, links): (&Module, &[&str]),
    log: &Path,
    step: &mut Step,
) -> Result<()> {
    present()?;
    let source = tempfile::tempdir()?;
    for (name, text) in module {
        fs::write(source.path().join(name), text)?;
    }
    let bin = dir.join("bin");
    fs::create_dir_all(&bin)?;
    let mut go = command();
    go.current_dir(source.path())
        .args(["build", "-trimpath", "-buildvcs=false", "-ldflags"]);
    go.arg(version_flags(version))
        .arg("-o")
        .arg(bin.join("k8s"))
        .arg(".");
    run_logged(&mut go, log, step)?;
    for name in links {
        symlink("k8s", bin.join(name)).with_context(|| format!("cannot link {name}"))?;
    }
    Ok(())
}

/// Builds the program of the module in a directory, as its `bin/example`.
pub fn build(dir: &Path, log: &Path, step: &mut Step) -> Result<()> {
    present()?;
    let mut go = command();
    go.args(["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]);
    go.args(["-o", "bin/example", "."]).current_dir(dir);
    run_logged(&mut go, log, step)
}

/// Installs one package of a module.
pub fn install(dir: &Path, package: &str, version: &str, log: &Path, step: &mut Step) -> Result<()> {
    present()?;
    let mut go = command();
    go.args(["install", "-trimpath", "-ldflags", "-s -w"])
        .arg(format!("{package}@v{version}"));
    run_logged(go.env("GOBIN", dir.join("bin")), log, step)
}

/// Static programs, so that they also run in an image with nothing else in it.
fn command() -> Command {
    let mut go = Command::new("go");
    go.env("CGO_ENABLED", "0").env_remove("GOFLAGS");
    go
}

/// Without these the kubelet reports version v0.0.0, and the API server refuses features by version.
fn version_flags(version: &str) -> String {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let package = "k8s.io/component-base/version";
    format!(
        "-s -w -X {package}.gitVersion=v{version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    )
}

fn present() -> Result<()> {
    match output(Command::new("go").arg("version")) {
        Ok(_) => Ok(()),
        Err(error) if error.downcast_ref::<io::Error>().is_some() => {
            bail!(
                "Go is not installed, and tools are built from source: install Go 1.26 or newer (https://go.dev/dl)"
            )
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::find;

    #[test]
    fn the_kubelet_is_built_with_its_version() {
        let flags = version_flags("1.36.3");
        assert!(
            flags.contains("gitVersion=v1.36.3 ")
                && flags.contains("gitMajor=1 ")
                && flags.ends_with("gitMinor=36")
        );
    }

    /// The text of a tool's `go.mod`.
    fn go_mod(tool: &str) -> (&'static str, &'static str) {
        let tool = find(tool).unwrap();
        match tool.recipe {
            Recipe::Multicall { module, .. } => (tool.version, module[0].1),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_modules_build_the_versions_that_the_table_names() {
        for tool in ["kubernetes", "kubernetes-older"] {
            let (version, module) = go_mod(tool);
            assert!(
                module.contains(&format!("k8s.io/kubernetes v{version}\n")),
                "{tool}'s go.mod is not {version}"
            );
        }
    }

    /// From 1.35 on a kubelet puts tokens where the `CSIDriver` object asks for them. Kubernetes lets a kubelet be three
    /// minor versions older than its API server.
    #[test]
    fn the_older_kubelet_is_of_before_the_change_and_may_stand_beside_the_api_server() {
        let minor = |tool| -> u32 { go_mod(tool).0.split('.').nth(1).unwrap().parse().unwrap() };
        let (older, newer) = (minor("kubernetes-older"), minor("kubernetes"));
        assert!(
            older < 35 && newer >= 35 && newer - older <= 3,
            "{older} beside {newer}"
        );
    }

    /// Before 3.6.14 etcd lets users read and write what their roles do not (CVE-2026-33413 and others).
    #[test]
    fn the_modules_etcd_has_the_mended_access_control() {
        let (_, module) = go_mod("kubernetes");
        let (_, version) = module.split_once("go.etcd.io/etcd/server/v3 v").unwrap();
        let version = version.split_whitespace().next().unwrap();
        let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(parts >= vec![3, 6, 14], "{version}");
    }
}
