//! BER turned into DER, as far as PFX files need it: elements of indefinite length, strings in parts, lengths in more bytes than
//! they need.
//!
//! Firefox and Bouncy Castle write such files, and the service in Azure takes them. `der` reads indefinite lengths, but not those
//! inside of an element that it takes as any, and looks for the end of each from the start of each.

use zeroize::Zeroizing;

/// How deep elements may lie in each other; PFX files have about ten levels in each of their layers.
const DEEPEST: usize = 32;

const OCTET_STRING: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;
const OCTET_STRING_IN_PARTS: u8 = OCTET_STRING | CONSTRUCTED;
/// The bits of a tag whose number needs more bytes, which PKCS#12 never has.
const LONG_TAG: u8 = 0x1f;
const INDEFINITE: u8 = 0x80;
const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// What is done with an element inside of another.
type Conversion = fn(&mut &[u8], &mut Vec<u8>, usize) -> Option<()>;

/// The one element that `ber` is, in DER. Parts of a string that has its tag from its place (`[0] IMPLICIT`) stay parts: only the
/// reader of the structure knows that it is a string, see [`join_parts`].
///
/// The time is linear in the length, as is the memory, which is wiped.
pub(super) fn to_der(ber: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut rest = ber;
    let mut out = Zeroizing::new(Vec::with_capacity(room(ber)));
    convert(&mut rest, &mut out, DEEPEST)?;
    rest.is_empty().then_some(out)
}

/// The string whose parts these are, each of them a whole element.
pub(super) fn join_parts(mut parts: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::with_capacity(parts.len()));
    while !parts.is_empty() {
        join(&mut parts, &mut out, DEEPEST)?;
    }
    Some(out)
}

/// A length in DER can take a byte more than the two that an indefinite one and its end have beside the tag: once per level.
fn room(ber: &[u8]) -> usize {
    ber.len().saturating_add(2 * DEEPEST)
}

fn convert(rest: &mut &[u8], out: &mut Vec<u8>, depth: usize) -> Option<()> {
    let (tag, length) = header(rest)?;
    let start = out.len();
    match tag {
        OCTET_STRING_IN_PARTS => {
            convert_children(rest, length, out, depth, join)?;
            insert_header(out, start, OCTET_STRING)
        }
        _ if tag & CONSTRUCTED != 0 => {
            convert_children(rest, length, out, depth, convert)?;
            insert_header(out, start, tag)
        }
        _ => {
            out.extend(take(rest, length?)?);
            insert_header(out, start, tag)
        }
    }
}

/// Appends the content of a string, whole or in parts.
fn join(rest: &mut &[u8], out: &mut Vec<u8>, depth: usize) -> Option<()> {
    match header(rest)? {
        (OCTET_STRING, Some(length)) => {
            out.extend(take(rest, length)?);
            Some(())
        }
        (OCTET_STRING_IN_PARTS, length) => convert_children(rest, length, out, depth, join),
        _ => None,
    }
}

fn convert_children(
    rest: &mut &[u8],
    length: Option<usize>,
    out: &mut Vec<u8>,
    depth: usize,
    conversion: Conversion,
) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    if let Some(length) = length {
        let mut content = take(rest, length)?;
        while !content.is_empty() {
            conversion(&mut content, out, depth)?;
        }
    } else {
        loop {
            if let Some(after) = rest.strip_prefix(&END_OF_CONTENTS) {
                *rest = after;
                break;
            }
            conversion(rest, out, depth)?;
        }
    }
    Some(())
}

