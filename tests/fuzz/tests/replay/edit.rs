//! Mutations of an input.

use proptest::{prelude::*, sample::Index};

use crate::corpus::Corpus;

/// The longest input that is made.
const LONGEST: usize = 32 << 10;

/// Bytes that parsers look for.
const WORDS: [&[u8]; 18] = [
    b"\"",
    b"{",
    b"}",
    b"[[[[",
    b",",
    b"\\u0000",
    b"../",
    b"..",
    b"/",
    b"%2e",
    b"\r\n",
    b"\n",
    b"genuine",
    b"null",
    b"-1",
    b"18446744073709551615",
    b"1e400",
    b"\xff",
];

/// One change. Places are counted round.
#[derive(Debug, Clone)]
pub enum Edit {
    /// One bit is another.
    Flip(Index, u8),
    /// One byte is another.
    Set(Index, u8),
    /// A number of eight bytes is put over what is there.
    Number(Index, u64),
    /// Bytes are put in.
    Insert(Index, Vec<u8>),
    /// Bytes go.
    Remove(Index, usize),
    /// The rest goes.
    Cut(Index),
    /// A stretch comes again.
    Repeat(Index, usize, usize),
    /// The rest is that of another input of the corpus.
    Splice(Index, Index, Index),
}

/// Any change.
pub fn any() -> impl Strategy<Value = Edit> {
    let place = || proptest::prelude::any::<Index>();
    let byte = proptest::prelude::any::<u8>;
    let extreme = prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(1 << 53),
        Just(u64::from(u32::MAX))
    ];
    let word = (0..WORDS.len()).prop_map(|index| WORDS[index].to_vec());
    prop_oneof![
        4 => (place(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        2 => (place(), byte()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        1 => (place(), extreme).prop_map(|(at, number)| Edit::Number(at, number)),
        1 => (place(), proptest::collection::vec(byte(), 1..8)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        2 => (place(), word).prop_map(|(at, word)| Edit::Insert(at, word)),
        2 => (place(), 1..16_usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        1 => place().prop_map(Edit::Cut),
        1 => (place(), 1..64_usize, 1..200_usize).prop_map(|(at, length, times)| Edit::Repeat(at, length, times)),
        2 => (place(), place(), place()).prop_map(|(at, other, from)| Edit::Splice(at, other, from)),
    ]
}

/// The input at `index` with all of `edits`.
pub fn all(corpus: &Corpus, index: usize, edits: &[Edit]) -> Vec<u8> {
    let mut input = corpus.inputs()[index].1.clone();
    for edit in edits {
        apply(edit, &mut input, corpus);
        input.truncate(LONGEST);
    }
    input
}

fn apply(edit: &Edit, input: &mut Vec<u8>, corpus: &Corpus) {
    // One place more than there are bytes: the end.
    let place = |at: &Index| at.index(input.len() + 1);
    match edit {
        Edit::Flip(at, bit) => {
            let at = place(at);
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        Edit::Set(at, value) => {
            let at = place(at);
            if let Some(byte) = input.get_mut(at) {
                *byte = *value;
            }
        }
        Edit::Number(at, number) => {
            let at = place(at);
            for (byte, value) in input[at..].iter_mut().zip(number.to_be_bytes()) {
                *byte = value;
            }
        }
        Edit::Insert(at, bytes) => {
            let at = place(at);
            input.splice(at..at, bytes.iter().copied());
        }
        Edit::Remove(at, length) => {
            let at = place(at);
            input.drain(at..(at + length).min(input.len()));
        }
        Edit::Cut(at) => input.truncate(place(at)),
        Edit::Repeat(at, length, times) => {
            let at = place(at);
            let stretch = input[at..(at + length).min(input.len())].repeat(*times);
            input.splice(at..at, stretch);
        }
        Edit::Splice(at, other, from) => {
            let other = &corpus.inputs()[other.index(corpus.inputs().len())].1;
            input.truncate(place(at));
            input.extend_from_slice(&other[from.index(other.len() + 1)..]);
        }
    }
}
