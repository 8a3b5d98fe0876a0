//! The state of the vault as a whole: the number given out last, what all records add up to, and which states before it
//! were shown outside.

use strongroom_core::Timestamp;

use super::{
    codec::{CodecError, Decoder, Encoder},
    digest::Digest,
    id::Sequence,
    soft_delete::SoftDelete,
};

/// The format of states without the bytes of the objects and the time.
pub(crate) const UNCOUNTED: u16 = 2;

/// The format of states that do not say what happens to deleted objects.
pub(crate) const UNRULED: u16 = 3;

/// The format of states that this program writes.
pub const NEWEST: u16 = 4;

/// How many marks are kept.
const MARKS: usize = 16;
/// How many of them once one was asked for.
const ASKED: usize = MARKS / 2 - 2;

/// A state as it is shown outside the store, to be kept there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Counts commits.
    pub generation: u64,
    /// Stands for the state, and for every one that led to it.
    pub digest: Digest,
}

/// States on the way to this one that may have been shown outside, ascending: what this state can prove to follow.
///
/// The first is the one that was kept outside when that was last asked for. The one that is kept there next was shown
/// shortly before that, or after it, so it stands in the first half: where there are too many, the one behind that half
/// goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks(Vec<Mark>);

impl Marks {
    /// Adds a state, unless it is there.
    pub(crate) fn note(&mut self, mark: Mark) {
        if self
            .0
            .last()
            .is_some_and(|last| last.generation >= mark.generation)
        {
            return;
        }
        self.0.push(mark);
        if self.0.len() > MARKS {
            self.0.remove(MARKS / 2);
        }
    }

    /// The digest of the state of this generation, which is kept outside. If it is known, those before it are forgotten:
    /// nobody will ask for them again. Of those behind it the latest stay.
    pub(crate) fn ask(&mut self, generation: u64) -> Option<Digest> {
        let found = self.at(generation)?;
        self.0.retain(|mark| mark.generation >= generation);
        let surplus = self.0.len().saturating_sub(ASKED);
        self.0.drain(1..=surplus);
        Some(found)
    }

    /// The digest of the state of this generation.
    fn at(&self, generation: u64) -> Option<Digest> {
        let found = self.0.iter().find(|mark| mark.generation == generation);
        found.map(|mark| mark.digest)
    }

    /// The generation of the first. Nothing is known of the states before it: a later one was asked for.
    pub(crate) fn first(&self) -> Option<u64> {
        self.0.first().map(|mark| mark.generation)
    }
}

/// The vault's state, rewritten by every commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The generation of the commit that wrote it.
    pub generation: u64,
    /// The number given out last.
    pub last: Sequence,
    /// How many heads there are, live and deleted.
    pub heads: u64,
    /// What all records add up to.
    pub sum: Digest,
    /// What happens to deleted objects, for the vault's life; none where an older program wrote the state.
    pub soft_delete: Option<SoftDelete>,
    /// Stands for this state, and for every one that led to it.
    pub chain: Digest,
    /// The bytes of all records that are part of an object.
    pub bytes: u64,
    /// The time of the latest change; none if that is not known.
    pub time: Option<Timestamp>,
    /// Earlier states that it can prove to follow.
    pub marks: Marks,
}

impl State {
    /// The state as it is shown outside.
    pub const fn mark(&self) -> Mark {
        Mark {
            generation: self.generation,
            digest: self.chain,
        }
    }

    /// What the chain is computed from.
    pub(crate) fn summed(&self) -> Encoder {
        let mut fields = Encoder::with_capacity(59);
        fields
            .u64(self.generation)
            .u64(self.last.0)
            .u64(self.heads)
            .array(self.sum.as_bytes())
            .option(self.soft_delete, |fields, rules| rules.put(fields));
        fields
    }

    /// Writes the fields.
    pub fn put(&self) -> Encoder {
        let mut fields = Encoder::with_capacity(160 + 40 * (MARKS + 1));
        fields
            .encoded(self.summed().as_bytes())
            .array(self.chain.as_bytes());
        fields.u64(self.bytes).option(self.time, |fields, time| {
            fields.time(time);
        });
        fields.u32(u32::try_from(self.marks.0.len()).unwrap_or(u32::MAX));
        for mark in &self.marks.0 {
            fields.u64(mark.generation).array(mark.digest.as_bytes());
        }
        fields
    }

