//! `strongroom cert`, as far as it needs no vault.

use super::{assert_golden, strongroom, text, with_input};

/// The commands, each of which has a page of help, with the commands below them.
const COMMANDS: [(&str, &[&str]); 19] = [
    ("create", &[]),
    ("import", &[]),
    ("show", &[]),
    ("update", &[]),
    ("policy", &["show", "set"]),
    ("pending", &["show", "wait", "cancel", "delete"]),
    ("merge", &[]),
    ("renew", &[]),
    ("revoke", &[]),
    ("download", &[]),
    ("issuer", &["list", "show", "set", "delete"]),
    ("contacts", &["show", "set", "delete"]),
    ("list", &[]),
    ("versions", &[]),
    ("delete", &[]),
    ("recover", &[]),
    ("purge", &[]),
    ("backup", &[]),
    ("restore", &[]),
];

/// The names of the commands in a page of help.
fn listed(help: &str) -> Vec<&str> {
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    listed
        .lines()
        .take_while(|line| line.starts_with("  "))
        // A long line goes on in the next, further in.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect()
}

#[test]
fn the_help_of_certificates_is_what_is_documented_and_leaves_out_no_command() {
    let overview = strongroom(None, &["cert", "--help"]);
    let overview = text(&overview.stdout);
    assert_golden("cert.txt", overview);
    assert_eq!(listed(overview), COMMANDS.map(|(command, _)| command));
    for (command, below) in COMMANDS {
        let output = strongroom(None, &["cert", command, "--help"]);
        assert!(output.status.success());
        let help = text(&output.stdout);
        assert_golden(&format!("cert-{command}.txt"), help);
        if !below.is_empty() {
            assert_eq!(listed(help), below);
        }
        for command_below in below {
            let output = strongroom(None, &["cert", command, command_below, "--help"]);
            assert!(output.status.success());
            assert_golden(
                &format!("cert-{command}-{command_below}.txt"),
                text(&output.stdout),
            );
        }
    }
}

#[test]
fn wrong_arguments_of_certificates_are_refused_before_any_request() {
    for line in [
        "create a",
        "create a/b --subject CN=a",
        "create a --subject shop",
        "create a --subject CN=a --type oct",
        "create a --subject CN=a --size 1024",
        "create a --subject CN=a --curve P-224",
        "create a --subject CN=a --validity 0",
        "revoke a --reason certificateHold",
        "revoke a --version 1",
        "create a --subject CN=a --secret-form der",
        "create a --subject CN=a --renew-at 80 --notify-at 90",
        "create a --subject CN=a --wait --no-wait",
        "create a --subject CN=a --timeout 0",
        "create a --subject CN=a -f policy",
        "create a --subject CN=a -o jwk",
        "import a --password p4ss",
        "import a --password-file -",
        "import a -f cert.pfx --policy-file policy --secret-form pem",
        "show a --version 1",
        "update a --enabled --disabled",
        "policy a",
        "policy show a -o pem",
        "pending wait a --timeout never",
        "download a --pem",
        "download a -o json",
        "issuer set a --provider Test -f issuer",
        "contacts set a@b.example -f contacts",
        "contacts show -o name",
        "backup a -o json",
        "list -o pem",
    ] {
        let words: Vec<_> = ["cert"].into_iter().chain(line.split(' ')).collect();
        let output = with_input(None, &[&words[..], &["--vault", "prod"]].concat(), b"data");
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn input_that_is_no_certificate_is_refused_before_anything_is_asked() {
    for (line, input, sentence) in [
        (
            "create a -f -",
            &b"{"[..],
            "the file is no certificate policy as -o json prints it",
        ),
        (
            "policy set a",
            br#"{"key": {}}"#,
            "no certificate policy has a member key",
        ),
        (
            "import a",
            b"junk",
            "standard input cannot be imported: it holds neither PEM nor a PFX",
        ),
        ("import a -f /nonexistent/cert", b"", "/nonexistent/cert"),
        (
            "import a -f - --password-file /nonexistent/password",
            b"",
            "/nonexistent/password",
        ),
        ("merge a", b"junk", "standard input cannot be merged"),
        ("issuer set a", b"{}}", "the file is no issuer"),
        ("restore -f /nonexistent/backup", b"", "/nonexistent/backup"),
    ] {
        let words: Vec<_> = ["cert"].into_iter().chain(line.split(' ')).collect();
        let output = with_input(None, &[&words[..], &["--vault", "prod"]].concat(), input);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{line}: {error}");
        assert!(error.contains(sentence), "{line}: {error}");
    }
}

#[test]
fn only_certificates_that_are_there_can_be_pending() {
    for line in [
        "cert list --deleted --include-pending",
        "secret list --include-pending",
        "key list --include-pending",
    ] {
        let words: Vec<_> = line.split(' ').chain(["--vault", "prod"]).collect();
        let output = strongroom(None, &words);
        assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
        assert!(text(&output.stderr).contains("--include-pending"), "{line}");
    }
}

#[test]
fn a_certificate_needs_a_vault_and_a_cluster_as_a_secret_does() {
    let output = strongroom(None, &["cert", "list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("which vault?"), "{output:?}");
    let output = strongroom(None, &["certificate", "list", "--vault", "prod"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output.stderr).contains("kubeconfig"), "{output:?}");
}
