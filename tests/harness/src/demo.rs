//! `make demo`: a cluster, the chart, the examples, and what a newcomer would look at first, each step with the command
//! that anyone could type.

mod place;
mod terminal;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kube::Client;
use strongroom_crds::{AccessPolicy, Vault};
use tokio::task::spawn_blocking;
use uuid::Uuid;

pub use place::Place;

use crate::{
    cargo,
    cluster::{self, pods, wait},
    images,
    installation::{self, Installer, RELEASE},
    local,
    progress::Step,
    tools::Store,
    workspace,
};
use terminal::{Shown, quoted};

/// Where the example's vault is.
const VAULTS: &str = "team-a";
/// Where the example's app is.
const APP: &str = "shop";
/// How long a step may take on a busy machine that usually takes seconds.
const PATIENCE: Duration = Duration::from_mins(3);

/// The demo on one cluster.
pub struct Demo {
    place: Place,
    installer: Installer,
    client: Client,
}

impl Demo {
    /// Brings up the cluster, the images and the chart.
    pub async fn prepare(place: Place) -> Result<Self> {
        let store = Store::from_env()?;
        place.up(&store).await?;
        build_command_line()?;
        match place.record()? {
            Some(record) => local::load::import(&record, &images::workspace(&store, &[], "dev")?)?,
            None => eprintln!("{}", place::FOREIGN_IMAGES),
        }
        let installer = Installer::new(&store, &place.kubeconfig())?;
        let client = cluster::client(&place.kubeconfig()).await?;
        let demo = Self {
            place,
            installer,
            client,
        };
        demo.kubectl(&["create", "namespace", VAULTS], Shown::Unless("AlreadyExists"))?;
        demo.installer
            .install("dev", &[&format!("vaultNamespaces={{{VAULTS}}}")])?;
        installation::ready(&demo.client).await?;
        Ok(demo)
    }

    /// Shows everything, and leaves it running.
    pub async fn show(&self) -> Result<()> {
        self.mount().await?;
        self.rotate().await?;
        self.refuse().await?;
        self.use_azure_sdk().await?;
        self.say_what_next();
        Ok(())
    }

    /// A pod reads its secret.
    async fn mount(&self) -> Result<()> {
        terminal::title("A vault, a policy, and a pod that mounts a secret");
        self.apply("quickstart.yaml")?;
        let step = Step::begin("Waiting for the vault");
        wait::condition::<Vault>(&self.client, VAULTS, "prod", ("Ready", "True"), PATIENCE).await?;
        for policy in ["owner-manages-all", "shop-reads-db"] {
            wait::condition::<AccessPolicy>(&self.client, VAULTS, policy, ("Enforced", "True"), PATIENCE)
                .await?;
        }
        step.done();
        self.kubectl(
            &["get", "vaults.strongroom.dev,accesspolicies", "-n", VAULTS],
            Shown::Always,
        )?;
        self.set(format!("first-{}", Uuid::new_v4().simple())).await?;
        wait::pod(&self.client, APP, "api", PATIENCE).await?;
        self.kubectl(
            &["exec", "-n", APP, "api", "--", "cat", "/secrets/password"],
            Shown::Always,
        )
    }

    /// The file follows a new version.
    async fn rotate(&self) -> Result<()> {
        terminal::title("Rotation: a new version reaches the file");
        let value = format!("second-{}", Uuid::new_v4().simple());
        let script = format!("until grep -qxF {value} /secrets/password; do sleep 0.01; done");
        let command = ["/bin/sh", "-c", &script];
        let changed = async {
            tokio::time::timeout(PATIENCE, pods::check(&self.client, APP, "api", &command))
                .await
                .context("the file did not change")??;
            anyhow::Ok(Instant::now())
        };
        let (changed, written) = tokio::try_join!(changed, self.set(value.clone()))?;
        self.kubectl(
            &["exec", "-n", APP, "api", "--", "cat", "/secrets/password"],
            Shown::Always,
        )?;
        println!("{}", lateness(written, changed));
        Ok(())
    }

    /// The vault refuses another account, and the pod's event says why.
    async fn refuse(&self) -> Result<()> {
        terminal::title("Another service account asks for the same secret");
        self.apply("refused.yaml")?;
        let step = Step::begin("Waiting for the refusal");
        let wanted = "service account shop/intern may not read it, or it does not exist";
        let events = || self.installer_output(&["events", "-n", APP, "--for", "pod/intern"]);
        wait::until("the pod's event says why", PATIENCE, || async {
            let text = events()?;
            Ok(if text.contains(wanted) {
                wait::Seen::Ready(())
            } else {
                wait::Seen::NotYet(text)
            })
        })
        .await?;
        step.done();
        self.kubectl(&["get", "pod", "-n", APP, "intern"], Shown::Always)?;
        self.kubectl(
            &["events", "-n", APP, "--for", "pod/intern", "--types", "Warning"],
            Shown::Always,
        )
    }

