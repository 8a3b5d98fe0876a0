//! `strongroom` for someone who has the rights that docs/install.md lists, and no other.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::{Api, api::DeleteParams, config::Kubeconfig};
use serde_json::{Value, json};
use strongroom_e2e::{
    cli_rights::{self, Place, Right},
    scenario::{PATIENCE, Scenario},
};
use strongroom_harness::{
    cluster::wait::{self, Seen},
    installation::NAMESPACE,
    workspace,
};
use uuid::Uuid;

use super::{
    commands::{command_of, steps},
    openssl_keys::OpensslKeys,
};

/// The account of the scenario that may do everything with secrets.
const ACCOUNT: &str = "admin";

/// What every command finds on its standard input.
const INPUT: &[u8] = b"a value";

/// The groups of commands.
const GROUPS: [&str; 5] = ["secret", "key", "cert", "policy", "ref"];

/// The commands of the groups that say themselves which vault they are about, and are no account.
const OF_NO_ACCOUNT: [&str; 5] = [
    "policy who-can",
    "policy diff",
    "policy suggest",
    "ref create",
    "ref show",
];

/// The commands that are tried elsewhere: those that ask no cluster in the tests of `cli` and in `laptop.rs`, those of the owners of
/// an installation in `owners_commands.rs`.
const ELSEWHERE: [&str; 10] = [
    "check",
    "completion",
    "config",
    "crds",
    "debug",
    "dev",
    "man",
    "report",
    "vault",
    "version",
];

#[tokio::test]
async fn every_command_works_with_the_rights_that_are_listed_and_fails_without_any_one_of_them() -> Result<()>
{
    Scenario::start("cli")
        .await?
        .run(async |scenario| {
            let outcome = with_rights(scenario, cli_rights::listed()?).await;
            remove(scenario).await?;
            outcome
        })
        .await
}

async fn with_rights(scenario: &Scenario, listed: Vec<Right>) -> Result<()> {
    for (name, role) in [
        ("keys", "KeyVaultCryptoOfficer"),
        ("certificates", "KeyVaultCertificatesOfficer"),
    ] {
        let (account, role) = (scenario.account(ACCOUNT), json!({ "role": role }));
        scenario.policy(name, "Allow", &[account], &["*"], &role).await?;
        scenario.enforced(name).await?;
    }
    let own = json!({"permissions": {"certificates": ["strongroom/issuers/use", "strongroom/revoke"]}});
    let account = scenario.account(ACCOUNT);
    scenario
        .policy("authorities", "Allow", &[account], &["*"], &own)
        .await?;
    scenario.enforced("authorities").await?;
    let directory = tempfile::tempdir()?;
    let person = Person::new(scenario, directory.path())?;
    let (instead, needed): (Vec<_>, Vec<_>) = listed.into_iter().partition(|right| right.is_instead);
    person.allow(&needed).await?;
    person.can_do_everything("with every right").await?;
    for (n, missing) in needed.iter().enumerate() {
        let mut rest = needed.clone();
        rest.remove(n);
        person.allow(&rest).await?;
        person.is_told_that_it_lacks(missing).await?;
        if missing.text.contains("strongroom-trust-bundle") {
            rest.extend(instead.clone());
            person.allow(&rest).await?;
            person.can_do_everything("with the right instead").await?;
        }
    }
    Ok(())
}

/// A user who has no right yet.
struct Person<'a> {
    scenario: &'a Scenario,
    name: String,
    kubeconfig: std::path::PathBuf,
    /// Keys to import.
    keys: OpensslKeys,
}

impl<'a> Person<'a> {
    /// Someone whom the kubeconfig of the cluster speaks for.
    fn new(scenario: &'a Scenario, directory: &Path) -> Result<Self> {
        let name = format!("person-of-{}", scenario.app.name);
        let mut config = match scenario.cluster.local() {
            Ok(local) => Kubeconfig::read_from(local.layout.kubeconfig())?,
            Err(_) => Kubeconfig::read()?,
        };
        for user in config
            .auth_infos
            .iter_mut()
            .filter_map(|user| user.auth_info.as_mut())
        {
            user.impersonate = Some(name.clone());
        }
        let kubeconfig = directory.join("kubeconfig");
        // YAML is a superset of JSON.
        fs::write(&kubeconfig, serde_json::to_string(&config)?)?;
        Ok(Self {
            scenario,
            name,
            kubeconfig,
            keys: OpensslKeys::make(directory)?,
        })
    }

