use super::*;

const VAULT: &str = "https://prod.team-a.svc";
const DAY: u64 = 24 * 60 * 60;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds)
}

fn wanted(number: u32, expires: u64) -> ToRevoke {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    ToRevoke {
        serial: Serial::from_random(bytes),
        expires: at(expires),
        reason: RevocationReason::KeyCompromise,
    }
}

#[test]
fn the_url_of_a_list_is_read_again_and_no_other_is_one() {
    let version = "0123456789abcdef0123456789abcdef";
    let authority = AuthorityVersion {
        name: "House-CA".parse().unwrap(),
        version: version.parse().unwrap(),
    };
    let url = format!("{VAULT}{authority}");
    assert_eq!(url, format!("https://prod.team-a.svc/crl/House-CA/{version}"));
    assert_eq!(AuthorityVersion::of_url(&url, VAULT), Some(authority));
    for other in [
        format!("http://prod.team-a.svc/crl/a/{version}"),
        format!("https://prod.team-b.svc/crl/a/{version}"),
        format!("https://prod.team-a.svc.example/crl/a/{version}"),
        format!("https://prod.team-a.svc:8443/crl/a/{version}"),
        format!("https://prod.team-a.svc/crls/a/{version}"),
        format!("https://prod.team-a.svc/crl/a_b/{version}"),
        format!("https://prod.team-a.svc/crl/a/{version}/"),
        "https://prod.team-a.svc/crl/a/0123".to_owned(),
        "https://prod.team-a.svc/crl/a".to_owned(),
        VAULT.to_owned(),
        String::new(),
    ] {
        assert_eq!(AuthorityVersion::of_url(&other, VAULT), None, "{other}");
    }
}

#[test]
fn what_is_revoked_is_found_by_its_serial_number_with_what_was_said_first() {
    let mut revoked = RevokedCertificates::default();
    let first = revoked.add(&wanted(1, 10 * DAY), at(5)).unwrap();
    assert_eq!(revoked.find(&wanted(1, 0).serial), Ok(Some(first.clone())));
    assert_eq!(revoked.find(&wanted(2, 0).serial), Ok(None));
    let listed = revoked.entries().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].serial, listed[0].since), (&wanted(1, 0).serial, 5));
    assert_eq!(first.serial, wanted(1, 0).serial.to_string());
}

#[test]
fn what_has_ended_stays_while_there_is_room_since_a_clock_may_have_been_wrong() {
    let mut revoked = RevokedCertificates::default();
    revoked.add(&wanted(1, 10 * DAY), at(0)).unwrap();
    revoked.add(&wanted(2, 90 * DAY), at(5000 * DAY)).unwrap();
    assert_eq!(revoked.entries().unwrap().len(), 2);
}

#[test]
fn a_list_is_bounded_and_what_has_ended_makes_room() {
    let mut revoked = RevokedCertificates::default();
    for number in 0..u32::try_from(MOST).unwrap() {
        let ends = if number == 7 { DAY } else { 1000 * DAY };
        revoked.add(&wanted(number, ends), at(0)).unwrap();
    }
    let one_more = wanted(u32::MAX, 1000 * DAY);
    assert_eq!(revoked.add(&one_more, at(1)), Err(RevokeError::TooMany));
    assert_eq!(revoked.add(&one_more, at(3 * DAY - 1)), Err(RevokeError::TooMany));
    assert!(revoked.add(&one_more, at(3 * DAY)).is_ok());
    assert_eq!(revoked.entries().unwrap().len(), MOST);
    // All of them fit into one record of the store, which has 16 MiB.
    assert!(serde_json::to_vec(&revoked).unwrap().len() < 2 << 20);
}
