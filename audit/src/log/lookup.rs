//! Looking up a record by its number: what was anchored once must still be there.

use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
};

use crate::{
    chain::{Hash, Head},
    line::next_line,
    segment::{SegmentName, list},
};

/// The hash of the record `sequence` of the log in `dir`; none where it is not there, or does not follow from the
/// beginning of its segment. Reads one segment at most.
pub(super) fn hash_at(dir: &Path, sequence: u64) -> io::Result<Option<Hash>> {
    let mut segments = list(dir)?;
    segments.retain(|name| name.first() <= sequence);
    let Some(last) = segments.last().copied() else {
        return Ok(None);
    };
    // A segment that held nothing of the chain may have been begun again under the same number.
    for name in segments
        .into_iter()
        .rev()
        .take_while(|name| name.first() == last.first())
    {
        if let Some(hash) = hash_in(dir, name, sequence)? {
            return Ok(Some(hash));
        }
    }
    Ok(None)
}

fn hash_in(dir: &Path, name: SegmentName, sequence: u64) -> io::Result<Option<Hash>> {
    let mut reader = BufReader::with_capacity(1 << 18, File::open(dir.join(name.to_string()))?);
    let mut before: Option<Head> = None;
    while let Some(line) = next_line(&mut reader)? {
        let Ok((_, link)) = line.parse() else {
            return Ok(None);
        };
        let follows = before.is_none_or(|before| {
            link.previous == before.hash && link.sequence == before.sequence.saturating_add(1)
        });
        let head = link.head();
        if !follows || head.sequence > sequence {
            return Ok(None);
        }
        if head.sequence == sequence {
            return Ok(Some(head.hash));
        }
        before = Some(head);
    }
    Ok(None)
}
