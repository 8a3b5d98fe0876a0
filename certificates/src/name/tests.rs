use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> DistinguishedName {
    DistinguishedName::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_name_is_written_as_dotnet_writes_it() {
    for (given, written) in [
        ("CN=a", "CN=a"),
        ("cn=MyCert", "CN=MyCert"),
        ("CN=*.microsoft.com", "CN=*.microsoft.com"),
        (
            "O=Internet Widgits Pty Ltd,ST=Some-State,C=AU",
            "O=Internet Widgits Pty Ltd, S=Some-State, C=AU",
        ),
        (
            "emailAddress=a@b.c; CN=x ;dc=corp;DC=example",
            "E=a@b.c, CN=x, DC=corp, DC=example",
        ),
        ("CN=\"Contoso, Ltd.\"", "CN=\"Contoso, Ltd.\""),
        ("CN=Contoso\\, Ltd.", "CN=\"Contoso, Ltd.\""),
        ("CN=\"say \"\"hi\"\"\"", "CN=\"say \"\"hi\"\"\""),
        ("CN=\"say \\\"hi\\\"\"", "CN=\"say \"\"hi\"\"\""),
        ("CN=DOMAIN\\user", "CN=\"DOMAIN\\\\user\""),
        ("CN=Lu\\C4\\8Di\\C4\\87", "CN=Lučić"),
        ("CN=a=b", "CN=\"a=b\""),
        ("CN=\"\"", "CN=\"\""),
        ("CN=\\ a\\ ", "CN=\" a \""),
        ("1.2.3.4=x, oid.2.5.4.3=y", "OID.1.2.3.4=x, CN=y"),
        (
            "SERIALNUMBER=1, T=t, G=g, SN=s, STREET=Main 1, I=i",
            "SERIALNUMBER=1, T=t, G=g, SN=s, STREET=Main 1, I=i",
        ),
        ("CN=a+OU=b", "CN=a + OU=b"),
        ("  ", ""),
        ("", ""),
    ] {
        assert_eq!(parsed(given).to_string(), written, "{given}");
    }
}

#[test]
fn der_has_the_reverse_order_and_the_smallest_string_type() {
    let der = parsed("CN=a*, C=DE").to_der().unwrap();
    let expected = "301a310b3009060355040613024445310b300906035504030c02612a";
    assert_eq!(hex::encode(&der), expected);
    let der = hex::encode(parsed("E=a@b, DC=x").to_der().unwrap());
    assert!(der.ends_with("1603614062"), "an address is an IA5String: {der}");
    assert!(
        der.contains("160178"),
        "a domain component is an IA5String: {der}"
    );
}

#[test]
fn what_is_no_name_is_refused_with_a_reason() {
    let unknown = |it: &str| NameError::UnknownType(it.to_owned());
    for (text, error) in [
        ("Self", NameError::NoValue("Self".to_owned())),
        ("CN=a,", NameError::EmptyPart),
        ("CN=a, b", NameError::NoValue("b".to_owned())),
        ("CN=a,,O=b", NameError::EmptyPart),
        ("CN=a+", NameError::EmptyPart),
        ("XX=a", unknown("XX")),
        ("=a", unknown("")),
        ("1=a", unknown("1")),
        ("CN=\"a", NameError::Unterminated("CN".to_owned())),
        ("CN=\"a\"b", NameError::AfterQuotation("CN".to_owned())),
        ("CN=", NameError::Empty("CN".to_owned())),
        ("CN=a+CN=b", NameError::Repeated),
        ("CN=a\\00b", NameError::Value("CN".to_owned(), BadValue::Control)),
        ("CN=a\\adb", NameError::Value("CN".to_owned(), BadValue::NotUtf8)),
        ("E=ä@b", NameError::Value("E".to_owned(), BadValue::NotAscii)),
        ("C=Ö", NameError::Value("C".to_owned(), BadValue::NotPrintable)),
    ] {
        assert_eq!(DistinguishedName::parse(text), Err(error), "{text}");
    }
    let long = format!("CN={}", "ä".repeat(198));
    assert_eq!(DistinguishedName::parse(&long), Err(NameError::TooLong(201)));
    assert!(DistinguishedName::parse(&long[..long.len() - 2]).is_ok());
    for der in [&[][..], &[0x30, 1], &[0x31, 0], &[0x30, 2, 0x30, 0]] {
        assert_eq!(DistinguishedName::from_der(der), Err(NameError::Malformed));
    }
}

#[test]
fn old_string_types_are_read() {
    for (value, text) in [
        ("1402e461", "CN=äa"),
        ("1e0400e40062", "CN=äb"),
        ("1e03000041", "CN=\"#1e03000041\""),
        ("040101", "CN=\"#040101\""),
    ] {
        let value = hex::decode(value).unwrap();
        let mut der = vec![0x30, 0, 0x31, 0, 0x30, 0, 6, 3, 0x55, 4, 3];
        der.extend_from_slice(&value);
        for (index, shift) in [(1, 2), (3, 4), (5, 6)] {
            der[index] = u8::try_from(der.len() - shift).unwrap();
        }
        let name = DistinguishedName::from_der(&der).unwrap();
        assert_eq!(name.to_string(), text);
        assert_eq!(name.to_der().unwrap(), der);
    }
}

#[test]
fn a_name_is_within_the_suffixes_of_its_text() {
    let name = parsed("CN=a, O=Contoso  Ltd, C=DE");
    for base in ["", "C=de", "O=contoso ltd, C=DE", "CN=A, O=Contoso Ltd, C=DE"] {
        assert!(name.is_within(&parsed(base)), "{base}");
    }
    for base in [
        "CN=a",
        "O=Contoso Ltd",
        "C=FR",
        "O=Contoso, C=DE",
        "CN=b, CN=a, O=Contoso Ltd, C=DE",
    ] {
        assert!(!name.is_within(&parsed(base)), "{base}");
    }
    assert_eq!(parsed("CN=a, O=x, CN=b").common_names(), ["a", "b"]);
    assert_eq!(parsed("E=a@b, CN=b").email_addresses(), ["a@b"]);
}

proptest! {
    #[test]
    fn a_written_name_is_read_as_the_same_name(
        parts in prop::collection::vec(
            (prop::sample::select(vec!["CN", "O", "OU", "L", "S", "T", "G", "OID.1.2.3"]), "[^\\p{Cc}]{0,12}"),
            0..6,
        ),
        separator in prop::sample::select(vec![",", " ; ", " + "]),
    ) {
        let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\"\"");
        let texts: Vec<_> = parts.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value))).collect();
        let text = texts.join(separator);
        prop_assume!(text.chars().count() <= LONGEST);
        let name = DistinguishedName::parse(&text);
        prop_assume!(name != Err(NameError::Repeated));
        let name = name.unwrap();
        prop_assert_eq!(&DistinguishedName::from_der(&name.to_der().unwrap()).unwrap(), &name);
        let written = name.to_string();
        prop_assume!(written.chars().count() <= LONGEST);
        prop_assert_eq!(DistinguishedName::parse(&written).unwrap(), name, "{}", written);
    }

    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_with_an_error(text in "\\PC{0,80}") {
        if let Ok(name) = DistinguishedName::parse(&text) {
            let written = name.to_string();
            if written.chars().count() <= LONGEST {
                prop_assert_eq!(DistinguishedName::parse(&written).unwrap(), name, "{}", written);
            }
        }
    }

    #[test]
    fn no_der_makes_the_reader_fail_otherwise_than_with_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Some(first) = bytes.first_mut() {
            *first = 0x30;
        }
        if let Ok(name) = DistinguishedName::from_der(&bytes) {
            let _ = name.to_string();
        }
    }
}
