//! What a policy says of the key: the member `key_props`.

use strongroom_keys::{Curve, KeyKind, KeySpec, KeyType, RsaSize};

use super::{error::PolicyError, member::Member, object::Object};

/// What a policy says of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyProperties {
    /// Whether the private key leaves the vault, in the secret of the certificate.
    pub exportable: bool,
    /// The key.
    pub key: CertificateKey,
    /// Whether the next version has the same key.
    pub reuse_key: bool,
}

/// A key that a certificate can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKey {
    /// RSA with a modulus of that size.
    Rsa(RsaSize),
    /// A key on that curve.
    Ec {
        /// The curve.
        curve: Curve,
        /// Whether the policy tells the size too: only where its author did.
        tells_size: bool,
    },
}

impl Default for CertificateKey {
    fn default() -> Self {
        Self::Rsa(RsaSize::Bits2048)
    }
}

impl Default for KeyProperties {
    fn default() -> Self {
        Self {
            exportable: true,
            key: CertificateKey::default(),
            reuse_key: false,
        }
    }
}

impl CertificateKey {
    /// The key of that type, if a certificate can have it.
    pub fn of_type(key_type: KeyType) -> Option<Self> {
        match key_type {
            KeyType::Rsa(size) => Some(Self::Rsa(size)),
            KeyType::Ec(curve) => Some(Self::Ec {
                curve,
                tells_size: true,
            }),
            KeyType::Oct(_) | KeyType::Akp(_) => None,
        }
    }

    /// What to generate.
    pub const fn spec(self) -> KeySpec {
        KeySpec::new(match self {
            Self::Rsa(size) => KeyType::Rsa(size),
            Self::Ec { curve, .. } => KeyType::Ec(curve),
        })
    }

    /// The value of `kty`.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Rsa(_) => KeyKind::Rsa,
            Self::Ec { .. } => KeyKind::Ec,
        }
    }

    /// The value of `key_size` in bits, where the policy tells it.
    pub fn size(self) -> Option<usize> {
        match self {
            Self::Rsa(size) => Some(size.bits()),
            Self::Ec { curve, tells_size } => tells_size.then_some(bits(curve) as usize),
        }
    }

    /// The value of `crv`, which RSA has not.
    pub const fn curve(self) -> Option<Curve> {
        match self {
            Self::Rsa(_) => None,
            Self::Ec { curve, .. } => Some(curve),
        }
    }
}

/// The bits of a key on that curve, as `key_size` tells them.
const fn bits(curve: Curve) -> u32 {
    match curve {
        Curve::P256 | Curve::P256K => 256,
        Curve::P384 => 384,
        Curve::P521 => 521,
    }
}

/// What a request says of the key.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KeyBody {
    exportable: Option<bool>,
    kind: Option<KeyKind>,
    size: Option<u32>,
    reuse_key: Option<bool>,
    curve: Option<Curve>,
}

impl KeyBody {
    pub(super) fn read(object: Object<'_>) -> Result<Self, PolicyError> {
        let kind = |name: &str| match name.parse() {
            Ok(kind @ (KeyKind::Rsa | KeyKind::Ec)) => Some(kind),
            Ok(KeyKind::Oct | KeyKind::Akp) | Err(_) => None,
        };
        Ok(Self {
            exportable: object.flag(Member::Exportable)?,
            kind: object.named(Member::KeyType, kind)?,
            size: object.number(Member::KeySize, 0, u32::MAX)?,
            reuse_key: object.flag(Member::ReuseKey)?,
            curve: object.named(Member::Curve, |name| name.parse().ok())?,
        })
    }

    /// The same without the key itself, which an imported certificate brings.
    pub(super) fn without_key(self) -> Self {
        Self {
            kind: None,
            size: None,
            curve: None,
            ..self
        }
    }

    /// What holds after it is merged into what held before.
    pub(super) fn onto(self, before: KeyProperties) -> Result<KeyProperties, PolicyError> {
        let kind = self.kind.unwrap_or(before.key.kind());
        Ok(KeyProperties {
            exportable: self.exportable.unwrap_or(before.exportable),
            key: if kind == KeyKind::Rsa {
                self.onto_rsa(before.key)?
            } else {
                self.onto_ec(before.key)?
            },
            reuse_key: self.reuse_key.unwrap_or(before.reuse_key),
        })
    }

    /// A curve says nothing of RSA.
    fn onto_rsa(self, before: CertificateKey) -> Result<CertificateKey, PolicyError> {
        let size = match (self.size, before) {
            (Some(size), _) => {
                usize::try_from(size)
                    .ok()
                    .and_then(RsaSize::from_bits)
                    .ok_or(PolicyError::KeySize {
                        kind: KeyKind::Rsa,
                        size,
                    })?
            }
            (None, CertificateKey::Rsa(size)) => size,
            (None, CertificateKey::Ec { .. }) => RsaSize::Bits2048,
        };
        Ok(CertificateKey::Rsa(size))
    }

    /// The curve decides. Where only a size is told, it is that of the NIST curve, unless the curve before has it too.
    fn onto_ec(self, before: CertificateKey) -> Result<CertificateKey, PolicyError> {
        let told_before = matches!(before, CertificateKey::Ec { tells_size: true, .. });
        let Some(size) = self.size else {
            return Ok(CertificateKey::Ec {
                curve: self.curve.or(before.curve()).unwrap_or(Curve::P256),
                tells_size: told_before,
            });
        };
        let of_size = [Curve::P256, Curve::P384, Curve::P521]
            .into_iter()
            .find(|curve| bits(*curve) == size)
            .ok_or(PolicyError::KeySize {
                kind: KeyKind::Ec,
                size,
            })?;
        let kept = before.curve().filter(|curve| bits(*curve) == size);
        let curve = self.curve.or(kept).unwrap_or(of_size);
        if bits(curve) != size {
            return Err(PolicyError::KeySizeOfCurve { curve, size });
        }
        Ok(CertificateKey::Ec {
            curve,
            tells_size: true,
        })
    }
}