    /// Reads what [`Self::put`] wrote, or an older program. Where that one counted no bytes, there are none; where it kept
    /// no rule for deleted objects, there is none.
    pub fn take(format: u16, bytes: &[u8]) -> Result<Self, CodecError> {
        let mut fields = Decoder::new(bytes);
        let mut state = Self {
            generation: fields.u64()?,
            last: Sequence(fields.u64()?),
            heads: fields.u64()?,
            sum: Digest::from_bytes(fields.array()?),
            soft_delete: match format {
                UNCOUNTED | UNRULED => None,
                _ => fields.option(SoftDelete::take)?,
            },
            chain: Digest::from_bytes(fields.array()?),
            bytes: 0,
            time: None,
            marks: Marks::default(),
        };
        if format != UNCOUNTED {
            state.bytes = fields.u64()?;
            state.time = fields.option(Decoder::time)?;
        }
        for _ in 0..fields.u32()? {
            state.marks.0.push(Mark {
                generation: fields.u64()?,
                digest: Digest::from_bytes(fields.array()?),
            });
        }
        fields.finish()?;
        Ok(state)
    }
}

/// The state as programs before the proof of records wrote it: what the heads alone add up to, under no seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnprovedState {
    /// The number given out last.
    pub last: Sequence,
    /// How many heads there are, live and deleted.
    pub heads: u64,
    /// What all heads add up to.
    pub digest: Digest,
}

impl UnprovedState {
    /// Reads the fields.
    pub(crate) fn take(mut fields: Decoder<'_>) -> Result<Self, CodecError> {
        let state = Self {
            last: Sequence(fields.u64()?),
            heads: fields.u64()?,
            digest: Digest::from_bytes(fields.array()?),
        };
        fields.finish()?;
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(generation: u64) -> Mark {
        Mark {
            generation,
            digest: Digest::from_bytes([u8::try_from(generation).unwrap(); 32]),
        }
    }

    fn marks(generations: impl IntoIterator<Item = u64>) -> Marks {
        let mut marks = Marks::default();
        generations
            .into_iter()
            .for_each(|generation| marks.note(mark(generation)));
        marks
    }

    #[test]
    fn the_first_mark_and_the_last_ones_stay_however_many_come() {
        let mut marks = marks(1..=200);
        assert_eq!(marks.0.len(), MARKS);
        for generation in [1, 199, 200] {
            assert_eq!(marks.at(generation), Some(mark(generation).digest));
        }
        assert_eq!(marks.ask(199), Some(mark(199).digest));
        assert_eq!(marks.0, [mark(199), mark(200)]);
        assert_eq!(marks.first(), Some(199));
    }

    /// The operator shows one state after the other while it cannot store what it anchored.
    #[test]
    fn the_state_that_was_shown_when_one_was_asked_for_is_known_however_many_are_shown_after_it() {
        for shown_before in [1, 5, 20, 90] {
            let mut marks = marks(1..=shown_before);
            let next = shown_before;
            assert!(marks.ask(1).is_some());
            (next + 1..next + 100).for_each(|generation| marks.note(mark(generation)));
            assert!(marks.at(1).is_some(), "{shown_before}");
            assert_eq!(marks.ask(next), Some(mark(next).digest), "{shown_before}");
        }
    }

    #[test]
    fn a_generation_that_is_not_there_releases_nothing_and_none_is_noted_twice() {
        let mut marks = marks([3, 5, 5, 4]);
        assert_eq!(marks.ask(4), None);
        assert_eq!(marks.0, [mark(3), mark(5)]);
    }

    #[test]
    fn a_state_comes_back_as_it_was_written() {
        let mut state = State {
            generation: 7,
            last: Sequence(9),
            heads: 2,
            sum: mark(1).digest,
            soft_delete: Some(SoftDelete::default()),
            chain: mark(2).digest,
            bytes: 11,
            time: Some(Timestamp::from_unix(12)),
            marks: Marks::default(),
        };
        state.marks.note(mark(3));
        assert_eq!(State::take(NEWEST, state.put().as_bytes()), Ok(state));
    }
}
