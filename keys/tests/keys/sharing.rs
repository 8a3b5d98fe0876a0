//! Keys that many threads use.

use strongroom_keys::{Algorithm, Curve, Hash, KeyType, RsaSize};

use crate::support::{generated, rsa};

#[test]
fn a_key_serves_many_threads_at_once() {
    let (rsa, ec) = (rsa(RsaSize::Bits2048), generated(KeyType::Ec(Curve::P256)));
    let algorithms = [
        (&rsa, Algorithm::RsaPss(Hash::Sha256)),
        (&ec, Algorithm::Ecdsa(Curve::P256)),
    ];
    std::thread::scope(|scope| {
        for n in 0..8_u8 {
            scope.spawn(move || {
                for (key, algorithm) in algorithms {
                    let signature = key.sign(algorithm, &[n; 32]).unwrap();
                    assert!(key.verify(algorithm, &[n; 32], &signature).unwrap());
                    assert!(!key.verify(algorithm, &[n + 1; 32], &signature).unwrap());
                }
            });
        }
    });
    let wrapped = rsa.wrap_key(Algorithm::Rsa15, &[1; 16]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(*rsa.unwrap_key(Algorithm::Rsa15, &wrapped).unwrap(), [1; 16]));
        }
    });
}
