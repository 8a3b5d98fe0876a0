use strongroom_certificates::{
    certificate::Certificate,
    chain::{Chain, ChainError, ChainOrder},
    issue,
    serial::Serial,
};
use strongroom_keys::{Curve, KeyType};

use crate::support::{Folder, P256, current, generate, generous, imported, key, serial};

/// A leaf of [`key`], the authority that signed it, and a stranger.
fn certificates() -> [Certificate; 3] {
    let authority = Folder::new().authority(generous(), &[]).unwrap();
    let leaf =
        issue::by_authority(&authority, key().public(), &current("CN=a.contoso.com"), serial()).unwrap();
    let other = generate(KeyType::Ec(Curve::P256));
    let stranger = issue::self_signed(&other, &current("CN=b"), serial()).unwrap();
    [
        Certificate::from_der(&leaf).unwrap(),
        authority.certificate().clone(),
        Certificate::from_der(&stranger).unwrap(),
    ]
}

#[test]
fn the_leaf_comes_first_then_its_issuers_then_the_rest() {
    let [leaf, root, stranger] = certificates();
    for given in [
        [&stranger, &root, &leaf],
        [&leaf, &stranger, &root],
        [&root, &leaf, &stranger],
    ] {
        let given: Vec<_> = given.into_iter().cloned().collect();
        let chain = Chain::of(key().public(), given.clone(), ChainOrder::LeafFirst).unwrap();
        assert_eq!(chain.leaf(), &leaf);
        assert_eq!(
            chain.certificates(),
            [leaf.clone(), root.clone(), stranger.clone()]
        );
        let chain = Chain::of(key().public(), given.clone(), ChainOrder::Preserved).unwrap();
        assert_eq!(chain.leaf(), &leaf);
        assert_eq!(chain.certificates(), given);
    }
}

#[test]
fn exactly_one_certificate_must_have_the_key() {
    let [leaf, root, stranger] = certificates();
    let of = |given: Vec<Certificate>| {
        Chain::of(key().public(), given, ChainOrder::LeafFirst).map(|chain| chain.certificates().len())
    };
    assert_eq!(of(vec![]), Err(ChainError::NoLeaf));
    assert_eq!(of(vec![root, stranger]), Err(ChainError::NoLeaf));
    assert_eq!(of(vec![leaf.clone(), leaf.clone()]), Ok(1));
    let again = issue::self_signed(&key(), &current("CN=c"), Serial::from_random([7; 16])).unwrap();
    let again = Certificate::from_der(&again).unwrap();
    assert_eq!(of(vec![leaf.clone(), again]), Err(ChainError::SeveralLeaves));
    assert_eq!(of(vec![leaf; 101]), Err(ChainError::TooLong(101)));
}

#[test]
fn the_issuer_is_found_by_its_key_where_two_have_its_name() {
    let [leaf, root, _] = certificates();
    let namesake = Folder::new().authority(generous(), &[]).unwrap();
    let namesake = namesake.certificate().clone();
    assert_eq!(namesake.subject(), root.subject());
    let given = vec![namesake.clone(), root.clone(), leaf.clone()];
    let chain = Chain::of(key().public(), given, ChainOrder::LeafFirst).unwrap();
    assert_eq!(chain.certificates(), [leaf, root, namesake]);
}

#[test]
fn a_longer_chain_is_put_in_order() {
    let folder = Folder::new();
    folder.write(
        "chain.cnf",
        b"[req]\ndistinguished_name = dn\n[dn]\n[ca]\nbasicConstraints = CA:TRUE\n",
    );
    let mut chain = Vec::new();
    let mut signed_by = String::new();
    for name in ["root", "middle", "low", "leaf"] {
        folder.openssl(&format!("genpkey {P256} -out {name}.key"));
        folder.openssl(&format!(
            "req -new -key {name}.key -subj /CN={name} -config chain.cnf -out {name}.csr"
        ));
        let signer = if signed_by.is_empty() {
            format!("-signkey {name}.key")
        } else {
            format!("-CA {signed_by}.pem -CAkey {signed_by}.key -set_serial 1")
        };
        folder.openssl(&format!(
            "x509 -req -in {name}.csr {signer} -extfile chain.cnf -extensions ca -days 1 -out {name}.pem"
        ));
        folder.openssl(&format!("x509 -in {name}.pem -outform DER -out {name}.der"));
        chain.insert(
            0,
            Certificate::from_der(&folder.read(&format!("{name}.der"))).unwrap(),
        );
        name.clone_into(&mut signed_by);
    }
    folder.openssl("pkcs8 -topk8 -nocrypt -in leaf.key -outform DER -out made.key");
    let leaf_key = imported(&folder.read("made.key"));
    let mut given = chain.clone();
    for _ in 0..given.len() {
        given.rotate_left(1);
        let ordered = Chain::of(leaf_key.public(), given.clone(), ChainOrder::LeafFirst).unwrap();
        assert_eq!(ordered.certificates(), chain);
    }
    given.reverse();
    let ordered = Chain::of(leaf_key.public(), given, ChainOrder::LeafFirst).unwrap();
    assert_eq!(ordered.certificates(), chain);
}
