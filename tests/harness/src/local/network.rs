//! The network of a cluster: a bridge in the control bundle, one link to each node, no uplink.

use std::{fmt::Write, io::Cursor, process::Command};

use anyhow::{Context, Result};

use crate::command::feed;

/// The address of the control bundle, where the API server listens.
pub const CONTROL: &str = "10.89.0.1";
/// The first address of the Service range, which is the API server's Service.
pub const API_SERVICE: &str = "10.96.0.1";
/// The cluster's DNS Service.
pub const DNS_SERVICE: &str = "10.96.0.10";
/// The range of Service addresses.
pub const SERVICES: &str = "10.96.0.0/16";
/// The range of all pods' addresses.
pub const PODS: &str = "10.244.0.0/16";

/// The name of a node.
pub fn node_name(index: u8) -> String {
    format!("node-{index}")
}

/// The address of a node.
pub fn node_address(index: u8) -> String {
    format!("10.89.0.{}", 10 + u16::from(index))
}

/// The addresses of a node's pods.
pub fn pod_range(index: u8) -> String {
    format!("10.244.{index}.0/24")
}

/// Connects the bundles, given the process of the control bundle and those of the nodes in order.
pub fn connect(control: i32, nodes: &[i32]) -> Result<()> {
    ip_batch(control, &control_plan(nodes)).context("cannot set up the control bundle's network")?;
    let count = u8::try_from(nodes.len())?;
    for (index, pid) in (0_u8..).zip(nodes) {
        ip_batch(*pid, &node_plan(index, count))
            .with_context(|| format!("cannot set up node {index}'s network"))?;
    }
    Ok(())
}

fn control_plan(nodes: &[i32]) -> String {
    let mut plan =
        format!("link set lo up\nlink add br0 type bridge\naddr add {CONTROL}/24 dev br0\nlink set br0 up\n");
    for (index, pid) in (0_u8..).zip(nodes) {
        let (range, via) = (pod_range(index), node_address(index));
        let _ = write!(
            plan,
            "link add veth{index} type veth peer name eth0 netns {pid}\nlink set veth{index} master br0\n\
             link set veth{index} up\nroute add {range} via {via}\n"
        );
    }
    plan
}

/// The default route makes Service addresses routable, which is all that kube-proxy needs; the
/// control bundle forwards nothing.
fn node_plan(index: u8, nodes: u8) -> String {
    let mut plan = format!(
        "link set lo up\naddr add {}/24 dev eth0\nlink set eth0 up\nroute add default via {CONTROL}\n",
        node_address(index)
    );
    for other in (0..nodes).filter(|other| *other != index) {
        let _ = writeln!(plan, "route add {} via {}", pod_range(other), node_address(other));
    }
    plan
}

/// Enters the network namespace only: `ip netns exec` would mount a new /sys without cgroups.
fn ip_batch(pid: i32, plan: &str) -> Result<()> {
    let mut command = Command::new("nsenter");
    command
        .arg(format!("--net=/proc/{pid}/ns/net"))
        .args(["ip", "-batch", "-"]);
    feed(&mut command, &mut Cursor::new(plan)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_is_linked_and_its_pods_are_routed() {
        let plan = control_plan(&[100, 200]);
        assert!(plan.contains("peer name eth0 netns 100") && plan.contains("peer name eth0 netns 200"));
        assert!(plan.contains("route add 10.244.1.0/24 via 10.89.0.11"));
    }

    #[test]
    fn a_node_routes_to_the_other_nodes_pods_and_not_to_its_own() {
        let plan = node_plan(1, 3);
        assert!(
            plan.contains("10.244.0.0/24 via 10.89.0.10") && plan.contains("10.244.2.0/24 via 10.89.0.12")
        );
        assert!(!plan.contains("10.244.1.0/24"));
    }
}
