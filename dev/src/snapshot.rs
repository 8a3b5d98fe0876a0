//! Secrets of a vault as a file of seeds: what [`crate::seed::read`] reads again.

use std::fmt::Write as _;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::seed::Seed;

/// The most bytes that a byte of a value takes.
const WIDEST: usize = 6;

/// What the rest of an entry takes, about.
const REST: usize = 1024;

/// The text of the file. `about` is said at its head, in one line each.
pub fn write(seeds: &[Seed], about: &[&str]) -> Zeroizing<String> {
    let values = seeds.iter().map(|seed| seed.secret.value.expose_secret().len());
    // With its room at once, since a string that grows leaves a copy.
    let room: usize = values.map(|length| length * WIDEST + REST).sum();
    let mut text = Zeroizing::new(String::with_capacity(room + REST));
    for line in about {
        let _ = writeln!(text, "# {line}");
    }
    for seed in seeds {
        text.push_str("- {name: ");
        quote(&mut text, seed.name.spelling());
        text.push_str(", value: ");
        quote(&mut text, seed.secret.value.expose_secret());
        write_about(&mut text, seed);
        text.push_str("}\n");
    }
    if seeds.is_empty() {
        text.push_str("[]\n");
    }
    text
}

fn write_about(text: &mut String, seed: &Seed) {
    let about = &seed.secret.about;
    if let Some(content_type) = &about.content_type {
        text.push_str(", contentType: ");
        quote(text, content_type);
    }
    if let Some(tags) = about.tags.as_ref().filter(|tags| !tags.is_empty()) {
        text.push_str(", tags: {");
        for (index, (name, value)) in tags.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            quote(text, name);
            text.push_str(": ");
            quote(text, value);
        }
        text.push('}');
    }
    for (member, seconds) in [
        ("expires", about.attributes.exp),
        ("notBefore", about.attributes.nbf),
    ] {
        if let Some(time) = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
            let _ = write!(text, ", {member}: \"{time}\"");
        }
    }
    if about.attributes.enabled == Some(false) {
        text.push_str(", enabled: false");
    }
}

/// A scalar of YAML in double quotes, which holds any text (YAML 1.2, 5.7 and 7.3.1).
fn quote(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            // What is no character of a file of YAML, and what editors change.
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            _ => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use strongroom_client::vault::{NewAttributes, NewSecret, SecretChange};

    use super::*;
    use crate::seed;

    fn of(name: &str, value: &str, about: SecretChange) -> Seed {
        Seed {
            name: name.parse().unwrap(),
            secret: NewSecret {
                value: value.into(),
                about,
            },
        }
    }

    fn read_again(seeds: &[Seed]) -> Vec<Seed> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("snapshot.yaml");
        fs::write(
            &path,
            write(seeds, &["Secrets of dev/dev.", "Made just now."]).as_bytes(),
        )
        .unwrap();
        seed::read(&path).unwrap()
    }

    #[test]
    fn any_value_is_read_again_as_it_was() {
        let values = [
            "",
            "plain",
            "true",
            "12",
            "a: b # c",
            "'\"\\",
            "-----BEGIN\r\nMII=\r\n-----END\n",
            "\0\u{1}\u{7f}\u{85}\u{9f}\u{2028}\u{feff}",
            "ä 名前 🔑",
            "  spaces  ",
            "{{now}} ${HOME} *a &b !c",
        ];
        let seeds: Vec<Seed> = values
            .iter()
            .enumerate()
            .map(|(index, value)| {
                of(
                    ["true", "123", "null"]
                        .get(index)
                        .unwrap_or(&format!("s{index}").as_str()),
                    value,
                    SecretChange::default(),
                )
            })
            .collect();
        let again = read_again(&seeds);
        for ((value, seed), before) in values.iter().zip(&again).zip(&seeds) {
            assert_eq!(seed.secret.value.expose_secret(), *value);
            assert_eq!(seed.name, before.name);
        }
        assert_eq!(again.len(), values.len());
        assert!(read_again(&[]).is_empty());
    }

    #[test]
    fn what_is_known_about_a_secret_is_read_again_too() {
        let about = SecretChange {
            content_type: Some("text/\"plain\"".to_owned()),
            attributes: NewAttributes {
                enabled: Some(false),
                nbf: Some(1_700_000_000),
                exp: Some(1_900_000_000),
            },
            tags: Some(BTreeMap::from([
                ("team: a".to_owned(), "x\ny".to_owned()),
                ("b".to_owned(), String::new()),
            ])),
        };
        let again = read_again(&[of("Db-Password", "1", about.clone())]);
        assert_eq!(again[0].secret.about, about);
        assert_eq!(again[0].name.spelling(), "Db-Password");
    }
}
