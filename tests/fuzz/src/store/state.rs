//! The record of the vault's state.

use std::sync::LazyLock;

use strongroom_engine::{
    crypt::{
        cipher::{self, Form},
        state::{self, Found},
    },
    format::{
        codec::Encoder,
        digest::Digest,
        id::Sequence,
        key,
        soft_delete::SoftDelete,
        state::{Marks, NEWEST, State},
    },
    store::{Gen, MemoryStore, Store, Value},
};

use super::fixture::{NOW, ROOT, VAULT, keyring};
use crate::{Seed, Verdict, input::chosen};

/// The generation of the store.
const GENERATION: u64 = 7;

/// The record that the vault wrote.
static GENUINE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let sealed = state::seal(&keyring(), &sample()).unwrap();
    sealed.as_bytes().to_vec()
});

/// The first byte chooses: a whole record, or what is behind the seal.
///
/// - A record is opened only where the vault wrote it, and only in the generation that it was written in.
/// - Fields are taken only in their one encoding.
pub fn state_record(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    if choice % 2 == 0 {
        let opened = state::open(&keyring(), &*stored(GENERATION, input));
        assert!(
            opened.is_err() || *GENUINE == input,
            "a state that the vault did not write is opened"
        );
        let later = state::open(&keyring(), &*stored(GENERATION + 1, input));
        assert!(later.is_err(), "a state is good in another generation");
        let found = state::find(&*stored(GENERATION, input));
        return Verdict::taken_if(opened.is_ok() || matches!(found, Ok(Found::Unproved(..))));
    }
    let read = State::take(NEWEST, input);
    if let Ok(read) = &read {
        assert_eq!(read.put().as_bytes(), input, "two encodings of one state");
    }
    Verdict::of(&read)
}

fn stored(generation: u64, record: &[u8]) -> std::sync::Arc<dyn strongroom_engine::store::Snapshot> {
    let records = [(key::state(), Value::new(record))];
    MemoryStore::holding(Gen(generation), records).snapshot().unwrap()
}

fn sample() -> State {
    State {
        generation: GENERATION,
        last: Sequence(9),
        heads: 2,
        sum: Digest::from_bytes([1; 32]),
        soft_delete: Some(SoftDelete::default()),
        chain: Digest::from_bytes([2; 32]),
        bytes: 1_000,
        time: Some(NOW),
        marks: Marks::default(),
    }
}

/// The record, older ones, and fields with marks.
pub fn seeds() -> Vec<Seed> {
    let mut unproved = Encoder::record(*b"SRst", VAULT);
    unproved.u64(9).u64(2).array(&[1; 32]);
    let fields = sample().put().into_bytes();
    let mut marked = fields[..fields.len() - 4].to_vec();
    marked.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3]);
    marked.extend([4; 32]);
    // Sealed under the right key for another record: what the context is for.
    let key = cipher::derive_key(&ROOT, b"strongroom state 1").unwrap();
    let mut elsewhere = Encoder::record_of_format(*b"SRst", NEWEST, VAULT);
    let sealed = cipher::seal_deterministic(Form::Numbered, &key, b"elsewhere", &fields).unwrap();
    elsewhere.bytes(&sealed);
    vec![
        Seed::taken("record", chosen(0, &GENUINE)),
        Seed::taken("unproved", chosen(0, unproved.as_bytes())),
        Seed::refused("of-another-place", chosen(0, elsewhere.as_bytes())),
        Seed::taken("fields", chosen(1, &fields)),
        Seed::taken("fields-with-a-mark", chosen(1, &marked)),
    ]
}
