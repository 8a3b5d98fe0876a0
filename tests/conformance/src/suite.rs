//! The tests of a package of the Azure SDK for Python, run by pytest, at one api-version after the other.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use serde::Deserialize;
use strongroom_harness::{
    command::output,
    tools::{self, Store},
    workspace,
};

use crate::{site::Site, tree::copy};

/// The tool that holds the clients and their tests.
pub const TOOL: &str = "azure-python-tests";

/// One package of the SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Package {
    /// `azure-keyvault-secrets`.
    Secrets,
    /// `azure-keyvault-keys`.
    Keys,
    /// `azure-keyvault-certificates`.
    Certificates,
}

impl Package {
    /// Every package.
    pub const ALL: [Self; 3] = [Self::Secrets, Self::Keys, Self::Certificates];

    /// Its word: the end of its name, and the last part of its module.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Keys => "keys",
            Self::Certificates => "certificates",
        }
    }

    /// The version whose tests run.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Secrets | Self::Certificates => "4.12.0",
            Self::Keys => "4.11.3",
        }
    }

    /// The name of the markers around what the page says of it.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Secrets => "conformance of secrets",
            Self::Keys => "conformance of keys",
            Self::Certificates => "conformance of certificates",
        }
    }
}

/// The tests, and the Python that runs them.
#[derive(Debug)]
pub struct Suite {
    package: Package,
    python: PathBuf,
    tests: PathBuf,
    more: Vec<PathBuf>,
}

/// What became of the tests at one version.
#[derive(Debug, Deserialize)]
pub struct Run {
    /// The version.
    pub version: String,
    /// The tests that ran.
    pub tests: Vec<Test>,
    /// Those that did not.
    pub deselected: Vec<Deselected>,
    /// The requests at this version that the vault recorded meanwhile.
    #[serde(default)]
    pub requests: usize,
    /// Where the audit log of the vault is kept, where a test failed.
    #[serde(skip)]
    pub audit_log: Option<PathBuf>,
}

/// A test that ran.
#[derive(Debug, Deserialize)]
pub struct Test {
    /// `FILE::CLASS::FUNCTION`.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What pytest says of it, when it did not pass.
    pub said: String,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It decided by itself that it does not run, for which it has no reason here: it counts as failed.
    Skipped,
}

/// A test that did not run.
#[derive(Debug, Deserialize)]
pub struct Deselected {
    /// `FILE::CLASS::FUNCTION`, or `FILE::FUNCTION`.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Run {
    /// The tests that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| test.outcome != Outcome::Passed)
    }
}

impl Suite {
    /// The tests on this machine, installed first where they are missing.
    ///
    /// # Errors
    /// They cannot be installed.
    pub fn installed(package: Package) -> Result<Self> {
        let store = Store::from_env()?;
        let python = tools::program(&store, TOOL)?;
        let tool = tools::find(TOOL).context("there is no such tool")?;
        let (word, version) = (package.word(), package.version());
        let source = format!("sources/azure_keyvault_{word}-{version}/tests");
        let tests = store.dir(tool).join(source);
        ensure!(tests.is_dir(), "there are no tests in {}", tests.display());
        Ok(Self {
            package,
            python,
            tests,
            more: Vec::new(),
        })
    }

    /// The suite with the tests in another directory too.
    #[must_use]
    pub fn and(mut self, tests: &Path) -> Self {
        self.more.push(tests.to_owned());
        self
    }

    /// Every version that the client can send, the newest first.
    ///
    /// # Errors
    /// The client cannot be asked.
    pub fn versions(&self) -> Result<Vec<String>> {
        let module = format!("azure.keyvault.{}", self.package.word());
        let versions =
            format!("from {module} import ApiVersion; print(*(version.value for version in ApiVersion))");
        let said = output(Command::new(&self.python).args(["-c", &versions]))?;
        let versions: Vec<_> = String::from_utf8(said)?
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        ensure!(!versions.is_empty(), "the client names no version");
        Ok(versions)
    }

    /// Runs the tests whose names contain `only` at one version. Where one of them fails, the audit log of the vault is kept,
    /// which ends with the site.
    ///
    /// # Errors
    /// pytest does not come to its end, or the tests asked the vault less than once each; the error says where the log is.
    pub async fn run(&self, site: &Site, version: &str, only: &str) -> Result<Run> {
        let keep = || site.keep_audit_log(&format!("{}-{version}", self.package.word()));
        match self.run_to_its_end(site, version, only).await {
            Ok(run) if run.failures().next().is_none() => Ok(run),
            Ok(run) => Ok(Run {
                audit_log: Some(keep()?),
                ..run
            }),
            Err(error) => {
                let said = match keep() {
                    Ok(kept) => audit_log_of(&kept),
                    Err(why) => format!("the audit log of its vault is not kept: {why:#}"),
                };
                Err(error.context(said))
            }
        }
    }

    async fn run_to_its_end(&self, site: &Site, version: &str, only: &str) -> Result<Run> {
        let before = site.requests(version)?;
        let results = site.directory().join("results.json");
        // A copy, to which the plugin adds what the archive leaves out.
        let tests = site.directory().join("tests").join(self.package.word());
        if !tests.exists() {
            copy(&self.tests, &tests)?;
        }
        let mut pytest = tokio::process::Command::new(&self.python);
        pytest
            .args([
                "-m",
                "pytest",
                "--quiet",
                "--no-header",
                "-W",
                "ignore",
                "-k",
                only,
            ])
            .args(["-p", "no:cacheprovider", "-p", "strongroom_conformance"])
            .arg(&tests)
            .args(&self.more)
            .current_dir(site.directory())
            // Nothing of this machine's own Azure settings.
            .env_clear()
            .envs(site.environment()?)
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", site.directory())
            .env("PYTHONPATH", workspace::root().join("tests/conformance/python"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("CONFORMANCE_PACKAGE", self.package.word())
            .env("CONFORMANCE_VERSION", version)
            .env("CONFORMANCE_RESULTS", &results)
            .env("CONFORMANCE_TESTS", &tests)
            .kill_on_drop(true);
        let ended = pytest.output().await.context("cannot start Python")?;
        // 1: a test failed. Every other number is about pytest, and no result of the tests.
        if !matches!(ended.status.code(), Some(0 | 1)) {
            bail!(
                "pytest failed ({}):\n{}{}",
                ended.status,
                String::from_utf8_lossy(&ended.stdout),
                String::from_utf8_lossy(&ended.stderr)
            );
        }
        let mut run: Run = serde_json::from_slice(&fs::read(&results)?)?;
        fs::remove_file(&results)?;
        run.requests = site.requests(version)? - before;
        let first = run.failures().next().map_or("", |test| test.said.as_str());
        ensure!(
            run.version == version && run.requests >= run.tests.len(),
            "{} tests ran at {}, and the vault recorded {} requests at {version}\n{first}",
            run.tests.len(),
            run.version,
            run.requests
        );
        Ok(run)
    }
}

/// The sentence that says where an audit log is kept.
pub fn audit_log_of(kept: &Path) -> String {
    format!("the audit log of its vault is in {}", kept.display())
}
