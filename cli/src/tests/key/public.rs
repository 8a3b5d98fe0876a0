use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    ML_DSA_44, ML_DSA_65, ML_DSA_87, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};

use crate::tests::world::World;

/// What the parser of the library makes of a `SubjectPublicKeyInfo`, and what the vault signs, belong together.
#[tokio::test]
async fn the_pem_of_a_key_is_read_by_others_and_verifies_what_the_key_signs() {
    let world = World::start().await;
    let data = world.file("data", b"message");
    let cases: [(&str, &str, &'static dyn VerificationAlgorithm); 8] = [
        ("RSA --size 2048", "RS256", &RSA_PKCS1_2048_8192_SHA256),
        ("EC", "ES256", &ECDSA_P256_SHA256_FIXED),
        ("EC --curve P-384", "ES384", &ECDSA_P384_SHA384_FIXED),
        ("EC --curve P-521", "ES512", &ECDSA_P521_SHA512_FIXED),
        ("EC --curve P-256K", "ES256K", &ECDSA_P256K1_SHA256_FIXED),
        ("AKP --parameter-set ML-DSA-44", "ML-DSA-44", &ML_DSA_44),
        ("AKP --parameter-set ML-DSA-65", "ML-DSA-65", &ML_DSA_65),
        ("AKP --parameter-set ML-DSA-87", "ML-DSA-87", &ML_DSA_87),
    ];
    for (kind, algorithm, verification) in cases {
        world.run(&format!("key create k --type {kind}")).await;
        let text = world.run("key show k -o pem").await;
        assert!(text.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{text}");
        assert!(text.ends_with("-----END PUBLIC KEY-----\n"), "{text}");
        let parsed = pem::parse(&text).unwrap();
        assert_eq!(parsed.tag(), "PUBLIC KEY");
        let signature = world
            .bytes(&format!("key sign k --algorithm {algorithm} -f {data}"))
            .await;
        let public = ParsedPublicKey::new(verification, parsed.contents()).unwrap();
        public.verify_sig(b"message", &signature).unwrap();
        assert!(public.verify_sig(b"another", &signature).is_err(), "{kind}");
    }
}

#[tokio::test]
async fn the_jwk_of_a_key_is_its_public_part_and_a_symmetric_key_has_none_as_pem() {
    let world = World::start().await;
    world.run("key create rsa --type RSA").await;
    let jwk: serde_json::Value = serde_json::from_str(&world.run("key show rsa -o jwk").await).unwrap();
    assert_eq!((&jwk["kty"], &jwk["e"]), (&"RSA".into(), &"AQAB".into()));
    assert!(jwk.get("attributes").is_none() && jwk.get("d").is_none(), "{jwk}");
    let text = world.run("key show rsa").await;
    assert!(text.contains("\nType:        RSA, 2048 bits\n"), "{text}");
    world.run("key create oct --type oct").await;
    assert_eq!(
        world.refusal("key show oct -o pem").await.to_string(),
        "key oct is symmetric and has no public part"
    );
}
