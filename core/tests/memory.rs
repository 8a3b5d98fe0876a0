//! What a compiled bundle takes of memory: this program holds nothing else, so what it gains is the index.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

use strongroom_core::{Bundle, BundlePolicy, Effect, Generation, Permission, PolicyIndex};

const MIB: usize = 1 << 20;

/// The most bytes that this process ever held.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// `policies` policies, each for all of `accounts` accounts and `depth` prefixes of which each contains the next.
fn nested(policies: usize, accounts: usize, depth: usize) -> Bundle {
    let policy = |n| BundlePolicy {
        name: format!("policy-{n}"),
        effect: Effect::Allow,
        subjects: (0..accounts)
            .map(|n| format!("00000000-0000-0000-0000-{n:012}").parse().unwrap())
            .collect(),
        objects: (1..=depth)
            .map(|length| format!("{}*", "a".repeat(length)).parse().unwrap())
            .collect(),
        permissions: [Permission::SecretGet].into_iter().collect(),
    };
    Bundle::new(
        "vault".to_owned(),
        Generation::default(),
        (0..policies).map(policy).collect(),
    )
}

/// Prefixes nested as deep as a name is long, in as many policies as one namespace may well have.
#[test]
fn deeply_nested_prefixes_take_no_more_than_was_said_before_they_were_compiled() {
    let bundle = nested(20, 64, 120);
    let said = PolicyIndex::bytes_to_compile(&bundle);
    let before = peak();
    let index = PolicyIndex::compile(&bundle);
    let took = peak() - before;
    eprintln!("{took} bytes of {said}");
    assert!(took <= said, "{took} bytes, {said} were said");
    assert!(said <= 32 * MIB, "{said} bytes for {} policies", index.policies());
}
