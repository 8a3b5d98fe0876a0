//! The names that a subject may see in a list, as ranges: what lies between them need not be looked at, so that what is
//! hidden costs nothing and shows in nothing.
//!
//! Between two texts of a subject's rules every name is decided alike. A walk over these stretches finds the next one that
//! is allowed, without knowing which names exist.

use crate::{
    decision::{PolicyIndex, Rule, Rules},
    name_range::NameRange,
    permission::Permission,
    resource::Uid,
};

impl PolicyIndex {
    /// The first names from `from` on with which `subject` may do `permission`, as far as they follow one another; none
    /// if there are no more. It depends on policy alone, and its cost grows with the subject's rules alone.
    pub fn allowed_from(&self, subject: &Uid, permission: Permission, from: &str) -> Option<NameRange> {
        let rules = self.subjects.get(subject)?;
        let mut at = from.to_owned();
        while !rules.allows(permission, &at) {
            at = rules.next_stretch(&at)?;
        }
        let from = at.clone();
        loop {
            match rules.next_stretch(&at) {
                Some(next) if rules.allows(permission, &next) => at = next,
                until => return Some(NameRange { from, until }),
            }
        }
    }
}

impl Rules {
    fn allows(&self, permission: Permission, text: &str) -> bool {
        self.find(text)
            .is_some_and(|rule| rule.allow.contains(permission) && !rule.deny.contains(permission))
    }

    /// The first text behind `text` at which another rule may decide.
    fn next_stretch(&self, text: &str) -> Option<String> {
        let behind = |rules: &[Rule]| {
            let index = rules.partition_point(|rule| *rule.text <= *text);
            rules.get(index).map(|rule| rule.text.to_string())
        };
        let is_exact = self.exact.binary_search_by(|rule| (*rule.text).cmp(text)).is_ok();
        let after_exact = is_exact.then(|| NameRange::behind(text));
        let innermost = self
            .longest_prefix(text)
            .and_then(|index| self.prefixes.get(index));
        let end_of_prefix = innermost.and_then(|rule| end_of(&rule.text));
        [
            behind(&self.exact),
            behind(&self.prefixes),
            after_exact,
            end_of_prefix,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// The first text behind all that begin with `prefix`; none behind those that begin with nothing.
fn end_of(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    let last = end.pop()?;
    // Names are ASCII, and so are their prefixes.
    end.push(char::from_u32(u32::from(last).saturating_add(1))?);
    Some(end)
}
