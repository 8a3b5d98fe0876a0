//! `strongroom config`, and what defaults do to other commands.

use std::{
    path::Path,
    process::{Command, Output},
};

use strongroom_testing::Directory;

use super::{api_server::ApiServer, text};

/// Runs the program with its configuration below a directory.
fn run(directory: &Directory, kubeconfig: Option<&Path>, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .args(line.split(' '))
        .env_remove("STRONGROOM_VAULT")
        .env("XDG_CONFIG_HOME", directory.path())
        .env("KUBECONFIG", kubeconfig.unwrap_or(Path::new("/nonexistent")))
        .output()
        .unwrap()
}

#[track_caller]
fn done(directory: &Directory, kubeconfig: Option<&Path>, line: &str) -> String {
    let output = run(directory, kubeconfig, line);
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

#[test]
fn a_default_is_set_listed_taken_by_commands_and_unset() {
    let (directory, server) = (Directory::new(), ApiServer::start());
    let kubeconfig = Some(server.kubeconfig());
    let path = done(&directory, kubeconfig, "config path");
    assert_eq!(
        path.trim_end(),
        directory.path().join("strongroom/config.toml").to_str().unwrap()
    );
    assert_eq!(
        done(&directory, kubeconfig, "config set vault team-a/prod"),
        "vault set to team-a/prod for context test\n"
    );
    assert_eq!(
        done(
            &directory,
            kubeconfig,
            "config set account shop:api --all-contexts --quiet"
        ),
        ""
    );
    assert_eq!(
        done(&directory, kubeconfig, "config list"),
        "KEY                 VALUE               SOURCE\n\
         vault               team-a/prod         context test\n\
         namespace           <none>              <none>\n\
         account             shop:api            all contexts\n\
         release-namespace   strongroom-system   built in\n\
         output              table               built in\n"
    );
    // The vault and the account are known; the token is refused by this API server.
    let output = run(&directory, kubeconfig, "secret list");
    let error = text(&output.stderr);
    assert!(
        error.contains("cannot create serviceaccounts/token in namespace shop"),
        "{error}"
    );
    let check = "policy check --permission secrets/get --object db-x --service-account shop/api";
    assert!(done(&directory, kubeconfig, check).starts_with("yes - "));
    let elsewhere = done(&directory, kubeconfig, "config get account --context other");
    assert_eq!(elsewhere, "shop:api\n");

    done(&directory, kubeconfig, "config unset vault");
    let output = run(&directory, kubeconfig, "config get vault");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    let output = run(&directory, kubeconfig, "secret list");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn the_form_of_output_is_a_default_too_and_a_flag_wins_over_it() {
    let directory = Directory::new();
    done(&directory, None, "config set output json --all-contexts");
    let list: serde_json::Value =
        serde_json::from_str(&done(&directory, None, "config list -o json")).unwrap();
    assert_eq!(list["kind"], "ConfigList");
    let of_output = list["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        of_output,
        &serde_json::json!({ "key": "output", "value": "json", "source": "all contexts" })
    );
    // Commands on the configuration itself take no default.
    assert!(done(&directory, None, "config list").starts_with("KEY "));
    let server = ApiServer::start();
    let check = "policy check --vault team-a/prod --permission secrets/get --service-account shop/api";
    let answer = done(&directory, Some(server.kubeconfig()), check);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()["allowed"],
        true
    );
    let answer = done(
        &directory,
        Some(server.kubeconfig()),
        &format!("{check} -o table"),
    );
    assert!(answer.starts_with("yes - "), "{answer}");
}

#[test]
fn a_wrong_key_value_or_file_is_refused_with_what_is_right_and_nothing_is_changed() {
    let directory = Directory::new();
    done(&directory, None, "config set vault a/b --all-contexts");
    let file = directory.path().join("strongroom/config.toml");
    let kept = std::fs::read_to_string(&file).unwrap();
    for (line, said) in [
        (
            "config set vualt a/b",
            "[possible values: vault, namespace, account, release-namespace, output]",
        ),
        ("config set token abc", "possible values"),
        (
            "config set output xml",
            "output: \"xml\" is none of table, wide, json, yaml, name",
        ),
        (
            "config set account api",
            "account: a service account is NAMESPACE/NAME",
        ),
        (
            "config set namespace c --all-contexts",
            "a and c: set one of them",
        ),
    ] {
        let output = run(&directory, None, line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(
            text(&output.stderr).contains(said),
            "{line}: {}",
            text(&output.stderr)
        );
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept);
    std::fs::write(&file, "[default]\nvualt = 'a/b'\n").unwrap();
    let output = run(&directory, None, "secret list");
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(
        error.contains("line 2: unknown variant `vualt`, expected one of `vault`"),
        "{error}"
    );
    // What needs no default works all the same.
    assert!(run(&directory, None, "secret --help").status.success());
    assert!(run(&directory, None, "config path").status.success());
}

#[test]
fn without_a_home_only_what_needs_the_file_says_so() {
    let homeless = |line: &str| {
        Command::new(env!("CARGO_BIN_EXE_strongroom"))
            .args(line.split(' '))
            .env_clear()
            .env("HOME", "nowhere")
            .output()
            .unwrap()
    };
    let output = homeless("config set vault a/b");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("where is the configuration? Set HOME"));
    let output = homeless("az-cloud --namespace team-a");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn an_error_is_one_json_object_where_json_is_asked_for() {
    let directory = Directory::new();
    let refused = |line: &str| -> serde_json::Value {
        let output = run(&directory, None, line);
        assert!(output.stdout.is_empty(), "{line}");
        let mut error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        let error = error["error"].take();
        assert_eq!(error["exitCode"], output.status.code().unwrap(), "{line}");
        error
    };
    let error = refused("secret list -o json");
    assert_eq!(
        (&error["code"], &error["exitCode"]),
        (&"VaultNotNamed".into(), &2.into())
    );
    let error = refused("secret list --nonsense --output=json");
    assert_eq!(error["code"], "WrongArguments");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("unexpected argument '--nonsense'"),
        "{message}"
    );
    let error = refused("secret list --vault a/b -o json");
    assert_eq!(error["code"], "KubeconfigUnusable");
    let server = ApiServer::start();
    let line = "secret list --vault team-a/prod --service-account shop/api -o json";
    let output = run(&directory, Some(server.kubeconfig()), line);
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["error"]["code"], "KubernetesForbidden");
    let hint = error["error"]["hint"].as_str().unwrap();
    assert!(
        hint.contains("kubectl auth can-i create serviceaccounts"),
        "{hint}"
    );
}
