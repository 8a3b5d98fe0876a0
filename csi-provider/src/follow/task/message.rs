//! What the vault says of a volume.

use std::collections::BTreeMap;

use jiff::Timestamp;
use strongroom_core::ObjectName;
use strongroom_wire::watch::{
    Ack, Content as WireContent, Fetch, ObjectState, Revoked, client_message, server_message::Message,
};
use tokio::time::Instant;

use super::Task;
use crate::{
    follow::{
        backoff::random,
        plan,
        rewrite::{self, RewriteError},
    },
    metrics::Metrics,
    source::load::Reason,
    volume::{Content, tree::Written},
};

impl Task {
    pub(super) async fn message(&mut self, message: Message) {
        let now = Timestamp::now();
        self.services
            .metrics
            .last_contact
            .set(now.as_duration().as_secs_f64());
        match message {
            Message::Subscribed(subscribed) => {
                self.refusals.reset();
                if self.due.accepted() {
                    self.reread_before_long();
                }
                self.compare(&subscribed.objects).await;
            }
            Message::Changed(changed) => {
                self.changed_at.get_or_insert_with(Instant::now);
                self.compare(&changed.objects).await;
            }
            Message::RefChanged(_) => self.follow_change(),
            Message::Contents(contents) => {
                contents
                    .contents
                    .into_iter()
                    .for_each(|content| self.take(content));
                if self.awaited.is_empty() {
                    self.settle().await;
                }
            }
            Message::Revoked(revoked) => self.revoked(&revoked),
        }
    }

    fn revoked(&mut self, revoked: &Revoked) {
        self.due.revoked(revoked.reason());
        self.forget_fetches();
        if self.due.exchange {
            // A token that ended is replaced at once; only if that fails is it worth an event.
            return self.put_off();
        }
        self.not_before = self.refusals.after_failure(Instant::now(), random());
        self.warn(
            "AccessRevoked",
            &format!("{}; the files stay as they are", plan::revocation(revoked)),
        );
    }

    /// Asks for what the files do not hold, or says that they hold all of it.
    async fn compare(&mut self, states: &[ObjectState]) {
        let Some(spec) = &self.spec else { return };
        let comparison = plan::compare(spec, &self.held, states);
        for state in states {
            self.trouble.retain(|name, _| name.as_str() != state.name);
        }
        self.tell(comparison.problems);
        if comparison.fetch.is_empty() {
            if self.awaited.is_empty() {
                self.changed_at = None;
                self.settled().await;
            }
            return;
        }
        let names = comparison.fetch.iter().map(ToString::to_string).collect();
        self.awaited.extend(comparison.fetch);
        let fetch = Fetch {
            id: self.facts.id.to_string(),
            names,
        };
        self.send(client_message::Message::Fetch(fetch)).await;
    }

    /// Takes one object's content in, if it was asked for.
    fn take(&mut self, mut content: WireContent) {
        let value = Content::from(std::mem::take(&mut content.value));
        let Some(state) = content.state.take() else { return };
        let Ok(name) = state.name.parse::<ObjectName>() else {
            return;
        };
        if !self.awaited.remove(&name) {
            return;
        }
        if !state.problem.is_empty() {
            self.tell(BTreeMap::from([(name, Reason::from_problem(&state.problem))]));
        } else if let Ok(version) = state.version.parse() {
            self.fetched.insert(name, (version, value));
        }
    }

    fn tell(&mut self, problems: BTreeMap<ObjectName, Reason>) {
        if !problems.is_empty() {
            self.warn("ObjectUnavailable", &sentence(&problems));
            self.trouble.extend(problems);
        }
    }

    /// Everything that was asked for has come.
    async fn settle(&mut self) {
        if self.fetched.is_empty() {
            self.settled().await;
        } else {
            self.rewrite().await;
        }
    }

    /// The files hold what they can hold.
    async fn settled(&mut self) {
        self.backoff.reset();
        let trouble = if self.trouble.is_empty() {
            String::new()
        } else {
            sentence(&self.trouble)
        };
        self.acknowledge(trouble).await;
    }

    /// Brings the files up to date with what was fetched and with the trust bundle.
    pub(super) async fn rewrite(&mut self) {
        let written = self.merge();
        self.count_rewrite(&written);
        self.forget_fetches();
        match written {
            Ok(written) => {
                if let (Written::Replaced, Some(at)) = (written, self.changed_at.take()) {
                    Metrics::observe(&self.services.metrics.rotation_seconds, at.elapsed());
                }
                self.save();
                self.settled().await;
            }
            Err(error) => {
                self.acknowledge(error.to_string()).await;
                // Subscribing anew asks for it again.
                self.due.subscribed = false;
                self.failed("RefreshFailed", &error.to_string(), error.is_retryable());
            }
        }
    }

    fn merge(&mut self) -> Result<Written, RewriteError> {
        let Some(spec) = &self.spec else {
            return Ok(Written::Unchanged);
        };
        let tree = rewrite::open(&self.facts.places)?;
        let contents = self
            .fetched
            .iter()
            .map(|(name, (_, content))| (name.clone(), content.clone()))
            .collect();
        let image = rewrite::merged(tree.read()?, spec, &contents, &self.services.loader);
        self.admit(&spec.vault, image.size())?;
        let written = tree.write(&image, Timestamp::now())?;
        let watched = spec.watched();
        for (name, (version, _)) in std::mem::take(&mut self.fetched) {
            if let Some(object) = watched.get(&name) {
                self.held.insert((*object).clone(), version);
            }
        }
        Ok(written)
    }

    async fn acknowledge(&mut self, error: String) {
        let Some(spec) = &self.spec else { return };
        if !self.due.subscribed {
            return;
        }
        let objects = plan::acknowledged(spec, &self.held);
        let ack = Ack {
            id: self.facts.id.to_string(),
            objects,
            error,
        };
        self.send(client_message::Message::Ack(ack)).await;
    }
}

fn sentence(problems: &BTreeMap<ObjectName, Reason>) -> String {
    let each: Vec<_> = problems
        .iter()
        .map(|(name, reason)| format!("secret {name}: {reason}"))
        .collect();
    format!("{}; the files stay as they are", each.join("; "))
}
