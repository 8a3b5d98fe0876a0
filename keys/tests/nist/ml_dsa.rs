//! ML-DSA: the key of each seed. The signatures are made with a context, which ours never have.

use strongroom_keys::{Algorithm, MlDsaSet, PublicMembers};

use crate::{material::akp, records::cavs};

pub fn keys_44(file: &str) -> usize {
    keys(file, MlDsaSet::MlDsa44)
}

pub fn keys_65(file: &str) -> usize {
    keys(file, MlDsaSet::MlDsa65)
}

pub fn keys_87(file: &str) -> usize {
    keys(file, MlDsaSet::MlDsa87)
}

fn keys(file: &str, set: MlDsaSet) -> usize {
    let (records, algorithm) = (cavs(file, &[]), Algorithm::MlDsa(set));
    for record in &records {
        let key = akp(set, &record.bytes("xi")).unwrap();
        let public = record.bytes("pk");
        let members = PublicMembers::Akp {
            alg: set,
            public: &public,
        };
        assert_eq!(key.public().members(), members);
        let (message, signed) = (record.bytes("msg"), record.bytes("sm"));
        let (signature, of) = signed.split_at(signed.len() - message.len());
        assert_eq!(of, message);
        assert!(!record.bytes("ctx").is_empty());
        assert!(!key.verify(algorithm, &message, signature).unwrap());
        let ours = key.sign(algorithm, &message).unwrap();
        assert_eq!(ours.len(), signature.len());
        assert!(key.verify(algorithm, &message, &ours).unwrap());
    }
    records.len()
}
