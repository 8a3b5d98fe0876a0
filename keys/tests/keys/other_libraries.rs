//! The same operations by other libraries: those of `RustCrypto` for RSA and ML-DSA, aws-lc-rs for key wrap.

use std::convert::Infallible;

use aws_lc_rs::{
    key_wrap::{AES_128, AES_256, AesKek, KeyWrap, KeyWrapPadded},
    rand,
};
use ml_dsa::{MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Signature, SigningKey, VerifyingKey};
use rsa::{
    BoxedUint, Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss,
    rand_core::{TryCryptoRng, TryRng},
    sha2::{Sha256, Sha384, Sha512},
};
use sha1::Sha1;
use strongroom_keys::{Algorithm, Hash, Member, MlDsaSet, OctSize, PublicMembers, RsaSize};

use crate::{
    material::{akp, digest_of, oct},
    support::{flipped, rsa as our_rsa, rsa_jwk},
};

struct Random;

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        rand::fill(bytes).unwrap();
        Ok(())
    }
}

impl TryCryptoRng for Random {}

fn their_rsa(size: RsaSize) -> rsa::PrivateKey {
    let number = |member| BoxedUint::from_be_slice_vartime(rsa_jwk(size).number(member).unwrap());
    let primes = vec![number(Member::P), number(Member::Q)];
    rsa::PrivateKey::from_components(number(Member::N), number(Member::E), number(Member::D), primes).unwrap()
}

/// The other library's schemes for one hash function.
macro_rules! schemes {
    ($hash:expr, $pkcs1:ident, $pss:ident, $run:block) => {
        match $hash {
            Hash::Sha256 => {
                let ($pkcs1, $pss) = (Pkcs1v15Sign::new::<Sha256>, Pss::<Sha256>::new);
                $run
            }
            Hash::Sha384 => {
                let ($pkcs1, $pss) = (Pkcs1v15Sign::new::<Sha384>, Pss::<Sha384>::new);
                $run
            }
            Hash::Sha512 => {
                let ($pkcs1, $pss) = (Pkcs1v15Sign::new::<Sha512>, Pss::<Sha512>::new);
                $run
            }
        }
    };
}

#[test]
fn rsa_signatures_are_the_other_library_s() {
    for size in RsaSize::ALL {
        let (ours, theirs) = (our_rsa(size), their_rsa(size));
        for hash in Hash::ALL {
            let digest = digest_of(hash, b"message");
            let (pkcs1, pss) = (Algorithm::RsaPkcs1(hash), Algorithm::RsaPss(hash));
            schemes!(hash, their_pkcs1, their_pss, {
                let signature = theirs.sign_with_rng(&mut Random, their_pkcs1(), &digest).unwrap();
                assert_eq!(
                    ours.sign(pkcs1, &digest).unwrap(),
                    signature,
                    "there is one signature only"
                );

                let signature = ours.sign(pss, &digest).unwrap();
                theirs
                    .as_public_key()
                    .verify(their_pss(), &digest, &signature)
                    .unwrap();
                let signature = theirs.sign_with_rng(&mut Random, their_pss(), &digest).unwrap();
                assert!(ours.verify(pss, &digest, &signature).unwrap());
                assert!(!ours.verify(pss, &digest, &flipped(&signature)).unwrap());
            });
        }
    }
}

