//! A name is folded for comparing and kept for showing.

use strongroom_engine::{ReadRequest, SecretBundle, WriteRequest};

use crate::fixture::{Bench, name, secret};

fn spellings(found: &[SecretBundle]) -> Vec<&str> {
    found.iter().map(|item| item.name.spelling()).collect()
}

#[test]
fn answers_show_the_spelling_of_creation_whatever_the_request_says() {
    let mut bench = Bench::new();
    bench.set("Db-Password", "one");
    bench.set("DB-PASSWORD", "two");
    let found = bench.get("db-password", None).unwrap();
    assert_eq!(found.name.spelling(), "Db-Password");
    assert_eq!(found.content.unwrap().expose(), "two");
    let versions = bench
        .all(|page| ReadRequest::ListVersions {
            name: name("dB-pASSWORD"),
            page,
        })
        .unwrap();
    assert_eq!(spellings(&versions), ["Db-Password"; 2]);
    assert_eq!(
        bench.delete("DB-password").unwrap().name.spelling(),
        "Db-Password"
    );
    let deleted = bench.all(|page| ReadRequest::ListDeleted { page }).unwrap();
    assert_eq!(spellings(&deleted), ["Db-Password"]);
    let recovered = bench.write(&WriteRequest::Recover {
        name: name("db-password"),
    });
    assert_eq!(secret(recovered.unwrap()).name.spelling(), "Db-Password");
}

#[test]
fn lists_are_in_the_order_of_folded_names() {
    let mut bench = Bench::new();
    for text in ["b", "A", "C", "aB", "Aa"] {
        bench.set(text, "v");
    }
    let found = bench.all(|page| ReadRequest::List { page }).unwrap();
    assert_eq!(spellings(&found), ["A", "Aa", "aB", "b", "C"]);
}

#[test]
fn a_name_that_was_purged_is_spelled_anew() {
    let mut bench = Bench::new();
    bench.set("Db", "one");
    bench.delete("db").unwrap();
    bench.write(&WriteRequest::Purge { name: name("db") }).unwrap();
    bench.set("dB", "two");
    assert_eq!(bench.get("db", None).unwrap().name.spelling(), "dB");
}

#[test]
fn a_backup_keeps_the_spelling() {
    let mut bench = Bench::new();
    bench.set("Db", "one");
    let blob = bench.backup("db").unwrap();
    bench.delete("db").unwrap();
    bench.write(&WriteRequest::Purge { name: name("db") }).unwrap();
    let restored = secret(bench.write(&WriteRequest::Restore { blob }).unwrap());
    assert_eq!(restored.name.spelling(), "Db");
    assert_eq!(bench.get("DB", None).unwrap().name.spelling(), "Db");
}
