//! How the answer of `policy check` is printed.

use strongroom_core::Effect;

use super::decide::{Part, PolicyAnswer};
use crate::{Failure, document::Document, output::ObjectOutput, printed::Printed, table, terminal};

/// The answer: the word first, as `kubectl auth can-i` does.
pub(super) fn answer(answer: &PolicyAnswer, output: ObjectOutput) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text => Ok(Printed::Text(text(answer))),
        ObjectOutput::Name => Ok(Printed::Text(format!("{}\n", word(answer)))),
        ObjectOutput::Json => Printed::json(&Document::of("PolicyAnswer", answer)),
    }
}

fn word(answer: &PolicyAnswer) -> &'static str {
    if answer.allowed { "yes" } else { "no" }
}

/// The word for an effect, as policies write it.
pub(super) const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    }
}

fn text(answer: &PolicyAnswer) -> String {
    let mut text = format!("{} - {}\n", word(answer), answer.reason);
    if !answer.policies.is_empty() {
        text.push('\n');
        text.push_str(&policies(answer));
    }
    for unreadable in &answer.unreadable {
        text.push_str(&warning(unreadable));
    }
    for sentence in sentences(answer) {
        text.extend(["\n", &sentence, "\n"]);
    }
    text
}

fn policies(answer: &PolicyAnswer) -> String {
    let is_of_files = answer.confirmed.is_none();
    if is_of_files {
        let row = |part: &Part| [terminal::field(&part.name), effect(part.effect).to_owned()];
        let rows: Vec<_> = answer.policies.iter().map(row).collect();
        return table::render(["POLICY", "EFFECT"], &rows);
    }
    let row = |part: &Part| {
        let standing = part.standing.as_ref();
        let enforced = standing.is_some_and(|standing| standing.enforced);
        let reason = standing.map(|standing| standing.reason.as_str());
        [
            terminal::field(&part.name),
            effect(part.effect).to_owned(),
            if enforced { "True" } else { "False" }.to_owned(),
            terminal::field(reason.unwrap_or(table::UNKNOWN)),
        ]
    };
    let rows: Vec<_> = answer.policies.iter().map(row).collect();
    table::render(["POLICY", "EFFECT", "ENFORCED", "REASON"], &rows)
}

/// What is said of a policy that this release cannot read.
pub(super) fn warning(unreadable: &str) -> String {
    format!("\nWarning: a policy that this release cannot read: {unreadable}\n")
}

fn sentences(answer: &PolicyAnswer) -> Vec<String> {
    let mut sentences = Vec::new();
    let standings = || answer.policies.iter().filter_map(|part| part.standing.as_ref());
    if answer.unreadable.is_empty() && standings().any(|standing| !standing.enforced) {
        sentences.push(
            "The vault has not confirmed every one of them yet; until then it decides by what it had."
                .to_owned(),
        );
    }
    if standings().any(|standing| standing.awaits_account) {
        sentences.push(
            "The operator has not told the vault of this service account yet; until then the vault does not know it."
                .to_owned(),
        );
    }
    if answer.account_assumed && answer.confirmed.is_some() {
        sentences.push(format!(
            "You may not see whether the service account {} exists; the answer is for the case that it does.",
            answer.service_account
        ));
    }
    if let Some(generation) = &answer.enforced_generation {
        let generation = terminal::field(generation);
        sentences.push(format!(
            "Every replica of the vault decides by generation {generation} of its policy."
        ));
    }
    sentences
}
