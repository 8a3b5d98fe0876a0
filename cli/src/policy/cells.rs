//! Sets of object names, as policies write them. Pure.
//!
//! Two patterns never cross: either one holds every name of the other, or they have no name in common. So the patterns of some
//! policies are a tree, and each stands for a *cell*: the names that it means and no longer pattern below it does. Within a cell every
//! name is decided alike, by the policies with a pattern that holds the cell. The cell of `*` also stands for what is decided for
//! every name at once, such as the issuers of certificates.
//!
//! A cell may be without a name, as that of `a*` where `a` and every `aX*` are patterns too; it is decided all the same.

use std::collections::BTreeSet;

use serde::Serialize;
use strongroom_core::{Effect, ObjectPattern, PermissionSet};

use super::read::PolicyContent;

/// Whether every name that `inner` means is one that `outer` means.
pub(super) fn covers(outer: &ObjectPattern, inner: &ObjectPattern) -> bool {
    match (outer, inner) {
        (ObjectPattern::Prefix(outer), ObjectPattern::Prefix(inner)) => inner.starts_with(&**outer),
        (ObjectPattern::Prefix(_), ObjectPattern::Exact(name)) => outer.matches(name),
        (ObjectPattern::Exact(outer), ObjectPattern::Exact(inner)) => outer == inner,
        (ObjectPattern::Exact(_), ObjectPattern::Prefix(_)) => false,
    }
}

/// Whether the two have a name in common.
pub(super) fn meet(one: &ObjectPattern, other: &ObjectPattern) -> bool {
    covers(one, other) || covers(other, one)
}

/// The permissions of `set` that are not in `other`.
pub(super) fn minus(set: PermissionSet, other: PermissionSet) -> PermissionSet {
    // Collecting them would add what they imply, which may be just what is to go.
    other.iter().fold(set, PermissionSet::without)
}

/// The permissions of both.
pub(super) fn common(one: PermissionSet, other: PermissionSet) -> PermissionSet {
    minus(one, minus(one, other))
}

/// What the policies about somebody say about a cell.
pub(super) fn allowed(about: &[&PolicyContent], cell: &ObjectPattern) -> PermissionSet {
    let of = |effect| {
        about
            .iter()
            .filter(|content| content.effect == effect && holds(content, cell))
            .fold(PermissionSet::EMPTY, |set, content| {
                set.union(content.permissions)
            })
    };
    minus(of(Effect::Allow), of(Effect::Deny))
}

/// Whether a policy is about every name of a cell.
pub(super) fn holds(content: &PolicyContent, cell: &ObjectPattern) -> bool {
    content.objects.iter().any(|pattern| covers(pattern, cell))
}

/// Patterns as a tree.
pub(super) struct Cells {
    /// Each pattern, behind the one that it lies in.
    patterns: Vec<ObjectPattern>,
    /// For each the place of the longest that it lies in.
    parents: Vec<Option<usize>>,
}

/// Names that one pattern means, without those that others in it do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Names {
    pub(super) objects: ObjectPattern,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) except: Vec<ObjectPattern>,
}

impl Names {
    /// As a person reads it.
    pub(super) fn text(&self) -> String {
        let except: Vec<_> = self.except.iter().map(ToString::to_string).collect();
        if except.is_empty() {
            self.objects.to_string()
        } else {
            format!("{} except {}", self.objects, except.join(","))
        }
    }

    /// Whether a name is one of them.
    #[cfg(test)]
    pub(super) fn contain(&self, name: &strongroom_core::ObjectName) -> bool {
        self.objects.matches(name) && !self.except.iter().any(|pattern| pattern.matches(name))
    }
}

