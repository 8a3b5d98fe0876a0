//! The first and the last second of certificates, on both sides of the year 2050, and serial numbers.

use serde_json::json;
use strongroom_certificates::serial::Serial;

use super::{House, policy, profile_of, self_signed, self_signed_as, soon};
use crate::{
    judges::{Case, Judge, Question, Usage},
    support::{P256, key, now},
};

/// 2049-12-31, 23:59:59: the last second that is written with two digits of the year.
const LAST_OF_2049: i64 = 2_524_607_999;
const YEAR: i64 = 365 * 24 * 60 * 60;

/// The questions about a certificate whose authority begins at `authority`.
fn questions(first: i64, last: i64, authority: i64) -> Vec<Question> {
    let yes = |at| {
        if at < authority {
            let no = Question::no(at, Usage::Server);
            no.contrary(Judge::Webpki, "it does not ask when a trusted authority begins")
        } else {
            Question::yes(at, Usage::Server)
        }
    };
    let all = [
        Question::no(first - 1, Usage::Server),
        yes(first),
        yes(first + 1),
        yes(last - 1),
        yes(last).contrary(Judge::OpenSsl, "the last second is to it after the end"),
        Question::no(last + 1, Usage::Server),
        Question::no(last + 100 * YEAR, Usage::Server),
    ];
    all.map(|question| question.host("contoso.com")).to_vec()
}

/// The shortest and the longest that a policy may ask for, and those around the end of 2049.
pub fn times() -> Vec<Case> {
    let house = House::root(P256, &[], None);
    let authority = house.authority().certificate().validity().not_before;
    let mut cases = Vec::new();
    for (name, now, months) in [
        ("a month", now(), 1),
        ("a hundred years", now(), 1200),
        ("to the end of 2049", LAST_OF_2049 - YEAR, 12),
        ("into 2050", LAST_OF_2049 + 1 - YEAR, 12),
        ("after 2049", LAST_OF_2049 + 3600, 12),
    ] {
        let x509 = json!({"sans": {"dns_names": ["contoso.com"]}, "validity_months": months});
        let profile = profile_of(&policy(&x509), now);
        let (first, last) = (profile.validity.not_before, profile.validity.not_after);
        cases.push(self_signed(name, &key(), &profile, questions(first, last, first)));
        cases.push(house.signed(name, key().public(), &profile, questions(first, last, authority)));
    }
    cases
}

/// The least and the largest that a vault gives.
pub fn serials() -> Vec<Case> {
    let at = soon();
    let profile = profile_of(&policy(&json!({"sans": {"dns_names": ["contoso.com"]}})), now());
    let questions = [
        Question::yes(at, Usage::Server).host("contoso.com"),
        Question::no(at, Usage::Server).host("evil.example"),
    ];
    [[0; 16], [0xff; 16]]
        .map(|bytes| {
            let (serial, name) = (Serial::from_random(bytes), format!("{bytes:?}"));
            self_signed_as(serial, &name, &key(), &profile, questions.to_vec())
        })
        .to_vec()
}
