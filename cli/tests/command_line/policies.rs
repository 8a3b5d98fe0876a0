//! Questions about policies, of a cluster and of files.

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Value, json};
use strongroom_testing::Directory;

use super::{ApiServer, assert_golden, strongroom, text, with_input};

const POLICIES: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/accesspolicies";

#[test]
fn the_help_is_what_is_documented() {
    for command in ["who-can", "show", "diff", "suggest"] {
        let output = strongroom(None, &["policy", command, "--help"]);
        assert!(output.status.success());
        assert_golden(&format!("policy-{command}.txt"), text(&output.stdout));
    }
}

fn policy(name: &str, effect: &str, subject: &Value, objects: &[&str]) -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
        "metadata": { "name": name, "namespace": "team-a" },
        "spec": {
            "vaultRef": { "name": "prod" }, "effect": effect, "objects": objects,
            "subjects": [subject], "permissions": { "secrets": ["get"] },
        },
    })
}

fn account(name: &str) -> Value {
    json!({ "serviceAccount": { "namespace": "shop", "name": name } })
}

/// What the API server of the tests has, as a file would.
fn shop_reads_db() -> Value {
    policy("shop-reads-db", "Allow", &account("api"), &["db-*"])
}

/// A file with these objects.
fn file(directory: &Directory, name: &str, objects: &[Value]) -> PathBuf {
    let path = directory.path().join(name);
    let documents: Vec<_> = objects.iter().map(Value::to_string).collect();
    std::fs::write(&path, documents.join("\n---\n")).unwrap();
    path
}

/// What the command prints, and its exit code.
fn run(kubeconfig: Option<&Path>, arguments: &[&str]) -> (String, Option<i32>) {
    let output = strongroom(kubeconfig, arguments);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (said, output.status.code())
}

#[test]
fn everybody_who_can_is_listed_with_what_the_vault_confirmed() {
    let server = ApiServer::start();
    let all = json!({ "allServiceAccounts": { "namespace": "shop" } });
    server
        .objects
        .put(&format!("{POLICIES}/all"), policy("all", "Allow", &all, &["*"]));
    server.objects.put(
        &format!("{POLICIES}/no-web"),
        policy("no-web", "Deny", &account("web"), &["db-password"]),
    );
    let asked = [
        "policy",
        "who-can",
        "get",
        "db-password",
        "--vault",
        "team-a/prod",
    ];
    let (said, code) = run(Some(server.kubeconfig()), &asked);
    assert_eq!(
        said,
        "ACCOUNT    VIA             EFFECT   ENFORCED\n\
         shop/*     all             Allow    False\n\
         shop/api   all             Allow    False\n\
         shop/api   shop-reads-db   Allow    True\n\
         shop/web   no-web          Deny     False\n"
    );
    assert_eq!(code, Some(0));
    let names = run(Some(server.kubeconfig()), &[&asked[..], &["-o", "name"]].concat());
    assert_eq!(names.0, "shop/*\nshop/api\n");
    let json = run(Some(server.kubeconfig()), &[&asked[..], &["-o", "json"]].concat());
    let list: Value = serde_json::from_str(&json.0).unwrap();
    assert_eq!(
        (&list["apiVersion"], &list["kind"]),
        (&"cli.strongroom.dev/v1".into(), &"HolderList".into())
    );
    assert_eq!(list["items"][2]["via"], "shop-reads-db");
    let nobody = [
        "policy",
        "who-can",
        "purge",
        "db-password",
        "--vault",
        "team-a/prod",
    ];
    assert_eq!(
        run(Some(server.kubeconfig()), &nobody).0,
        "Nobody: no AccessPolicy allows it.\n"
    );
}

