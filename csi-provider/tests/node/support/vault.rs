//! A vault: secrets over REST, changes over Watch, and a record of what it was asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use strongroom_core::ObjectState;
use strongroom_wire::watch::{
    Ack, Changed, ClientMessage, Content, Contents, NamedState, ObjectName, RefChanged, Revoked,
    ServerMessage, Subscribe, Subscribed, client_message, revoked, server_message,
    watch_server::{Watch, WatchServer},
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{Request, Status, Streaming};

type Out = mpsc::UnboundedSender<Result<ServerMessage, Status>>;

#[derive(Clone, Default)]
pub struct Vault(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<Contained>,
    reads: AtomicU64,
    subscribes: AtomicU64,
    renews: AtomicU64,
    fetches: AtomicU64,
}

#[derive(Default)]
struct Contained {
    /// Name to versions, the newest last.
    secrets: BTreeMap<String, Vec<(String, String)>>,
    problems: BTreeMap<String, &'static str>,
    subscriptions: BTreeMap<String, (Out, Vec<ObjectName>)>,
    acks: BTreeMap<String, Ack>,
    refused_tokens: BTreeSet<String>,
    forbids: bool,
    next: u128,
}

impl Vault {
    pub fn router(&self) -> Router {
        let rest = Router::new()
            .route("/secrets/{name}", get(read_current))
            .route("/secrets/{name}/{version}", get(read_version))
            .with_state(self.clone());
        tonic::service::Routes::from(rest)
            .add_service(WatchServer::new(self.clone()))
            .into_axum_router()
    }

    /// Makes a new version and notifies the subscribers.
    pub fn put(&self, name: &str, value: &str) -> String {
        let mut state = self.state();
        state.next += 1;
        let version = format!("{:032x}", state.next);
        state
            .secrets
            .entry(name.into())
            .or_default()
            .push((version.clone(), value.into()));
        state.notify(name);
        version
    }

    /// Makes reads of `name` fail with this problem, or not any more, and notifies the subscribers.
    pub fn set_problem(&self, name: &str, problem: Option<&'static str>) {
        let mut state = self.state();
        match problem {
            Some(problem) => state.problems.insert(name.into(), problem),
            None => state.problems.remove(name),
        };
        state.notify(name);
    }

    pub fn say_ref_changed(&self) {
        for (id, (out, _)) in &self.state().subscriptions {
            say(
                out,
                server_message::Message::RefChanged(RefChanged { id: id.clone() }),
            );
        }
    }

    pub fn revoke(&self, reason: revoked::Reason) {
        for (id, (out, _)) in std::mem::take(&mut self.state().subscriptions) {
            let message = Revoked {
                id,
                reason: reason.into(),
                message: "policy changed".into(),
            };
            say(&out, server_message::Message::Revoked(message));
        }
    }

    /// Ends every subscription and takes no new one, until it is allowed again.
    pub fn forbid(&self, forbids: bool) {
        self.state().forbids = forbids;
        if forbids {
            self.revoke(revoked::Reason::Forbidden);
        }
    }

    /// Refuses every token that was given so far, up to this number.
    pub fn refuse_tokens_below(&self, number: u64) {
        self.state().refused_tokens = (0..number).map(|n| format!("vault-token-{n}")).collect();
    }

    pub fn subscriptions(&self) -> usize {
        self.state().subscriptions.len()
    }

    /// Forgets every stream, as a vault that stops does.
    pub fn hang_up(&self) {
        self.state().subscriptions.clear();
    }

    pub fn ack(&self, id: &str) -> Option<Ack> {
        self.state().acks.get(id).cloned()
    }

    /// Whether `id` acknowledged `name` at `version`.
    pub fn acknowledged(&self, id: &str, name: &str, version: &str) -> bool {
        let holds = |ack: &Ack| {
            ack.objects
                .iter()
                .any(|object| object.name == name && object.version == version)
        };
        self.state().acks.get(id).is_some_and(holds)
    }

    /// Reads, subscriptions, renewals and fetches so far.
    pub fn counts(&self) -> [u64; 4] {
        [&self.0.reads, &self.0.subscribes, &self.0.renews, &self.0.fetches]
            .map(|counter| counter.load(Ordering::Relaxed))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Contained> {
        self.0.state.lock().unwrap()
    }

    fn hear(&self, message: client_message::Message, out: &Out) {
        match message {
            client_message::Message::Subscribe(subscribe) => self.subscribe(subscribe, out),
            client_message::Message::Renew(renew) => {
                self.0.renews.fetch_add(1, Ordering::Relaxed);
                let state = self.state();
                if let Some((out, objects)) = state.subscriptions.get(&renew.id) {
                    let objects = state.states(objects);
                    say(
                        out,
                        server_message::Message::Subscribed(Subscribed {
                            id: renew.id.clone(),
                            objects,
                        }),
                    );
                }
            }
            client_message::Message::Unsubscribe(gone) => drop(self.state().subscriptions.remove(&gone.id)),
            client_message::Message::Fetch(fetch) => {
                self.0.fetches.fetch_add(1, Ordering::Relaxed);
                let state = self.state();
                let Some((out, objects)) = state.subscriptions.get(&fetch.id) else {
                    return;
                };
                let asked: Vec<_> = objects
                    .iter()
                    .filter(|object| fetch.names.contains(&object.name))
                    .cloned()
                    .collect();
                let contents = state
                    .states(&asked)
                    .into_iter()
                    .map(|found| state.content(found))
                    .collect();
                say(
                    out,
                    server_message::Message::Contents(Contents {
                        id: fetch.id,
                        contents,
                    }),
                );
            }
            client_message::Message::Ack(ack) => drop(self.state().acks.insert(ack.id.clone(), ack)),
        }
    }

    fn subscribe(&self, mut subscribe: Subscribe, out: &Out) {
        self.0.subscribes.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        let id = subscribe.id.clone();
        if state.refused_tokens.contains(&subscribe.token) {
            let revoked = Revoked {
                id,
                reason: revoked::Reason::TokenExpired.into(),
                message: "expired".into(),
            };
            return say(out, server_message::Message::Revoked(revoked));
        }
        let objects = std::mem::take(&mut subscribe.objects);
        if objects.is_empty() || state.forbids {
            let revoked = Revoked {
                id,
                reason: revoked::Reason::Forbidden.into(),
                message: "policy changed".into(),
            };
            return say(out, server_message::Message::Revoked(revoked));
        }
        let states = state.states(&objects);
        state.subscriptions.insert(id.clone(), (out.clone(), objects));
        say(
            out,
            server_message::Message::Subscribed(Subscribed { id, objects: states }),
        );
    }
}

fn say(out: &Out, message: server_message::Message) {
    drop(out.send(Ok(ServerMessage {
        message: Some(message),
    })));
}

impl Contained {
    fn notify(&self, name: &str) {
        for (id, (out, objects)) in &self.subscriptions {
            let of_name: Vec<_> = objects
                .iter()
                .filter(|object| object.name == name)
                .cloned()
                .collect();
            if !of_name.is_empty() {
                let changed = Changed {
                    id: id.clone(),
                    objects: self.states(&of_name),
                };
                say(out, server_message::Message::Changed(changed));
            }
        }
    }

    fn find(&self, name: &str, version: &str) -> Result<&(String, String), &'static str> {
        if let Some(problem) = self.problems.get(name) {
            return Err(problem);
        }
        let versions = self.secrets.get(name).ok_or("NotFound")?;
        versions
            .iter()
            .rfind(|(own, _)| version.is_empty() || own == version)
            .ok_or("NotFound")
    }

    fn states(&self, objects: &[ObjectName]) -> Vec<NamedState> {
        let state = |object: &ObjectName| {
            let state = match self.find(&object.name, &object.version) {
                Ok((version, _)) => ObjectState::Available(version.parse().unwrap()),
                Err("Forbidden") => ObjectState::Forbidden,
                Err("Deleted") => ObjectState::Deleted,
                Err("Disabled") => ObjectState::Disabled,
                Err(_) => ObjectState::NotFound,
            };
            NamedState::new(&object.name.parse().unwrap(), state)
        };
        objects.iter().map(state).collect()
    }

    fn content(&self, state: NamedState) -> Content {
        let value = self
            .find(&state.name, &state.version)
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        Content {
            state: Some(state),
            value: value.into_bytes(),
        }
    }
}

async fn read_current(State(vault): State<Vault>, Path(name): Path<String>) -> Response {
    read(&vault, &name, "")
}

async fn read_version(State(vault): State<Vault>, Path((name, version)): Path<(String, String)>) -> Response {
    read(&vault, &name, &version)
}

fn read(vault: &Vault, name: &str, version: &str) -> Response {
    vault.0.reads.fetch_add(1, Ordering::Relaxed);
    match vault.state().find(name, version) {
        Ok((version, value)) => Json(json!({
            "value": value, "id": format!("https://prod.team-a.svc/secrets/{name}/{version}"),
            "attributes": {"enabled": true},
        }))
        .into_response(),
        Err(problem) => refusal(problem),
    }
}

/// As Azure Key Vault words them.
fn refusal(problem: &str) -> Response {
    let (status, code, inner) = match problem {
        "Forbidden" => (StatusCode::FORBIDDEN, "Forbidden", Some("ForbiddenByPolicy")),
        "Disabled" => (StatusCode::FORBIDDEN, "Forbidden", Some("SecretDisabled")),
        "Unavailable" => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", None),
        _ => (StatusCode::NOT_FOUND, "SecretNotFound", None),
    };
    let inner = inner.map(|code| json!({"code": code}));
    (
        status,
        Json(json!({"error": {"code": code, "message": "refused", "innererror": inner}})),
    )
        .into_response()
}

#[tonic::async_trait]
impl Watch for Vault {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<ServerMessage, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<Streaming<ClientMessage>>,
    ) -> Result<tonic::Response<Self::WatchStream>, Status> {
        let (out, messages) = mpsc::unbounded_channel();
        let (vault, mut incoming) = (self.clone(), request.into_inner());
        tokio::spawn(async move {
            while let Some(Ok(ClientMessage {
                message: Some(message),
            })) = incoming.next().await
            {
                vault.hear(message, &out);
            }
            // A stream that ended takes its subscriptions along.
            vault
                .state()
                .subscriptions
                .retain(|_, (to, _)| !to.same_channel(&out));
        });
        Ok(tonic::Response::new(Box::pin(UnboundedReceiverStream::new(
            messages,
        ))))
    }
}
