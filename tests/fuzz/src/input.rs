//! How inputs are laid out.

/// An input behind a byte that says what it is to be judged as.
pub(crate) fn chosen(choice: u8, input: &[u8]) -> Vec<u8> {
    [&[choice], input].concat()
}

/// `good` with bytes replaced: each three bytes of `changes` are a place, counted round, and the byte to put there.
pub(crate) fn edited(good: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut edited = good.to_vec();
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % good.len();
        edited[place] = change[2];
    }
    edited
}

/// `input` with each `word` replaced by `value`.
pub(crate) fn replaced(input: &[u8], word: &str, value: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(input.len()), input);
    while let Some(at) = rest
        .windows(word.len())
        .position(|found| found == word.as_bytes())
    {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(value.as_bytes());
        rest = &rest[at + word.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The JSON that a reader takes. What is no text is replaced first: readers skip members that they do not know without looking
/// whether their strings are text, and a signer may put there any bytes.
pub(crate) fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_str(&String::from_utf8_lossy(bytes)).expect("what is taken is JSON")
}
