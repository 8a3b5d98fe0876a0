//! Names against the constraints of an authority: what the vault does not refuse to sign, nobody refuses.

use serde_json::{Value, json};
use strongroom_certificates::{issue, profile::Profile};

use crate::{
    corpus::{self, Root, authority, soon},
    judges::{Answer, Case, Judge, Question, Usage, answers},
    support::{key, now, serial},
};

/// The extensions of the authority's certificate.
const CONSTRAINTS: [&str; 17] = [
    "nameConstraints = critical,permitted;DNS:contoso.com",
    "nameConstraints = critical,permitted;DNS:.contoso.com",
    "nameConstraints = critical,permitted;DNS:contoso.com,permitted;DNS:b.org",
    "nameConstraints = critical,excluded;DNS:secret.contoso.com",
    "nameConstraints = critical,excluded;DNS:.contoso.com",
    "nameConstraints = permitted;DNS:contoso.com,excluded;DNS:a.contoso.com",
    "nameConstraints = critical,permitted;IP:10.0.0.0/255.0.0.0",
    "nameConstraints = critical,permitted;IP:fd00::/ff00::",
    "nameConstraints = critical,excluded;IP:10.1.0.0/255.255.0.0",
    "nameConstraints = critical,permitted;email:contoso.com",
    "nameConstraints = critical,permitted;email:.contoso.com",
    "nameConstraints = critical,permitted;email:a@b.org",
    "nameConstraints = critical,excluded;email:contoso.com",
    "nameConstraints = critical,permitted;URI:.contoso.com",
    "nameConstraints = critical,permitted;URI:contoso.com",
    "nameConstraints = critical,excluded;URI:contoso.com",
    "extendedKeyUsage = clientAuth",
];

/// Each with its kind.
fn names() -> Vec<(&'static str, &'static str)> {
    let of = |kind, names: &[&'static str]| names.iter().map(|name| (kind, *name)).collect::<Vec<_>>();
    [
        of(
            "dns_names",
            &[
                "contoso.com",
                "CONTOSO.com",
                "a.contoso.com",
                "a.b.contoso.com",
                "xcontoso.com",
                "contoso.com.b.org",
                "secret.contoso.com",
                "a.secret.contoso.com",
                "*.contoso.com",
                "*.a.contoso.com",
                "*.secret.contoso.com",
                "*.com",
                "b.org",
                "host",
            ],
        ),
        of(
            "ipAddresses",
            &[
                "10.0.0.1",
                "10.1.2.3",
                "11.0.0.1",
                "fd00::1",
                "fe00::1",
                "::ffff:10.0.0.1",
            ],
        ),
        of(
            "emails",
            &[
                "x@contoso.com",
                "x@CONTOSO.com",
                "x@a.contoso.com",
                "a@b.org",
                "A@b.org",
                "a@B.org",
                "x@b.org",
            ],
        ),
        of(
            "uris",
            &[
                "https://contoso.com/",
                "https://a.contoso.com:8443/x?y#z",
                "https://user@a.contoso.com/",
                "https://xcontoso.com",
                "https://b.org/contoso.com",
                "https://10.0.0.1/",
                "https://[fd00::1]/",
                "spiffe://contoso.com/ns/a",
            ],
        ),
        of("upns", &["admin@contoso.com"]),
        of(
            "subject",
            &[
                "CN=a.contoso.com",
                "CN=b.org",
                "CN=host",
                "O=Contoso",
                "E=x@contoso.com, O=Contoso",
            ],
        ),
    ]
    .concat()
}

fn profile(kind: &str, name: &str) -> Profile {
    let x509: Value = if kind == "subject" {
        json!({"subject": name})
    } else {
        json!({"sans": {kind: [name]}})
    };
    corpus::profile_of(&corpus::policy(&x509), now())
}

/// What the vault says, and every judge.
struct Asked {
    constraint: &'static str,
    name: &'static str,
    case: Case,
    is_signed: bool,
}

fn asked() -> Vec<Asked> {
    let root = Root::new(&[]);
    let free = authority(root.key_below(), &root.below(&[]), None);
    let leaves: Vec<_> = names()
        .into_iter()
        .map(|(kind, name)| {
            let profile = profile(kind, name);
            let leaf = issue::by_authority(&free, key().public(), &profile, serial()).unwrap();
            (name, profile, leaf)
        })
        .collect();
    let mut all = Vec::new();
    for constraint in CONSTRAINTS {
        let below = root.below(&[constraint]);
        let bound = authority(root.key_below(), &below, None);
        for (name, profile, leaf) in &leaves {
            let case = Case {
                name: format!("{name} under {constraint}"),
                leaf: leaf.clone(),
                intermediates: vec![below.clone()],
                root: root.der.clone(),
                questions: vec![Question::yes(soon(), Usage::Server)],
                list: None,
                refused_by: Vec::new(),
            };
            let is_signed = bound.check(profile).is_ok();
            all.push(Asked {
                constraint,
                name,
                case,
                is_signed,
            });
        }
    }
    all
}

/// A judge says something else than the vault, for a reason that is its own.
struct Difference {
    judge: Judge,
    /// Under constraints whose text has this.
    under: &'static str,
    names: &'static [&'static str],
    is_taken: bool,
}