/// The tag and the length of the next element; no length where it is indefinite.
fn header(rest: &mut &[u8]) -> Option<(u8, Option<usize>)> {
    let [tag, first, after @ ..] = rest else {
        return None;
    };
    let (tag, first) = (*tag, *first);
    if tag & LONG_TAG == LONG_TAG {
        return None;
    }
    *rest = after;
    if first == INDEFINITE {
        return Some((tag, None));
    }
    if first < INDEFINITE {
        return Some((tag, Some(usize::from(first))));
    }
    let digits = take(rest, usize::from(first - INDEFINITE))?;
    let length = digits.iter().try_fold(0_usize, |length, digit| {
        length.checked_mul(256)?.checked_add(usize::from(*digit))
    })?;
    Some((tag, Some(length)))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (content, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(content)
}

/// Puts tag and length before the content that stands from `start` on.
fn insert_header(out: &mut Vec<u8>, start: usize, tag: u8) -> Option<()> {
    let length = u32::try_from(out.len().checked_sub(start)?).ok()?;
    let digits = length.to_be_bytes();
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = digits.get(zeros..)?;
    let short = u8::try_from(length).ok().filter(|length| *length < INDEFINITE);
    if let Some(length) = short {
        drop(out.splice(start..start, [tag, length]));
    } else {
        let first = INDEFINITE | u8::try_from(digits.len()).ok()?;
        drop(out.splice(
            start..start,
            [tag, first].into_iter().chain(digits.iter().copied()),
        ));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(ber: &str) -> Option<String> {
        to_der(&hex::decode(ber.replace(' ', "")).unwrap()).map(|der| hex::encode(&*der))
    }

    #[test]
    fn der_stays_as_it_is() {
        for der in ["0500", "3006 0201 03 0401 aa", "a003 0401 bb", "8001 cc", "3000"] {
            assert_eq!(converted(der), Some(der.replace(' ', "")));
        }
        let long = format!("3082 0104 0482 0100 {}", "ab".repeat(256));
        assert_eq!(converted(&long), Some(long.replace(' ', "")));
    }

    #[test]
    fn indefinite_lengths_and_strings_in_parts_become_der() {
        let der = Some("300aa0080406010203040506".to_owned());
        for ber in [
            "3080 a080 2480 0402 0102 0404 03040506 0000 0000 0000",
            "3080 a080 2480 2480 0402 0102 0000 2406 0404 03040506 0000 0000 0000",
            "3082 000f a084 00000009 0481 06 010203040506",
        ] {
            assert_eq!(converted(ber), der);
        }
        assert_eq!(
            converted("a080 0401 aa 0401 bb 0000"),
            Some("a0060401aa0401bb".to_owned())
        );
        assert_eq!(
            join_parts(&[4, 1, 0xaa, 0x24, 0x80, 4, 1, 0xbb, 0, 0]).unwrap()[..],
            [0xaa, 0xbb]
        );
    }

    #[test]
    fn what_has_no_end_or_an_end_elsewhere_is_refused() {
        for ber in [
            "",
            "30",
            "3080",
            "308000",
            "3080 0500",
            "0480 0000",
            "0402 01",
            "3003 0402 01",
            "2480 0201 01 0000",
            "0500 00",
            "1f8101 00",
            "0489 ffffffffffffffffff",
            "0488 ffffffffffffffff",
            "3084 ffffffff",
        ] {
            assert_eq!(converted(ber), None, "{ber}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| [[0x30, 0x80].repeat(depth), [0, 0].repeat(depth)].concat();
        assert!(to_der(&nested(DEEPEST)).is_some());
        assert!(to_der(&nested(DEEPEST + 1)).is_none());
        assert!(to_der(&[0x30, 0x80].repeat(100_000)).is_none());
        assert!(to_der(&[0x24, 0x80].repeat(100_000)).is_none());
    }

    #[test]
    fn the_room_is_enough_for_the_deepest() {
        let content = [&[4, 0x83, 1, 0, 0][..], &vec![7; 0x1_0000]].concat();
        let ber = [[0x30, 0x80].repeat(DEEPEST), content, [0, 0].repeat(DEEPEST)].concat();
        let der = to_der(&ber).unwrap();
        assert!(der.len() <= room(&ber));
        assert_eq!(to_der(&der).unwrap(), der);
    }
}
