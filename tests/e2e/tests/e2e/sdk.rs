//! Each program of `examples/sdk` in a pod as its page shows it: the language's unmodified credential and client, with their
//! verification on, by environment alone.

use anyhow::{Result, bail, ensure};
use futures::future::join_all;
use serde_json::json;
use strongroom_e2e::{
    scenario::Scenario,
    sdk::{self, Tool},
};

/// A program.
struct Program {
    /// The name of its secret and of its pod.
    name: &'static str,
    /// Its directory.
    language: &'static str,
    /// The tool that runs it, and the script that the tool is given; none where it has an image.
    tool: Option<(&'static str, Option<&'static str>)>,
}

const PROGRAMS: [Program; 6] = [
    Program {
        name: "sdk-java",
        language: "java",
        tool: Some(("azure-java", None)),
    },
    Program {
        name: "sdk-javascript",
        language: "javascript",
        tool: Some(("azure-javascript", None)),
    },
    Program {
        name: "sdk-python",
        language: "python",
        tool: Some(("azure-python", Some("example.py"))),
    },
    Program {
        name: "sdk-python-aio",
        language: "python",
        tool: Some(("azure-python", Some("example_aio.py"))),
    },
    Program {
        name: "sdk-go",
        language: "go",
        tool: Some(("azure-go", None)),
    },
    Program {
        name: "sdk-rust",
        language: "rust",
        tool: None,
    },
];

#[tokio::test]
async fn a_program_of_every_sdk_uses_a_vault_by_environment_alone() -> Result<()> {
    Scenario::start("sdk")
        .await?
        .run(async |scenario| {
            scenario.cluster.local()?;
            sdk::give_access(scenario).await?;
            let all = join_all(PROGRAMS.iter().map(|program| run(scenario, program))).await;
            let failed: Vec<String> = all
                .into_iter()
                .filter_map(|one| one.err().map(|error| format!("{error:#}")))
                .collect();
            if failed.is_empty() {
                return Ok(());
            }
            bail!("{}", failed.join("\n\n"))
        })
        .await
}

async fn run(scenario: &Scenario, program: &Program) -> Result<()> {
    let name = program.name;
    let mut pod = sdk::pod(scenario, program.language)?;
    pod["metadata"]["name"] = json!(name);
    if let Some((tool, script)) = program.tool {
        let tool = Tool::installed(tool)?;
        let script = script.map(|script| tool.dir.join(script).display().to_string());
        let start = tool.program.display().to_string();
        let command: Vec<&str> = [Some(start.as_str()), script.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        sdk::run_from_machine(&mut pod, &tool, &command)?;
    }
    scenario.apply(&scenario.app.name, &pod).await?;
    let said = sdk::said(scenario, name).await?;
    let id = format!("set https://prod.{}.svc/secrets/{name}/", scenario.vault.name);
    ensure!(
        said.lines().any(|line| line.starts_with(&id)),
        "{name} said:\n{said}"
    );
    for line in [
        "got a value",
        &format!("listed {name}"),
        &format!("deleted {name}"),
    ] {
        ensure!(
            said.lines().any(|said| said == line),
            "no {line:?}; {name} said:\n{said}"
        );
    }
    Ok(())
}
