//! The forms in which a value may lie in memory, and how often it does.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use anyhow::Result;
use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE};

/// How much of a value is looked for at each of several places in it: what is left of a copy that was partly overwritten
/// counts too.
const WINDOW: usize = 16;

/// A way to write bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As they are.
    Raw,
    /// The last one first, as libraries compute with the numbers of keys.
    Reversed,
    /// Base64, of either alphabet, wherever the value began in what was encoded.
    Base64,
    /// Hexadecimal, of either case.
    Hex,
    /// Each byte as a little-endian unit of UTF-16.
    Utf16,
}

impl Form {
    /// The texts of which one is in memory where the value is written in this form.
    fn texts(self, value: &[u8]) -> Vec<Vec<u8>> {
        match self {
            Self::Raw => vec![value.to_vec()],
            Self::Reversed => vec![value.iter().rev().copied().collect()],
            Self::Base64 => base64(value),
            Self::Hex => vec![
                hex::encode(value).into_bytes(),
                hex::encode_upper(value).into_bytes(),
            ],
            Self::Utf16 => vec![value.iter().flat_map(|byte| [*byte, 0]).collect()],
        }
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Raw, Self::Reversed, Self::Base64, Self::Hex, Self::Utf16];
}

/// The six texts of a value, without the characters that depend on what is before and behind it.
fn base64(value: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for before in 0..3 {
        let mut padded = vec![0; before];
        padded.extend_from_slice(value);
        for text in [BASE64_STANDARD.encode(&padded), BASE64_URL_SAFE.encode(&padded)] {
            let inner = text
                .as_bytes()
                .get(4..text.len().saturating_sub(4))
                .unwrap_or_default();
            if !texts.iter().any(|known| known == inner) {
                texts.push(inner.to_vec());
            }
        }
    }
    texts
}

/// Which value is looked for: the place of its group, and its form.
type Sort = (usize, Form);

/// What to search for, and what was found so far.
#[derive(Debug)]
pub struct Needles {
    searcher: AhoCorasick,
    /// Of each pattern: what it is a part of.
    sorts: Vec<Sort>,
    /// Of each pattern: which text it is of; several are parts of one.
    texts: Vec<usize>,
    found: Vec<usize>,
}

impl Needles {
    /// Searches for the values of each group, in every form.
    pub fn of<'a>(groups: impl IntoIterator<Item = &'a [Vec<u8>]>) -> Result<Self> {
        let (mut patterns, mut sorts, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        let mut text_number = 0;
        for (group, values) in groups.into_iter().enumerate() {
            for (value, form) in values
                .iter()
                .flat_map(|value| Form::ALL.map(|form| (value, form)))
            {
                for text in form.texts(value) {
                    for window in windows(&text) {
                        patterns.push(window.to_vec());
                        sorts.push((group, form));
                        texts.push(text_number);
                    }
                    text_number += 1;
                }
            }
        }
        Ok(Self {
            searcher: AhoCorasick::new(&patterns)?,
            found: vec![0; patterns.len()],
            sorts,
            texts,
        })
    }

    /// How many bytes a pattern has.
    pub const fn longest() -> usize {
        WINDOW
    }

    /// Counts what begins in `memory`.
    pub fn search(&mut self, memory: &[u8]) {
        for hit in self.searcher.find_overlapping_iter(memory) {
            if let Some(count) = self.found.get_mut(hit.pattern().as_usize()) {
                *count += 1;
            }
        }
    }

    /// How many copies there are, by group and form. Of the parts of a text, the one that is found most often counts.
    pub fn copies(&self) -> BTreeMap<Sort, usize> {
        let mut by_text: BTreeMap<(Sort, usize), usize> = BTreeMap::new();
        for ((sort, text), count) in self.sorts.iter().zip(&self.texts).zip(&self.found) {
            let most = by_text.entry((*sort, *text)).or_default();
            *most = (*most).max(*count);
        }
        let mut copies = BTreeMap::new();
        for ((sort, _), count) in by_text {
            *copies.entry(sort).or_default() += count;
        }
        copies
    }
}

/// A part near the beginning, one in the middle and one near the end.
fn windows(text: &[u8]) -> Vec<&[u8]> {
    let last = text.len().saturating_sub(WINDOW);
    let mut places = vec![last.min(4), last / 2, last.saturating_sub(4)];
    places.dedup();
    let window = |place: usize| text.get(place..(place + WINDOW).min(text.len()));
    places.into_iter().filter_map(window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &[u8] = b"b7Xq02LmZpTr5kVyGh8NcUwE3sJdAf6o";

    fn copies(memory: &[u8]) -> Vec<(Form, usize)> {
        let values = [VALUE.to_vec()];
        let mut needles = Needles::of([values.as_slice()]).unwrap();
        needles.search(memory);
        needles
            .copies()
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|((_, form), count)| (form, count))
            .collect()
    }

    #[test]
    fn a_value_is_found_in_every_form_wherever_it_lies() {
        let raw = [b"....", VALUE, b"....", VALUE].concat();
        assert_eq!(copies(&raw), [(Form::Raw, 2)]);
        let reversed: Vec<u8> = raw.iter().rev().copied().collect();
        assert_eq!(copies(&reversed), [(Form::Reversed, 2)]);
        for before in ["", "x", "xy", "xyz"] {
            let text = [before.as_bytes(), VALUE, b"yz"].concat();
            for encoded in [BASE64_STANDARD.encode(&text), BASE64_URL_SAFE.encode(&text)] {
                assert_eq!(copies(encoded.as_bytes()), [(Form::Base64, 1)], "{encoded}");
            }
        }
        assert_eq!(copies(hex::encode(VALUE).as_bytes()), [(Form::Hex, 1)]);
        assert_eq!(copies(hex::encode_upper(VALUE).as_bytes()), [(Form::Hex, 1)]);
        let wide: Vec<u8> = VALUE.iter().flat_map(|byte| [*byte, 0]).collect();
        assert_eq!(copies(&wide), [(Form::Utf16, 1)]);
    }

    #[test]
    fn what_is_left_of_a_copy_counts_and_other_bytes_do_not() {
        let mut overwritten = VALUE.to_vec();
        overwritten[..12].fill(0);
        assert_eq!(copies(&overwritten), [(Form::Raw, 1)]);
        assert_eq!(copies(&[0; 4096]), []);
        assert_eq!(
            copies(b"b7Xq02LmZpTr"),
            [],
            "less than a window is not looked for"
        );
    }
}
