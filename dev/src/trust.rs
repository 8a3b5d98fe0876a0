//! How what is on this machine comes to trust its authority: the system, browsers, Java. Nothing needs it that gets its environment
//! from `strongroom dev`; it is for a browser, for .NET on macOS, and for what starts otherwise.
//!
//! ```text
//!   look (what is there) --> steps (which commands: pure) --> a person consents --> run
//! ```

mod look;

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

pub use look::Lookup;

/// What the authority is called in stores that name what they hold.
const NICKNAME: &str = "strongroom-dev";

/// The common name of its certificate, by which Windows finds it.
const COMMON_NAME: &str = "Strongroom development authority of this machine";

/// The password of every store of Java that nobody gave another.
const JAVA_PASSWORD: &str = "changeit";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Have it trusted.
    Install,
    /// Have it trusted no more.
    Uninstall,
}

/// How a system takes authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemStore {
    /// A file in this directory, and `update-ca-certificates` (Debian, Ubuntu, Alpine, SUSE).
    UpdateCaCertificates(PathBuf),
    /// A file in this directory, and `update-ca-trust` (Fedora, RHEL).
    UpdateCaTrust(PathBuf),
    /// `trust anchor` of p11-kit (Arch).
    TrustAnchor,
    /// The keychain of the user, in this file (macOS).
    Keychain(PathBuf),
    /// The store of the user (Windows).
    Windows,
}

/// A Java that has a store of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Java {
    /// Its program keytool.
    pub keytool: PathBuf,
    /// Its store.
    pub cacerts: PathBuf,
    /// Whether this user can write to the store.
    pub is_writable: bool,
}

/// What there is on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How the system takes authorities, if it is known.
    pub system: Option<SystemStore>,
    /// Whether the store of Windows is around this system, as it is of WSL.
    pub has_windows_around: bool,
    /// The databases of browsers (NSS).
    pub nss: Vec<PathBuf>,
    /// Whether there is the program that changes them.
    pub has_certutil: bool,
    /// Every Java whose store is not the system's.
    pub java: Vec<Java>,
    /// Whether this process is root.
    pub is_root: bool,
}

/// One store, and what changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The store, as a person calls it.
    pub store: String,
    /// Commands, each a program and its arguments.
    pub commands: Vec<Vec<String>>,
}

/// Why a command did not do it.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub enum RunError {
    /// It did not start.
    #[error("cannot run {program}: {source}")]
    Start { program: String, source: io::Error },
    /// It failed.
    #[error("{program} failed: {status}")]
    Failed { program: String, status: ExitStatus },
}

/// The commands by which every store that was found trusts a certificate, or no longer does.
pub fn steps(found: &Found, certificate: &Path, action: Action) -> Vec<Step> {
    let mut steps = Vec::new();
    let file = certificate.display().to_string();
    let as_root = |commands: Vec<Vec<String>>| {
        let sudo = |command: Vec<String>| [vec!["sudo".to_owned()], command].concat();
        if found.is_root {
            commands
        } else {
            commands.into_iter().map(sudo).collect()
        }
    };
    if let Some(system) = &found.system {
        let (store, commands, needs_root) = system.commands(&file, action);
        steps.push(Step {
            store: store.to_owned(),
            commands: if needs_root { as_root(commands) } else { commands },
        });
    }
    if found.has_windows_around {
        let script = match action {
            Action::Install => "certutil.exe -user -addstore Root \"$(wslpath -w \"$1\")\"".to_owned(),
            Action::Uninstall => format!("certutil.exe -user -delstore Root \"{COMMON_NAME}\""),
        };
        steps.push(Step {
            store: "Windows around this system".to_owned(),
            commands: vec![words(&["sh", "-c", &script, "sh", &file])],
        });
    }
    if found.has_certutil {
        steps.extend(found.nss.iter().map(|database| of_nss(database, &file, action)));
    }
    for java in &found.java {
        let commands = vec![of_java(java, &file, action)];
        steps.push(Step {
            store: format!("Java, {}", java.cacerts.display()),
            commands: if java.is_writable {
                commands
            } else {
                as_root(commands)
            },
        });
    }
    steps
}

