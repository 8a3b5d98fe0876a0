//! What policies of a cluster become when files are applied. Pure.

use super::super::read::StoredPolicy;

/// What is there after the files are applied: a policy of the same namespace and name is replaced, and the others stay, unless they
/// are pruned.
pub(super) fn applied(
    before: &[StoredPolicy],
    files: Vec<StoredPolicy>,
    is_pruned: bool,
) -> Vec<StoredPolicy> {
    let is_replaced = |policy: &&StoredPolicy| files.iter().any(|file| file.is_same(policy));
    let stays = before.iter().filter(|policy| !is_pruned && !is_replaced(policy));
    let mut after: Vec<_> = stays.cloned().collect();
    after.extend(files.into_iter().map(|file| {
        let replaced = before.iter().find(|policy| policy.is_same(&file));
        bound(file, replaced)
    }));
    after
}

/// A subject stays bound to the namespace that it was bound to, until it is removed and added again. What a file says of that is no
/// part of what is applied.
fn bound(mut file: StoredPolicy, replaced: Option<&StoredPolicy>) -> StoredPolicy {
    let content = replaced.and_then(|replaced| replaced.content.as_ref().ok());
    let before = content
        .map(|content| content.subjects.as_slice())
        .unwrap_or_default();
    if let Ok(content) = &mut file.content {
        for (subject, state) in &mut content.subjects {
            let same = before.iter().find(|(other, _)| other == subject);
            *state = same.and_then(|(_, state)| *state);
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use strongroom_crds::access_policy::SubjectState;

    use super::*;
    use crate::policy::tests::{allow, deny};

    fn names(policies: &[StoredPolicy]) -> Vec<&str> {
        policies.iter().map(|policy| policy.name.as_str()).collect()
    }

    #[test]
    fn a_policy_of_the_same_name_is_replaced_and_the_others_stay_unless_they_are_pruned() {
        let before = [allow("a", &["x/y"], &["*"]), allow("b", &["x/y"], &["*"])];
        let files = vec![deny("b", &["x/y"], &["*"]), allow("c", &["x/y"], &["*"])];
        let after = applied(&before, files.clone(), false);
        assert_eq!(names(&after), ["a", "b", "c"]);
        assert_eq!(after[1].content, files[0].content);
        assert_eq!(names(&applied(&before, files, true)), ["b", "c"]);
    }

    #[test]
    fn a_policy_of_another_namespace_is_another_one() {
        let mut elsewhere = allow("a", &["x/y"], &["*"]);
        elsewhere.namespace = "team-b".to_owned();
        let before = [allow("a", &["x/y"], &["*"])];
        assert_eq!(names(&applied(&before, vec![elsewhere], false)), ["a", "a"]);
    }

    #[test]
    fn a_subject_that_stays_is_bound_as_it_was_and_one_that_is_new_is_not() {
        let with = |state| {
            let mut policy = allow("a", &["x/y", "x/z"], &["*"]);
            for (_, of) in &mut policy.content.as_mut().unwrap().subjects {
                *of = state;
            }
            policy
        };
        let states = |policy: &StoredPolicy| -> Vec<_> {
            let subjects = &policy.content.as_ref().unwrap().subjects;
            subjects.iter().map(|(_, state)| *state).collect()
        };
        let replaced = Some(SubjectState::NamespaceReplaced);
        let mut before = with(replaced);
        before.content.as_mut().unwrap().subjects.truncate(1);
        let resolved = with(Some(SubjectState::Resolved));
        let after = applied(&[before], vec![resolved.clone()], false);
        assert_eq!(states(&after[0]), [replaced, None]);
        assert_eq!(states(&applied(&[], vec![resolved], false)[0]), [None, None]);
    }
}
