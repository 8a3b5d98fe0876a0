//! Every target over its corpus and over mutations of it, on stable: the same ones in each run.
//!
//! `PROPTEST_CASES` makes them more, `PROPTEST_RNG_SEED` others.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this whole program is tests; clippy exempts only the functions marked so"
)]

#[path = "replay/corpus.rs"]
mod corpus;
#[path = "replay/edit.rs"]
mod edit;

use std::collections::BTreeSet;

use proptest::{
    collection::vec,
    test_runner::{Config, RngSeed, TestError, TestRunner},
};
use strongroom_fuzz::{TARGETS, Verdict, find};

use corpus::Corpus;

/// What the random numbers grow from.
const SEED: u64 = 20_261_129;

/// For each target two tests, named after it. The number is how many times the usual number of mutations it is quick enough for.
macro_rules! replay {
    ($($name:ident: $times:literal),* $(,)?) => {
        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
        $(mod $name {
            #[test]
            fn each_input_of_the_corpus_is_judged_as_it_should_be() {
                super::replay(stringify!($name));
            }

            #[test]
            fn no_mutation_of_the_corpus_breaks_a_property() {
                super::mutate(stringify!($name), $times);
            }
        })*
    };
}

replay! {
    account_token: 2,
    admin_answer: 2,
    attestation_token: 2,
    backup_blob: 4,
    certificate_content: 4,
    certificate_der: 16,
    certificate_policy: 4,
    certificate_secret: 4,
    csi_request: 16,
    head_record: 16,
    key_fields: 16,
    keyring_file: 16,
    open_record: 16,
    policy_bundle: 1,
    private_key: 2,
    registration: 16,
    release_policy: 16,
    rest_request: 1,
    secret_ref: 4,
    state_record: 16,
    store_key: 16,
    token_form: 2,
    vault_answer: 2,
    vault_token: 2,
    version_record: 16,
    watch_message: 8,
    watch_request: 2,
}

#[test]
fn every_target_is_replayed_and_has_a_program_for_libfuzzer() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, REPLAYED.iter().copied().collect());
    let manifest = include_str!("../../../fuzz/Cargo.toml");
    for name in &names {
        assert!(
            manifest.contains(&format!("\"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
    }
    assert_eq!(manifest.matches("fuzz_targets/").count(), names.len());
    assert_eq!(
        corpus::directories(),
        names.iter().map(|name| (*name).to_owned()).collect()
    );
}

fn replay(name: &str) {
    let (target, corpus) = (find(name).unwrap(), Corpus::of(name));
    let seeds = (target.seeds)();
    assert!(seeds.iter().any(|seed| seed.verdict == Verdict::Taken));
    for seed in &seeds {
        let made = corpus.find(seed.name).is_some_and(|input| *input == seed.input);
        assert!(
            made,
            "{name}/{} is not as it is made: `make generate` writes it",
            seed.name
        );
    }
    for (file, input) in corpus.inputs() {
        let verdict = (target.body)(input);
        if let Some(seed) = seeds.iter().find(|seed| seed.name == *file) {
            assert_eq!(verdict, seed.verdict, "{name}/{file}");
        }
    }
}

fn mutate(name: &str, times: u32) {
    let (target, corpus) = (find(name).unwrap(), Corpus::of(name));
    let usual = Config::default();
    let config = Config {
        cases: times * usual.cases,
        rng_seed: match usual.rng_seed {
            RngSeed::Random => RngSeed::Fixed(SEED),
            fixed @ RngSeed::Fixed(_) => fixed,
        },
        failure_persistence: None,
        ..usual
    };
    let mutated = (0..corpus.inputs().len(), vec(edit::any(), 1..6));
    let outcome = TestRunner::new(config).run(&mutated, |(index, edits)| {
        (target.body)(&edit::all(&corpus, index, &edits));
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, (index, edits))) => {
            let input = edit::all(&corpus, index, &edits);
            panic!(
                "{name}: {reason}\n{}\nas text: {:?}",
                hex::encode(&input),
                String::from_utf8_lossy(&input)
            );
        }
        Err(TestError::Abort(reason)) => panic!("{name}: {reason}"),
    }
}
