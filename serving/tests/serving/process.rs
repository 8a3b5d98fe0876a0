//! A program of its own. The test runs itself again as that program.

use std::{
    env,
    process::{Command, Output},
};

use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
use strongroom_serving::process;

const ROLE: &str = "SERVING_TEST_PROGRAM";

/// Does nothing unless another test started it as a program of its own.
#[test]
fn program() {
    if env::var_os(ROLE).is_none() {
        return;
    }
    process::begin().unwrap();
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    let core = getrlimit(Resource::Core);
    assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
    // As of a value that is no UTF-8, or of an index out of its bounds.
    panic!("the message of a panic holds CANARY-VALUE");
}

fn run() -> Output {
    let program = Command::new(env::current_exe().unwrap())
        .args(["--exact", "process::program", "--nocapture", "--test-threads=1"])
        .env(ROLE, "1")
        .output();
    program.unwrap()
}

#[test]
fn a_program_leaves_no_core_lets_nobody_look_into_it_and_says_of_a_panic_only_where_it_was() {
    let output = run();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let (place, message) = ("serving/tests/serving/process.rs:", "CANARY");
    assert!(text.contains(place), "{text}");
    assert!(!text.contains(message), "{text}");
    assert!(
        !text.contains("left:"),
        "an assertion before the panic failed: {text}"
    );
}
