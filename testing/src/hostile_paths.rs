//! Certificates whose path to the authority breaks a rule of RFC 5280, one rule each, in the manner of the PKI test suite of
//! NIST (PKITS). A client or server that verifies a path must refuse all of them.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, GeneralSubtree, IsCa, KeyUsagePurpose,
    NameConstraints, date_time_ymd,
};

use crate::authority::{Authority, Signed, Usage};

/// For whom the certificates are: the hosts and URIs that they name, and what they are used for.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// The names.
    pub hosts: &'a [&'a str],
    /// The URIs.
    pub uris: &'a [&'a str],
    /// What it is used for.
    pub usage: &'a Usage,
}

impl Holder<'_> {
    fn signed(self, authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Signed {
        authority.issue_changed(self.hosts, self.uris, std::slice::from_ref(self.usage), change)
    }
}

/// A certificate over two good authorities below `root`: what must be accepted.
pub fn good(root: &Authority, holder: Holder<'_>) -> Signed {
    let upper = root.below("upper", |_| ());
    let lower = upper.below("lower", |_| ());
    holder.signed(&lower, |_| ()).through(&[&lower, &upper])
}

/// What must be refused, each with the rule that it breaks. `root` is trusted.
pub fn broken(root: &Authority, holder: Holder<'_>) -> Vec<(&'static str, Signed)> {
    let other_usage = match holder.usage {
        Usage::ServerAuth => Usage::ClientAuth,
        _ => Usage::ServerAuth,
    };
    let mut paths = vec![
        (
            "it has expired",
            holder.signed(root, |params| params.not_after = date_time_ymd(2001, 1, 1)),
        ),
        (
            "it is not valid yet",
            holder.signed(root, |params| params.not_before = date_time_ymd(2099, 1, 1)),
        ),
        (
            "it is for another use",
            holder.signed(root, |params| {
                params.extended_key_usages = vec![other_usage.clone()];
            }),
        ),
        (
            "a critical extension is not known",
            holder.signed(root, |params| params.custom_extensions.push(unknown_extension())),
        ),
        (
            "its name is only in the subject",
            holder.signed(root, |params| {
                params.subject_alt_names.clear();
                for name in holder.hosts.iter().chain(holder.uris) {
                    params.distinguished_name.push(DnType::CommonName, *name);
                }
            }),
        ),
        (
            "an authority of the same name and another key signed it",
            holder.signed(&Authority::new("strongroom"), |_| ()),
        ),
    ];
    paths.extend(broken_authorities(root, holder));
    paths
}

fn broken_authorities(root: &Authority, holder: Holder<'_>) -> Vec<(&'static str, Signed)> {
    let under = |rule: &'static str, change: &dyn Fn(&mut CertificateParams)| {
        let authority = root.below("below", change);
        (rule, holder.signed(&authority, |_| ()).through(&[&authority]))
    };
    let short = root.below("short", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let deeper = short.below("deeper", |_| ());
    let missing = root.below("missing", |_| ());
    vec![
        under(
            "no authority signed it, but the holder of another certificate",
            &|params| {
                params.is_ca = IsCa::ExplicitNoCa;
            },
        ),
        under(
            "a certificate that says nothing of authority signed it",
            &|params| {
                params.is_ca = IsCa::NoCa;
            },
        ),
        under("its authority has expired", &|params| {
            params.not_after = date_time_ymd(2001, 1, 1);
        }),
        under("its authority may sign for other names only", &|params| {
            params.name_constraints = Some(permitted("elsewhere.example"));
        }),
        under("its authority may not sign for this name", &|params| {
            params.name_constraints = Some(excluded(holder));
        }),
        under("its authority is for another use", &|params| {
            params.extended_key_usages = vec![Usage::CodeSigning];
        }),
        under("a critical extension of its authority is not known", &|params| {
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            params.custom_extensions.push(unknown_extension());
        }),
        (
            "the path is longer than an authority allows",
            holder.signed(&deeper, |_| ()).through(&[&deeper, &short]),
        ),
        ("the path has a hole", holder.signed(&missing, |_| ())),
    ]
}

fn permitted(name: &str) -> NameConstraints {
    NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
        excluded_subtrees: Vec::new(),
    }
}

fn excluded(holder: Holder<'_>) -> NameConstraints {
    NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: holder
            .hosts
            .iter()
            .map(|host| GeneralSubtree::DnsName((*host).to_owned()))
            .collect(),
    }
}

fn unknown_extension() -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55_555, 1], vec![5, 0]);
    extension.set_criticality(true);
    extension
}
