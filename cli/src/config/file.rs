//! The file of defaults.

use std::{
    collections::BTreeMap,
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    arguments::ConfigKey,
    failure::{ConfigFailure, Failure},
    new_file::NewFile,
};

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// What the file begins with when this program writes it.
const HEAD: &str = "# The defaults of strongroom, written by `strongroom config`.\n\n";

type Values = BTreeMap<ConfigKey, String>;

/// The defaults, with the path of their file.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    tables: Tables,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Tables {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    default: Values,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    contexts: BTreeMap<String, Values>,
}

/// Whose default it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigTable {
    /// That of every context that has none of its own.
    Default,
    /// That of one context of the kubeconfig.
    Context(String),
}

impl ConfigTable {
    /// The context.
    pub(crate) fn context(&self) -> Option<&str> {
        match self {
            Self::Default => None,
            Self::Context(name) => Some(name),
        }
    }
}

impl fmt::Display for ConfigTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("all contexts"),
            Self::Context(name) => write!(f, "context {name}"),
        }
    }
}

/// Where the file is, if this process knows a home (XDG Base Directory Specification: a relative path is passed over).
pub(crate) fn path() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let configured = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(absolute);
    let home = || Some(env::home_dir().filter(absolute)?.join(".config"));
    let directory = configured.or_else(home)?;
    Some(directory.join("strongroom").join("config.toml"))
}

impl ConfigFile {
    /// Whether there is one.
    pub(crate) fn is_there() -> bool {
        path().is_some_and(|path| path.exists())
    }

    /// Reads it. Where there is none, there is no default.
    pub(crate) fn read() -> Result<Self, Failure> {
        Ok(Self::at(path().ok_or(ConfigFailure::NoHome)?)?)
    }

    fn at(path: PathBuf) -> Result<Self, ConfigFailure> {
        let text = match fs::metadata(&path) {
            Ok(about) if about.len() > MAX_FILE => return Err(ConfigFailure::Long(path)),
            Ok(_) => fs::read_to_string(&path),
            Err(error) => Err(error),
        };
        match text {
            Ok(text) => Self::parse(&path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self {
                path,
                tables: Tables::default(),
            }),
            Err(source) => Err(ConfigFailure::Read { path, source }),
        }
    }

    /// Reads the text of a file, and refuses what commands would refuse.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ConfigFailure> {
        let tables: Tables = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            ConfigFailure::Malformed {
                path: path.to_owned(),
                line: before.unwrap_or_default().matches('\n').count() + 1,
                reason: error.message().to_owned(),
            }
        })?;
        let contexts = tables
            .contexts
            .iter()
            .map(|(name, values)| (ConfigTable::Context(name.clone()), values));
        for (table, values) in contexts.chain([(ConfigTable::Default, &tables.default)]) {
            for (key, value) in values {
                key.check(value).map_err(|reason| ConfigFailure::KeptValue {
                    path: path.to_owned(),
                    table: table.to_string(),
                    key: key.name(),
                    reason,
                })?;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            tables,
        })
    }

    /// The default in a context, and whose it is.
    pub(crate) fn value(&self, context: Option<&str>, key: ConfigKey) -> Option<(&str, ConfigTable)> {
        let own = context.and_then(|name| {
            let value = self.tables.contexts.get(name)?.get(&key)?;
            Some((value.as_str(), ConfigTable::Context(name.to_owned())))
        });
        own.or_else(|| Some((self.tables.default.get(&key)?.as_str(), ConfigTable::Default)))
    }

    /// Every default in a context.
    pub(crate) fn values(&self, context: Option<&str>) -> Vec<(ConfigKey, String)> {
        let of = |key| Some((key, self.value(context, key)?.0.to_owned()));
        ConfigKey::ALL.into_iter().filter_map(of).collect()
    }

    /// Whether a context has defaults of its own.
    pub(crate) fn has_contexts(&self) -> bool {
        !self.tables.contexts.is_empty()
    }

    /// Sets a default, or takes it away.
    pub(super) fn change(
        &mut self,
        table: &ConfigTable,
        key: ConfigKey,
        value: Option<String>,
    ) -> Result<(), ConfigFailure> {
        let contexts = &mut self.tables.contexts;
        let values = match table {
            ConfigTable::Default => &mut self.tables.default,
            ConfigTable::Context(name) => contexts.entry(name.clone()).or_default(),
        };
        match value {
            Some(value) => {
                key.check(&value).map_err(|reason| ConfigFailure::Value {
                    key: key.name(),
                    reason,
                })?;
                values.insert(key, value);
            }
            None => drop(values.remove(&key)),
        }
        check_namespaces(values)?;
        contexts.retain(|_, values| !values.is_empty());
        Ok(())
    }

    /// Writes it for its owner alone. Whoever reads it meanwhile has the old file or the new one.
    pub(super) fn write(&self) -> Result<(), Failure> {
        // Where the path is a link, the file that it leads to is replaced.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let unwritable = |source| ConfigFailure::Write {
            path: self.path.clone(),
            source,
        };
        if let Some(directory) = path.parent() {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(directory).map_err(unwritable)?;
        }
        let text = toml::to_string(&self.tables).map_err(ConfigFailure::from)?;
        let beside = path.with_extension(format!("toml.{}", std::process::id()));
        let beside = NewFile::create("configuration", &beside)?.write([HEAD, &text].concat().as_bytes())?;
        let moved = fs::rename(&beside, &path);
        if moved.is_err() {
            // The file is of no use where it cannot take its place.
            drop(fs::remove_file(&beside));
        }
        Ok(moved.map_err(unwritable)?)
    }
}

