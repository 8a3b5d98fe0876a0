//! One of several words.

/// The one of `all` that is called `text`, in any case: no two differ in case alone.
pub(super) fn one_of<T: Copy, const N: usize>(
    text: &str,
    all: [T; N],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let found = all.into_iter().find(|one| name(*one).eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("it is one of {}", all.map(name).join(", ")))
}