impl SystemStore {
    /// What a person calls it, its commands, and whether these are for root.
    fn commands(&self, file: &str, action: Action) -> (&'static str, Vec<Vec<String>>, bool) {
        let by_file = |directory: &Path, extension: &str, refresh: [&[&str]; 2]| {
            let kept = directory.join(format!("{NICKNAME}.{extension}"));
            let kept = kept.display().to_string();
            let [installed, removed] = refresh;
            match action {
                Action::Install => vec![words(&["install", "-m", "0644", file, &kept]), words(installed)],
                Action::Uninstall => vec![words(&["rm", "-f", &kept]), words(removed)],
            }
        };
        match self {
            Self::UpdateCaCertificates(directory) => {
                let refresh: [&[&str]; 2] = [
                    &["update-ca-certificates"],
                    &["update-ca-certificates", "--fresh"],
                ];
                ("this system", by_file(directory, "crt", refresh), true)
            }
            Self::UpdateCaTrust(directory) => {
                let refresh: [&[&str]; 2] = [&["update-ca-trust", "extract"]; 2];
                ("this system", by_file(directory, "pem", refresh), true)
            }
            Self::TrustAnchor => {
                let how = match action {
                    Action::Install => "--store",
                    Action::Uninstall => "--remove",
                };
                ("this system", vec![words(&["trust", "anchor", how, file])], true)
            }
            Self::Keychain(keychain) => {
                let keychain = keychain.display().to_string();
                let command = match action {
                    Action::Install => words(&[
                        "security",
                        "add-trusted-cert",
                        "-r",
                        "trustRoot",
                        "-k",
                        &keychain,
                        file,
                    ]),
                    Action::Uninstall => words(&["security", "remove-trusted-cert", file]),
                };
                ("the keychain of this user", vec![command], false)
            }
            Self::Windows => {
                let command = match action {
                    Action::Install => words(&["certutil", "-user", "-addstore", "Root", file]),
                    Action::Uninstall => words(&["certutil", "-user", "-delstore", "Root", COMMON_NAME]),
                };
                ("the store of this user", vec![command], false)
            }
        }
    }
}

fn of_nss(database: &Path, file: &str, action: Action) -> Step {
    let directory = format!("sql:{}", database.display());
    let command = match action {
        Action::Install => words(&[
            "certutil", "-d", &directory, "-A", "-t", "C,,", "-n", NICKNAME, "-i", file,
        ]),
        Action::Uninstall => words(&["certutil", "-d", &directory, "-D", "-n", NICKNAME]),
    };
    Step {
        store: format!("browsers, {}", database.display()),
        commands: vec![command],
    }
}

