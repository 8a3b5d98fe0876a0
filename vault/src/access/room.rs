//! How much memory heavy requests may hold: backups, restores and lists in one pool, large answers that wait for their
//! clients in another.
//!
//! Nothing that waits for a client holds room for work: the body of a restore has arrived before its share is taken, and a
//! backup has given its share back before the client takes the answer. So a client that sends or reads slowly keeps no
//! other client from work.

use std::time::Duration;

use strongroom_core::Uid;
use strongroom_engine::ReadRequest;

use crate::pool::Pool;

const MIB: usize = 1024 * 1024;

/// Three eighths of the memory that the operator gives a vault unless its owner says otherwise.
const WORK: usize = 96 * MIB;

/// An eighth of it: nearly two of the largest answers.
const ANSWERS: usize = 32 * MIB;

/// How long work waits for its share: as long as a few of the largest restores take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a backup may hold before its size is known: the lengths of its versions while they are read. A backup that needs
/// no more than this, as most do, is made with it.
const BACKUP: usize = MIB;

/// What a list holds at most: a stretch of 64 heads, each with the most and longest tags in the widest characters, and
/// the page.
const LIST: usize = 6 * MIB;

/// Room for the work of requests.
pub(super) fn of_work() -> Pool<Uid> {
    Pool::new(WORK, PATIENCE)
}

/// Room for large answers.
pub(super) fn of_answers() -> Pool<Uid> {
    Pool::new(ANSWERS, PATIENCE)
}

/// What the work on a restore of so many bytes may hold: the body, its text and the blob while it is read; then the
/// blob opened, its versions, and each of them sealed anew.
pub(super) const fn of_restore(bytes: usize) -> usize {
    bytes.saturating_mul(3)
}

/// What a read may hold beyond one object; none where it holds no more, and is quick. A backup asks for more once the
/// engine has said what it needs.
pub(super) const fn of_read(request: &ReadRequest) -> Option<usize> {
    match request {
        ReadRequest::Get { .. } | ReadRequest::GetDeleted { .. } => None,
        ReadRequest::List { .. } | ReadRequest::ListVersions { .. } | ReadRequest::ListDeleted { .. } => {
            Some(LIST)
        }
        ReadRequest::Backup { .. } => Some(BACKUP),
    }
}

/// What the answer with a backup of so many bytes holds until the client has taken it: the blob, and its text.
pub(super) const fn of_answer(bytes: usize) -> usize {
    bytes.saturating_add(bytes.div_ceil(3).saturating_mul(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_small_backups_are_made_at_once() {
        let pool = of_work();
        let backup = ReadRequest::Backup {
            name: "a".parse().unwrap(),
        };
        let mut shares = Vec::new();
        for number in 0..80 {
            let holder = ["a", "b"][number % 2].parse().unwrap();
            let share = pool.share(&holder, of_read(&backup).unwrap());
            shares.push(share.await.unwrap());
        }
    }
}