/// A vault in another namespace than that beside it would leave open which of them is meant.
fn check_namespaces(values: &Values) -> Result<(), ConfigFailure> {
    let vault = values
        .get(&ConfigKey::Vault)
        .and_then(|vault| vault.split_once('/'));
    match (vault, values.get(&ConfigKey::Namespace)) {
        (Some((of_vault, _)), Some(namespace)) if of_vault != namespace => {
            Err(ConfigFailure::TwoNamespaces {
                vault: of_vault.to_owned(),
                namespace: namespace.clone(),
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, ConfigFailure> {
        ConfigFile::parse(Path::new("/config.toml"), text)
    }

    fn set(
        file: &mut ConfigFile,
        table: &ConfigTable,
        key: ConfigKey,
        value: &str,
    ) -> Result<(), ConfigFailure> {
        file.change(table, key, Some(value.to_owned()))
    }

    #[test]
    fn what_was_set_is_read_again_from_a_file_for_its_owner_alone() {
        let directory = strongroom_testing::Directory::new();
        let path = directory.path().join("below").join("config.toml");
        let staging = ConfigTable::Context("arn:aws:eks:eu/staging \"1\"".to_owned());
        let mut file = ConfigFile::at(path.clone()).unwrap();
        set(&mut file, &ConfigTable::Default, ConfigKey::Vault, "team-a/prod").unwrap();
        set(&mut file, &staging, ConfigKey::Vault, "staging").unwrap();
        set(&mut file, &staging, ConfigKey::ReleaseNamespace, "vaults").unwrap();
        file.write().unwrap();
        file.write().unwrap();
        let read = ConfigFile::at(path.clone()).unwrap();
        assert_eq!(read.tables, file.tables);
        assert_eq!(
            read.value(staging.context(), ConfigKey::Vault),
            Some(("staging", staging.clone()))
        );
        assert_eq!(
            read.value(Some("other"), ConfigKey::Vault),
            Some(("team-a/prod", ConfigTable::Default))
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let beside = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "nothing is left beside it");
    }

    #[test]
    fn what_was_unset_is_gone() {
        let mut file = parse("[default]\nvault='a/b'\n[contexts.c]\noutput='yaml'").unwrap();
        file.change(&ConfigTable::Default, ConfigKey::Vault, None)
            .unwrap();
        file.change(&ConfigTable::Context("c".to_owned()), ConfigKey::Output, None)
            .unwrap();
        file.change(&ConfigTable::Context("d".to_owned()), ConfigKey::Output, None)
            .unwrap();
        assert_eq!(file.tables, Tables::default());
    }

    #[test]
    fn a_key_or_a_value_that_is_none_is_refused_with_the_list() {
        for (text, said) in [
            (
                "[default]\nvualt = 'a/b'",
                "line 2: unknown variant `vualt`, expected one of `vault`",
            ),
            (
                "[defaults]\n",
                "unknown field `defaults`, expected `default` or `contexts`",
            ),
            (
                "[default]\noutput = 'xml'",
                "all contexts: output: \"xml\" is none of table, wide, json, yaml, name",
            ),
            (
                "[contexts.c]\nvault = 'A/b'",
                "context c: vault: \"A/b\" is no vault",
            ),
            ("[default\n", "/config.toml cannot be used: line 1: "),
            ("[default]\nvault = 1\n", "line 2: "),
        ] {
            let refused = parse(text).unwrap_err().to_string();
            assert!(refused.contains(said), "{text}: {refused}");
        }
        let mut file = parse("").unwrap();
        let refused = set(&mut file, &ConfigTable::Default, ConfigKey::Account, "api").unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("account: a service account is NAMESPACE/NAME")
        );
    }

    #[test]
    fn a_vault_and_a_namespace_that_contradict_each_other_are_not_both_set() {
        let mut file = parse("[default]\nvault = 'team-a/prod'").unwrap();
        let refused = set(&mut file, &ConfigTable::Default, ConfigKey::Namespace, "team-b").unwrap_err();
        assert!(refused.to_string().contains("team-a and team-b"), "{refused}");
        let mut file = parse("[default]\nvault = 'team-a/prod'").unwrap();
        set(&mut file, &ConfigTable::Default, ConfigKey::Namespace, "team-a").unwrap();
    }
}
