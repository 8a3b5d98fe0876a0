use der::Encode;

use super::*;

fn texts<const COUNT: usize>(names: [&str; COUNT]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[test]
fn names_are_read_as_they_are_written() {
    let names = AlternativeNames {
        emails: Some(texts(["a@contoso.com"])),
        dns_names: Some(texts(["*.Contoso.com", "localhost", "_a.b"])),
        upns: Some(texts(["jürgen@contoso.com"])),
        uris: Some(texts([
            "https://contoso.com/a?b#c",
            "spiffe://cluster.local/ns/a/sa/b",
            "https://user:word@[::1]:8443",
            "https://10.0.0.1:/%41?/1:@",
            "urn:uuid:1",
        ])),
        ip_addresses: Some(texts(["10.0.0.1", "::1", "2001:db8::1"])),
    };
    let der = names.to_general_names().unwrap().to_der().unwrap();
    assert_eq!(AlternativeNames::from_der(&der), Some(names));
}

#[test]
fn a_kind_that_is_empty_makes_no_name() {
    let names = AlternativeNames {
        emails: Some(texts([])),
        ..AlternativeNames::default()
    };
    assert!(names.is_empty());
    assert_ne!(names, AlternativeNames::default());
    assert_eq!(names.to_general_names(), Ok(Vec::new()));
}

#[test]
fn names_of_other_kinds_are_passed_over() {
    // x400Address, directoryName, registeredID, an otherName of another type, and a DNS name.
    let der = hex::decode("301ba302a000a4023000880127a00a06032a0304a003010100820161").unwrap();
    let with_length = |mut der: Vec<u8>| {
        der[1] = u8::try_from(der.len() - 2).unwrap();
        der
    };
    let names = AlternativeNames::from_der(&with_length(der));
    assert_eq!(names.map(|names| names.dns_names), Some(Some(texts(["a"]))));
    assert_eq!(AlternativeNames::from_der(&[0x31, 0]), None);
    assert_eq!(
        AlternativeNames::from_der(&[0x30, 0]),
        Some(AlternativeNames::default())
    );
}

#[test]
fn what_is_no_name_of_its_kind_is_refused() {
    use AlternativeNameKind::{DnsName, Email, IpAddress, Upn, Uri};
    for (kind, texts) in [
        (
            Email,
            &[
                "", "a", "@b", "a@", "a b@c", "a@b@c", "ä@b", "a@*.b", "a@b\n", ".a@b", "a.@b", "a..b@c",
            ][..],
        ),
        (
            DnsName,
            &[
                "", ".", "a.", ".a", "a..b", "*", "a.*.b", "a*.b", "-a", "a-", "ä", "a b", "a\0b",
            ],
        ),
        (Upn, &["", " ", "a\0"]),
        (
            Uri,
            &[
                "",
                "a",
                ":a",
                "1:a",
                "a:",
                "https://a b",
                "https://ä",
                "a:\\b",
                "https://",
                "file:///etc",
                "https://a.",
                "https://a..b/",
                "https://*.a/",
                "https://a:b/",
                "https://a@b@c/",
                "https://[::1",
                "https://[::1]8/",
                "https://[a]/",
                "https://::1/",
                "https://a%41/",
                "https://a/%",
                "https://a/%4",
                "https://a/%4g",
                "https://a/[b]",
                "a:b[",
                "a:b#c#d",
            ],
        ),
        (
            IpAddress,
            &[
                "",
                "1",
                "1.2.3",
                "1.2.3.256",
                "::g",
                "fe80::1%eth0",
                "10.0.0.0/8",
                "[::1]",
            ],
        ),
    ] {
        for text in texts {
            let error = general_name(kind, text).unwrap_err();
            assert_eq!(error.to_string(), format!("\"{text}\" is no {}", kind.noun()));
        }
    }
}

#[test]
fn counts_and_lengths_are_bounded() {
    let names = |count: usize, name: &str| AlternativeNames {
        dns_names: Some(vec![name.to_owned(); count]),
        ..AlternativeNames::default()
    };
    assert_eq!(names(MOST_NAMES, "a").check(), Ok(()));
    assert_eq!(
        names(MOST_NAMES + 1, "a").check(),
        Err(AlternativeNamesError::TooMany(201))
    );
    let long = ["a".repeat(63).as_str(); 4].join(".");
    assert!(names(1, &long).check().is_err());
    assert!(names(1, &long[2..]).check().is_ok());
    let error = names(1, &"a".repeat(2049)).check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "one DNS name has 2049 bytes, and at most 2048 are allowed"
    );
}

#[test]
fn a_uri_may_have_a_host() {
    for (uri, host) in [
        ("https://contoso.com/a@b", Some("contoso.com")),
        ("https://user:word@contoso.com:8443?x", Some("contoso.com")),
        ("https://[::1]:8443/", Some("::1")),
        ("spiffe://cluster.local/ns/a", Some("cluster.local")),
        ("urn:uuid:1", None),
        ("urn:a://contoso.com", None),
        ("file:///etc", None),
        ("https://[::1", None),
    ] {
        assert_eq!(host_of_uri(uri), host, "{uri}");
    }
}
