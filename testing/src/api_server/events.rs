//! What changed, in its order, for the watches.

use std::convert::Infallible;

use futures::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{ApiServer, insert};

/// Everything that changed since the server began.
#[derive(Debug, Default)]
pub(super) struct Events {
    log: Vec<Event>,
    /// How many there are.
    count: watch::Sender<usize>,
}

#[derive(Debug)]
struct Event {
    resource: String,
    /// The event as a watch sends it.
    line: String,
}

impl Events {
    /// The version of all there is: a list that is as new says so, and a watch goes on from there.
    pub(super) fn version(&self) -> usize {
        // A version is never zero: that means any.
        self.log.len() + 1
    }

    /// Adds a change of the object at `path`.
    pub(super) fn push(&mut self, path: &str, type_: &str, mut object: Value) {
        let resource = path.rsplit('/').nth(1).unwrap_or_default().to_owned();
        if let Some(metadata) = object.get_mut("metadata") {
            insert(
                metadata,
                "resourceVersion",
                json!((self.version() + 1).to_string()),
            );
        }
        let line = format!("{}\n", json!({"type": type_, "object": object}));
        self.log.push(Event { resource, line });
        self.count.send_replace(self.log.len());
    }
}

/// What a watch of a resource sends after the version `since`, without an end.
pub(super) fn stream(
    server: ApiServer,
    resource: String,
    since: usize,
) -> impl Stream<Item = Result<String, Infallible>> {
    let count = server.table().events.count.subscribe();
    let seen = since.saturating_sub(1);
    stream::unfold((server, count, seen), move |(server, mut count, mut seen)| {
        let resource = resource.clone();
        async move {
            loop {
                let next = {
                    let table = server.table();
                    let later = table.events.log.iter().skip(seen);
                    let found = later.enumerate().find(|(_, event)| event.resource == resource);
                    let next = found.map(|(passed, event)| (seen + passed + 1, event.line.clone()));
                    next.ok_or(table.events.log.len())
                };
                match next {
                    Ok((after, line)) => return Some((Ok(line), (server, count, after))),
                    Err(all) => seen = all,
                }
                let more = count.wait_for(|count| *count > seen).await.is_ok();
                if !more {
                    return None;
                }
            }
        }
    })
}
