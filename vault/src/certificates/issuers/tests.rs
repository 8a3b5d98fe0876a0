//! Issuers as requests set and change them.

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const LATER: Timestamp = Timestamp::from_unix(1_800_000_060);

fn name(text: &str) -> ObjectName {
    text.parse().unwrap()
}

fn of(provider: &str) -> IssuerChange {
    IssuerChange {
        provider: Some(provider.to_owned()),
        ..IssuerChange::default()
    }
}

fn strongroom() -> IssuerChange {
    let terms = r#"{"certificate": "ca", "dnsSuffixes": ["contoso.example"], "maxValidityMonths": 12}"#;
    IssuerChange {
        terms: Some(serde_json::from_str(terms).unwrap()),
        ..of("Strongroom")
    }
}

fn person(email: &str) -> Administrator {
    Administrator {
        first_name: Some("Ada".to_owned()),
        last_name: None,
        email: Some(email.to_owned()),
        phone: None,
    }
}

#[test]
fn issuers_are_found_in_any_case_shown_as_created_and_listed_by_name() {
    let mut issuers = Issuers::default();
    for text in ["Zeta", "alpha", "Beta"] {
        issuers.set(&name(text), of("Test"), NOW).unwrap();
    }
    let again = issuers.set(&name("ZETA"), of("DigiCert"), LATER).unwrap();
    assert_eq!(
        (again.name.as_str(), again.provider.as_str()),
        ("Zeta", "DigiCert")
    );
    assert_eq!(
        (again.attributes.created, again.attributes.updated),
        (NOW.unix(), LATER.unix())
    );
    let names: Vec<_> = issuers
        .as_slice()
        .iter()
        .map(|issuer| issuer.name.as_str())
        .collect();
    assert_eq!(names, ["alpha", "Beta", "Zeta"]);
    assert_eq!(issuers.remove(&name("BETA")).unwrap().name, "Beta");
    assert_eq!(issuers.find(&name("beta")), Err(IssuerError::NotFound));
}

#[test]
fn an_update_keeps_what_it_does_not_say_and_replaces_lists() {
    let mut issuers = Issuers::default();
    let given = IssuerChange {
        credentials: Some(CredentialsChange {
            account_id: Some("account".to_owned()),
        }),
        organization: Some(OrganizationChange {
            id: Some("org".to_owned()),
            admin_details: Some(vec![person("a@b.example"), person("c@d.example")]),
        }),
        ..of("Test")
    };
    issuers.set(&name("one"), given, NOW).unwrap();
    let change = IssuerChange {
        organization: Some(OrganizationChange {
            id: None,
            admin_details: Some(vec![person("e@f.example")]),
        }),
        enabled: Some(false),
        ..IssuerChange::default()
    };
    let issuer = issuers.update(&name("ONE"), change, LATER).unwrap();
    let organization = issuer.organization.unwrap();
    assert_eq!(organization.id.as_deref(), Some("org"));
    assert_eq!(organization.admin_details, Some(vec![person("e@f.example")]));
    assert_eq!(issuer.credentials.unwrap().account_id.as_deref(), Some("account"));
    assert!(!issuer.attributes.enabled);
    assert_eq!(
        issuers.update(&name("two"), of("Test"), NOW),
        Err(IssuerError::NotFound)
    );
}

#[test]
fn what_is_no_issuer_is_refused() {
    let mut issuers = Issuers::default();
    for text in ["Self", "UNKNOWN"] {
        let refused = issuers.set(&name(text), of("Test"), NOW);
        assert_eq!(refused, Err(IssuerError::Reserved), "{text}");
    }
    let mut set = |given| issuers.set(&name("one"), given, NOW);
    assert_eq!(set(IssuerChange::default()), Err(IssuerError::Provider));
    assert_eq!(set(of("")), Err(IssuerError::Provider));
    assert_eq!(set(of(&"p".repeat(1025))), Err(IssuerError::TooLong));
    assert_eq!(set(of("Strongroom")), Err(IssuerError::NoTerms));
    let foreign = IssuerChange {
        provider: Some("DigiCert".to_owned()),
        ..strongroom()
    };
    assert_eq!(set(foreign), Err(IssuerError::OtherProvider));
    let large = IssuerChange {
        organization: Some(OrganizationChange {
            id: None,
            admin_details: Some(vec![person(&"e".repeat(1000)); 20]),
        }),
        ..of("Test")
    };
    assert_eq!(set(large), Err(IssuerError::TooLarge));
    for number in 0..MOST {
        issuers
            .set(&name(&format!("i{number}")), of("Test"), NOW)
            .unwrap();
    }
    assert_eq!(
        issuers.set(&name("more"), of("Test"), NOW),
        Err(IssuerError::TooMany)
    );
    assert!(issuers.set(&name("I0"), of("Test"), NOW).is_ok());
}

#[test]
fn an_issuer_is_an_authority_since_it_became_one_and_no_longer_than_it_is_one() {
    let mut issuers = Issuers::default();
    let one = name("one");
    let mut since = |given, now| {
        let issuer = issuers.set(&one, given, now).unwrap();
        issuer.authority.map(|authority| authority.since)
    };
    assert_eq!(since(of("Test"), NOW), None);
    assert_eq!(since(strongroom(), LATER), Some(LATER.unix()));
    let latest = Timestamp::from_unix(1_800_000_120);
    assert_eq!(since(strongroom(), latest), Some(LATER.unix()));
    assert_eq!(since(of("Test"), latest), None);
    assert_eq!(since(strongroom(), latest), Some(latest.unix()));
}

/// A build that writes or reads it otherwise loses the issuers of every vault that there is.
#[test]
fn issuers_are_stored_as_ever_and_read_again() {
    let mut issuers = Issuers::default();
    let digicert = IssuerChange {
        credentials: Some(CredentialsChange {
            account_id: Some("account".to_owned()),
        }),
        organization: Some(OrganizationChange {
            id: Some("1".to_owned()),
            admin_details: Some(vec![person("ada@contoso.example")]),
        }),
        enabled: Some(false),
        ..of("DigiCert")
    };
    issuers.set(&name("Outside"), digicert, NOW).unwrap();
    issuers.set(&name("house"), strongroom(), NOW).unwrap();
    issuers
        .update(&name("house"), IssuerChange::default(), LATER)
        .unwrap();
    let stored = concat!(
        r#"[{"name":"house","provider":"Strongroom","#,
        r#""attributes":{"enabled":true,"created":1800000000,"updated":1800000060},"#,
        r#""authority":{"terms":{"certificate":"ca","dnsSuffixes":["contoso.example"],"wildcards":false,"#,
        r#""maxValidityMonths":12},"since":1800000000}},"#,
        r#"{"name":"Outside","provider":"DigiCert","credentials":{"account_id":"account"},"#,
        r#""organization":{"id":"1","admin_details":[{"first_name":"Ada","email":"ada@contoso.example"}]},"#,
        r#""attributes":{"enabled":false,"created":1800000000,"updated":1800000000}}]"#,
    );
    assert_eq!(serde_json::to_string(&issuers).unwrap(), stored);
    assert_eq!(serde_json::from_str::<Issuers>(stored).unwrap(), issuers);
}
