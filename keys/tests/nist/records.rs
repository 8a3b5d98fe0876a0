//! The two forms in which vectors are written.

use std::{collections::BTreeMap, mem};

use crate::package;

/// One vector: its members by name, in hexadecimal as far as they are bytes.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The headings in brackets that it stands under.
    pub sections: Vec<String>,
    members: BTreeMap<String, String>,
}

impl Record {
    /// Whether it has a member.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A member as it is written.
    pub fn text(&self, name: &str) -> &str {
        let found = self.members.get(name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}", self.members.keys()))
    }

    /// A member's bytes. A number may be written with an odd number of digits.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let mut digits = self.text(name).to_owned();
        if digits.len() % 2 == 1 {
            digits.insert(0, '0');
        }
        hex::decode(&digits).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// What a heading `NAME = NUMBER` says.
    pub fn setting(&self, name: &str) -> usize {
        let mut settings = self.sections.iter().filter_map(|section| section.split_once('='));
        let found = settings.find(|(named, _)| named.trim() == name);
        found.unwrap().1.trim().parse().unwrap()
    }
}

/// The vectors of a file in the form of NIST's CAVS: lines `NAME = VALUE`, a vector up to an empty line or to the first
/// name again, headings in brackets. The members named in `kept` hold for the vectors after them too.
pub fn cavs(file: &str, kept: &[&str]) -> Vec<Record> {
    let mut reader = Cavs {
        kept,
        ..Cavs::default()
    };
    for line in package::text(file).lines().map(str::trim) {
        reader.line(line);
    }
    reader.end();
    reader.found
}

#[derive(Default)]
struct Cavs<'a> {
    kept: &'a [&'a str],
    /// The next vector, with what is kept.
    next: Record,
    /// The names of its own members.
    own: Vec<String>,
    /// Whether the last line was a heading.
    in_headings: bool,
    found: Vec<Record>,
}

impl Cavs<'_> {
    fn line(&mut self, line: &str) {
        if line.is_empty() {
            self.end();
        } else if let Some(heading) = line.strip_prefix('[') {
            self.end();
            if !mem::replace(&mut self.in_headings, true) {
                self.next.sections.clear();
            }
            self.next.sections.push(heading.trim_end_matches(']').to_owned());
        } else if !line.starts_with('#') {
            self.in_headings = false;
            // FAIL stands alone.
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            if self.own.contains(&name) {
                self.end();
            }
            self.own.push(name.clone());
            self.next.members.insert(name, value);
        }
    }

    fn end(&mut self) {
        let is_kept = |name: &String| self.kept.contains(&name.as_str());
        if !self.own.iter().all(is_kept) {
            self.found.push(self.next.clone());
        }
        self.next.members.retain(|name, _| is_kept(name));
        self.own.clear();
    }
}

/// The vectors of a file in the form of RSA Laboratories: a line `# NAME:`, then its bytes in lines of hexadecimal. A
/// vector ends with the member `last`, and has what stood before it, the last of each name.
pub fn headed(file: &str, last: &str) -> Vec<Record> {
    let (mut found, mut next, mut name) = (Vec::new(), Record::default(), None::<String>);
    for line in package::text(file).lines().map(str::trim).chain([""]) {
        if line.is_empty() || line.starts_with('#') {
            if name.take().is_some_and(|ended| ended == last) {
                found.push(next.clone());
            }
            let heading = line.strip_prefix('#').and_then(|rest| rest.strip_suffix(':'));
            name = heading.map(|heading| heading.trim().to_owned());
            if let Some(name) = &name {
                next.members.insert(name.clone(), String::new());
            }
        } else if let Some(member) = name.as_ref().and_then(|name| next.members.get_mut(name)) {
            member.extend(line.chars().filter(|sign| !sign.is_whitespace()));
        }
    }
    found
}
