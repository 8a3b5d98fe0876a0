//! How the answer is printed.

use strongroom_core::Effect;

use super::decide::PolicyAnswer;
use crate::{Failure, output::ObjectOutput, printed::Printed, table, terminal};

/// The answer: the word first, as `kubectl auth can-i` does.
pub(super) fn answer(answer: &PolicyAnswer, output: ObjectOutput) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text => Ok(Printed::Text(text(answer))),
        ObjectOutput::Name => Ok(Printed::Text(format!("{}\n", word(answer)))),
        ObjectOutput::Json => Printed::json(answer),
    }
}

fn word(answer: &PolicyAnswer) -> &'static str {
    if answer.allowed { "yes" } else { "no" }
}

fn text(answer: &PolicyAnswer) -> String {
    let mut text = format!("{} - {}\n", word(answer), answer.reason);
    if !answer.policies.is_empty() {
        let rows: Vec<_> = answer
            .policies
            .iter()
            .map(|part| {
                let effect = match part.effect {
                    Effect::Allow => "Allow",
                    Effect::Deny => "Deny",
                };
                let enforced = if part.enforced { "True" } else { "False" };
                [
                    terminal::field(&part.name),
                    effect.to_owned(),
                    enforced.to_owned(),
                    terminal::field(&part.reason),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&table::render(["POLICY", "EFFECT", "ENFORCED", "REASON"], &rows));
    }
    for unreadable in &answer.unreadable {
        text.extend([
            "\nWarning: a policy that this release cannot read: ",
            unreadable,
            "\n",
        ]);
    }
    if answer.unreadable.is_empty() && answer.policies.iter().any(|part| !part.enforced) {
        text.push_str(
            "\nThe vault has not confirmed every one of them yet; until then it decides by what it had.\n",
        );
    }
    if answer.policies.iter().any(|part| part.awaits_account) {
        text.push_str(
            "\nThe operator has not told the vault of this service account yet; until then the vault does not know it.\n",
        );
    }
    text
}
