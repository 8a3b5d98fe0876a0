use strongroom_certificates::{
    alternative_names::AlternativeNames,
    authority::{IpRange, Permitted},
    name::DistinguishedName,
    profile::Profile,
};

use crate::support::{Folder, current, generous, texts};

#[test]
fn name_constraints_of_the_authority_hold_beside_what_people_permit() {
    let permitted = Permitted {
        dns_suffixes: vec![".".parse().unwrap()],
        email_domains: vec![".".parse().unwrap()],
        uri_hosts: vec![".".parse().unwrap()],
        upn_domains: vec![".".parse().unwrap()],
        ip_ranges: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
        subjects: vec![DistinguishedName::default()],
        ..generous()
    };
    let constraints = "nameConstraints = critical,permitted;DNS:contoso.com,excluded;DNS:secret.contoso.com,\
                       permitted;IP:10.0.0.0/255.0.0.0,permitted;email:contoso.com,permitted;email:a@b.org,\
                       permitted;URI:.contoso.com,permitted;dirName:dn,excluded;otherName:1.2.3;UTF8:a\n[dn]\nO=Contoso";
    let authority = Folder::new().authority(permitted, &[constraints]).unwrap();
    let check = |kind: &str, name: &str| {
        let names = Some(texts([name]));
        let mut all = AlternativeNames::default();
        match kind {
            "dns" => all.dns_names = names,
            "ip" => all.ip_addresses = names,
            "email" => all.emails = names,
            "uri" => all.uris = names,
            _ => all.upns = names,
        }
        let profile = Profile {
            alternative_names: all,
            ..current("")
        };
        authority.check(&profile).is_ok()
    };
    for (kind, name) in [
        ("dns", "contoso.com"),
        ("dns", "a.b.contoso.com"),
        ("dns", "*.a.contoso.com"),
        ("ip", "10.9.9.9"),
        ("email", "x@contoso.com"),
        ("email", "a@B.org"),
        ("uri", "https://a.contoso.com/"),
    ] {
        assert!(check(kind, name), "{kind} {name}");
    }
    for (kind, name) in [
        ("dns", "contoso.org"),
        ("dns", "xcontoso.com"),
        ("dns", "secret.contoso.com"),
        ("dns", "a.secret.contoso.com"),
        ("dns", "*.contoso.com"),
        ("dns", "*.com"),
        ("ip", "11.0.0.1"),
        ("ip", "::1"),
        ("email", "x@a.contoso.com"),
        ("email", "x@b.org"),
        ("uri", "https://contoso.com/"),
        ("uri", "https://evil.org/"),
        ("upn", "a@contoso.com"),
    ] {
        assert!(!check(kind, name), "{kind} {name}");
    }
    for (subject, is_permitted) in [
        ("CN=anything, O=Contoso", true),
        ("CN=a.contoso.com, O=CONTOSO", true),
        ("CN=a.contoso.com", false),
        ("CN=evil.org, O=Contoso", false),
        ("CN=*.contoso.com, O=Contoso", false),
        ("O=Other", false),
    ] {
        assert_eq!(
            authority.check(&current(subject)).is_ok(),
            is_permitted,
            "{subject}"
        );
    }
}

#[test]
fn ranges_are_written_as_they_are_read() {
    for text in [
        "10.0.0.0/8",
        "0.0.0.0/0",
        "::/0",
        "fd00::/8",
        "10.1.2.3/32",
        "::1/128",
    ] {
        assert_eq!(text.parse::<IpRange>().unwrap().to_string(), text);
    }
    assert_eq!("10.1.2.3".parse::<IpRange>(), "10.1.2.3/32".parse());
    for text in [
        "",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "a/8",
        "10.0.0.0/8/8",
    ] {
        assert!(text.parse::<IpRange>().is_err(), "{text}");
    }
    let range: IpRange = "0.0.0.0/0".parse().unwrap();
    assert!(range.contains("255.1.1.1".parse().unwrap()) && !range.contains("::1".parse().unwrap()));
}