    /// An unmodified Azure SDK.
    async fn use_azure_sdk(&self) -> Result<()> {
        terminal::title("A program with an unmodified Azure SDK sets, gets, lists and deletes a secret");
        self.apply("sdk/access.yaml")?;
        let step = Step::begin("Waiting for its policy");
        let policy = "shop-uses-sdk";
        wait::condition::<AccessPolicy>(&self.client, VAULTS, policy, ("Enforced", "True"), PATIENCE).await?;
        step.done();
        self.apply("sdk/rust/pod.yaml")?;
        let step = Step::begin("Waiting for the program's end");
        wait::until("the program has done all it does", PATIENCE, || async {
            let log = self.installer_output(&["logs", "-n", APP, "sdk-rust"])?;
            Ok(if log.contains("deleted sdk-rust") {
                wait::Seen::Ready(())
            } else {
                wait::Seen::NotYet(log)
            })
        })
        .await?;
        step.done();
        self.kubectl(&["logs", "-n", APP, "sdk-rust"], Shown::Always)
    }

    fn say_what_next(&self) {
        terminal::title("It runs. What to try next");
        println!(
            "export KUBECONFIG={}",
            quoted(&self.place.kubeconfig().to_string_lossy())
        );
        println!("export PATH={}:$PATH\n", quoted(&place::programs()));
        println!("{NEXT}");
    }

    /// Applies one of the examples.
    fn apply(&self, example: &str) -> Result<()> {
        self.kubectl(&["apply", "-f", &format!("examples/{example}")], Shown::Always)
    }

    /// Sets the example's secret with the command line, as the vault's owner. Gives when it had its answer.
    async fn set(&self, value: String) -> Result<Instant> {
        let kubeconfig = self.place.kubeconfig();
        spawn_blocking(move || {
            let mut command = std::process::Command::new(workspace::program("strongroom")?);
            command.args([
                "secret",
                "set",
                "db-password",
                "--vault",
                "prod",
                "--namespace",
                VAULTS,
            ]);
            command.args(["--service-account", &format!("{VAULTS}:owner")]);
            command.env("KUBECONFIG", kubeconfig);
            terminal::run(&mut command, Some(&value), Shown::Always)?;
            Ok(Instant::now())
        })
        .await?
    }

    fn kubectl(&self, words: &[&str], shown: Shown) -> Result<()> {
        let mut command = self.installer.kubectl();
        command.args(words).current_dir(workspace::root());
        terminal::run(&mut command, None, shown).map(drop)
    }

    fn installer_output(&self, words: &[&str]) -> Result<String> {
        let output = self
            .installer
            .kubectl()
            .args(words)
            .output()
            .context("cannot start kubectl")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Removes what [`Demo::prepare`] and [`Demo::show`] made.
pub fn remove(place: &Place) -> Result<()> {
    if let Place::Own(layout) = place {
        if !local::down::down(layout)? {
            eprintln!("==> There is no demo; nothing to remove");
        }
        return Ok(());
    }
    let installer = Installer::new(&Store::from_env()?, &place.kubeconfig())?;
    let run = |words: &[&str]| {
        let mut command = installer.kubectl();
        terminal::run(command.args(words), None, Shown::Unless("not found")).map(drop)
    };
    run(&["delete", "namespace", APP, VAULTS])?;
    let mut uninstall = installer.helm();
    uninstall.args([
        "uninstall",
        RELEASE,
        "--namespace",
        installation::NAMESPACE,
        "--wait",
    ]);
    terminal::run(&mut uninstall, None, Shown::Unless("not found"))?;
    run(&["delete", "namespace", installation::NAMESPACE])?;
    println!(
        "The definitions and the priority class of vaults stay, and with them what others made:\n\
         kubectl delete -f charts/strongroom/crds/; kubectl delete priorityclass strongroom-vault"
    );
    Ok(())
}

/// Builds the command line program, beside the one that runs and with its features.
fn build_command_line() -> Result<()> {
    let step = Step::begin("Building strongroom");
    let mut build = cargo::command("build", cargo::PROFILE);
    build.args(["--quiet", "--bin", "strongroom"]);
    if !build.status().context("cannot start cargo")?.success() {
        bail!("strongroom could not be built");
    }
    step.done();
    Ok(())
}

/// How late the file was, in words.
fn lateness(written: Instant, changed: Instant) -> String {
    match changed.checked_duration_since(written) {
        Some(late) => format!(
            "The file changed {} ms after the command ended.",
            late.as_millis()
        ),
        None => format!(
            "The file had changed {} ms before the command ended.",
            written.duration_since(changed).as_millis()
        ),
    }
}

const NEXT: &str = "\
kubectl get vaults.strongroom.dev,accesspolicies,secretrefs --all-namespaces
kubectl describe secretref -n shop db
echo -n another | strongroom secret set db-password --vault team-a/prod --service-account team-a/owner
kubectl exec -n shop api -- cat /secrets/password
kubectl delete accesspolicy -n team-a shop-uses-sdk      # and run the Azure SDK's program again:
kubectl replace --force -f examples/sdk/rust/pod.yaml
kubectl logs -n shop sdk-rust --follow
make demo-down";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_ahead_of_the_command_is_not_called_late() {
        let now = Instant::now();
        let later = now + Duration::from_millis(20);
        assert_eq!(
            lateness(now, later),
            "The file changed 20 ms after the command ended."
        );
        assert_eq!(
            lateness(later, now),
            "The file had changed 20 ms before the command ended."
        );
    }
}
