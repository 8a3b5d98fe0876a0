//! Private keys: the members of a JWK, DER as files hold it, and the form in which they are kept.

use rsa::{
    BoxedUint,
    traits::{PrivateKeyParts as _, PublicKeyParts as _},
};
use strongroom_keys::{
    Algorithm, Curve, Key, KeyKind, KeyOperation, KeyProvider as _, Member, MlDsaSet, PrivateJwk,
    PrivateKeyDer, PublicMembers, Software,
};
use zeroize::Zeroizing;

use crate::{Seed, Verdict, input::chosen};

/// The members that an input can name, by their place.
const MEMBERS: [Member; 13] = [
    Member::N,
    Member::E,
    Member::D,
    Member::P,
    Member::Q,
    Member::Dp,
    Member::Dq,
    Member::Qi,
    Member::X,
    Member::Y,
    Member::K,
    Member::Pub,
    Member::Priv,
];

/// The choice of a sealed form, behind those of the kinds of JWKs; the three after it are of DER.
const SEALED: usize = KeyKind::ALL.len();
const PKCS8: usize = SEALED + 1;
const PKCS1: usize = SEALED + 2;
const SEC1: usize = SEALED + 3;

/// The first byte chooses: a JWK of one kind, a sealed form, or DER of one form.
///
/// - A form is opened only where it is the one form of the key that it makes.
/// - A key that is imported is whole: its form opens as the same key, it shows the members that were given, and what it
///   signs it verifies.
pub fn private_key(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    let read = match usize::from(*choice) % (SEC1 + 1) {
        SEALED => return opened(input),
        PKCS8 => PrivateKeyDer::Pkcs8(input).to_jwk(),
        PKCS1 => PrivateKeyDer::Pkcs1(input).to_jwk(),
        SEC1 => PrivateKeyDer::Sec1(input).to_jwk(),
        kind => Ok(jwk(KeyKind::ALL[kind], input)),
    };
    let Ok(jwk) = read else {
        return Verdict::Refused;
    };
    let imported = Software.import(&jwk);
    if let Ok(key) = &imported {
        let again = Software.open(&key.to_bytes().unwrap()).unwrap();
        assert_eq!(again.public().members(), key.public().members());
        must_show(key, &jwk);
        must_work(key);
    }
    Verdict::of(&imported)
}

fn opened(input: &[u8]) -> Verdict {
    let opened = Software.open(input);
    if let Ok(key) = &opened {
        assert_eq!(key.to_bytes().unwrap().as_slice(), input, "two forms of one key");
        must_work(key);
    }
    Verdict::of(&opened)
}

/// Behind two bytes that choose curve and parameter set: for each member its place, its length in two bytes, and its bytes.
fn jwk(kind: KeyKind, input: &[u8]) -> PrivateJwk {
    let mut jwk = PrivateJwk::new(kind);
    let [curve, set, rest @ ..] = input else {
        return jwk;
    };
    let mut rest = rest;
    jwk.curve = Curve::ALL.get(usize::from(*curve)).copied();
    jwk.parameter_set = MlDsaSet::ALL.get(usize::from(*set)).copied();
    while let [place, high, low, members @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(members.len());
        let (bytes, after) = members.split_at(length);
        let member = MEMBERS[usize::from(*place) % MEMBERS.len()];
        jwk.set(member, Zeroizing::new(bytes.to_vec()));
        rest = after;
    }
    jwk
}

