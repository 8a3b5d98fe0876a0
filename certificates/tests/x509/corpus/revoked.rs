//! Certificates beside the list of revoked ones of their authority.

use serde_json::json;
use strongroom_certificates::{
    revocation::{self, ListEdition, RevocationReason, Revoked},
    serial::Serial,
};

use super::{House, policy, profile_of, soon};
use crate::{
    judges::{Case, Question, Usage},
    support::{P256, key, now},
};

const HOUR: i64 = 60 * 60;

/// The list of an authority with one certificate on it.
fn list(house: &House, serial: Serial, reason: RevocationReason) -> Vec<u8> {
    let edition = ListEdition {
        number: 7,
        this_update: now() - 60,
        next_update: now() + HOUR,
    };
    let revoked = Revoked {
        serial,
        since: now() - 60,
        reason,
    };
    revocation::list(house.authority(), edition, &[revoked]).unwrap()
}

/// For each reason a certificate that is on the list of its authority, one that is not, one whose list is over, and one whose
/// list a namesake of its authority signed. Each of an authority that signs itself, and of one below a root.
pub fn revoked() -> Vec<Case> {
    let x509 = json!({"sans": {"dns_names": ["contoso.com"]}});
    let profile = profile_of(&policy(&x509), now());
    let at = soon();
    let (bad, good) = (Serial::from_random([1; 16]), Serial::from_random([2; 16]));
    let mut cases = Vec::new();
    for make in [|| House::root(P256, &[], None), || House::below_a_root(&[], &[])] {
        let house = make();
        let mut add = |serial: &Serial, list: Vec<u8>, question: Question| {
            let questions = vec![question.host("contoso.com")];
            let case = house.signed_as(serial.clone(), "a list", key().public(), &profile, questions);
            cases.push(Case {
                list: Some(list),
                ..case
            });
        };
        for reason in RevocationReason::ALL {
            let list = list(&house, bad.clone(), reason);
            add(&bad, list, Question::no(at, Usage::Server));
        }
        let of_house = list(&house, bad.clone(), RevocationReason::KeyCompromise);
        add(&good, of_house.clone(), Question::yes(at, Usage::Server));
        add(&good, of_house, Question::no(at + 2 * HOUR, Usage::Server));
        let of_namesake = list(&make(), bad.clone(), RevocationReason::KeyCompromise);
        add(&good, of_namesake, Question::no(at, Usage::Server));
    }
    cases
}