#[test]
fn what_an_account_may_do_is_listed_by_vault() {
    let server = ApiServer::start();
    let asked = ["policy", "show", "--account", "shop/api", "-n", "team-a"];
    let (said, _) = run(Some(server.kubeconfig()), &asked);
    assert_eq!(
        said,
        "VAULT         OBJECTS   PERMISSIONS   EFFECT   VIA\n\
         team-a/prod   db-*      secrets/get   Allow    shop-reads-db\n"
    );
    let other = [
        "policy",
        "show",
        "--account",
        "shop/web",
        "--vault",
        "team-a/prod",
    ];
    let (said, code) = run(Some(server.kubeconfig()), &other);
    assert_eq!(
        (said.as_str(), code),
        ("Nothing: no AccessPolicy lets shop/web do anything.\n", Some(0))
    );
}

#[test]
fn files_are_asked_without_a_cluster() {
    let directory = Directory::new();
    let file = file(&directory, "p.yaml", &[shop_reads_db()]);
    let file = file.to_str().unwrap();
    let vault = ["--vault", "team-a/prod", "-f", file];
    let check = [
        "policy",
        "check",
        "--service-account",
        "shop/api",
        "--permission",
        "secrets/get",
        "--object",
        "db-x",
    ];
    let (said, code) = run(None, &[&check[..], &vault].concat());
    assert_eq!(
        (said.as_str(), code),
        (
            "yes - allowed by AccessPolicy shop-reads-db\n\nPOLICY          EFFECT\nshop-reads-db   Allow\n",
            Some(0)
        )
    );
    let (said, code) = run(
        None,
        &[&["policy", "who-can", "get", "db-x"][..], &vault].concat(),
    );
    assert_eq!(
        (said.as_str(), code),
        (
            "ACCOUNT    VIA             EFFECT   ENFORCED\n\
             shop/api   shop-reads-db   Allow    <unknown>\n",
            Some(0)
        )
    );
    let show = ["policy", "show", "--service-account", "shop/api", "-f", file];
    assert!(run(None, &show).0.contains("team-a/prod   db-*"));
    let input = shop_reads_db().to_string();
    let output = with_input(
        None,
        &["policy", "show", "--account", "shop/api", "-f", "-"],
        input.as_bytes(),
    );
    assert!(text(&output.stdout).contains("shop-reads-db"), "{output:?}");
}

#[test]
fn files_without_a_policy_are_refused_before_anything_is_asked() {
    let directory = Directory::new();
    let empty = directory.path().to_str().unwrap();
    let (said, code) = run(
        None,
        &["policy", "who-can", "get", "--vault", "team-a/prod", "-f", empty],
    );
    assert_eq!(code, Some(2));
    assert!(said.contains("no AccessPolicy in the files"), "{said}");
    let (said, code) = run(
        None,
        &["policy", "diff", "-f", "/nonexistent", "--against", empty],
    );
    assert_eq!(code, Some(2));
    assert!(said.contains("cannot read /nonexistent"), "{said}");
}

#[test]
fn a_check_without_the_right_to_see_the_account_decides_as_if_it_existed_and_says_so() {
    let server = ApiServer::start();
    server
        .objects
        .refuse(Method::GET, "/serviceaccounts/", 403, "no right");
    let check = [
        "policy",
        "check",
        "--vault",
        "team-a/prod",
        "--service-account",
        "shop/api",
        "--permission",
        "secrets/get",
        "--object",
        "db-password",
    ];
    let (said, code) = run(Some(server.kubeconfig()), &check);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.ends_with(
            "You may not see whether the service account shop/api exists; the answer is for the case that it does.\n"
        ),
        "{said}"
    );
    let (said, _) = run(Some(server.kubeconfig()), &[&check[..], &["-o", "json"]].concat());
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["accountAssumed"], true);
}

