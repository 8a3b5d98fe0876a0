//! Each part of `make soak` in small, so that none of them rots; and that each can fail.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::{path::Path, process::Command};

use strongroom_harness::workspace;
use strongroom_soak::{kills, residue, timing};
use strongroom_testing::Program;

#[tokio::test(flavor = "multi_thread")]
async fn twelve_kills_lose_nothing_acknowledged_and_leave_nothing_unaudited() {
    let args = kills::Args {
        kills: 12,
        ..kills::Args::default()
    };
    let report = kills::run(&args).await.unwrap();
    println!("{report}");
    assert!(report.passed(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_is_put_back_between_two_starts_is_found_as_lost_writes_without_records() {
    let args = kills::Args {
        kills: 30,
        ..kills::Args::default()
    };
    let put_back = &mut |kill: usize, program: &Program| {
        let (data, older) = (program.files.path("data"), program.files.path("older"));
        match kill {
            8 => copy(&data, &older),
            16 => {
                std::fs::remove_dir_all(&data).unwrap();
                copy(&older, &data);
            }
            _ => {}
        }
    };
    let vault = workspace::program("strongroom-vault").unwrap();
    let report = kills::run_with(&args, vault, put_back).await.unwrap();
    println!("{report}");
    let faults = report.faults().join("\n");
    assert!(faults.contains("acknowledged was"), "{report}");
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(status.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_names_take_as_long_as_missing_ones_by_a_test_that_finds_what_differs() {
    // Other work of the machine can hide from few samples the difference that is there. More of them find it; and one that
    // is not to be there, if it is, they find more surely.
    let mut shown = String::new();
    for samples in [2_000, 8_000, 32_000] {
        let args = timing::Args {
            samples,
            ..timing::Args::default()
        };
        let report = timing::run(&args).await.unwrap();
        println!("{report}");
        if report.passed() {
            return;
        }
        shown = report.to_string();
    }
    panic!("{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_copies_of_planted_values_are_in_the_process_than_the_page_says() {
    let args = residue::Args {
        idle: 2,
        ..residue::Args::default()
    };
    let report = residue::run(&args).await.unwrap();
    println!("{report}");
    assert!(report.passed(), "{report}");
}
