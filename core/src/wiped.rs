//! Bytes that grow and leave no copy behind.

use zeroize::Zeroizing;

/// Appends `data` to `bytes`. Where `bytes` has to move to grow, the memory that it leaves is wiped; a `Vec` by itself
/// gives that memory back as it is.
pub fn extend(bytes: &mut Zeroizing<Vec<u8>>, data: &[u8]) {
    make_room(bytes, data.len());
    bytes.extend_from_slice(data);
}

/// Makes room for `more` bytes in `bytes`, as [`extend`] does.
pub fn make_room(bytes: &mut Zeroizing<Vec<u8>>, more: usize) {
    make_room_within(bytes, more, usize::MAX);
}

/// The same, for bytes that will be at most `whole`.
pub fn make_room_within(bytes: &mut Zeroizing<Vec<u8>>, more: usize, whole: usize) {
    if bytes.capacity().saturating_sub(bytes.len()) >= more {
        return;
    }
    let needed = bytes.len().saturating_add(more);
    let room = needed.saturating_mul(2).min(whole.max(needed));
    let mut larger = Zeroizing::new(Vec::with_capacity(room));
    larger.extend_from_slice(bytes);
    *bytes = larger;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_grow_by_moving_to_a_place_with_room() {
        let mut bytes = Zeroizing::new(Vec::new());
        for part in [&b"one"[..], b"", b"two, longer", b"three"] {
            extend(&mut bytes, part);
        }
        assert_eq!(bytes.as_slice(), b"onetwo, longerthree");
        let place = bytes.as_ptr();
        make_room(&mut bytes, 1);
        assert_eq!(bytes.as_ptr(), place);
    }
}
