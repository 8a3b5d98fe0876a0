//! Key material, and every algorithm on it.
//!
//! ```text
//!   KeySpec ------ generate --\
//!   PrivateJwk --- import ------> KeyProvider --> Key = PublicKey + PrivatePart (the provider's own type)
//!   sealed bytes - open ------/                    |
//!                                                 encrypt, decrypt, wrap, unwrap, sign, verify, release, to_bytes
//! ```
//!
//! Pure values and functions of them: no HTTP, no store, no clock, no policy. Whether a key may do an operation (its
//! `key_ops`, its dates, who asks) is decided elsewhere; here is what it can do.
//!
//! Its rooms, each standing on those before it:
//!
//! | room | what it holds |
//! |---|---|
//! | [`key_type`], [`operation`], [`hash`], [`algorithm`], [`member`] | the names of the wire, parsed once, and what fits what |
//! | `object_identifier` | the names that DER has for algorithms and curves |
//! | [`error`] | why an operation was refused, in the sentences that Azure uses |
//! | [`spec`], [`jwk`] | what to generate; what to import |
//! | [`public`] | public keys: their JWK members, encryption and verification |
//! | [`release`] | who a private key may be released to, and how it is encrypted on its way |
//! | [`private`] | what a provider offers with a private part |
//! | [`key`] | a key ready for use, which checks every rule before it calls either |
//! | [`provider`] | who makes keys |
//! | [`software`] | the provider that computes in this process; private keys in DER, as files hold them |
//!
//! Which library computes what:
//!
//! | algorithm | library |
//! |---|---|
//! | RSA generation with e = 65537, PKCS#1 v1.5 and PSS signatures, OAEP, encryption with PKCS#1 v1.5 | aws-lc-rs |
//! | ECDSA on P-256, P-384, P-521 and P-256K | aws-lc-rs |
//! | AES-GCM, AES-CBC, HMAC, ML-DSA (no context, no external mu), random bytes | aws-lc-rs |
//! | PKCS#7 padding of AES-CBC | here, because that of aws-lc-rs leaves its check at the first wrong byte |
//! | decryption with PKCS#1 v1.5 (`RSA1_5`) | `rsa`, which rejects implicitly; aws-lc-rs tells good padding from bad |
//! | RSA generation with another e; the CRT members that an imported key lacks | `rsa` |
//! | whether an imported p and q are primes | `crypto-primes`, on which `rsa` stands |
//! | private keys in DER | here RSA and ML-DSA; aws-lc-rs EC, since it computes the public key that may not be there |
//! | AES key wrap, RFC 3394 and RFC 5649 | `aes-kw`; aws-lc-rs has no 192-bit key wrap |
//!
//! Invariants:
//! - a private part lies in the provider's own type only, wiped when dropped, and prints as nothing;
//! - a refused key leaves nothing behind, and a [`Key`] that exists is consistent;
//! - what a stranger sends is bounded by [`limits`] before anything is computed;
//! - no check of a padding, tag or MAC takes a time that depends on where it fails.
//!
//! This crate must not depend on tokio, axum, tonic or kube.

pub mod algorithm;
pub mod error;
pub mod hash;
pub mod jwk;
pub mod key;
pub mod key_type;
mod key_wrap;
pub mod limits;
pub mod member;
mod object_identifier;
pub mod operation;
pub mod private;
pub mod provider;
pub mod public;
pub mod release;
pub mod software;
pub mod spec;

pub use algorithm::Algorithm;
pub use error::{BadKey, KeyError};
pub use hash::Hash;
pub use jwk::PrivateJwk;
pub use key::Key;
pub use key_type::{Curve, KeyKind, KeyType, MlDsaSet, OctSize, RsaSize, UnknownName};
pub use member::Member;
pub use operation::{KeyOperation, KeyOperations};
pub use private::{Ciphertext, Encrypted, Plaintext, PrivatePart};
pub use provider::KeyProvider;
pub use public::{PublicJwk, PublicKey, PublicMembers};
pub use release::{Recipient, ReleaseEncryption};
pub use software::{
    Software,
    private_key_der::{PrivateKeyDer, PrivateKeyDerError},
};
pub use spec::{KeySpec, RequestedKey};
