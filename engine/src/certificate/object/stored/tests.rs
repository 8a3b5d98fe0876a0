use proptest::prelude::*;
use strongroom_core::Timestamp;
use strongroom_keys::{Curve, KeyOperation, PublicJwk};

use super::*;
use crate::{crypto_key::release::ReleaseTerms, format::tags::Tags};

fn bytes(most: usize) -> impl Strategy<Value = Box<[u8]>> {
    proptest::collection::vec(any::<u8>(), 0..most).prop_map(Into::into)
}

fn text() -> impl Strategy<Value = Box<str>> {
    "\\PC{0,40}".prop_map(Into::into)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_unix)
}

fn trigger() -> impl Strategy<Value = Option<Trigger>> {
    proptest::option::of(prop_oneof![
        any::<u8>().prop_map(Trigger::Percentage),
        any::<u32>().prop_map(Trigger::DaysBefore),
    ])
}

fn policy() -> impl Strategy<Value = CertificatePolicy> {
    let fields = (bytes(300), trigger(), trigger(), time(), time());
    fields.prop_map(|(json, renew, notify, created, updated)| CertificatePolicy {
        json,
        lifetime: Lifetime { renew, notify },
        created,
        updated,
    })
}

fn key() -> impl Strategy<Value = PendingKey> {
    let public = prop_oneof![
        (bytes(512), bytes(4)).prop_map(|(n, e)| PublicJwk::Rsa { n, e }),
        (bytes(66), bytes(66)).prop_map(|(x, y)| PublicJwk::Ec {
            crv: Curve::P521,
            x,
            y
        }),
    ];
    let terms = proptest::option::of(bytes(50));
    let fields = (bytes(300), public, terms, any::<[bool; 3]>());
    fields.prop_map(|(material, public, terms, [signs, verifies, is_part])| {
        let operations = [(KeyOperation::Sign, signs), (KeyOperation::Verify, verifies)];
        let operations = operations.into_iter().filter(|(_, is_said)| *is_said);
        PendingKey {
            material: KeyMaterial::new(material.to_vec().into()),
            fields: KeyFields {
                public,
                operations: operations.map(|(operation, _)| operation).collect(),
                release: terms.map(|policy| ReleaseTerms {
                    policy,
                    is_immutable: signs,
                }),
                is_part,
            },
        }
    })
}

fn tags() -> impl Strategy<Value = Tags> {
    proptest::collection::btree_map("\\PC{1,20}", "\\PC{0,20}", 0..5)
}

fn state() -> impl Strategy<Value = OperationState> {
    let issue_at = proptest::option::of(time());
    let progress = (key(), bytes(300), issue_at, any::<bool>(), tags());
    prop_oneof![
        progress.prop_map(|(key, policy, issue_at, enabled, tags)| {
            OperationState::InProgress(Box::new(Progress {
                key: Arc::new(key),
                policy,
                issue_at,
                enabled,
                tags,
            }))
        }),
        Just(OperationState::Completed),
        Just(OperationState::Cancelled),
        (text(), text()).prop_map(|(code, message)| OperationState::Failed { code, message }),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let ids = any::<([u8; 16], [u8; 16])>();
    let said = (any::<bool>(), any::<Option<bool>>(), proptest::option::of(time()));
    (ids, bytes(400), text(), said, state()).prop_map(|((id, version), csr, issuer, said, state)| Operation {
        id: OperationId(id),
        version: Version::from_bytes(version),
        csr,
        issuer,
        cancellation_requested: said.0,
        preserve_order: said.1,
        ended: said.2,
        state,
    })
}

fn object() -> impl Strategy<Value = CertificateObject> {
    let fields = (proptest::option::of(policy()), proptest::option::of(operation()));
    fields.prop_map(|(policy, operation)| CertificateObject { policy, operation })
}

fn encoded(object: &CertificateObject) -> Vec<u8> {
    let mut encoder = Encoder::with_capacity(object.room());
    object.put(&mut encoder);
    encoder.into_bytes()
}

fn decoded(bytes: &[u8]) -> Result<CertificateObject, CodecError> {
    let mut decoder = Decoder::new(bytes);
    let object = CertificateObject::take(&mut decoder)?;
    decoder.finish().map(|()| object)
}

proptest! {
    #[test]
    fn what_is_noted_is_read_as_it_was_written_and_fits_its_room(object in object()) {
        let bytes = encoded(&object);
        prop_assert!(bytes.len() <= object.room(), "{} bytes in {}", bytes.len(), object.room());
        prop_assert_eq!(decoded(&bytes).unwrap(), object);
    }

    /// Bytes that are read are written as the same: nothing has two encodings.
    #[test]
    fn no_other_bytes_are_read_as_the_same(
        object in object(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encoded(&object);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(other) = decoded(&bytes) {
            prop_assert_eq!(encoded(&other), bytes);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(object) = decoded(&bytes) {
            prop_assert_eq!(encoded(&object), bytes);
        }
    }

    #[test]
    fn what_is_cut_short_or_goes_on_is_refused(object in object(), at in any::<prop::sample::Index>()) {
        let mut bytes = encoded(&object);
        let cut = at.index(bytes.len());
        prop_assert!(decoded(&bytes[..cut]).is_err());
        bytes.push(0);
        prop_assert_eq!(decoded(&bytes), Err(CodecError::Trailing));
    }
}

#[test]
fn a_new_object_notes_nothing_in_two_bytes() {
    assert_eq!(encoded(&CertificateObject::default()), [0, 0]);
}