    /// Gives these rights, and takes every other.
    async fn allow(&self, rights: &[Right]) -> Result<()> {
        for (place, namespace) in places(self.scenario) {
            let name = role(self.scenario);
            let rules: Vec<Value> = rights
                .iter()
                .filter(|right| right.place == place)
                .map(|right| right.rule("prod", ACCOUNT))
                .collect::<Result<_>>()?;
            let role = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
                "metadata": {"name": name}, "rules": rules,
            });
            let binding = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": self.name}],
            });
            self.scenario.apply(namespace, &role).await?;
            self.scenario.apply(namespace, &binding).await?;
        }
        Ok(())
    }

    /// The API server notices a change of rights after a moment.
    async fn can_do_everything(&self, how: &str) -> Result<()> {
        wait::until(&format!("every command works {how}"), PATIENCE, || async {
            Ok(match self.do_everything()? {
                Ok(()) => Seen::Ready(()),
                Err(error) => Seen::NotYet(error),
            })
        })
        .await
    }

    async fn is_told_that_it_lacks(&self, right: &Right) -> Result<()> {
        let namespaces = places(self.scenario);
        let there = namespaces.iter().find(|(place, _)| *place == right.place);
        let (_, namespace) = there.context("a right is nowhere")?;
        let question = format!("kubectl auth can-i {} -n {namespace}", right.question());
        wait::until(
            &format!("a command fails for want of {right:?}"),
            PATIENCE,
            || async {
                Ok(match self.do_everything()? {
                    Err(error) if error.contains(&question) => Seen::Ready(()),
                    Err(error) => Seen::NotYet(error),
                    Ok(()) => Seen::NotYet("every command works".to_owned()),
                })
            },
        )
        .await
    }

    /// Runs every command, up to the first that fails; gives what that says.
    fn do_everything(&self) -> Result<Result<(), String>> {
        let name = format!("cli-{}", Uuid::new_v4().simple());
        let account = format!("{}/{ACCOUNT}", self.scenario.app.name);
        let vault = format!("{}/prod", self.scenario.vault.name);
        let at = ["--vault", &vault, "--service-account", &account].map(str::to_owned);
        let directory = self.kubeconfig.parent().context("the kubeconfig is nowhere")?;
        let steps = steps(
            &name,
            &self.scenario.vault.name,
            &self.scenario.app.name,
            directory,
        );
        let run: BTreeSet<String> = steps
            .iter()
            .map(|step| command_of(&step.words, &GROUPS))
            .collect();
        let known = every_command()?;
        ensure!(known == run, "{known:?} is not {run:?}");
        for step in steps {
            let mut words = step.words;
            let command = command_of(&words, &GROUPS);
            let is_in_a_group = command.contains(' ') || command == "token";
            if is_in_a_group && !OF_NO_ACCOUNT.contains(&command.as_str()) {
                words.extend(at.clone());
            }
            let output = self.strongroom(&words)?;
            if !output.status.success() {
                let error = String::from_utf8_lossy(&output.stderr);
                return Ok(Err(format!("{words:?}: {error}")));
            }
            let said = String::from_utf8(output.stdout)?;
            ensure!(said.contains(&step.wanted), "{words:?} printed {said}");
            if let Some(path) = step.kept {
                fs::write(&path, said)?;
                if path.extension().is_some_and(|kept| kept == "csr") {
                    self.keys.issue(&path)?;
                }
            }
        }
        self.keys.verify(INPUT, &directory.join(name))?;
        Ok(Ok(()))
    }

    fn strongroom(&self, words: &[String]) -> Result<Output> {
        let mut child = Command::new(workspace::program("strongroom")?)
            .args(words)
            .env("KUBECONFIG", &self.kubeconfig)
            // Of `secret edit`: it changes nothing.
            .env("VISUAL", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start strongroom")?;
        if let Some(mut input) = child.stdin.take() {
            // A command that reads nothing may be gone already.
            drop(input.write_all(INPUT));
        }
        Ok(child.wait_with_output()?)
    }
}

/// The commands that the help lists.
fn every_command() -> Result<BTreeSet<String>> {
    let mut found = listed_by(&[])?;
    found.retain(|command| !GROUPS.contains(&command.as_str()) && !ELSEWHERE.contains(&command.as_str()));
    for group in GROUPS {
        let commands = listed_by(&[group])?;
        found.extend(commands.iter().map(|command| format!("{group} {command}")));
    }
    Ok(found)
}

/// The commands that the help of a group lists.
fn listed_by(group: &[&str]) -> Result<BTreeSet<String>> {
    let output = Command::new(workspace::program("strongroom")?)
        .args(group)
        .arg("--help")
        .output()?;
    let help = String::from_utf8(output.stdout)?;
    let (_, rest) = help.split_once("Usage:").context("the help says no usage")?;
    // A flag begins with a dash, a long line goes on further in, and an example with the program's name.
    let lines = rest.lines().filter_map(|line| line.strip_prefix("  "));
    let lines = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
    let words = lines.filter_map(|line| line.split_whitespace().next());
    let found: BTreeSet<String> = words
        .filter(|word| !["help", "strongroom"].contains(word))
        .map(str::to_owned)
        .collect();
    ensure!(!found.is_empty(), "{help}");
    Ok(found)
}

fn places(scenario: &Scenario) -> [(Place, &str); 3] {
    [
        (Place::Vault, &scenario.vault.name),
        (Place::Account, &scenario.app.name),
        (Place::Release, NAMESPACE),
    ]
}

/// The name of the test's own Roles.
fn role(scenario: &Scenario) -> String {
    format!("person-of-{}", scenario.app.name)
}

/// Removes what the namespaces of the scenario do not take with them.
async fn remove(scenario: &Scenario) -> Result<()> {
    let name = role(scenario);
    let roles: Api<Role> = Api::namespaced(scenario.client(), NAMESPACE);
    roles.delete(&name, &DeleteParams::default()).await?;
    let bindings: Api<RoleBinding> = Api::namespaced(scenario.client(), NAMESPACE);
    bindings.delete(&name, &DeleteParams::default()).await?;
    Ok(())
}