#[test]
fn a_check_asks_for_the_account_of_a_pod_and_prints_the_generation_that_the_vault_enforces() {
    let server = ApiServer::start();
    server.objects.put(
        "/api/v1/namespaces/shop/pods/api-0",
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "api-0", "namespace": "shop" },
            "spec": { "serviceAccountName": "api", "containers": [] },
        }),
    );
    server.objects.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
        json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": { "name": "prod", "namespace": "team-a" }, "spec": {},
            "status": { "policy": { "generation": "4-118", "policies": 1 } },
        }),
    );
    let check = [
        "policy",
        "check",
        "--vault",
        "team-a/prod",
        "--pod",
        "shop/api-0",
        "--permission",
        "secrets/get",
    ];
    let (said, code) = run(Some(server.kubeconfig()), &check);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.ends_with("decides by generation 4-118 of its policy.\n"),
        "{said}"
    );
    let (said, _) = run(Some(server.kubeconfig()), &[&check[..], &["-o", "json"]].concat());
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&answer["serviceAccount"], &answer["enforcedGeneration"]),
        (&"shop/api".into(), &"4-118".into())
    );
}

#[test]
fn a_check_is_about_exactly_one_of_an_account_and_a_pod() {
    let check = [
        "policy",
        "check",
        "--vault",
        "team-a/prod",
        "--permission",
        "secrets/get",
    ];
    for more in [
        &[][..],
        &["--pod", "shop/api-0", "--service-account", "shop/api"],
        &["--pod", "shop/api-0", "-f", "x.yaml"],
    ] {
        let (said, code) = run(None, &[&check[..], more].concat());
        assert_eq!(code, Some(2), "{said}");
    }
}

#[test]
fn a_change_that_widens_access_exits_with_one_and_one_that_narrows_it_does_not() {
    let server = ApiServer::start();
    let directory = Directory::new();
    let wider = file(
        &directory,
        "wider.yaml",
        &[policy("shop-reads-db", "Allow", &account("api"), &["*"])],
    );
    let narrower = file(
        &directory,
        "narrower.yaml",
        &[policy("not", "Deny", &account("api"), &["db-admin"])],
    );
    let same = file(&directory, "same.yaml", &[shop_reads_db()]);
    let diff = |path: &Path, more: &[&str]| {
        let diff = ["policy", "diff", "-f", path.to_str().unwrap()];
        run(Some(server.kubeconfig()), &[&diff[..], more].concat())
    };
    let (said, code) = diff(&wider, &[]);
    assert_eq!(
        said,
        "CHANGE   VAULT         ACCOUNT    OBJECTS         PERMISSIONS   VIA\n\
         begins   team-a/prod   shop/api   * except db-*   secrets/get   shop-reads-db\n\
         \n\
         Access widens.\n"
    );
    assert_eq!(code, Some(1));
    let (said, code) = diff(&narrower, &[]);
    assert!(
        said.contains("ends     team-a/prod   shop/api   db-admin"),
        "{said}"
    );
    assert!(said.ends_with("No access widens.\n"), "{said}");
    assert_eq!(code, Some(0));
    assert_eq!(
        diff(&same, &[]),
        ("No access begins or ends.\n".to_owned(), Some(0))
    );
    let (said, code) = diff(&narrower, &["--prune", "-o", "json"]);
    let pruned: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &pruned["widens"]), (Some(0), &false.into()));
    assert_eq!(pruned["items"][0]["objects"], "db-*");
    assert_eq!(pruned["items"][0]["via"], json!(["shop-reads-db"]));
}

#[test]
fn two_sets_of_files_are_compared_without_a_cluster() {
    let directory = Directory::new();
    let deny = policy("not", "Deny", &account("api"), &["db-admin"]);
    let before = file(&directory, "before.yaml", &[shop_reads_db(), deny]);
    let after = file(&directory, "after.yaml", &[shop_reads_db()]);
    let diff = [
        "policy",
        "diff",
        "--against",
        before.to_str().unwrap(),
        "-f",
        after.to_str().unwrap(),
    ];
    let (said, code) = run(None, &diff);
    assert_eq!(
        said,
        "CHANGE   VAULT         ACCOUNT    OBJECTS    PERMISSIONS   VIA\n\
         begins   team-a/prod   shop/api   db-admin   secrets/get   shop-reads-db (no longer denied by not)\n\
         \n\
         Access widens.\n"
    );
    assert_eq!(code, Some(1));
}

