//! What is noted about a key: its public part, what it is for, on what terms it may leave; and its rotation policy.

use strongroom_core::Timestamp;
use strongroom_engine::{
    KeyFields,
    crypto_key::{
        release::ReleaseTerms,
        rotation::{KeyObject, RotationPolicy, RotationRules, Trigger},
    },
    format::{
        codec::{CodecError, Decoder},
        encoded::Encoded,
    },
};
use strongroom_keys::{Curve, KeyOperations, MlDsaSet, OctSize, PublicJwk};

use super::fixture::bytes;
use crate::{Seed, Verdict, input::chosen};

/// The first byte chooses: the fields of a version, or what is noted about the key.
///
/// - Both are taken only in their one encoding.
/// - A policy that is taken is one whose dates can be reckoned.
pub fn key_fields(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    if choice % 2 == 0 {
        return Verdict::of(&read::<KeyFields>(input));
    }
    let read = read::<KeyObject>(input);
    if let Ok(object) = &read {
        let rules = object.rules();
        let now = Timestamp::from_unix(1_800_000_000);
        for period in [Some(&rules.notify), rules.life.as_ref()].into_iter().flatten() {
            assert!(period.least_days() <= period.most_days());
            assert!(period.after(now).is_none_or(|after| after > now));
            assert!(period.before(now).is_none_or(|before| before < now));
        }
    }
    Verdict::of(&read)
}

fn read<T: Encoded>(input: &[u8]) -> Result<T, CodecError> {
    let mut decoder = Decoder::new(input);
    let read = T::take(&mut decoder)?;
    decoder.finish()?;
    let written = bytes(|encoder| read.put(encoder));
    assert_eq!(written, input, "two encodings of one thing");
    Ok(read)
}

fn object(rotate: Option<Trigger>, life: Option<&str>) -> KeyObject {
    KeyObject {
        rotation: Some(RotationPolicy {
            rules: RotationRules {
                rotate,
                notify: "P30D".parse().unwrap(),
                life: life.map(|life| life.parse().unwrap()),
            },
            created: Timestamp::from_unix(7),
            updated: Timestamp::from_unix(8),
        }),
    }
}

/// Fields of every kind of key, and policies.
pub fn seeds() -> Vec<Seed> {
    let fields = |public: PublicJwk, release| {
        let fields = KeyFields {
            operations: KeyOperations::defaults(public.kind()),
            public,
            release,
            is_part: false,
        };
        chosen(0, &bytes(|encoder| fields.put(encoder)))
    };
    let noted = |object: &KeyObject| chosen(1, &bytes(|encoder| object.put(encoder)));
    let octets = |length| vec![7; length].into_boxed_slice();
    let ec = || PublicJwk::Ec {
        crv: Curve::P256K,
        x: octets(32),
        y: octets(32),
    };
    let terms = ReleaseTerms {
        policy: br#"{"anyOf":[]}"#.to_vec().into(),
        is_immutable: true,
    };
    let after = Trigger::AfterCreation("P18M".parse().unwrap());
    let before = Trigger::BeforeExpiry("P1Y2M3W4D".parse().unwrap());
    let mut more = fields(PublicJwk::Oct(OctSize::Bits192), None);
    more.push(0);
    vec![
        Seed::taken(
            "rsa",
            fields(
                PublicJwk::Rsa {
                    n: octets(256),
                    e: octets(3),
                },
                None,
            ),
        ),
        Seed::taken("ec", fields(ec(), None)),
        Seed::taken("ec-exportable", fields(ec(), Some(terms))),
        Seed::taken("oct", fields(PublicJwk::Oct(OctSize::Bits192), None)),
        Seed::taken(
            "akp",
            fields(
                PublicJwk::Akp {
                    alg: MlDsaSet::MlDsa44,
                    public: octets(1312),
                },
                None,
            ),
        ),
        Seed::refused("more-behind-it", more),
        Seed::taken("no-policy", noted(&KeyObject::default())),
        Seed::taken("policy-after", noted(&object(Some(after), Some("P2Y")))),
        Seed::taken("policy-before", noted(&object(Some(before), None))),
        Seed::taken("policy-without-rotation", noted(&object(None, Some("P28D")))),
    ]
}
