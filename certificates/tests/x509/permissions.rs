use strongroom_certificates::{
    alternative_names::AlternativeNames,
    authority::{DnsSuffix, NotPermitted, Permitted},
    profile::{ANY_EXTENDED_KEY_USAGE, Profile},
    usage::KeyUsages,
};

use crate::support::{Folder, all_names, current, generous, texts};

const DAY: i64 = 24 * 60 * 60;

fn dns(name: &str) -> AlternativeNames {
    AlternativeNames {
        dns_names: Some(texts([name])),
        ..AlternativeNames::default()
    }
}

/// A profile without a subject.
fn named(alternative_names: AlternativeNames) -> Profile {
    Profile {
        alternative_names,
        ..current("")
    }
}

#[test]
fn nothing_is_permitted_by_default() {
    let authority = Folder::new().authority(Permitted::default(), &[]).unwrap();
    assert_eq!(
        authority.check(&current("CN=a")),
        Err(NotPermitted::TooLong { longest: 0 })
    );
    let mut permitted = Permitted {
        longest_validity: 400 * DAY,
        ..Permitted::default()
    };
    let usage = |permitted: &Permitted, profile: &Profile| {
        Folder::new()
            .authority(permitted.clone(), &[])
            .unwrap()
            .check(profile)
    };
    let server = crate::support::SERVER.parse().unwrap();
    assert_eq!(
        usage(&permitted, &current("CN=a")),
        Err(NotPermitted::ExtendedKeyUsage(server))
    );
    permitted.extended_key_usages = generous().extended_key_usages;
    assert_eq!(
        usage(&permitted, &current("CN=a")),
        Err(NotPermitted::Subject("CN=a".to_owned()))
    );
    for names in [
        dns("a.contoso.com"),
        AlternativeNames {
            emails: Some(texts(["a@b"])),
            ..AlternativeNames::default()
        },
        AlternativeNames {
            upns: Some(texts(["a@b"])),
            ..AlternativeNames::default()
        },
        AlternativeNames {
            uris: Some(texts(["https://a.b"])),
            ..AlternativeNames::default()
        },
        AlternativeNames {
            ip_addresses: Some(texts(["::1"])),
            ..AlternativeNames::default()
        },
    ] {
        let refused = usage(&permitted, &named(names));
        assert!(matches!(refused, Err(NotPermitted::Name { .. })), "{refused:?}");
    }
}

#[test]
fn names_are_permitted_by_their_ends() {
    let authority = Folder::new().authority(generous(), &[]).unwrap();
    assert_eq!(authority.check(&named(all_names())), Ok(()));
    for name in [
        "contoso.com",
        "a.b.CONTOSO.com",
        "*.contoso.com",
        "*.a.contoso.com",
    ] {
        assert_eq!(authority.check(&named(dns(name))), Ok(()), "{name}");
    }
    for name in [
        "contoso.org",
        "xcontoso.com",
        "com",
        "*.com",
        "contoso.com.evil.org",
        "a.contoso.comx",
    ] {
        assert!(authority.check(&named(dns(name))).is_err(), "{name}");
    }
    let others = |names: AlternativeNames| authority.check(&named(names));
    for uri in [
        "https://a.contoso.com:8443/x",
        "https://10.1.2.3/",
        "https://[::1]/",
        "spiffe://contoso.com/a",
    ] {
        let names = AlternativeNames {
            uris: Some(texts([uri])),
            ..AlternativeNames::default()
        };
        assert_eq!(others(names), Ok(()), "{uri}");
    }
    for uri in [
        "urn:contoso.com",
        "https://contoso.com@evil.org/",
        "https://evil.org/contoso.com",
        "https://11.0.0.1/",
        "https://*.contoso.com/",
    ] {
        let names = AlternativeNames {
            uris: Some(texts([uri])),
            ..AlternativeNames::default()
        };
        assert!(others(names).is_err(), "{uri}");
    }
    for address in ["11.0.0.1", "::2", "::ffff:10.0.0.1"] {
        let names = AlternativeNames {
            ip_addresses: Some(texts([address])),
            ..AlternativeNames::default()
        };
        assert!(others(names).is_err(), "{address}");
    }
    let names = AlternativeNames {
        upns: Some(texts(["a@contoso.com@evil.org"])),
        ..AlternativeNames::default()
    };
    assert!(others(names).is_err());
}

#[test]
fn a_wildcard_needs_a_permission_of_its_own() {
    let permitted = Permitted {
        wildcards: false,
        ..generous()
    };
    let authority = Folder::new().authority(permitted, &[]).unwrap();
    assert_eq!(
        authority.check(&named(dns("*.contoso.com"))),
        Err(NotPermitted::Wildcard("*.contoso.com".to_owned()))
    );
    assert_eq!(
        authority.check(&current("CN=*.contoso.com")),
        Err(NotPermitted::Wildcard("*.contoso.com".to_owned()))
    );
}

