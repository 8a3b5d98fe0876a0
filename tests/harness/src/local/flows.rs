//! Who opens connections to whom: recorded on the nodes, for tests of `NetworkPolicy`.
//!
//! Nothing in the local cluster enforces a policy. Every packet between pods is routed through its
//! node, which sees each new connection with the address after the Service's translation.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    net::IpAddr,
    process::{Child, ChildStdout, Stdio},
    thread::JoinHandle,
};

use anyhow::{Context, Result};

use super::{
    enter::{self, Share},
    network::node_name,
    record::Record,
};

/// One kind of connection: who opened it, and to which address and port of a pod, node or server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// Who opened it.
    pub from: IpAddr,
    /// Who answered, behind any Service.
    pub to: IpAddr,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The port that answered.
    pub port: u16,
}

/// A recording that runs until it is finished.
#[derive(Debug)]
pub struct Recording {
    nodes: Vec<(Child, JoinHandle<BTreeSet<Flow>>)>,
}

impl Recording {
    /// Begins to record on every node.
    pub fn begin(record: &Record) -> Result<Self> {
        let mut recording = Self { nodes: Vec::new() };
        for index in 0..record.options.nodes {
            let mut conntrack = enter::command(record, &node_name(index), Share::Network)?;
            // The buffer holds a burst; lost events would be connections that no policy is checked for.
            conntrack.args([
                "conntrack",
                "--event",
                "--event-mask",
                "NEW",
                "--buffer-size",
                "8388608",
            ]);
            conntrack
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null());
            let mut child = conntrack.spawn().context("cannot start conntrack")?;
            let output = child.stdout.take().context("conntrack has no output")?;
            recording
                .nodes
                .push((child, std::thread::spawn(move || collect(output))));
        }
        Ok(recording)
    }

    /// Ends the recording and gives each kind of connection once.
    pub fn finish(mut self) -> BTreeSet<Flow> {
        let mut flows = BTreeSet::new();
        for (mut child, reader) in self.nodes.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
            flows.extend(reader.join().unwrap_or_default());
        }
        flows
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        for (child, _) in &mut self.nodes {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn collect(output: ChildStdout) -> BTreeSet<Flow> {
    BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| parse(&line))
        .collect()
}

/// A line of `conntrack --event`: the opening direction first, the answering one after it. A Service's
/// translation shows in the second.
fn parse(line: &str) -> Option<Flow> {
    let words = line.split_whitespace().collect::<Vec<_>>();
    let values = |key: &str| {
        words
            .iter()
            .filter_map(|word| word.strip_prefix(key))
            .collect::<Vec<_>>()
    };
    let (sources, ports) = (values("src="), values("sport="));
    Some(Flow {
        from: sources.first()?.parse().ok()?,
        to: sources.get(1)?.parse().ok()?,
        protocol: (*words.get(1)?).to_owned(),
        port: ports.get(1)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_to_a_service_is_one_to_the_pod_behind_it() {
        let line = "    [NEW] tcp      6 120 SYN_SENT src=10.244.0.3 dst=10.96.0.10 sport=57716 dport=53 \
                    [UNREPLIED] src=10.244.0.2 dst=10.244.0.3 sport=5353 dport=57716";
        let flow = parse(line).unwrap();
        assert_eq!(
            (flow.from.to_string(), flow.to.to_string()),
            ("10.244.0.3".to_owned(), "10.244.0.2".to_owned())
        );
        assert_eq!((flow.protocol.as_str(), flow.port), ("tcp", 5353));
    }

    #[test]
    fn a_line_without_ports_is_left_out() {
        assert_eq!(
            parse("    [NEW] icmp     1 30 src=10.244.0.3 dst=10.244.0.2 type=8 code=0 id=1"),
            None
        );
    }
}
