//! Members of requests and of JWKs, by the names that the wire gives them.

use std::fmt;

/// A member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Member {
    /// What is encrypted, decrypted, wrapped, unwrapped or signed; in `verify`, the signature.
    Value,
    /// In `verify`, what was signed.
    Digest,
    /// The initialisation vector.
    Iv,
    /// The tag of GCM.
    Tag,
    /// The additional data of GCM.
    Aad,
    /// The size of a key in bits.
    KeySize,
    /// The public exponent of a key to generate.
    PublicExponent,
    /// The modulus of RSA.
    N,
    /// The public exponent of RSA.
    E,
    /// The private exponent of RSA; the private scalar of EC.
    D,
    /// The first prime of RSA.
    P,
    /// The second prime of RSA.
    Q,
    /// d mod (p - 1).
    Dp,
    /// d mod (q - 1).
    Dq,
    /// The inverse of q mod p.
    Qi,
    /// A symmetric key.
    K,
    /// The curve of EC.
    Crv,
    /// The first coordinate of EC.
    X,
    /// The second coordinate of EC.
    Y,
    /// The parameter set of ML-DSA.
    Alg,
    /// The public key of ML-DSA.
    Pub,
    /// The seed of ML-DSA.
    Priv,
}

impl Member {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Digest => "digest",
            Self::Iv => "iv",
            Self::Tag => "tag",
            Self::Aad => "aad",
            Self::KeySize => "key_size",
            Self::PublicExponent => "public_exponent",
            Self::N => "n",
            Self::E => "e",
            Self::D => "d",
            Self::P => "p",
            Self::Q => "q",
            Self::Dp => "dp",
            Self::Dq => "dq",
            Self::Qi => "qi",
            Self::K => "k",
            Self::Crv => "crv",
            Self::X => "x",
            Self::Y => "y",
            Self::Alg => "alg",
            Self::Pub => "pub",
            Self::Priv => "priv",
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