fn reference(status: &Value) -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
        "metadata": { "name": "db", "namespace": "shop", "generation": 1 },
        "spec": {
            "vaultRef": { "namespace": "team-a", "name": "prod" }, "serviceAccountName": "api",
            "files": [
                { "path": "password", "secret": { "name": "db-password" } },
                { "path": "user", "secret": { "name": "db-user" } },
            ],
        },
        "status": status,
    })
}

#[test]
fn the_policy_that_a_reference_needs_is_printed_and_answers_the_question_with_yes() {
    let directory = Directory::new();
    let file = file(&directory, "ref.yaml", &[reference(&json!({}))]);
    let suggest = [
        "policy",
        "suggest",
        "--ref",
        "shop/db",
        "-f",
        file.to_str().unwrap(),
    ];
    let (yaml, code) = run(None, &suggest);
    assert_eq!(code, Some(0), "{yaml}");
    assert_eq!(
        yaml,
        "apiVersion: strongroom.dev/v1alpha1\n\
         kind: AccessPolicy\n\
         metadata:\n\
         \x20 name: shop-db-reads-2081882f\n\
         \x20 namespace: team-a\n\
         spec:\n\
         \x20 vaultRef:\n\
         \x20   name: prod\n\
         \x20 effect: Allow\n\
         \x20 subjects:\n\
         \x20 - serviceAccount:\n\
         \x20     namespace: shop\n\
         \x20     name: api\n\
         \x20 objects:\n\
         \x20 - db-password\n\
         \x20 - db-user\n\
         \x20 permissions:\n\
         \x20   secrets:\n\
         \x20   - get\n"
    );
    let check = [
        "policy",
        "check",
        "-f",
        "-",
        "--vault",
        "team-a/prod",
        "--service-account",
        "shop/api",
        "--permission",
        "secrets/get",
        "--object",
        "db-user",
    ];
    let output = with_input(None, &check, yaml.as_bytes());
    assert!(text(&output.stdout).starts_with("yes - "), "{output:?}");
    let (said, code) = run(
        None,
        &[
            "policy",
            "suggest",
            "--ref",
            "shop/web",
            "-f",
            file.to_str().unwrap(),
        ],
    );
    assert_eq!(code, Some(2));
    assert!(said.contains("no SecretRef shop/web in the files"), "{said}");
}

#[test]
fn what_a_pod_is_refused_is_suggested_and_nothing_else() {
    let server = ApiServer::start();
    let status = json!({ "observedGeneration": 1, "files": [
        { "path": "password", "state": "Forbidden" }, { "path": "user", "state": "Available" },
    ] });
    server.objects.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/shop/secretrefs/db",
        reference(&status),
    );
    let pod = |name: &str, volumes: &Value| {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "shop" },
            "spec": { "serviceAccountName": "api", "containers": [], "volumes": volumes },
        });
        server
            .objects
            .put(&format!("/api/v1/namespaces/shop/pods/{name}"), pod);
    };
    let csi = json!({ "driver": "csi.strongroom.dev", "volumeAttributes": { "secretRef": "db" } });
    pod("api-0", &json!([{ "name": "db", "csi": csi }]));
    pod("bare", &json!([]));
    let suggest = |pod: &str| {
        run(
            Some(server.kubeconfig()),
            &["policy", "suggest", "--denied", pod, "-o", "json"],
        )
    };
    let (said, code) = suggest("shop/api-0");
    assert_eq!(code, Some(0), "{said}");
    let policy: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(policy["spec"]["objects"], json!(["db-password"]));
    let (said, code) = suggest("shop/bare");
    assert_eq!(code, Some(1));
    assert!(said.contains("the pod shop/bare mounts no SecretRef"), "{said}");
    let (said, code) = run(
        Some(server.kubeconfig()),
        &["policy", "suggest", "--ref", "shop/db"],
    );
    assert_eq!(code, Some(0));
    assert!(said.contains("- db-user"), "{said}");
}
