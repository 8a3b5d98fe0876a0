//! What is said of a vault that does not answer, by what the cluster shows of its pod, and of one that the operator itself
//! fails at.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::{Value, json};
use strongroom_operator::{
    context::Context,
    vault::{ReconcileError, reconcile},
};
use strongroom_testing::{ApiServer, kstatus};

use crate::context::{condition, leader, lines, status, take_writes};

const VAULT: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod";
const POD: &str = "/api/v1/namespaces/team-a/pods/prod-0";
const CLAIM: &str = "/api/v1/namespaces/team-a/persistentvolumeclaims/data-prod-0";

/// One vault whose pod the test plays, and the leader over it.
struct Played {
    server: ApiServer,
    context: Arc<Context>,
    vault: Value,
}

impl Played {
    async fn start() -> Self {
        Self::of(json!({})).await
    }

    async fn of(spec: Value) -> Self {
        let server = ApiServer::default();
        let vault = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "spec": spec,
            "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-1", "generation": 1},
        });
        server.put(VAULT, vault.clone());
        let context = leader(&server).await;
        Self {
            server,
            context,
            vault,
        }
    }

    async fn try_pass(&self) -> Result<(), ReconcileError> {
        self.context.fleet.member("u-1").progress.lock().sighting = None;
        let vault = serde_json::from_value(self.vault.clone()).unwrap();
        let pass = Box::pin(reconcile(Arc::new(vault), Arc::clone(&self.context)));
        pass.await.map(drop)
    }

    /// A pass after which the status has changed: the reason and the message of `Ready`, and the type of the event.
    async fn pass(&mut self) -> (String, String, String) {
        self.try_pass().await.unwrap();
        let writes = take_writes(&self.server);
        self.vault["status"] = status(&writes);
        let (reason, message) = condition(&self.vault["status"], "Ready");
        let event = writes.last().unwrap();
        assert_eq!(event.body["reason"], json!(reason), "{:?}", lines(&writes));
        (reason, message, event.body["type"].as_str().unwrap().to_owned())
    }

    /// The pod was made so long ago, and has this status.
    fn put_pod(&self, age: Duration, node: Option<&str>, status: &Value) {
        let made = jiff::Timestamp::now() - age;
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": node, "containers": []}, "status": status,
            "metadata": {"name": "prod-0", "namespace": "team-a", "creationTimestamp": made.to_string()},
        });
        self.server.put(POD, pod);
    }
}

fn unscheduled(message: &str) -> Value {
    json!({"conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message},
    ]})
}

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_vault_that_starts_warns_of_nothing_and_one_that_stays_silent_does() {
    let mut played = Played::start().await;
    let (reason, _, type_) = played.pass().await;
    assert_eq!((reason.as_str(), type_.as_str()), ("Starting", "Normal"));
    assert_eq!(kstatus::of(&played.vault), "InProgress");
    // A new pod starts, for as long as it is new.
    played.put_pod(Duration::from_mins(1), Some("node-1"), &json!({}));
    played.try_pass().await.unwrap();
    assert_eq!(lines(&take_writes(&played.server)), Vec::<String>::new());
    played.put_pod(HOUR, Some("node-1"), &json!({}));
    let (reason, message, type_) = played.pass().await;
    assert_eq!((reason.as_str(), type_.as_str()), ("NotAnswering", "Warning"));
    assert!(message.contains("has not asked it yet"), "{message}");
}

