//! The sizes that requests must keep, each at its edge.

use strongroom_core::{ObjectKind, Timestamp};
use strongroom_engine::{
    Answer, AttributesPatch, BadParameter, Change, Marker, ObjectError, PageRequest, ReadRequest,
    SecretFields, SecretPatch, SecretValue, Tags, WriteRequest,
};

use crate::fixture::{Bench, name, set_request};

fn with(content_type: Option<String>, tags: Tags) -> WriteRequest {
    WriteRequest::Set {
        name: name("db"),
        content: SecretValue::new("v".into()),
        fields: SecretFields {
            content_type,
            part: None,
        },
        attributes: AttributesPatch::default(),
        tags,
    }
}

fn bad(result: &Result<Answer, ObjectError>) -> Option<BadParameter> {
    match result {
        Err(ObjectError::BadParameter(which)) => Some(*which),
        _ => None,
    }
}

#[test]
fn a_value_of_25_kib_fits_and_one_byte_more_does_not() {
    let mut bench = Bench::new();
    assert!(bench.write(&set_request("db", &"x".repeat(25_600))).is_ok());
    let refused = bad(&bench.write(&set_request("db", &"x".repeat(25_601))));
    assert_eq!(refused, Some(BadParameter::ValueTooLarge(25_600)));
    assert!(
        bench.write(&set_request("db", "")).is_ok(),
        "the empty value is a value"
    );
}

#[test]
fn a_content_type_has_255_characters_at_most() {
    let mut bench = Bench::new();
    assert!(bench.write(&with(Some("ä".repeat(255)), Tags::new())).is_ok());
    assert_eq!(
        bad(&bench.write(&with(Some("ä".repeat(256)), Tags::new()))),
        Some(BadParameter::ContentTypeTooLong(255))
    );
}

#[test]
fn there_are_15_tags_of_512_characters_each_way() {
    let mut bench = Bench::new();
    let tags = |count: usize| {
        (0..count)
            .map(|n| (n.to_string(), "v".to_owned()))
            .collect::<Tags>()
    };
    assert!(bench.write(&with(None, tags(15))).is_ok());
    assert_eq!(
        bad(&bench.write(&with(None, tags(16)))),
        Some(BadParameter::TooManyTags {
            kind: ObjectKind::Secrets,
            limit: 15
        })
    );
    let tag = |name: usize, value: usize| Tags::from([("n".repeat(name), "v".repeat(value))]);
    assert!(bench.write(&with(None, tag(512, 512))).is_ok());
    assert_eq!(
        bad(&bench.write(&with(None, tag(513, 0)))),
        Some(BadParameter::TagName(512))
    );
    assert_eq!(
        bad(&bench.write(&with(None, tag(0, 0)))),
        Some(BadParameter::TagName(512))
    );
    assert_eq!(
        bad(&bench.write(&with(None, tag(1, 513)))),
        Some(BadParameter::TagValue(512))
    );
}

#[test]
fn a_secret_must_not_expire_before_it_begins() {
    let mut bench = Bench::new();
    bench.set("db", "v");
    let update = |not_before, expires| WriteRequest::Update {
        name: name("db"),
        version: None,
        fields: SecretPatch::default(),
        attributes: AttributesPatch {
            enabled: None,
            not_before: Change::Set(Timestamp::from_unix(not_before)),
            expires: Change::Set(Timestamp::from_unix(expires)),
        },
        tags: None,
    };
    assert_eq!(
        bad(&bench.write(&update(5, 5))),
        Some(BadParameter::ExpiresBeforeStart)
    );
    assert!(bench.write(&update(5, 6)).is_ok());
}

#[test]
fn a_page_has_1_to_25_items() {
    let bench = Bench::new();
    for size in [0, 26, u32::MAX] {
        let page = PageRequest {
            max_results: Some(size),
            ..PageRequest::default()
        };
        assert_eq!(
            bad(&bench.read(&ReadRequest::List { page })),
            Some(BadParameter::MaxResults(25))
        );
    }
}

#[test]
fn a_skip_token_that_is_not_ours_is_refused() {
    let bench = Bench::new();
    for text in ["", "x", "====", &"A".repeat(200)] {
        let page = PageRequest {
            marker: Some(Marker::new(text)),
            ..PageRequest::default()
        };
        assert_eq!(
            bad(&bench.read(&ReadRequest::List { page })),
            Some(BadParameter::SkipToken),
            "{text}"
        );
    }
}

#[test]
fn a_backup_holds_500_versions_and_no_more() {
    let mut bench = Bench::new();
    bench.rules.limits.versions = 501;
    for _ in 0..500 {
        bench.set("db", "v");
    }
    let blob = bench.backup("db").unwrap();
    bench.set("db", "v");
    assert_eq!(
        bench.backup("db"),
        Err(ObjectError::BadParameter(BadParameter::TooManyVersions {
            kind: ObjectKind::Secrets,
            limit: 500
        }))
    );
    bench.delete("db").unwrap();
    bench.write(&WriteRequest::Purge { name: name("db") }).unwrap();
    bench.write(&WriteRequest::Restore { blob }).unwrap();
    assert_eq!(
        bench
            .all(|page| ReadRequest::ListVersions {
                name: name("db"),
                page
            })
            .unwrap()
            .len(),
        500
    );
}

fn too_many(limit: u32) -> ObjectError {
    ObjectError::TooManyVersions {
        kind: ObjectKind::Secrets,
        name: name("db"),
        limit,
    }
}

#[test]
fn an_object_has_as_many_versions_as_its_vault_keeps_of_one_and_no_more() {
    let mut bench = Bench::new();
    assert_eq!(bench.rules.limits.versions, 500, "what one backup holds");
    bench.rules.limits.versions = 3;
    for value in ["one", "two", "three"] {
        bench.set("db", value);
    }
    assert_eq!(bench.write(&set_request("db", "four")), Err(too_many(3)));
    assert_eq!(bench.get("db", None).unwrap().content.unwrap().expose(), "three");
    bench.set("another", "v");
    let blob = bench.backup("db").unwrap();
    bench.delete("db").unwrap();
    bench.write(&WriteRequest::Purge { name: name("db") }).unwrap();
    bench.rules.limits.versions = 2;
    let restore = WriteRequest::Restore { blob };
    assert_eq!(bench.write(&restore), Err(too_many(2)));
    bench.rules.limits.versions = 3;
    bench.write(&restore).unwrap();
    assert_eq!(bench.write(&set_request("db", "four")), Err(too_many(3)));
}

/// A limit that is lowered takes nothing away, and what takes out of use or makes room stays possible.
#[test]
fn an_object_beyond_a_lowered_limit_is_read_updated_deleted_and_recovered() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        bench.set("db", "v");
    }
    bench.rules.limits.versions = 1;
    assert_eq!(bench.write(&set_request("db", "v")), Err(too_many(1)));
    assert!(bench.get("db", None).is_ok());
    bench
        .write(&WriteRequest::Update {
            name: name("db"),
            version: None,
            fields: SecretPatch::default(),
            attributes: AttributesPatch {
                enabled: Some(false),
                ..AttributesPatch::default()
            },
            tags: None,
        })
        .unwrap();
    bench.delete("db").unwrap();
    bench.write(&WriteRequest::Recover { name: name("db") }).unwrap();
}
