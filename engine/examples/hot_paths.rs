//! Runs one hot path over and over, for a program that counts instructions:
//! `hot_paths decide|get|audit|put COUNT DIRECTORY`.
//!
//! The difference between two counts is what the path costs; start and end cost the same in both.

#[path = "opened/vault.rs"]
mod vault;

use std::{hint::black_box, path::Path, sync::mpsc, time::SystemTime};

use strongroom_audit::{Class, Entry, Event, Log, LogConfig};
use strongroom_core::{
    Bundle, BundlePolicy, Effect, Generation, ObjectKind, Permission, PolicyIndex, Timestamp, Uid,
};
use strongroom_engine::{
    AttributesPatch, Objects, ReadRequest, SecretFields, SecretValue, Tags, WriteRequest, every_name,
};
use vault::{Failure, open};

/// Policies of the bundle that is decided on, each of an account of its own and for all of one more.
const POLICIES: usize = 10_000;
/// Secrets of the vault that is read.
const SECRETS: usize = 100;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().collect();
    let [_, path, count, directory] = words.as_slice() else {
        return Err("usage: hot_paths decide|get|audit|put COUNT DIRECTORY".into());
    };
    let (count, directory) = (count.parse()?, Path::new(directory));
    match path.as_str() {
        "decide" => decide(count),
        "get" => get(&filled(directory)?, count),
        "audit" => audit(directory, count),
        "put" => {
            let vault = filled(directory)?;
            (0..count).try_for_each(|n| put(&vault, n))
        }
        other => Err(format!("there is no path {other}").into()),
    }
}

fn decide(count: usize) -> Result<(), Failure> {
    let get = Permission::parse(ObjectKind::Secrets, "get")?;
    let subject: Uid = "uid-of-one-account".parse()?;
    let mut policies = Vec::new();
    for n in 0..POLICIES {
        policies.push(BundlePolicy {
            name: format!("policy-{n}"),
            effect: if n % 10 == 0 { Effect::Deny } else { Effect::Allow },
            subjects: vec![subject.clone(), format!("uid-{n}").parse()?],
            objects: vec![format!("team-{n}-*").parse()?, format!("one-{n}").parse()?],
            permissions: [get].into_iter().collect(),
        });
    }
    let generation = Generation { epoch: 1, n: 1 };
    let index = PolicyIndex::compile(&Bundle::new("vault".to_owned(), generation, policies));
    let names: Vec<_> = (0..POLICIES)
        .map(|n| format!("team-{n}-password").parse())
        .collect::<Result<_, _>>()?;
    for name in names.iter().cycle().take(count) {
        black_box(index.decide(&subject, get, name));
    }
    Ok(())
}

fn filled(directory: &Path) -> Result<Objects, Failure> {
    let vault = open(directory)?;
    (0..SECRETS).try_for_each(|n| put(&vault, n))?;
    Ok(vault)
}

fn put(vault: &Objects, index: usize) -> Result<(), Failure> {
    let (done, answer) = mpsc::channel();
    let request = WriteRequest::Set {
        name: format!("secret-{}", index % SECRETS).parse()?,
        content: SecretValue::new(format!("{index:0>512}")),
        fields: SecretFields::default(),
        attributes: AttributesPatch::default(),
        tags: Tags::new(),
    };
    let audit = Box::new(|_: &Result<_, _>| Entry::event(SystemTime::now(), &Event::VaultStop));
    let done = Box::new(move |result| {
        // The receiver ends first only when the measurement has failed.
        let _ = done.send(result);
    });
    vault.submit(request, Timestamp::from(SystemTime::now()), audit, done)?;
    answer.recv()??;
    Ok(())
}

fn get(vault: &Objects, count: usize) -> Result<(), Failure> {
    for index in 0..count {
        let request = ReadRequest::Get {
            name: format!("secret-{}", index % SECRETS).parse()?,
            version: None,
        };
        black_box(vault.read::<strongroom_engine::Secret>(
            &request,
            Timestamp::from(SystemTime::now()),
            &every_name,
        )?);
    }
    Ok(())
}

fn audit(directory: &Path, count: usize) -> Result<(), Failure> {
    let log = Log::open(LogConfig::new(directory.join("audit"), "vault", "bench"), None)?;
    for _ in 0..count {
        log.append(Class::Read, &Entry::event(SystemTime::now(), &Event::VaultStop))?;
    }
    Ok(())
}
