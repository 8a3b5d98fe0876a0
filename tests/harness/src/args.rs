//! The command line of `harness`.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use strongroom_harness::local::{layout::DEFAULT_NAME, network::IpFamily};

/// A Kubernetes cluster on this machine for Strongroom's tests, its images and its tools.
///
/// Nothing of the cluster is reachable from outside of this machine, and it needs no Docker, no
/// registry and no kind. The usual order:
///
///   harness up                    starts a cluster (the first time builds Kubernetes: 8 minutes)
///   harness images                builds the images and loads them
///   export KUBECONFIG=...         as `harness up` prints it
///   harness down                  leaves nothing behind
#[derive(Debug, Parser)]
#[command(name = "harness", version, verbatim_doc_comment)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Install what is missing of the tools, or only the named ones.
    Tools(Tools),
    /// Start a cluster and print its kubeconfig.
    Up(Up),
    /// Remove the cluster with everything it left, also after an aborted start or run of tests.
    Down(Down),
    /// Say how the cluster is; succeeds when it can be used.
    Status(Cluster),
    /// Build images, and load them into the cluster or write them as files.
    Images(Images),
    /// Show everything on a cluster: one of its own, or the one that KUBECONFIG names.
    Demo,
    /// Remove what `harness demo` made.
    DemoDown,
    /// Run every test: start clusters, install the chart, test, remove the clusters.
    #[command(visible_alias = "e2e")]
    Test(Test),
    /// Run a program in the cluster's network, where pods and Services are reached.
    Exec(Exec),
    /// Kill a node as a power cut would.
    Node(Node),
    /// The first process of a bundle of namespaces; not for people.
    #[command(hide = true)]
    Init(Init),
    /// The volumes of a node; not for people.
    #[command(hide = true)]
    OfferVolumes(OfferVolumes),
}

/// Which cluster.
#[derive(Debug, clap::Args)]
pub struct Cluster {
    /// The cluster's name: several may run at once.
    #[arg(long, env = "STRONGROOM_CLUSTER", default_value = DEFAULT_NAME)]
    pub name: String,
}

/// `harness tools`
#[derive(Debug, clap::Args)]
pub struct Tools {
    /// The tools; all that `make test` needs when none is named. `--list` shows them.
    pub names: Vec<String>,
    /// Show the tools and whether they are installed, and install nothing.
    #[arg(long)]
    pub list: bool,
}

/// `harness up`
#[derive(Debug, clap::Args)]
pub struct Up {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
    /// How many nodes, 1 to 9.
    #[arg(long, default_value_t = 1)]
    pub nodes: u8,
    /// How many of them, the last ones, run a kubelet that is older than the API server.
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    pub older_nodes: u8,
    /// The family of every address of nodes, Services and pods.
    #[arg(long, value_enum, default_value_t, value_name = "FAMILY")]
    pub ip_family: IpFamily,
    /// How often a kubelet looks at each pod again; volumes are republished at this pace. The
    /// kubelet's own default is 1m.
    #[arg(long, default_value = "2s", value_name = "DURATION")]
    pub sync_frequency: String,
    /// How many pods a node takes.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u16).range(1..=250))]
    pub max_pods: u16,
    /// Let etcd sync its writes to the disk: slower, and needed by tests of durability.
    #[arg(long)]
    pub etcd_fsync: bool,
    /// The API server's port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub api_port: u16,
    /// Volumes per node, of the default class `local`.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(0..=500))]
    pub volumes: u16,
    /// Volumes per node of the class `small`, each really full after 32 MiB.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(0..=50))]
    pub small_volumes: u16,
}

/// `harness down`
#[derive(Debug, clap::Args)]
pub struct Down {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
    /// Every cluster, also those of tests that were aborted.
    #[arg(long)]
    pub all: bool,
}

/// `harness images`
#[derive(Debug, clap::Args)]
pub struct Images {
    /// The images, for example `vault`; all when none is named.
    pub names: Vec<String>,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
    /// The images' tag.
    #[arg(long, default_value = "dev")]
    pub tag: String,
    /// Write tar files to this directory instead, for `kind load image-archive` or `ctr images import`.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Also the images of tests and of a cluster's own pods.
    #[arg(long)]
    pub base: bool,
    /// How the programs are built. Default: release with --output, else ci.
    #[arg(long, value_enum)]
    pub profile: Option<Profile>,
}

/// How programs are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// As they are to be installed.
    Release,
    /// As tests use them: slower, built sooner, and with assertions that end a program which finds a fault in itself.
    Ci,
}

impl Images {
    /// How the programs are built: what is written as files is for a cluster that somebody uses.
    pub fn profile(&self) -> Profile {
        let default = if self.output.is_some() {
            Profile::Release
        } else {
            Profile::Ci
        };
        self.profile.unwrap_or(default)
    }
}

/// `harness test`
#[derive(Debug, clap::Args)]
pub struct Test {
    /// The tests whose names contain this; all when it is left out.
    #[arg(default_value = "")]
    pub filter: String,
    /// How the local clusters are started. With KUBECONFIG set, that cluster is used and left as it is.
    #[command(flatten)]
    pub up: Up,
    /// How many programs of tests run at a time, 1 or 2, each on a local cluster of its own. Two when everything is
    /// tested, one when tests are named.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub lanes: Option<u8>,
    /// Leave the local clusters running after the tests.
    #[arg(long)]
    pub keep: bool,
    /// Run only the tests that need no cluster.
    #[arg(long)]
    pub no_cluster: bool,
    /// Run the tests that are left out otherwise: each says what it needs.
    #[arg(long)]
    pub ignored: bool,
    /// Shuffle programs and tests: by a number that gives the same order again, or by chance.
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true)]
    #[expect(
        clippy::option_option,
        reason = "clap's form of an option whose value may be left out"
    )]
    pub shuffle: Option<Option<u64>>,
}

/// `harness exec`
#[derive(Debug, clap::Args)]
pub struct Exec {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
    /// In which bundle: `control`, `node-0`, ...
    #[arg(long, default_value = "node-0")]
    pub role: String,
    /// Share the node's files and processes too, not only its network.
    #[arg(long)]
    pub all: bool,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub program: Vec<String>,
}

/// `harness node`
#[derive(Debug, clap::Args)]
pub struct Node {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
    /// The node to kill, for example `node-1`.
    #[arg(long)]
    pub kill: String,
}

/// `harness init`
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The cluster's directory.
    #[arg(long)]
    pub root: PathBuf,
    /// The directory of the Kubernetes programs.
    #[arg(long)]
    pub tools: PathBuf,
    /// The bundle's role.
    #[arg(long)]
    pub role: String,
}

/// `harness offer-volumes`
#[derive(Debug, clap::Args)]
pub struct OfferVolumes {
    /// The name of the node.
    #[arg(long)]
    pub node: String,
    /// The cluster's record.
    #[arg(long)]
    pub options: PathBuf,
    /// The kubeconfig to use.
    #[arg(long)]
    pub kubeconfig: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(words: &[&str]) -> Profile {
        let words = ["harness", "images"].iter().chain(words);
        match Args::try_parse_from(words).unwrap().command {
            Command::Images(images) => images.profile(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn images_for_others_are_release_builds_unless_somebody_asks_for_the_tests_own() {
        assert_eq!(profile(&["--output", "/tmp/images"]), Profile::Release);
        assert_eq!(
            profile(&["--output", "/tmp/images", "--profile", "ci"]),
            Profile::Ci
        );
        assert_eq!(profile(&[]), Profile::Ci);
        assert_eq!(profile(&["--profile", "release"]), Profile::Release);
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }
}
