//! What a walk prints.

use serde::Serialize;

use super::step::{Step, StepState};
use crate::{Failure, output::ObjectOutput, printed::Printed, terminal};

/// What was walked.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Subject {
    pub(super) kind: &'static str,
    pub(super) namespace: String,
    pub(super) name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Walk<'a> {
    api_version: &'static str,
    kind: &'static str,
    subject: &'a Subject,
    holds: bool,
    steps: &'a [Step],
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
}

/// Whether no link is known to be broken.
pub(super) fn holds(steps: &[Step]) -> bool {
    steps.iter().all(|step| step.state != StepState::Fails)
}

/// What mends the first link that does not hold.
fn fix(steps: &[Step]) -> Option<&str> {
    let mut broken = steps.iter().filter(|step| step.state == StepState::Fails);
    broken.next()?.fix.as_deref()
}

pub(super) fn walk(subject: &Subject, steps: &[Step], output: ObjectOutput) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Json => Printed::json(&Walk {
            api_version: crate::output::API_VERSION,
            kind: "Walk",
            subject,
            holds: holds(steps),
            steps,
            fix: fix(steps),
        }),
        ObjectOutput::Name => Ok(Printed::Text(format!("{}\n", subject.name))),
        ObjectOutput::Text => Ok(Printed::Text(text(steps))),
    }
}

fn text(steps: &[Step]) -> String {
    let width = steps.iter().map(|step| step.name.chars().count()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for step in steps {
        let Step { name, message, .. } = step;
        let line = format!(
            "{} {name:width$}  {}",
            step.state.mark(),
            terminal::field(message)
        );
        text.extend([line.trim_end(), "\n"]);
        if let Some(can_i) = &step.can_i {
            text.extend([" ".repeat(width + 4).as_str(), "to see why: ", can_i, "\n"]);
        }
    }
    if let Some(fix) = fix(steps) {
        text.extend(["\nTo mend the first ✗:\n", fix, "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_link_that_is_broken_has_the_one_fix_and_what_is_hidden_names_the_right() {
        let steps = [
            Step::holds("pod", "it is there"),
            Step {
                can_i: Some("kubectl auth can-i get pods".to_owned()),
                ..Step::unknown("CSINode", "you may not")
            },
            Step::fails("policy", "no", "first fix"),
            Step::fails("objects", "no", "second fix"),
        ];
        assert!(!holds(&steps) && holds(&steps[..2]));
        assert_eq!(
            text(&steps),
            "✓ pod      it is there\n\
             ? CSINode  you may not\n           to see why: kubectl auth can-i get pods\n\
             ✗ policy   no\n\
             ✗ objects  no\n\nTo mend the first ✗:\nfirst fix\n"
        );
    }
}
