//! What a cluster could leave on the machine.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What a cluster could leave on the machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    mounts: String,
    pub links: Vec<String>,
    addresses: String,
    routes: String,
    kubelet: bool,
}

impl Machine {
    pub fn now() -> Self {
        let listing = |args: &[&str]| {
            String::from_utf8(Command::new("ip").args(args).output().unwrap().stdout).unwrap()
        };
        let names = fs::read_dir("/sys/class/net")
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut links: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        links.sort();
        Self {
            mounts: fs::read_to_string("/proc/self/mountinfo").unwrap(),
            links,
            addresses: listing(&["-brief", "address"]),
            routes: listing(&["route"]),
            kubelet: Path::new("/var/lib/kubelet").exists(),
        }
    }
}

/// The cgroups of some containers, in the hierarchies of version 1 and in the one of version 2. Another
/// cluster's containers come and go meanwhile.
pub fn cgroups(containers: &BTreeSet<String>) -> Vec<PathBuf> {
    let mount = Path::new("/sys/fs/cgroup");
    let hierarchies = fs::read_dir(mount).unwrap().map(|entry| entry.unwrap().path());
    let parents = hierarchies
        .chain([mount.to_owned()])
        .map(|dir| dir.join("k8s.io"));
    let all = parents.flat_map(|dir| containers.iter().map(move |name| dir.join(name)));
    all.filter(|dir| dir.exists()).collect()
}

/// Processes whose network namespace is the one given, by its inode.
pub fn in_network(inode: &str) -> Vec<i32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| network_of(*pid).as_deref() == Some(inode))
        .collect()
}

pub fn network_of(pid: i32) -> Option<String> {
    fs::read_link(format!("/proc/{pid}/ns/net"))
        .ok()
        .map(|link| link.display().to_string())
}
