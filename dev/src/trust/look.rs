//! What there is on a machine that can be told whom to trust.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{Found, Java, SystemStore};

/// Where to look.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The root of the system: `/`, but in a test.
    pub root: PathBuf,
    /// The directory of the user.
    pub home: Option<PathBuf>,
    /// Where programs are.
    pub path: OsString,
    /// Where Java is, as its variable says.
    pub java_home: Option<PathBuf>,
    /// Whether this process is root.
    pub is_root: bool,
}

impl Lookup {
    /// This machine.
    pub fn of_this_process() -> Self {
        let directory = |name: &str| {
            let value = env::var_os(name).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        Self {
            root: "/".into(),
            home: directory("HOME"),
            path: env::var_os("PATH").unwrap_or_default(),
            java_home: directory("JAVA_HOME"),
            is_root: rustix::process::geteuid().is_root(),
        }
    }

    /// What there is.
    pub fn look(&self) -> Found {
        Found {
            system: self.system(),
            has_windows_around: cfg!(target_os = "linux") && self.program("certutil.exe").is_some(),
            nss: self.nss(),
            has_certutil: !cfg!(windows) && self.program("certutil").is_some(),
            java: self.java(),
            is_root: self.is_root,
        }
    }

    fn system(&self) -> Option<SystemStore> {
        if cfg!(target_os = "macos") {
            let home = self.home.as_ref()?;
            return Some(SystemStore::Keychain(
                home.join("Library/Keychains/login.keychain-db"),
            ));
        }
        if cfg!(windows) {
            return Some(SystemStore::Windows);
        }
        let directory = |path: &str| Some(self.root.join(path)).filter(|path| path.is_dir());
        if self.program("update-ca-certificates").is_some() {
            let found =
                directory("usr/local/share/ca-certificates").or_else(|| directory("etc/pki/trust/anchors"));
            return found.map(SystemStore::UpdateCaCertificates);
        }
        if self.program("update-ca-trust").is_some()
            && let Some(found) = directory("etc/pki/ca-trust/source/anchors")
        {
            return Some(SystemStore::UpdateCaTrust(found));
        }
        self.program("trust").map(|_| SystemStore::TrustAnchor)
    }

    /// The databases of Chromium, which all of this user's browsers of its kind share, and of each profile of Firefox.
    fn nss(&self) -> Vec<PathBuf> {
        let Some(home) = &self.home else {
            return Vec::new();
        };
        let mut found = vec![home.join(".pki/nssdb")];
        for profiles in [
            ".mozilla/firefox",
            "snap/firefox/common/.mozilla/firefox",
            "Library/Application Support/Firefox/Profiles",
        ] {
            let entries = fs::read_dir(home.join(profiles)).into_iter().flatten().flatten();
            found.extend(entries.map(|entry| entry.path()));
        }
        found.retain(|database| database.join("cert9.db").is_file());
        found.sort();
        found
    }

    /// Every Java whose store is its own: where it is the system's, the system has it already.
    fn java(&self) -> Vec<Java> {
        let by_path = self.program("keytool").and_then(|keytool| {
            let keytool = fs::canonicalize(keytool).ok()?;
            Some(keytool.parent()?.parent()?.to_owned())
        });
        let mut homes: Vec<PathBuf> = self.java_home.iter().cloned().chain(by_path).collect();
        homes.dedup();
        let of_home = |home: &PathBuf| {
            let stores = ["lib/security/cacerts", "jre/lib/security/cacerts"];
            let cacerts = stores.map(|store| home.join(store));
            let cacerts = fs::canonicalize(cacerts.iter().find(|path| path.is_file())?).ok()?;
            let keytool = home.join("bin/keytool");
            let systems = [self.root.join("etc/ssl"), self.root.join("etc/pki")];
            let is_own = !systems.iter().any(|directory| cacerts.starts_with(directory));
            (is_own && keytool.is_file()).then(|| Java {
                is_writable: fs::OpenOptions::new().append(true).open(&cacerts).is_ok(),
                keytool,
                cacerts,
            })
        };
        homes.iter().filter_map(of_home).collect()
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        let directories = env::split_paths(&self.path);
        directories
            .map(|directory| directory.join(name))
            .find(|path: &PathBuf| is_program(path))
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
