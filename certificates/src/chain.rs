//! Which of several certificates is that of a key, and in which order they belong.

use strongroom_keys::PublicKey;

use crate::certificate::Certificate;

/// The most certificates of one chain.
pub const LONGEST: usize = 100;

/// Why certificates are no chain of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// None of them has the key.
    #[error("none of the certificates has the public key of the private key")]
    NoLeaf,
    /// Several different ones have the key.
    #[error("several certificates have the public key of the private key, and only one may")]
    SeveralLeaves,
    /// There are more than [`LONGEST`].
    #[error("there are {0} certificates, and at most 100 are allowed")]
    TooLong(usize),
}

/// The order of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainOrder {
    /// The certificate of the key, then whoever signed the one before, then those that signed none of them, as given.
    LeafFirst,
    /// As given (`preserveCertOrder`).
    Preserved,
}

impl ChainOrder {
    /// The order that `preserveCertOrder` asks for; leaf first where nobody said.
    pub fn of(preserved: Option<bool>) -> Self {
        if preserved == Some(true) {
            Self::Preserved
        } else {
            Self::LeafFirst
        }
    }
}

/// The certificate of a key with those that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    certificates: Vec<Certificate>,
    leaf: Certificate,
}

impl Chain {
    /// Finds the certificate of the key, of which there must be exactly one, and puts all in order. Those that are there
    /// twice are taken once.
    pub fn of(
        key: &PublicKey,
        certificates: Vec<Certificate>,
        order: ChainOrder,
    ) -> Result<Self, ChainError> {
        let different = different(certificates)?;
        let mut leaves = different
            .iter()
            .filter(|certificate| certificate.has_public_key(key));
        let leaf = leaves.next().ok_or(ChainError::NoLeaf)?.clone();
        if leaves.next().is_some() {
            return Err(ChainError::SeveralLeaves);
        }
        let certificates = match order {
            ChainOrder::Preserved => different,
            ChainOrder::LeafFirst => leaf_first(&leaf, different),
        };
        Ok(Self { certificates, leaf })
    }

    /// The same where nobody has the key, leaf first: the certificate that looks as if it signed none of the others is that of
    /// the key; where there are several of these, or none, it is the first.
    pub fn of_unknown_key(certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        let different = different(certificates)?;
        let signed_none = |certificate: &&Certificate| {
            let mut others = different.iter().filter(|other| other != certificate);
            !others.any(|other| other.may_be_signed_by(certificate))
        };
        let leaf = different.iter().find(signed_none).or(different.first());
        let leaf = leaf.ok_or(ChainError::NoLeaf)?.clone();
        let certificates = leaf_first(&leaf, different);
        Ok(Self { certificates, leaf })
    }

    /// The certificate of the key.
    pub const fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// All, in order.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

/// Each of the certificates once.
fn different(certificates: Vec<Certificate>) -> Result<Vec<Certificate>, ChainError> {
    if certificates.len() > LONGEST {
        return Err(ChainError::TooLong(certificates.len()));
    }
    let mut different: Vec<Certificate> = Vec::new();
    for certificate in certificates {
        if !different.contains(&certificate) {
            different.push(certificate);
        }
    }
    Ok(different)
}

fn leaf_first(leaf: &Certificate, mut rest: Vec<Certificate>) -> Vec<Certificate> {
    let mut ordered: Vec<Certificate> = Vec::with_capacity(rest.len());
    let mut next = rest.iter().position(|certificate| certificate == leaf);
    while let Some(position) = next {
        let last = rest.remove(position);
        next = rest.iter().position(|issuer| last.may_be_signed_by(issuer));
        ordered.push(last);
    }
    ordered.append(&mut rest);
    ordered
}
