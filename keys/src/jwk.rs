//! A private key as a JWK brings it: members as bytes, none of them believed yet.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    error::BadKey,
    key_type::{Curve, KeyKind, MlDsaSet},
    limits,
    member::Member,
};

/// The members of a private JWK, decoded from base64url and not yet checked. They are wiped when dropped.
pub struct PrivateJwk {
    /// `kty`.
    pub kind: KeyKind,
    /// `crv`, which an EC key has.
    pub curve: Option<Curve>,
    /// `alg`, as far as it names a parameter set of ML-DSA.
    pub parameter_set: Option<MlDsaSet>,
    members: Vec<(Member, Zeroizing<Vec<u8>>)>,
}

impl PrivateJwk {
    /// A JWK of that kind without members.
    pub const fn new(kind: KeyKind) -> Self {
        Self {
            kind,
            curve: None,
            parameter_set: None,
            members: Vec::new(),
        }
    }

    /// Sets a member; one of the same name is replaced.
    pub fn set(&mut self, member: Member, bytes: Zeroizing<Vec<u8>>) -> &mut Self {
        self.members.retain(|(name, _)| *name != member);
        self.members.push((member, bytes));
        self
    }

    /// A member as it was sent.
    pub fn get(&self, member: Member) -> Option<&[u8]> {
        self.members
            .iter()
            .find(|(name, _)| *name == member)
            .map(|(_, bytes)| bytes.as_slice())
    }

    /// Every member as it was sent.
    pub fn members(&self) -> impl Iterator<Item = (Member, &[u8])> {
        self.members.iter().map(|(name, bytes)| (*name, bytes.as_slice()))
    }

    /// Refuses members of other kinds of keys, and those that are too long to be anything.
    pub fn check_members(&self) -> Result<(), BadKey> {
        if self.curve.is_some() && self.kind != KeyKind::Ec {
            return Err(BadKey::Foreign(Member::Crv, self.kind));
        }
        for (member, bytes) in &self.members {
            if !members_of(self.kind).contains(member) {
                return Err(BadKey::Foreign(*member, self.kind));
            }
            if bytes.len() > limits::JWK_MEMBER {
                return Err(BadKey::TooLong(*member));
            }
        }
        Ok(())
    }

    /// A number without its leading zeros, if the member is there; an empty one is none.
    pub fn number(&self, member: Member) -> Option<&[u8]> {
        let bytes = self.get(member)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.get(zeros..).filter(|_| !bytes.is_empty())
    }

    /// A number that the key must have, without its leading zeros.
    pub fn needed_number(&self, member: Member) -> Result<&[u8], BadKey> {
        self.number(member).ok_or(BadKey::Missing(member, self.kind))
    }

    /// Bytes that the key must have, as they are.
    pub fn needed_bytes(&self, member: Member) -> Result<&[u8], BadKey> {
        self.get(member).ok_or(BadKey::Missing(member, self.kind))
    }
}

const fn members_of(kind: KeyKind) -> &'static [Member] {
    match kind {
        KeyKind::Rsa => &[
            Member::N,
            Member::E,
            Member::D,
            Member::P,
            Member::Q,
            Member::Dp,
            Member::Dq,
            Member::Qi,
        ],
        KeyKind::Ec => &[Member::X, Member::Y, Member::D],
        KeyKind::Oct => &[Member::K],
        KeyKind::Akp => &[Member::Pub, Member::Priv],
    }
}

impl fmt::Debug for PrivateJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.members.iter().map(|(member, _)| member.name()).collect();
        f.debug_struct("PrivateJwk")
            .field("kind", &self.kind)
            .field("members", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(kind: KeyKind, member: Member, bytes: &[u8]) -> PrivateJwk {
        let mut jwk = PrivateJwk::new(kind);
        jwk.set(member, Zeroizing::new(bytes.to_vec()));
        jwk
    }

    #[test]
    fn members_of_another_kind_are_refused() {
        for (kind, member) in [
            (KeyKind::Rsa, Member::K),
            (KeyKind::Rsa, Member::X),
            (KeyKind::Ec, Member::N),
            (KeyKind::Ec, Member::P),
            (KeyKind::Oct, Member::D),
            (KeyKind::Akp, Member::D),
        ] {
            let refused = with(kind, member, &[1]).check_members();
            assert_eq!(refused, Err(BadKey::Foreign(member, kind)));
        }
        let mut jwk = PrivateJwk::new(KeyKind::Rsa);
        jwk.curve = Some(Curve::P256);
        assert_eq!(
            jwk.check_members(),
            Err(BadKey::Foreign(Member::Crv, KeyKind::Rsa))
        );
    }

    #[test]
    fn a_member_of_endless_length_is_refused() {
        let jwk = with(KeyKind::Oct, Member::K, &vec![1; limits::JWK_MEMBER + 1]);
        assert_eq!(jwk.check_members(), Err(BadKey::TooLong(Member::K)));
    }

    #[test]
    fn leading_zeros_of_numbers_go_and_an_empty_number_is_none() {
        assert_eq!(
            with(KeyKind::Rsa, Member::N, &[0, 0, 7, 0]).number(Member::N),
            Some(&[7, 0][..])
        );
        assert_eq!(
            with(KeyKind::Rsa, Member::N, &[0]).number(Member::N),
            Some(&[][..])
        );
        assert_eq!(with(KeyKind::Rsa, Member::N, &[]).number(Member::N), None);
    }

    #[test]
    fn nothing_of_a_member_is_printed() {
        let mut jwk = with(KeyKind::Oct, Member::K, &[0xab; 16]);
        jwk.set(Member::K, Zeroizing::new(vec![0xcd; 16]));
        assert_eq!(
            format!("{jwk:?}"),
            r#"PrivateJwk { kind: Oct, members: ["k"], .. }"#
        );
    }
}
