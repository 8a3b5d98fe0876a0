//! What is in flight on one connection, whose turn it is, and since when the peer has got nowhere.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    flow::{Flow, Pace, Turn as Whose},
    of_request::{Flows, Held, Size},
    pinned::{Hold, Pinned, REQUEST},
    turns::{NoTurn, Turn, Turns},
};

/// How often a connection with requests in flight is looked at, and one without.
const BUSY: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_secs(5);

/// Bytes outside of requests that a peer earns by a request, by a second, and by a chunk of an answer that it takes.
const PER_REQUEST: u64 = 32 << 10;
const PER_SECOND: u64 = 1 << 10;
const PER_CHUNK: u64 = 64;

/// The most of a head that has not ended: what HTTP keeps of it.
const HALF_HEAD: usize = 48 << 10;
/// What a second takes away of it, which would else grow by pings.
const FORGOTTEN: usize = 64;

/// The times that the peer of one connection gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// To send the head of its first request.
    pub(crate) head: Duration,
    /// Without a request in flight.
    pub(crate) idle: Duration,
    /// Without moving what is its turn to move.
    pub(crate) patience: Duration,
}

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nothing has been in flight for too long.
    Idle,
    /// The peer moved too little of what was its turn to move.
    Stalled,
}

/// The requests in flight of one connection. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    turns: Arc<Turns>,
    pinned: Arc<Pinned>,
    /// What has come since the last request, part of a body apart: a head that has not ended.
    unparsed: Hold,
    /// Answers that were given since the connection last took all that was to be written.
    unwritten: Hold,
    /// Cancelled once the peer has proved who it is.
    proven: CancellationToken,
    /// What the connection itself is to take: answers as TLS and TCP carry them.
    transport: Flow,
    /// Bytes outside of requests that the peer has earned.
    earned: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: u64,
    requests: HashMap<u64, Entry>,
    transport: Option<Pace>,
    /// When the peer last got somewhere.
    progress: Instant,
    looked: Instant,
}

#[derive(Debug)]
struct Entry {
    flows: Arc<Flows>,
    turn: Turn,
    paces: Option<[Pace; 2]>,
    is_ours: bool,
}

/// One request in flight, until its answer is taken or given up.
#[derive(Debug)]
pub(crate) struct InFlight {
    activity: Activity,
    key: u64,
    flows: Arc<Flows>,
    held: Held,
}

impl Activity {
    /// The activity of a new connection, whose requests take their turns from `turns`.
    pub(crate) fn new(turns: Arc<Turns>, pinned: Arc<Pinned>) -> Self {
        let now = Instant::now();
        Self(Arc::new(Shared {
            turns,
            unparsed: Hold::new(&pinned, 0),
            unwritten: Hold::new(&pinned, 0),
            pinned,
            proven: CancellationToken::new(),
            transport: Flow::default(),
            earned: AtomicU64::new(0),
            state: Mutex::new(State {
                next: 0,
                requests: HashMap::new(),
                transport: None,
                progress: now,
                looked: now,
            }),
        }))
    }

    /// Notes that the peer has proved who it is.
    pub(crate) fn prove(&self) {
        if self.0.proven.is_cancelled() {
            return;
        }
        self.0.proven.cancel();
        for entry in self.state().requests.values_mut() {
            self.0.turns.prove(&mut entry.turn);
        }
    }

    /// Counts what a request holds whose head has come.
    pub(crate) fn arrive(&self, size: Size) -> Held {
        self.parsed();
        Held::new(&self.0.pinned, size)
    }

    /// Begins a request once its source has a turn. Until then the connection counts as idle.
    pub(crate) async fn begin(&self, held: Held) -> Result<Arc<InFlight>, NoTurn> {
        let turn = self.turn().await?;
        let flows = Arc::<Flows>::default();
        self.earn(PER_REQUEST);
        let mut state = self.state();
        let key = state.next;
        state.next = key.wrapping_add(1);
        let entry = Entry {
            flows: Arc::clone(&flows),
            turn,
            paces: None,
            is_ours: true,
        };
        state.requests.insert(key, entry);
        drop(state);
        Ok(Arc::new(InFlight {
            activity: self.clone(),
            key,
            flows,
            held,
        }))
    }

    /// Ends the request `key`: its turn goes back to the source.
    fn end(&self, key: u64) {
        let mut state = self.state();
        drop(state.requests.remove(&key));
        if state.requests.is_empty() {
            state.progress = Instant::now();
        }
    }

    /// Counts `bytes` that came, whatever they belong to.
    pub(crate) fn heard(&self, bytes: usize) {
        self.0.unparsed.grow(bytes, HALF_HEAD);
    }

    /// Notes that what came was the end of a head, or of a body's part.
    fn parsed(&self) {
        self.0.unparsed.set(0);
    }

    /// Counts an answer as given, and not written yet.
    pub(crate) fn answer_given(&self) {
        self.0.unwritten.grow(REQUEST, usize::MAX);
    }