#[test]
fn a_suffix_with_a_dot_permits_what_is_below() {
    let suffix = |text: &str| text.parse::<DnsSuffix>();
    for (end, permitted, refused) in [
        (
            ".contoso.com",
            &["a.contoso.com", "*.contoso.com"][..],
            &["contoso.com", "a.com"][..],
        ),
        (".", &["contoso.com", "a", "*.com"], &[]),
    ] {
        let permissions = Permitted {
            dns_suffixes: vec![suffix(end).unwrap()],
            ..generous()
        };
        let authority = Folder::new().authority(permissions, &[]).unwrap();
        for name in permitted {
            assert_eq!(authority.check(&named(dns(name))), Ok(()), "{end} {name}");
        }
        for name in refused {
            assert!(authority.check(&named(dns(name))).is_err(), "{end} {name}");
        }
    }
    for text in ["", "*.contoso.com", "..", "a b", ".*.a"] {
        assert!(suffix(text).is_err(), "{text}");
    }
}

#[test]
fn a_subject_is_permitted_by_its_names_or_by_its_end() {
    let authority = Folder::new().authority(generous(), &[]).unwrap();
    for subject in [
        "CN=a.contoso.com",
        "CN=10.0.0.1",
        "E=a@contoso.com, CN=a.contoso.com",
        "CN=anything, O=Contoso, C=DE",
        "CN=Contoso Inc. of O. X., O=Contoso, C=DE",
        "CN=a.contoso.com, OU=x, O=contoso, C=DE",
    ] {
        assert_eq!(authority.check(&current(subject)), Ok(()), "{subject}");
    }
    for subject in [
        "CN=anything",
        "CN=a.contoso.com, O=Other",
        "CN=evil.org, O=Contoso, C=DE",
        "E=a@evil.org, O=Contoso, C=DE",
        "CN=a@evil.org, O=Contoso, C=DE",
        "CN=evil.org., O=Contoso, C=DE",
        "CN=w*.evil.org, O=Contoso, C=DE",
        "O=Contoso",
        "O=Contoso, C=DE, CN=x",
        "CN=8.8.8.8, O=Contoso, C=DE",
    ] {
        assert!(authority.check(&current(subject)).is_err(), "{subject}");
    }
}

#[test]
fn validity_is_bounded_by_people_and_by_the_authority() {
    let permitted = Permitted {
        longest_validity: 366 * DAY,
        ..generous()
    };
    let authority = Folder::new().authority(permitted, &[]).unwrap();
    let mut asked = current("CN=a.contoso.com");
    asked.validity.not_after = asked.validity.not_before + 600 + 366 * DAY;
    assert_eq!(authority.check(&asked), Ok(()));
    asked.validity.not_after += 1;
    let error = authority.check(&asked).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the authority permits certificates that are valid for 31622400 seconds at most"
    );
    let authority = Folder::new()
        .authority(
            Permitted {
                longest_validity: i64::MAX,
                ..generous()
            },
            &[],
        )
        .unwrap();
    let own = authority.certificate().validity();
    asked.validity.not_after = own.not_after;
    assert_eq!(authority.check(&asked), Ok(()));
    asked.validity.not_after += 1;
    assert_eq!(authority.check(&asked), Err(NotPermitted::OutlivesAuthority));
    asked.validity.not_before = 0;
    asked.validity.not_after = own.not_before - 1;
    assert_eq!(authority.check(&asked), Err(NotPermitted::EndsBeforeAuthority));
}

#[test]
fn usages_are_bounded_by_people_and_by_the_authority() {
    let authority = Folder::new()
        .authority(generous(), &["extendedKeyUsage = serverAuth"])
        .unwrap();
    let mut asked = current("CN=a.contoso.com");
    let client = crate::support::CLIENT.parse().unwrap();
    assert_eq!(
        authority.check(&asked),
        Err(NotPermitted::AuthorityIsForLess(client))
    );
    asked.extended_key_usages.truncate(1);
    assert_eq!(authority.check(&asked), Ok(()));
    asked.extended_key_usages.clear();
    let error = authority.check(&asked);
    assert_eq!(error, Err(NotPermitted::ExtendedKeyUsage(ANY_EXTENDED_KEY_USAGE)));
    asked.extended_key_usages = vec!["1.3.6.1.5.5.7.3.3".parse().unwrap()];
    assert!(authority.check(&asked).is_err());
    for usage in ["keyCertSign", "cRLSign"] {
        let mut asked = current("CN=a.contoso.com");
        asked.key_usages = KeyUsages::parse([usage]).unwrap();
        assert!(matches!(authority.check(&asked), Err(NotPermitted::KeyUsage(_))));
    }
}