fn of_java(java: &Java, file: &str, action: Action) -> Vec<String> {
    let keytool = java.keytool.display().to_string();
    let cacerts = java.cacerts.display().to_string();
    let what = match action {
        Action::Install => words(&[&keytool, "-importcert", "-noprompt", "-file", file]),
        Action::Uninstall => words(&[&keytool, "-delete", "-noprompt"]),
    };
    let which = words(&[
        "-alias",
        NICKNAME,
        "-keystore",
        &cacerts,
        "-storepass",
        JAVA_PASSWORD,
    ]);
    [what, which].concat()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A command as a shell takes it.
pub fn line(command: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=%+@".contains(c);
    let quoted = command.iter().map(|word| {
        if !word.is_empty() && word.chars().all(is_plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Runs the commands of a step, as far as each succeeds. What they say goes to standard error. `path` is where programs are
/// sought, in the place of this process's own PATH.
///
/// # Errors
/// The first that fails.
pub fn run(step: &Step, path: Option<&OsStr>) -> Result<(), RunError> {
    for command in &step.commands {
        let Some((program, arguments)) = command.split_first() else {
            continue;
        };
        let mut process = Command::new(program);
        process.args(arguments).stdout(Stdio::from(io::stderr()));
        if let Some(path) = path {
            process.env("PATH", path);
        }
        let status = process.status().map_err(|source| RunError::Start {
            program: program.clone(),
            source,
        })?;
        if !status.success() {
            return Err(RunError::Failed {
                program: program.clone(),
                status,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(found: &Found, action: Action) -> Vec<String> {
        let steps = steps(found, Path::new("/a dir/ca.crt"), action);
        let commands = steps.iter().flat_map(|step| &step.commands);
        commands.map(|command| line(command)).collect()
    }

    fn of_system(system: SystemStore, is_root: bool) -> Found {
        Found {
            system: Some(system),
            is_root,
            ..Found::default()
        }
    }

    #[test]
    fn each_system_has_its_commands() {
        let debian = SystemStore::UpdateCaCertificates("/usr/local/share/ca-certificates".into());
        let fedora = SystemStore::UpdateCaTrust("/etc/pki/ca-trust/source/anchors".into());
        let kept = "/usr/local/share/ca-certificates/strongroom-dev.crt";
        let anchor = "/etc/pki/ca-trust/source/anchors/strongroom-dev.pem";
        for (found, install, uninstall) in [
            (
                of_system(debian.clone(), true),
                vec![
                    format!("install -m 0644 '/a dir/ca.crt' {kept}"),
                    "update-ca-certificates".to_owned(),
                ],
                vec![
                    format!("rm -f {kept}"),
                    "update-ca-certificates --fresh".to_owned(),
                ],
            ),
            (
                of_system(debian, false),
                vec![
                    format!("sudo install -m 0644 '/a dir/ca.crt' {kept}"),
                    "sudo update-ca-certificates".to_owned(),
                ],
                vec![
                    format!("sudo rm -f {kept}"),
                    "sudo update-ca-certificates --fresh".to_owned(),
                ],
            ),
            (
                of_system(fedora, true),
                vec![
                    format!("install -m 0644 '/a dir/ca.crt' {anchor}"),
                    "update-ca-trust extract".to_owned(),
                ],
                vec![format!("rm -f {anchor}"), "update-ca-trust extract".to_owned()],
            ),
            (
                of_system(SystemStore::TrustAnchor, false),
                vec!["sudo trust anchor --store '/a dir/ca.crt'".to_owned()],
                vec!["sudo trust anchor --remove '/a dir/ca.crt'".to_owned()],
            ),
            (
                of_system(SystemStore::Keychain("/h/login.keychain-db".into()), false),
                vec![
                    "security add-trusted-cert -r trustRoot -k /h/login.keychain-db '/a dir/ca.crt'"
                        .to_owned(),
                ],
                vec!["security remove-trusted-cert '/a dir/ca.crt'".to_owned()],
            ),
            (
                of_system(SystemStore::Windows, false),
                vec!["certutil -user -addstore Root '/a dir/ca.crt'".to_owned()],
                vec![format!("certutil -user -delstore Root '{COMMON_NAME}'")],
            ),
        ] {
            assert_eq!(lines(&found, Action::Install), install);
            assert_eq!(lines(&found, Action::Uninstall), uninstall);
        }
    }

    #[test]
    fn browsers_and_java_have_stores_of_their_own() {
        let mut found = Found {
            nss: vec!["/h/.pki/nssdb".into()],
            java: vec![Java {
                keytool: "/jdk/bin/keytool".into(),
                cacerts: "/jdk/lib/security/cacerts".into(),
                is_writable: false,
            }],
            ..Found::default()
        };
        let java = "sudo /jdk/bin/keytool -importcert -noprompt -file '/a dir/ca.crt' -alias strongroom-dev -keystore \
                    /jdk/lib/security/cacerts -storepass changeit";
        assert_eq!(
            lines(&found, Action::Install),
            [java],
            "without certutil no browser can be told"
        );
        found.has_certutil = true;
        found.java[0].is_writable = true;
        assert_eq!(
            lines(&found, Action::Install)[0],
            "certutil -d sql:/h/.pki/nssdb -A -t C,, -n strongroom-dev -i '/a dir/ca.crt'"
        );
        assert_eq!(
            lines(&found, Action::Uninstall),
            [
                "certutil -d sql:/h/.pki/nssdb -D -n strongroom-dev",
                "/jdk/bin/keytool -delete -noprompt -alias strongroom-dev -keystore /jdk/lib/security/cacerts -storepass changeit",
            ]
        );
    }

    #[test]
    fn windows_around_a_linux_is_told_by_its_own_program() {
        let found = Found {
            has_windows_around: true,
            ..Found::default()
        };
        let lines = lines(&found, Action::Install);
        assert!(
            lines[0].starts_with("sh -c 'certutil.exe -user -addstore Root"),
            "{lines:?}"
        );
        assert!(steps(&Found::default(), Path::new("/ca.crt"), Action::Install).is_empty());
    }
}
