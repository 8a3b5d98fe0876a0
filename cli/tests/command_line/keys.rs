//! `strongroom key`, as far as it needs no vault.

use super::{assert_golden, strongroom, text, with_input};

/// The commands, each of which has a page of help.
const COMMANDS: [&str; 19] = [
    "create", "import", "show", "update", "rotate", "policy", "sign", "verify", "encrypt", "decrypt", "wrap",
    "unwrap", "list", "versions", "delete", "recover", "purge", "backup", "restore",
];

#[test]
fn the_help_of_keys_is_what_is_documented_and_leaves_out_no_command() {
    let overview = strongroom(None, &["key", "--help"]);
    let overview = text(&overview.stdout);
    assert_golden("key.txt", overview);
    let (_, listed) = overview.split_once("Commands:\n").unwrap();
    let listed: Vec<_> = listed
        .lines()
        .take_while(|line| line.starts_with("  "))
        // A long line goes on in the next, further in.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect();
    assert_eq!(listed, COMMANDS);
    for command in COMMANDS {
        let output = strongroom(None, &["key", command, "--help"]);
        assert!(output.status.success());
        assert_golden(&format!("key-{command}.txt"), text(&output.stdout));
    }
}

#[test]
fn wrong_arguments_of_keys_are_refused_before_any_request() {
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for line in [
        "create k",
        "create k --type DSA",
        "create k --type EC --curve P-224",
        "create k --type RSA --size 1024",
        "create k --type AKP",
        "create k --type EC --size 256",
        "create k --type EC --ops sign,fly",
        "create k --type EC --expires tomorrow",
        "create k --type EC --tag novalue",
        "create a/b --type EC",
        "import k --type DSA",
        "import k --base64",
        "import k --type EC --base64",
        "import k -o pem",
        "show k --version 1",
        "show k -o xml",
        "show k -o base64",
        "update k --enabled --disabled",
        "policy k --rotate-after P90D --rotate-before P30D",
        "policy k --rotate-after P90D --no-rotate",
        "policy k --expiry P1Y --no-expiry",
        "policy k --expiry P1Y -f policy",
        &format!("sign k --digest {digest}"),
        &format!("sign k --algorithm ROT13 --digest {digest}"),
        &format!("sign k --algorithm ES256 --digest {digest} -f data"),
        "sign k --algorithm ES256 --digest abc",
        &format!("verify k --algorithm ES256 --digest {digest}"),
        &format!("verify k --algorithm ES256 --digest {digest} --signature !"),
        &format!("verify k --algorithm ES256 --digest {digest} --signature AQ --signature-file s"),
        "encrypt k --algorithm A256GCM",
        "decrypt k --iv !",
        "backup k -o json",
        "list -o pem",
    ] {
        let words: Vec<_> = ["key"].into_iter().chain(line.split(' ')).collect();
        let output = with_input(None, &[&words[..], &["--vault", "prod"]].concat(), b"data");
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn input_that_no_key_takes_is_refused_before_anything_is_asked() {
    let long = vec![b'x'; 64 * 1024 + 1];
    for (line, input, sentence) in [
        ("encrypt k --algorithm RSA-OAEP", &long[..], "64 KiB"),
        ("sign k --algorithm HS256", &long, "64 KiB"),
        ("wrap k --algorithm A256KW --base64", b"no base64!", "not base64"),
        (
            "decrypt k --algorithm RSA-OAEP -f /nonexistent/data",
            b"",
            "/nonexistent/data",
        ),
        ("policy k -f -", b"{}}", "no rotation policy"),
        (
            "import k",
            b"no key",
            "standard input cannot be imported: it holds neither",
        ),
        ("import k -f /nonexistent/key", b"", "/nonexistent/key"),
        ("restore -f /nonexistent/backup", b"", "/nonexistent/backup"),
    ] {
        let words: Vec<_> = ["key"].into_iter().chain(line.split(' ')).collect();
        let output = with_input(None, &[&words[..], &["--vault", "prod"]].concat(), input);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{line}: {error}");
        assert!(error.contains(sentence), "{line}: {error}");
    }
}

#[test]
fn a_key_needs_a_vault_and_a_cluster_as_a_secret_does() {
    let output = strongroom(None, &["key", "list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("which vault?"), "{output:?}");
    let sign = ["key", "sign", "k", "--algorithm", "ES256", "--vault", "prod"];
    let output = with_input(None, &sign, &vec![b'x'; 1 << 20]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output.stderr).contains("kubeconfig"), "{output:?}");
}