    /// Notes that everything was written that there was to write.
    pub(crate) fn all_written(&self) {
        self.0.unwritten.set(0);
    }

    async fn turn(&self) -> Result<Turn, NoTurn> {
        let Shared { turns, proven, .. } = &*self.0;
        if !proven.is_cancelled() {
            tokio::select! {
                turn = turns.take(false) => return turn,
                // Those that wait need not wait any more.
                () = proven.cancelled() => {}
            }
        }
        turns.take(true).await
    }

    /// Notes that the peer, which speaks a protocol of its own, was answered something.
    pub(crate) fn own_answered(&self) {
        let mut state = self.state();
        state.next = state.next.max(1);
        state.progress = Instant::now();
    }

    /// Since when the peer has got nowhere; `None` while something is the server's turn.
    pub(crate) fn still_since(&self) -> Option<Instant> {
        let state = self.state();
        let is_ours = state.requests.values().any(|entry| entry.is_ours);
        (!is_ours).then_some(state.progress)
    }

    /// What is written to the connection itself.
    pub(crate) fn transport(&self) -> &Flow {
        &self.0.transport
    }

    /// The bytes outside of requests that the peer has earned so far.
    pub(crate) fn earned(&self) -> u64 {
        self.0.earned.load(Relaxed)
    }

    /// Returns once the connection has to end.
    pub(crate) async fn ended(&self, times: Times) -> Ended {
        loop {
            let now = Instant::now();
            match self.look(times, now) {
                Ok(next) => sleep_until(next).await,
                Err(ended) => return ended,
            }
        }
    }

    /// Looks at every flow, and says when to look again.
    fn look(&self, times: Times, now: Instant) -> Result<Instant, Ended> {
        let mut state = self.state();
        let elapsed = now.duration_since(state.looked);
        state.looked = now;
        self.earn(elapsed.as_secs().saturating_mul(PER_SECOND));
        let seconds = usize::try_from(elapsed.as_secs()).unwrap_or(usize::MAX);
        self.0.unparsed.shrink(seconds.saturating_mul(FORGOTTEN));
        let transport = state.transport.get_or_insert_with(|| Pace::new(times.patience));
        let carried = transport.look(&self.0.transport, elapsed);
        let mut is_over = carried == Whose::Over;
        let mut is_moving = carried == Whose::Moving;
        for entry in state.requests.values_mut() {
            let found = entry.look(times.patience, elapsed);
            entry.is_ours = found.iter().all(|whose| *whose == Whose::Ours);
            is_over |= found.contains(&Whose::Over);
            is_moving |= entry.is_ours || found.contains(&Whose::Moving);
        }
        if is_moving {
            state.progress = now;
        }
        if is_over {
            return Err(Ended::Stalled);
        }
        if !state.requests.is_empty() {
            return Ok(now + BUSY);
        }
        let until = state.progress + if state.next == 0 { times.head } else { times.idle };
        if until <= now {
            return Err(Ended::Idle);
        }
        Ok(until.min(now + QUIET))
    }

    fn earn(&self, bytes: u64) {
        self.0.earned.fetch_add(bytes, Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock()
    }
}

impl Entry {
    /// Whose turn the body is, and the answer.
    fn look(&mut self, patience: Duration, elapsed: Duration) -> [Whose; 2] {
        let [body, answer] = self
            .paces
            .get_or_insert_with(|| [Pace::new(patience), Pace::new(patience)]);
        let mut of_body = body.look(&self.flows.body, elapsed);
        if self.flows.is_answered.load(Relaxed) {
            of_body = Whose::Ours;
        }
        [of_body, answer.look(&self.flows.answer, elapsed)]
    }
}

impl InFlight {
    /// Notes that the server waits for the peer to send more of the body: all that came was read.
    pub(crate) fn await_body(&self) {
        self.flows.body.wait();
        self.held.body.set(0);
    }

    /// Notes that nobody reads more of the body.
    pub(crate) fn body_ended(&self) {
        self.body_arrived(0);
        self.held.body.set(0);
    }

    /// Counts `bytes` of the body as arrived.
    pub(crate) fn body_arrived(&self, bytes: usize) {
        self.activity.parsed();
        self.flows.body.arrived(bytes);
        self.activity.earn(count(bytes).saturating_mul(2));
    }

    /// Notes that the server has given the head of the answer.
    pub(crate) fn answered(&self) {
        self.flows.is_answered.store(true, Relaxed);
    }

    /// What the peer is to take of the answer.
    pub(crate) fn answer(&self) -> &Flow {
        &self.flows.answer
    }

    /// Counts `bytes` of the answer as made, to be held until they are taken.
    pub(crate) fn answer_made(&self, bytes: usize) {
        self.held.answer.grow(bytes, usize::MAX);
    }

    /// Counts a chunk of the answer of `bytes` as taken.
    pub(crate) fn chunk_taken(&self, bytes: usize) {
        self.held.answer.shrink(bytes);
        self.activity.earn(PER_CHUNK.saturating_add(count(bytes) / 16));
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.activity.end(self.key);
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