impl Cells {
    /// The cells of these patterns.
    pub(super) fn of<'a>(patterns: impl IntoIterator<Item = &'a ObjectPattern>) -> Self {
        let unique: BTreeSet<_> = patterns.into_iter().collect();
        let mut patterns: Vec<_> = unique.into_iter().cloned().collect();
        // Behind a prefix come all that it covers, and nothing else between them.
        patterns.sort_by(|one, other| key(one).cmp(&key(other)));
        let (mut parents, mut open): (Vec<_>, Vec<(usize, &ObjectPattern)>) = (Vec::new(), Vec::new());
        for (index, pattern) in patterns.iter().enumerate() {
            while open.last().is_some_and(|(_, outer)| !covers(outer, pattern)) {
                open.pop();
            }
            parents.push(open.last().map(|(outer, _)| *outer));
            open.push((index, pattern));
        }
        Self { patterns, parents }
    }

    /// The patterns, each behind the one that it lies in.
    pub(super) fn patterns(&self) -> &[ObjectPattern] {
        &self.patterns
    }

    /// Puts together the cells of which `is_member` says so, each by its place: as few names as there can be, that have all of
    /// these cells and no other.
    pub(super) fn join(&self, is_member: impl Fn(usize) -> bool) -> Vec<Names> {
        let mut names: Vec<Names> = Vec::new();
        // Of each cell the place in `names` of what it is part of, where it is a member.
        let mut heads: Vec<Option<usize>> = Vec::new();
        for (index, (pattern, parent)) in self.patterns.iter().zip(&self.parents).enumerate() {
            let above = parent.and_then(|parent| heads.get(parent).copied().flatten());
            let head = match (is_member(index), above) {
                (true, Some(head)) => Some(head),
                (true, None) => {
                    names.push(Names {
                        objects: pattern.clone(),
                        except: Vec::new(),
                    });
                    Some(names.len() - 1)
                }
                (false, above) => {
                    if let Some(names) = above.and_then(|head| names.get_mut(head)) {
                        names.except.push(pattern.clone());
                    }
                    None
                }
            };
            heads.push(head);
        }
        names
    }
}

/// By text, and of one text the prefix first, which covers the name.
fn key(pattern: &ObjectPattern) -> (&str, bool) {
    match pattern {
        ObjectPattern::Exact(name) => (name.as_str(), true),
        ObjectPattern::Prefix(prefix) => (prefix, false),
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::Permission;

    use super::*;

    fn patterns(texts: &[&str]) -> Vec<ObjectPattern> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn two_patterns_meet_where_one_covers_the_other() {
        for (one, other, covered, met) in [
            ("*", "db-*", true, true),
            ("*", "x", true, true),
            ("db-*", "db-*", true, true),
            ("db-*", "db-a*", true, true),
            ("db-a*", "db-*", false, true),
            ("db*", "db", true, true),
            ("db", "db*", false, true),
            ("db-*", "db", false, false),
            ("a*", "b*", false, false),
            ("DB", "db", true, true),
        ] {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(
                (covers(&one, &other), meet(&one, &other)),
                (covered, met),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn the_parent_of_a_cell_is_the_longest_pattern_around_it() {
        let cells = Cells::of(&patterns(&["db", "db-a*", "*", "x*", "db*", "db-", "db-a1"]));
        let shown: Vec<_> = cells
            .patterns
            .iter()
            .zip(&cells.parents)
            .map(|(pattern, parent)| {
                let parent = parent.map(|parent| cells.patterns[parent].to_string());
                format!("{pattern} in {}", parent.unwrap_or_default())
            })
            .collect();
        assert_eq!(
            shown,
            [
                "* in ",
                "db* in *",
                "db in db*",
                "db- in db*",
                "db-a* in db*",
                "db-a1 in db-a*",
                "x* in *"
            ]
        );
    }

    #[test]
    fn members_are_joined_with_their_exceptions_and_members_below_an_exception_stand_alone() {
        let cells = Cells::of(&patterns(&["*", "db-*", "db-a*", "web"]));
        let joined = |members: &[&str]| -> Vec<String> {
            let is_member = |index: usize| members.contains(&cells.patterns[index].to_string().as_str());
            cells.join(is_member).iter().map(Names::text).collect()
        };
        assert_eq!(joined(&["*", "db-*", "db-a*", "web"]), ["*"]);
        assert_eq!(joined(&["*", "db-*", "db-a*"]), ["* except web"]);
        assert_eq!(joined(&["*", "db-a*"]), ["* except db-*,web", "db-a*"]);
        assert_eq!(joined(&["db-*"]), ["db-* except db-a*"]);
        assert!(joined(&[]).is_empty());
    }

    #[test]
    fn taking_a_permission_out_leaves_it_out_although_another_implies_it() {
        let all = PermissionSet::of(&[Permission::CertificateManageIssuers]);
        let without = minus(all, PermissionSet::of(&[Permission::CertificateGetIssuers]));
        assert!(without.contains(Permission::CertificateManageIssuers));
        assert!(!without.contains(Permission::CertificateGetIssuers));
        assert_eq!(common(all, without), without);
    }
}
