//! `strongroom crds`: the custom resource definitions of this release.

use std::process::ExitCode;

use kube::ResourceExt as _;
use serde_json::json;

use crate::{
    arguments::{CrdsArguments, Global},
    failure::Failure,
    output::ObjectOutput,
    printed::{Outcome, Printed},
};

/// Runs the command. It asks no server.
pub(crate) fn run(_: &CrdsArguments, global: &Global) -> Result<ExitCode, Failure> {
    let output = ObjectOutput::of(global.output())?;
    Outcome::from(printed(output)?).conclude(global)
}

fn printed(output: ObjectOutput) -> Result<Printed, Failure> {
    let all = strongroom_crds::all();
    match output {
        ObjectOutput::Json => Printed::json(&json!({"apiVersion": "v1", "kind": "List", "items": all})),
        ObjectOutput::Name => {
            let names = all.iter().map(|definition| definition.name_any() + "\n");
            Ok(Printed::Text(names.collect()))
        }
        ObjectOutput::Text => {
            let mut text = String::new();
            for definition in &all {
                text.push_str("---\n");
                text.push_str(&strongroom_crds::to_yaml(definition).map_err(crate::output::FormError::from)?);
            }
            Ok(Printed::Text(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_the_chart_installs() {
        let Printed::Text(text) = printed(ObjectOutput::Text).unwrap() else {
            panic!("no text")
        };
        let mut installed = String::new();
        for kind in ["vaults", "accesspolicies", "secretrefs"] {
            let path = format!(
                "{}/../charts/strongroom/crds/{kind}.strongroom.dev.yaml",
                env!("CARGO_MANIFEST_DIR")
            );
            let file = std::fs::read_to_string(path).unwrap();
            let (comment, definition) = file.split_once('\n').unwrap();
            assert!(comment.starts_with('#'), "{comment}");
            installed.push_str("---\n");
            installed.push_str(definition);
        }
        assert_eq!(text, installed);
    }
}