/// What it shows is what was given, numbers without their leading zeros.
fn must_show(key: &Key, jwk: &PrivateJwk) {
    let is = |member, shown: &[u8]| {
        let given = jwk.get(member);
        given.is_none_or(|given| trimmed(given) == trimmed(shown))
    };
    let shows = match key.public().members() {
        PublicMembers::Rsa { n, e } => is(Member::N, n) && is(Member::E, e),
        PublicMembers::Ec { x, y, .. } => is(Member::X, x) && is(Member::Y, y),
        PublicMembers::Akp { public, .. } => is(Member::Pub, public),
        PublicMembers::Oct(_) => true,
    };
    assert!(shows, "a key shows other members than were given");
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// It signs with the first algorithm of its type, and verifies that.
fn must_work(key: &Key) {
    let suits =
        |algorithm: &Algorithm| algorithm.suits(key.key_type()) && algorithm.serves(KeyOperation::Sign);
    let algorithm = Algorithm::ALL.into_iter().find(suits).unwrap();
    let message = vec![7; algorithm.digest_length().unwrap_or(3)];
    let signature = key.sign(algorithm, &message).unwrap();
    assert!(
        key.verify(algorithm, &message, &signature).unwrap(),
        "a key that does not verify what it signed"
    );
}

/// The primes of a key of 2,048 bits that protects nothing.
const P: &str = concat!(
    "ff0244540f350aae728b9e127a5cce1fb294aa8a2860d3f686acff1c0484b766",
    "02e426b5da019628fbc43835703aa2276163d1b5a7d1ff24ece24a8a8aaaa206",
    "4d382ab65b90b7f0873e7b6befe5ccb84ef73d2c3a6c20a02ac361dc1378120d",
    "60495a45c1bc16aa3740826674aa4e9267b5653248189cd6db70e01adcd8727f",
);
const Q: &str = concat!(
    "be0e6c0c4448f1484ec268a32450dc4d035463704409216931fb816c4cd6014f",
    "15e3d5f8e3dc2eaaca704570d1f646834ea8f19277921650b9f403360f3c3b84",
    "0d38c77ebc6a9f6f54ae925b45eca1ea0b5391009de67cfe69e386b3a3b1e653",
    "19b5424a89c4dfdce341b3286361fb3e13d36f6853223ea67e282f5a1d3e10c9",
);
/// The base point of P-256, which is the public key of the scalar 1 (FIPS 186-4, D.1.2.3).
const X: &str = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
const Y: &str = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

/// The members of an RSA key.
pub(crate) fn rsa_members() -> Vec<(Member, Vec<u8>)> {
    let prime = |hex: &str| BoxedUint::from_be_hex(hex, 1024).unwrap();
    let key = rsa::PrivateKey::from_p_q(prime(P), prime(Q), BoxedUint::from(65_537_u64)).unwrap();
    let [p, q] = key.primes() else {
        panic!("an RSA key of two primes");
    };
    vec![
        (Member::N, key.n_bytes().to_vec()),
        (Member::E, key.e_bytes().to_vec()),
        (Member::D, key.d().to_be_bytes().to_vec()),
        (Member::P, p.to_be_bytes().to_vec()),
        (Member::Q, q.to_be_bytes().to_vec()),
    ]
}

fn ec_members() -> Vec<(Member, Vec<u8>)> {
    [(Member::X, X), (Member::Y, Y), (Member::D, "01")]
        .map(|(member, hex)| (member, number(hex)))
        .to_vec()
}

fn number(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// An input with these members, on the first curve or of the first parameter set.
fn input(kind: KeyKind, members: &[(Member, Vec<u8>)]) -> Vec<u8> {
    const NONE: u8 = 0xff;
    let mut input = match kind {
        KeyKind::Ec => vec![0, NONE],
        KeyKind::Akp => vec![NONE, 0],
        KeyKind::Rsa | KeyKind::Oct => vec![NONE, NONE],
    };
    for (member, bytes) in members {
        let place = MEMBERS.iter().position(|known| known == member).unwrap();
        input.push(u8::try_from(place).unwrap());
        input.extend_from_slice(&u16::try_from(bytes.len()).unwrap().to_be_bytes());
        input.extend_from_slice(bytes);
    }
    let place = KeyKind::ALL.iter().position(|known| *known == kind).unwrap();
    chosen(u8::try_from(place).unwrap(), &input)
}

/// The sealed form of the key with these members, on the first curve or of the first parameter set.
fn form(kind: KeyKind, members: &[(Member, Vec<u8>)]) -> Vec<u8> {
    let mut made = PrivateJwk::new(kind);
    (made.curve, made.parameter_set) = match kind {
        KeyKind::Ec => (Some(Curve::P256), None),
        KeyKind::Akp => (None, Some(MlDsaSet::MlDsa44)),
        KeyKind::Rsa | KeyKind::Oct => (None, None),
    };
    for (member, bytes) in members {
        made.set(*member, Zeroizing::new(bytes.clone()));
    }
    Software.import(&made).unwrap().to_bytes().unwrap().to_vec()
}

/// An input of one of the choices that are no kind.
fn of(choice: usize, bytes: &[u8]) -> Vec<u8> {
    chosen(u8::try_from(choice).unwrap(), bytes)
}

/// The scalar 1 on P-256 with its public key, in SEC 1.
fn sec1() -> Vec<u8> {
    let scalar = format!("{:064x}", 1);
    number(&format!(
        "30770201010420{scalar}a00a06082a8648ce3d030107a14403420004{X}{Y}"
    ))
}

/// The key of Ed25519 of RFC 8410, section 10.3: no vault keeps one.
const ED25519: &str =
    "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842";
/// PKCS#8 of the seed of zeros, of ML-DSA-44 (RFC 9881, 6).
const ML_DSA: &str = "3034020100300b06096086480165030403110422\
                      80200000000000000000000000000000000000000000000000000000000000000000";

/// Keys in DER, and what is none.
fn der_seeds(rsa: &[(Member, Vec<u8>)]) -> Vec<Seed> {
    // Two bytes of type stand before PKCS#8, in which 26 stand before PKCS#1.
    let form = form(KeyKind::Rsa, rsa);
    let mut altered = sec1();
    altered[100] ^= 1;
    vec![
        Seed::taken("pkcs8-rsa", of(PKCS8, &form[2..])),
        Seed::taken("pkcs8-akp", of(PKCS8, &number(ML_DSA))),
        Seed::taken("pkcs1", of(PKCS1, &form[28..])),
        Seed::taken("sec1", of(SEC1, &sec1())),
        Seed::refused("pkcs8-ed25519", of(PKCS8, &number(ED25519))),
        Seed::refused("sec1-altered", of(SEC1, &altered)),
    ]
}

/// A JWK and a form of each kind, DER, and some that are none.
pub fn seeds() -> Vec<Seed> {
    let (rsa, ec) = (rsa_members(), ec_members());
    let (oct, akp) = (vec![(Member::K, vec![7; 24])], vec![(Member::Priv, vec![5; 32])]);
    let sealed = |kind, members: &[(Member, Vec<u8>)]| of(SEALED, &form(kind, members));
    let off_curve = [
        (Member::X, number(X)),
        (Member::Y, number(X)),
        (Member::D, vec![1]),
    ];
    let mut altered = sealed(KeyKind::Ec, &ec);
    altered[40] ^= 1;
    let mut seeds = vec![
        Seed::taken("jwk-rsa", input(KeyKind::Rsa, &rsa)),
        Seed::taken("jwk-ec", input(KeyKind::Ec, &ec)),
        Seed::taken("jwk-oct", input(KeyKind::Oct, &oct)),
        Seed::taken("jwk-akp", input(KeyKind::Akp, &akp)),
        Seed::refused("jwk-foreign-member", input(KeyKind::Oct, &ec)),
        Seed::refused("jwk-off-curve", input(KeyKind::Ec, &off_curve)),
        Seed::refused("jwk-without-primes", input(KeyKind::Rsa, &rsa[..3])),
        Seed::taken("form-rsa", sealed(KeyKind::Rsa, &rsa)),
        Seed::taken("form-ec", sealed(KeyKind::Ec, &ec)),
        Seed::taken("form-oct", sealed(KeyKind::Oct, &oct)),
        Seed::taken("form-akp", sealed(KeyKind::Akp, &akp)),
        Seed::refused("form-altered", altered),
    ];
    seeds.extend(der_seeds(&rsa));
    seeds
}