#[tokio::test]
async fn without_a_volume_a_node_or_an_image_a_vault_says_which_of_them_it_lacks() {
    let waiting = json!({"containerStatuses": [{
        "name": "vault", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ErrImagePull", "message": "pull access denied\u{1b}[2J"}},
    }]});
    for (phase, status, reason, words) in [
        (
            "Pending",
            unscheduled("0/1 nodes"),
            "VolumePending",
            "no default one",
        ),
        (
            "Bound",
            unscheduled("2 Insufficient memory"),
            "Unschedulable",
            "Insufficient memory",
        ),
        ("Bound", waiting, "ImagePullFailed", "pull access denied [2J"),
    ] {
        let mut played = Played::start().await;
        played.pass().await;
        let mut claim = played.server.get(CLAIM).unwrap();
        claim["status"] = json!({"phase": phase});
        played.server.put(CLAIM, claim);
        let node = (reason == "ImagePullFailed").then_some("node-1");
        played.put_pod(HOUR, node, &status);
        let (found, message, type_) = played.pass().await;
        assert_eq!((found.as_str(), type_.as_str()), (reason, "Warning"), "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn a_vault_that_ends_because_its_seal_key_does_not_open_it_stalls() {
    let mut played = Played::start().await;
    played.pass().await;
    let status = json!({"containerStatuses": [{
        "name": "vault", "image": "i", "imageID": "", "ready": false, "restartCount": 1,
        "state": {"running": {}}, "lastState": {"terminated": {"exitCode": strongroom_core::exit::SEALED}},
    }]});
    played.put_pod(Duration::from_secs(5), Some("node-1"), &status);
    let (reason, message, type_) = played.pass().await;
    assert_eq!((reason.as_str(), type_.as_str()), ("Sealed", "Warning"));
    assert!(message.contains("Secret prod-seal"), "{message}");
    assert_eq!(kstatus::of(&played.vault), "Failed");
    assert_eq!(condition(&played.vault["status"], "Unsealed").0, "Sealed");
}

#[tokio::test]
async fn what_others_write_of_a_pod_is_cut_and_made_visible() {
    let mut played = Played::start().await;
    played.pass().await;
    let text = format!("\u{202e}{}\nlog in at evil.example\u{7}", "x".repeat(60_000));
    played.put_pod(HOUR, None, &unscheduled(&text));
    let mut claim = played.server.get(CLAIM).unwrap();
    claim["status"] = json!({"phase": "Bound"});
    played.server.put(CLAIM, claim);
    let (_, message, _) = played.pass().await;
    assert!(message.len() < 700, "{}", message.len());
    assert!(
        message
            .chars()
            .all(|c| c == 'x' || c.is_ascii_graphic() || c == ' '),
        "{message}"
    );
}

#[tokio::test]
async fn a_vault_whose_spec_is_of_a_later_release_stalls_and_is_left_as_it_is() {
    let mut played = Played::of(json!({"createMode": "Sideways"})).await;
    played.try_pass().await.unwrap();
    let writes = take_writes(&played.server);
    assert_eq!(
        lines(&writes),
        [
            "PATCH vaults/prod/status strongroom-operator-status",
            "POST namespaces/team-a/events -",
        ]
    );
    played.vault["status"] = status(&writes);
    let (reason, message) = condition(&played.vault["status"], "Stalled");
    assert_eq!(reason, "SpecUnreadable");
    assert!(message.contains("spec.createMode"), "{message}");
    assert_eq!(played.vault["status"]["observedGeneration"], 1);
    assert_eq!(kstatus::of(&played.vault), "Failed");
    played.vault["spec"] = json!({});
    let (reason, ..) = played.pass().await;
    assert_eq!(reason, "Starting");
}

#[tokio::test]
async fn a_failure_that_lasts_is_a_condition_and_one_that_may_pass_is_none() {
    let mut played = Played::start().await;
    let words = "failed calling webhook \"policy.example\": connection refused";
    played
        .server
        .refuse(Method::PATCH, "/networkpolicies/prod", 500, words);
    let error = played.try_pass().await.unwrap_err();
    assert!(matches!(error, ReconcileError::Apply(_)), "{error:?}");
    take_writes(&played.server);
    let member = played.context.fleet.member("u-1");
    let since = member.progress.lock().failing.unwrap();
    member.progress.lock().failing = since.checked_sub(Duration::from_secs(30));
    assert!(played.try_pass().await.is_err());
    take_writes(&played.server);
    member.progress.lock().failing = since.checked_sub(Duration::from_mins(1));
    let (reason, message, type_) = played.pass().await;
    assert_eq!((reason.as_str(), type_.as_str()), ("ApplyFailing", "Warning"));
    assert!(
        message.contains("NetworkPolicy prod-vault") && message.contains(words),
        "{message}"
    );
}

#[tokio::test]
async fn a_certificate_that_cannot_be_issued_is_a_condition_at_once() {
    let mut played = Played::start().await;
    // No name of a certificate has such a letter.
    let context = Arc::get_mut(&mut played.context).unwrap();
    context.settings.cluster_domain = "clüster.local".into();
    let (reason, message, type_) = played.pass().await;
    assert_eq!(
        (reason.as_str(), type_.as_str()),
        ("CertificateFailing", "Warning")
    );
    assert!(
        message.contains("cannot issue the vault's certificate"),
        "{message}"
    );
    assert_eq!(
        condition(&played.vault["status"], "Reconciling").0,
        "CertificateFailing"
    );
}
