//! Other words for names, the same for the same. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bundle::{Bundle, BundleFile, Contents};

/// Names and the words in their place, the longest name first.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    words: Vec<(String, String)>,
}

#[derive(Default)]
struct Names {
    words: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Names {
    fn add(&mut self, noun: &'static str, name: &str) {
        let name = name.trim_end_matches('*');
        if name.is_empty() || self.words.contains_key(name) {
            return;
        }
        let count = self.counts.entry(noun).or_default();
        *count += 1;
        self.words.insert(name.to_owned(), format!("{noun}-{count}"));
    }

    fn add_all<'a>(&mut self, noun: &'static str, names: impl IntoIterator<Item = &'a Value>) {
        for name in names {
            if let Some(name) = name.as_str() {
                self.add(noun, name);
            }
        }
    }
}

impl Redaction {
    /// The names that the objects of a bundle have.
    pub(super) fn of(bundle: &Bundle) -> Self {
        let mut names = Names::default();
        for file in &bundle.files {
            let Contents::Json(Value::Array(items)) = &file.contents else {
                continue;
            };
            let noun = match file.path.as_str() {
                "vaults.json" => "vault",
                "secretrefs.json" => "secretref",
                "accesspolicies.json" => "policy",
                "trust-bundles.json" => "",
                _ => continue,
            };
            for item in items {
                names.add_all("namespace", item.pointer("/metadata/namespace"));
                if !noun.is_empty() {
                    names.add_all(noun, item.pointer("/metadata/name"));
                }
                of_spec(&mut names, item);
            }
        }
        let mut words: Vec<_> = names.words.into_iter().collect();
        words.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then(one.cmp(other)));
        Self { words }
    }

    /// The bundle with the words in place of the names.
    pub(super) fn apply(&self, bundle: Bundle) -> Bundle {
        let files = bundle.files.into_iter().map(|file| BundleFile {
            path: self.text(&file.path),
            contents: match file.contents {
                Contents::Json(value) => Contents::Json(self.value(value)),
                Contents::Log(text) => Contents::Log(self.text(&text)),
            },
        });
        Bundle {
            files: files.collect(),
        }
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(key, value)| (key, self.value(value)))
                    .collect(),
            ),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
        }
    }

    /// A name counts where no letter or digit is beside it.
    fn text(&self, text: &str) -> String {
        let mut rest = text;
        let mut made = String::with_capacity(text.len());
        let mut before = None;
        while let Some(first) = rest.chars().next() {
            let is_begun = before.is_none_or(|c: char| !c.is_ascii_alphanumeric());
            let found = self.words.iter().filter(|_| is_begun).find_map(|(name, word)| {
                let head = rest.get(..name.len())?;
                let tail = rest.get(name.len()..)?;
                let is_ended = !tail.starts_with(|c: char| c.is_ascii_alphanumeric());
                (is_ended && is_same(head, name, word)).then_some((word, head, tail))
            });
            if let Some((word, head, tail)) = found {
                made.push_str(word);
                before = head.chars().last();
                rest = tail;
            } else {
                made.push(first);
                before = Some(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        made
    }
}

/// Names of objects have no case, those of Kubernetes have.
fn is_same(found: &str, name: &str, word: &str) -> bool {
    found == name || word.starts_with("object-") && found.eq_ignore_ascii_case(name)
}

/// The names in a spec of ours.
fn of_spec(names: &mut Names, item: &Value) {
    let at = |pointer: &str| item.pointer(pointer);
    let list = |pointer: &str| {
        item.pointer(pointer)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    names.add_all("namespace", at("/spec/vaultRef/namespace"));
    names.add_all("vault", at("/spec/vaultRef/name"));
    names.add_all("account", at("/spec/serviceAccountName"));
    names.add_all("object", list("/spec/objects"));
    for subject in list("/spec/subjects") {
        for kind in ["serviceAccount", "allServiceAccounts"] {
            names.add_all("namespace", subject.pointer(&format!("/{kind}/namespace")));
        }
        names.add_all("account", subject.pointer("/serviceAccount/name"));
    }
    names.add_all(
        "namespace",
        item.pointer("/spec/network/namespaceSelector/matchLabels/kubernetes.io~1metadata.name"),
    );
    for file in list("/spec/files") {
        for source in ["secret", "key", "certificate"] {
            names.add_all("object", file.pointer(&format!("/{source}/name")));
            names.add_all("object", file.pointer(&format!("/{source}/password/secret")));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bundle() -> Bundle {
        let mut bundle = Bundle::default();
        bundle.json(
            "vaults.json",
            json!([{"metadata": {"name": "prod", "namespace": "team-a"}}]),
        );
        bundle.json(
            "secretrefs.json",
            json!([{
                "metadata": {"name": "db", "namespace": "shop"},
                "spec": {"vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": "api",
                    "files": [{"path": "p", "secret": {"name": "db-password"}}]},
            }]),
        );
        bundle.log(
            "logs/team-a/prod-0/vault.log".to_owned(),
            "shop:api read DB-Password of team-a/prod; apiVersion, workshop".to_owned(),
        );
        bundle
    }

    #[test]
    fn one_name_has_one_word_in_every_file_and_parts_of_words_stay() {
        let bundle = bundle();
        let redacted = Redaction::of(&bundle).apply(bundle);
        let log = redacted.files.last().unwrap();
        assert_eq!(log.path, "logs/namespace-1/vault-1-0/vault.log");
        assert_eq!(
            log.contents,
            Contents::Log(
                "namespace-2:account-1 read object-1 of namespace-1/vault-1; apiVersion, workshop".to_owned()
            )
        );
        let Contents::Json(references) = &redacted.files[1].contents else {
            panic!("no JSON")
        };
        assert_eq!(references[0]["metadata"]["name"], "secretref-1");
        assert_eq!(references[0]["spec"]["files"][0]["secret"]["name"], "object-1");
    }
}
