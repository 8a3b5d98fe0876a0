//! What the page says of runs.

use strongroom_conformance::{
    suite::{Deselected, Outcome, Run, Test},
    tables::markdown,
};

fn test(name: &str, outcome: Outcome, said: &str) -> Test {
    Test {
        name: name.to_owned(),
        outcome,
        said: said.to_owned(),
    }
}

fn deselected(name: &str, reason: &str) -> Deselected {
    Deselected {
        name: name.to_owned(),
        reason: reason.to_owned(),
    }
}

fn runs() -> Vec<Run> {
    let alone = "It asks no vault.";
    let run = |version: &str, tests, more: Option<Deselected>| Run {
        version: version.to_owned(),
        tests,
        deselected: [
            deselected("auth.py::test_a", alone),
            deselected("auth.py::test_b", alone),
        ]
        .into_iter()
        .chain(more)
        .collect(),
        requests: 9,
        audit_log: None,
    };
    let passed = |name| test(name, Outcome::Passed, "");
    let failed = test(
        "client.py::Test::purge",
        Outcome::Failed,
        "E one\nclient.py:1: a|b",
    );
    let skipped = test("client.py::Test::set", Outcome::Skipped, "Skipped: not now");
    vec![
        run("2", vec![passed("client.py::Test::set"), failed], None),
        run(
            "1",
            vec![skipped],
            Some(deselected("client.py::Test::purge", "Too early.")),
        ),
    ]
}

#[test]
fn tables_say_what_passed_failed_and_did_not_run_at_which_version_and_why() {
    let expected = "\
### By version

| api-version | passed | failed | deselected |
|---|---|---|---|
| 2 | 1 | 1 | 2 |
| 1 | 0 | 1 | 3 |

### Failed

| test | api-version | the end of what it says |
|---|---|---|
| `client.py::Test::purge` | 2 | client.py:1: a\\|b |
| `client.py::Test::set` | 1 | Skipped: not now |

### Passed

| test | at |
|---|---|
| `client.py::Test::set` | 2 |

### Deselected

| test, or file of tests | tests | at | reason |
|---|---|---|---|
| `auth.py` | 2 | every version | It asks no vault. |
| `client.py::Test::purge` | 1 | 1 | Too early. |";
    assert_eq!(markdown(&runs()), expected);
}

#[test]
fn nothing_is_said_of_failures_where_there_are_none() {
    let mut runs = runs();
    runs.retain_mut(|run| {
        run.tests.retain(|test| test.outcome == Outcome::Passed);
        !run.tests.is_empty()
    });
    assert!(!markdown(&runs).contains("### Failed"));
}
