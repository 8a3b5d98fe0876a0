//! The network of a cluster: a bridge in the control bundle, one link to each node, no uplink.

use std::{
    fmt::{self, Write},
    io::Cursor,
    net::IpAddr,
    process::Command,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::command::feed;

/// The family of all addresses of a cluster: of nodes, Services and pods. Loopback has both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names of the variants say it")]
pub enum IpFamily {
    #[default]
    Ipv4,
    Ipv6,
}

impl IpFamily {
    /// The address of the control bundle, where the API server listens.
    pub const fn control(self) -> &'static str {
        match self {
            Self::Ipv4 => "10.89.0.1",
            Self::Ipv6 => "fd00:10:89::1",
        }
    }

    /// The first address of the Service range, which is the API server's Service.
    pub const fn api_service(self) -> &'static str {
        match self {
            Self::Ipv4 => "10.96.0.1",
            Self::Ipv6 => "fd00:10:96::1",
        }
    }

    /// The cluster's DNS Service.
    pub const fn dns_service(self) -> &'static str {
        match self {
            Self::Ipv4 => "10.96.0.10",
            Self::Ipv6 => "fd00:10:96::a",
        }
    }

    /// The range of Service addresses.
    pub const fn services(self) -> &'static str {
        match self {
            Self::Ipv4 => "10.96.0.0/16",
            Self::Ipv6 => "fd00:10:96::/112",
        }
    }

    /// The range of all pods' addresses.
    pub const fn pods(self) -> &'static str {
        match self {
            Self::Ipv4 => "10.244.0.0/16",
            Self::Ipv6 => "fd00:10:244::/48",
        }
    }

    /// Every address, as a server listens on it.
    pub const fn everywhere(self) -> &'static str {
        match self {
            Self::Ipv4 => "0.0.0.0",
            Self::Ipv6 => "::",
        }
    }

    /// Every address, as a route leads to it.
    pub const fn anywhere(self) -> &'static str {
        match self {
            Self::Ipv4 => "0.0.0.0/0",
            Self::Ipv6 => "::/0",
        }
    }

    /// The switch by which a node forwards packets.
    pub const fn forwarding(self) -> &'static str {
        match self {
            Self::Ipv4 => "/proc/sys/net/ipv4/ip_forward",
            Self::Ipv6 => "/proc/sys/net/ipv6/conf/all/forwarding",
        }
    }

    /// The address of a node.
    pub fn node_address(self, index: u8) -> String {
        match self {
            Self::Ipv4 => format!("10.89.0.{}", 10 + u16::from(index)),
            Self::Ipv6 => format!("fd00:10:89::1{index:x}"),
        }
    }

    /// The addresses of a node's pods.
    pub fn pod_range(self, index: u8) -> String {
        match self {
            Self::Ipv4 => format!("10.244.{index}.0/24"),
            // As large as most clusters of IPv6 give each node.
            Self::Ipv6 => format!("fd00:10:244:{index:x}::/64"),
        }
    }

    /// Whether an address is of this family.
    pub const fn has(self, address: &IpAddr) -> bool {
        match self {
            Self::Ipv4 => address.is_ipv4(),
            Self::Ipv6 => address.is_ipv6(),
        }
    }

    /// An address of the nodes' network, for `ip addr add`: nobody else can have it, so that nothing waits to learn that.
    fn assigned(self, address: &str, device: &str) -> String {
        match self {
            Self::Ipv4 => format!("addr add {address}/24 dev {device}"),
            Self::Ipv6 => format!("addr add {address}/64 dev {device} nodad"),
        }
    }
}

impl fmt::Display for IpFamily {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        })
    }
}

/// An address and a port as a URL has them.
pub fn authority(address: &str, port: u16) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

/// The name of a node.
pub fn node_name(index: u8) -> String {
    format!("node-{index}")
}

/// Connects the bundles, given the process of the control bundle and those of the nodes in order.
pub fn connect(family: IpFamily, control: i32, nodes: &[i32]) -> Result<()> {
    ip_batch(control, &control_plan(family, nodes)).context("cannot set up the control bundle's network")?;
    let count = u8::try_from(nodes.len())?;
    for (index, pid) in (0_u8..).zip(nodes) {
        ip_batch(*pid, &node_plan(family, index, count))
            .with_context(|| format!("cannot set up node {index}'s network"))?;
    }
    Ok(())
}

fn control_plan(family: IpFamily, nodes: &[i32]) -> String {
    let address = family.assigned(family.control(), "br0");
    let mut plan = format!("link set lo up\nlink add br0 type bridge\n{address}\nlink set br0 up\n");
    for (index, pid) in (0_u8..).zip(nodes) {
        let (range, via) = (family.pod_range(index), family.node_address(index));
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
fn node_plan(family: IpFamily, index: u8, nodes: u8) -> String {
    let mut plan = format!(
        "link set lo up\n{}\nlink set eth0 up\nroute add default via {}\n",
        family.assigned(&family.node_address(index), "eth0"),
        family.control()
    );
    for other in (0..nodes).filter(|other| *other != index) {
        let (range, via) = (family.pod_range(other), family.node_address(other));
        let _ = writeln!(plan, "route add {range} via {via}");
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
        let plan = control_plan(IpFamily::Ipv4, &[100, 200]);
        assert!(plan.contains("peer name eth0 netns 100") && plan.contains("peer name eth0 netns 200"));
        assert!(plan.contains("route add 10.244.1.0/24 via 10.89.0.11"));
    }

    #[test]
    fn a_node_routes_to_the_other_nodes_pods_and_not_to_its_own() {
        let plan = node_plan(IpFamily::Ipv4, 1, 3);
        assert!(
            plan.contains("10.244.0.0/24 via 10.89.0.10") && plan.contains("10.244.2.0/24 via 10.89.0.12")
        );
        assert!(!plan.contains("10.244.1.0/24"));
    }

    #[test]
    fn a_cluster_of_ipv6_names_no_address_of_ipv4() {
        let family = IpFamily::Ipv6;
        let plans = [control_plan(family, &[100, 200]), node_plan(family, 1, 2)].concat();
        assert!(plans.contains("route add fd00:10:244:1::/64 via fd00:10:89::11"));
        let words = plans.split_whitespace();
        let addresses: Vec<IpAddr> = words
            .filter_map(|word| word.split('/').next()?.parse().ok())
            .collect();
        assert_eq!(addresses.len(), 9, "{plans}");
        assert!(addresses.iter().all(|address| family.has(address)), "{plans}");
    }

    #[test]
    fn an_address_of_ipv6_stands_in_brackets_before_its_port() {
        let with_port = |family: IpFamily| authority(family.control(), 6443);
        assert_eq!(with_port(IpFamily::Ipv6), "[fd00:10:89::1]:6443");
        assert_eq!(with_port(IpFamily::Ipv4), "10.89.0.1:6443");
    }
}