#[test]
fn what_one_library_encrypts_with_rsa_the_other_decrypts() {
    for size in RsaSize::ALL {
        let (ours, theirs) = (our_rsa(size), their_rsa(size));
        let public = theirs.to_public_key();
        let data = [7; 32];
        let encrypted = public.encrypt(&mut Random, Oaep::<Sha256>::new(), &data).unwrap();
        assert_eq!(*ours.unwrap_key(Algorithm::RsaOaep256, &encrypted).unwrap(), data);
        let encrypted = ours.wrap_key(Algorithm::RsaOaep256, &data).unwrap();
        assert_eq!(theirs.decrypt(Oaep::<Sha256>::new(), &encrypted).unwrap(), data);
        let encrypted = public.encrypt(&mut Random, Oaep::<Sha1>::new(), &data).unwrap();
        assert_eq!(*ours.unwrap_key(Algorithm::RsaOaep, &encrypted).unwrap(), data);
        let encrypted = ours.wrap_key(Algorithm::RsaOaep, &data).unwrap();
        assert_eq!(theirs.decrypt(Oaep::<Sha1>::new(), &encrypted).unwrap(), data);
        let encrypted = public.encrypt(&mut Random, Pkcs1v15Encrypt, &data).unwrap();
        assert_eq!(*ours.unwrap_key(Algorithm::Rsa15, &encrypted).unwrap(), data);
        let encrypted = ours.wrap_key(Algorithm::Rsa15, &data).unwrap();
        assert_eq!(theirs.decrypt(Pkcs1v15Encrypt, &encrypted).unwrap(), data);
    }
}

fn check_ml_dsa<P: MlDsaParams>(set: MlDsaSet) {
    let seed = [0x5e; 32];
    let ours = akp(set, &seed).unwrap();
    let theirs = SigningKey::<P>::from_seed(&seed.into());
    let their_public: VerifyingKey<P> = theirs.expanded_key().verifying_key();
    let PublicMembers::Akp { public, .. } = ours.public().members() else {
        panic!();
    };
    assert_eq!(public, their_public.encode().as_slice());
    let (algorithm, message) = (Algorithm::MlDsa(set), b"message");
    let signature = ours.sign(algorithm, message).unwrap();
    let read = Signature::<P>::decode(&signature.as_slice().try_into().unwrap()).unwrap();
    assert!(their_public.verify_with_context(message, &[], &read));
    assert!(!their_public.verify_with_context(message, b"context", &read));
    let signature = theirs
        .expanded_key()
        .sign_deterministic(message, &[])
        .unwrap()
        .encode();
    assert!(ours.verify(algorithm, message, &signature).unwrap());
    let signature = theirs
        .expanded_key()
        .sign_deterministic(message, b"context")
        .unwrap()
        .encode();
    assert!(!ours.verify(algorithm, message, &signature).unwrap());
}

#[test]
fn ml_dsa_keys_and_signatures_are_the_other_library_s() {
    check_ml_dsa::<MlDsa44>(MlDsaSet::MlDsa44);
    check_ml_dsa::<MlDsa65>(MlDsaSet::MlDsa65);
    check_ml_dsa::<MlDsa87>(MlDsaSet::MlDsa87);
}

#[test]
fn key_wrap_is_the_other_library_s() {
    let data: Vec<u8> = (0..200).collect();
    for (size, cipher) in [(OctSize::Bits128, &AES_128), (OctSize::Bits256, &AES_256)] {
        let bytes = &data[..size.bytes()];
        let ours = oct(bytes).unwrap();
        let kek = || AesKek::new(cipher, bytes).unwrap();
        for length in [16, 24, 32, 64, 200] {
            let (data, mut room) = (&data[..length], vec![0; length + 8]);
            let theirs = kek().wrap(data, &mut room).unwrap();
            for algorithm in [Algorithm::AesKw(size), Algorithm::CkmAesKeyWrap] {
                assert_eq!(ours.wrap_key(algorithm, data).unwrap(), theirs);
                assert_eq!(*ours.unwrap_key(algorithm, theirs).unwrap(), data);
            }
        }
        for length in [1, 7, 8, 9, 16, 31, 199] {
            let (data, mut room) = (&data[..length], vec![0; length + 15]);
            let theirs = kek().wrap_with_padding(data, &mut room).unwrap();
            let algorithm = Algorithm::CkmAesKeyWrapPad;
            assert_eq!(ours.wrap_key(algorithm, data).unwrap(), theirs);
            assert_eq!(*ours.unwrap_key(algorithm, theirs).unwrap(), data);
        }
    }
}
