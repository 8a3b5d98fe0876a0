//! The defaults of this program, and `strongroom config`.
//!
//! ```text
//!   flag > environment variable > [contexts.NAME] > [default] > what the program has
//! ```
//!
//! The defaults are in the grammar before it reads the command line (`invocation`), so that no command knows of them.

mod defaults;
mod file;

use std::{env, ffi::OsString, path::Path, process::ExitCode};

use kube::config::Kubeconfig;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    arguments::{ConfigArguments, ConfigCommand, ConfigKey, Global, ScopeFlags},
    failure::{ConfigFailure, Failure},
    output::{API_VERSION, AnswerOutput},
    printed::{Outcome, Printed},
    table, terminal,
};
pub(crate) use defaults::{Given, chosen};
pub(crate) use file::{ConfigFile, ConfigTable};

/// What a list calls a value that the program has by itself.
const BUILT_IN: &str = "built in";

/// One default, as it is printed.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ConfigItem {
    /// What it is a default of.
    key: &'static str,
    /// The value that commands have; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// Where the value comes from: `environment NAME`, `context NAME`, `all contexts`, `built in`; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

/// What `config get -o json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfigDocument {
    /// `cli.strongroom.dev/v1`.
    #[schemars(extend("const" = "cli.strongroom.dev/v1"))]
    api_version: &'static str,
    /// `Config`.
    #[schemars(extend("const" = "Config"))]
    kind: &'static str,
    #[serde(flatten)]
    item: ConfigItem,
}

/// Runs the command. Asks no server.
pub(crate) fn run(arguments: ConfigArguments, global: &Global) -> Result<ExitCode, Failure> {
    let output = AnswerOutput::of(global.output())?;
    let outcome: Outcome = match arguments.command {
        ConfigCommand::Path => {
            let path = file::path().ok_or(ConfigFailure::NoHome)?;
            Printed::Text(format!("{}\n", path.display())).into()
        }
        ConfigCommand::List => list(&ConfigFile::read()?, global, output)?.into(),
        ConfigCommand::Get { key, scope } => {
            get(&ConfigFile::read()?, key, &table_of(&scope, global), output)?
        }
        ConfigCommand::Set { key, value, scope } => {
            change(key, Some(value), &table_of(&scope, global))?.into()
        }
        ConfigCommand::Unset { key, scope } => change(key, None, &table_of(&scope, global))?.into(),
    };
    outcome.conclude(global)
}

/// Whose default is meant: that of the context that a flag names, or else of the current one, if there is any.
fn table_of(scope: &ScopeFlags, global: &Global) -> ConfigTable {
    let context = if scope.all_contexts {
        None
    } else {
        let named = global.cluster.context.clone();
        named.or_else(|| current_context(global.cluster.kubeconfig.as_deref()))
    };
    context.map_or(ConfigTable::Default, ConfigTable::Context)
}

/// The current context of the kubeconfig, if it can be read.
pub(crate) fn current_context(kubeconfig: Option<&Path>) -> Option<String> {
    let kubeconfig = match kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    kubeconfig.ok()?.current_context.filter(|name| !name.is_empty())
}

fn change(key: ConfigKey, value: Option<String>, table: &ConfigTable) -> Result<Printed, Failure> {
    let done = match &value {
        Some(value) => format!("{key} set to {value} for {table}\n"),
        None => format!("{key} unset for {table}\n"),
    };
    let mut file = ConfigFile::read()?;
    file.change(table, key, value)?;
    file.write()?;
    Ok(Printed::Done(done))
}

fn get(
    file: &ConfigFile,
    key: ConfigKey,
    table: &ConfigTable,
    output: AnswerOutput,
) -> Result<Outcome, Failure> {
    let Some((value, from)) = file.value(table.context(), key) else {
        terminal::remark(&format!("There is no default of {key} for {table}."));
        return Ok(Outcome {
            printed: Printed::Nothing,
            is_yes: false,
        });
    };
    let printed = match output {
        AnswerOutput::Text => Printed::Text(format!("{}\n", terminal::field(value))),
        AnswerOutput::Json => Printed::json(&ConfigDocument {
            api_version: API_VERSION,
            kind: "Config",
            item: ConfigItem {
                key: key.name(),
                value: Some(value.to_owned()),
                source: Some(from.to_string()),
            },
        })?,
    };
    Ok(printed.into())
}

fn list(file: &ConfigFile, global: &Global, output: AnswerOutput) -> Result<Printed, Failure> {
    let of = table_of(&ScopeFlags { all_contexts: false }, global);
    let items = items(file, of.context(), &|name| env::var_os(name));
    match output {
        AnswerOutput::Json => Printed::list("ConfigList", &items),
        AnswerOutput::Text => {
            let cell = |text: Option<&str>| text.map_or_else(|| table::NONE.to_owned(), terminal::field);
            let rows: Vec<_> = items
                .iter()
                .map(|item| {
                    [
                        item.key.to_owned(),
                        cell(item.value.as_deref()),
                        cell(item.source.as_deref()),
                    ]
                })
                .collect();
            Ok(Printed::Text(table::render(["KEY", "VALUE", "SOURCE"], &rows)))
        }
    }
}

/// What commands have in a context as long as no flag says otherwise.
fn items(
    file: &ConfigFile,
    context: Option<&str>,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Vec<ConfigItem> {
    let of = |key: ConfigKey| {
        let of_variable = key.variable().and_then(|name| {
            let value = variable(name)?.into_string().ok()?;
            Some((value, format!("environment {name}")))
        });
        let of_file = || {
            let (value, from) = file.value(context, key)?;
            Some((value.to_owned(), from.to_string()))
        };
        let built_in = || Some((key.built_in()?.to_owned(), BUILT_IN.to_owned()));
        let found = of_variable.or_else(of_file).or_else(built_in);
        let (value, source) = found.unzip();
        ConfigItem {
            key: key.name(),
            value,
            source,
        }
    };
    ConfigKey::ALL.map(of).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_listed_with_the_place_that_it_comes_from() {
        let file = ConfigFile::parse(
            Path::new("config.toml"),
            "[default]\nvault = 'team-a/prod'\noutput = 'yaml'\n[contexts.staging]\nvault = 'staging'\n",
        )
        .unwrap();
        let listed = |context: Option<&str>| -> Vec<_> {
            let variable = |name: &str| (name == "STRONGROOM_OUTPUT").then(|| "json".into());
            items(&file, context, &variable)
                .into_iter()
                .filter_map(|item| Some((item.key, item.value?, item.source?)))
                .collect()
        };
        let of = |key, value: &str, source: &str| (key, value.to_owned(), source.to_owned());
        let rest = [
            of("release-namespace", "strongroom-system", "built in"),
            of("output", "json", "environment STRONGROOM_OUTPUT"),
        ];
        assert_eq!(
            listed(Some("staging")),
            [&[of("vault", "staging", "context staging")][..], &rest].concat()
        );
        for context in [None, Some("other")] {
            assert_eq!(
                listed(context),
                [&[of("vault", "team-a/prod", "all contexts")][..], &rest].concat()
            );
        }
    }
}