const WITH_ADDRESS: &[&str] = &["https://10.0.0.1/", "https://[fd00::1]/"];
const BELOW: &[&str] = &["https://a.contoso.com:8443/x?y#z", "https://user@a.contoso.com/"];

const DIFFERENCES: [Difference; 13] = [
    // webpki takes nothing under constraints that it does not compare, so on addresses and URIs.
    refused(Judge::Webpki, "email:", &["x@", "a@", "A@"]),
    refused(Judge::Webpki, "URI:", &["https://", "spiffe://"]),
    // It knows no wildcard of a whole top-level domain.
    refused(Judge::Webpki, "excluded;DNS:secret", &["*.com"]),
    // Subjects are no names to either of these.
    taken(Judge::Webpki, "", &["CN=", "E="]),
    taken(Judge::Go, "", &["CN=", "E="]),
    // The names of a user alone, which are critical, are a critical extension that Go does not know.
    refused(Judge::Go, "nameConstraints", &["admin@contoso.com"]),
    // Go compares a URI with an address with constraints of any kind.
    refused(Judge::Go, "nameConstraints", WITH_ADDRESS),
    // A host in a constraint is to Go what is below it too. The vault takes it so where it is excluded, and not where it is
    // permitted.
    taken(Judge::Go, "permitted;email:contoso.com", &["x@a.contoso.com"]),
    taken(Judge::Go, "permitted;URI:contoso.com", BELOW),
    taken(Judge::OpenSsl, "excluded;email:contoso.com", &["x@a.contoso.com"]),
    taken(Judge::OpenSsl, "excluded;URI:contoso.com", BELOW),
    // openssl compares no URI with an address, and wildcards as if they were names. So does Go with one that means what the
    // constraint leaves out by its dot.
    taken(
        Judge::OpenSsl,
        "excluded;",
        &["*.", "https://10.0.0.1/", "https://[fd00::1]/"],
    ),
    taken(Judge::Go, "excluded;DNS:.contoso.com", &["*.com"]),
];

const fn taken(judge: Judge, under: &'static str, names: &'static [&'static str]) -> Difference {
    Difference {
        judge,
        under,
        names,
        is_taken: true,
    }
}

const fn refused(judge: Judge, under: &'static str, names: &'static [&'static str]) -> Difference {
    Difference {
        judge,
        under,
        names,
        is_taken: false,
    }
}

impl Difference {
    fn is_of(&self, judge: Judge, asked: &Asked, is_taken: bool) -> bool {
        self.judge == judge
            && self.is_taken == is_taken
            && asked.constraint.contains(self.under)
            && self.names.iter().any(|name| asked.name.starts_with(name))
    }
}

#[test]
fn what_the_vault_signs_under_constraints_everybody_takes_and_what_it_does_not_nobody() {
    let all = asked();
    let cases: Vec<_> = all.iter().map(|asked| asked.case.clone()).collect();
    let (mut complaints, mut seen) = (Vec::new(), [false; DIFFERENCES.len()]);
    for judge in Judge::ALL {
        for (asked, answer) in all.iter().zip(answers(judge, &cases)) {
            let [Some(answer)] = <[Answer; 1]>::try_from(answer).unwrap() else {
                panic!("{judge:?} was not asked")
            };
            if answer.is_ok() == asked.is_signed {
                continue;
            }
            match DIFFERENCES
                .iter()
                .position(|known| known.is_of(judge, asked, answer.is_ok()))
            {
                Some(place) => seen[place] = true,
                None => complaints.push(format!(
                    "{judge:?} of {}, signed: {}: {answer:?}",
                    asked.case.name, asked.is_signed
                )),
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    assert_eq!(
        seen,
        [true; DIFFERENCES.len()],
        "a difference that is none any more"
    );
    let signed = all.iter().filter(|asked| asked.is_signed).count();
    assert!(
        signed > 300 && all.len() - signed > 50,
        "{signed} of {}",
        all.len()
    );
}
