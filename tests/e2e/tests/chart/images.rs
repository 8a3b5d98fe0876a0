//! Which images run: those of the registry that was given, and by digest where one was given.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::render::{VERSIONS, helm, pods, render};

/// Every image of ours that the chart or its operator runs, by the last part of its name.
fn images(objects: &[Value]) -> BTreeMap<String, String> {
    let mut images = BTreeMap::new();
    for pod in pods(objects) {
        for container in pod["spec"]["template"]["spec"]["containers"].as_array().unwrap() {
            let arguments = container["args"].as_array().into_iter().flatten();
            let of_vaults =
                arguments.filter_map(|argument| argument.as_str()?.strip_prefix("--vault-image="));
            for image in of_vaults.chain(container["image"].as_str()) {
                let name = image
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .split([':', '@'])
                    .next()
                    .unwrap();
                let known = images.insert(name.to_owned(), image.to_owned());
                assert!(
                    known.is_none_or(|known| known == image),
                    "{name} runs as two images"
                );
            }
        }
    }
    images
}

fn expected(registry: &str, versions: [&str; 4]) -> BTreeMap<String, String> {
    let names = ["csi", "identity", "operator", "vault"].into_iter().zip(versions);
    names
        .map(|(name, version)| (name.to_owned(), format!("{registry}/{name}{version}")))
        .collect()
}

#[test]
fn every_image_is_of_the_registry_that_was_given() {
    let release = ":0.1.0";
    let default = images(&render("defaults", VERSIONS[2]));
    assert_eq!(default, expected("registry.example.com/default", [release; 4]));
}

#[test]
fn a_digest_takes_the_place_of_the_tag_of_its_image_alone() {
    let [vault, operator, identity] = ["a", "b", "c"].map(|letter| format!("@sha256:{}", letter.repeat(64)));
    let versions = [":1.2.3", identity.as_str(), operator.as_str(), vault.as_str()];
    let images = images(&render("digests", VERSIONS[2]));
    assert_eq!(images, expected("registry.example.com/strongroom", versions));
}

/// The driver is privileged on every node: the owner of the name of a default would have the cluster.
#[test]
fn nothing_is_installed_from_a_registry_that_nobody_named() {
    let output = helm(&["template", "strongroom", "charts/strongroom"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "the chart has a default");
    assert!(
        error.contains("at '/image': missing property 'registry'"),
        "{error}"
    );
}
