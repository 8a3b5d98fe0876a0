//! The API server itself refuses what breaks a rule, with a sentence, also where it ignores unknown fields.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, PostParams},
    core::GroupVersionKind,
};
use strongroom_tests::cluster::{Cluster, apply};

/// Applies one object as `kubectl create --validate=ignore` would; dry, so that nothing stays.
async fn create(cluster: &Cluster, namespace: &str, text: &str) -> Result<Result<(), String>> {
    let object = apply::parse(text)?.pop().context("an empty file")?;
    let mut object: DynamicObject = serde_json::from_value(object)?;
    let types = object.types.clone().context("no kind")?;
    let kind = GroupVersionKind::try_from(&types)?;
    object.metadata.namespace = Some(namespace.to_owned());
    let api: Api<DynamicObject> =
        Api::namespaced_with(cluster.client(), namespace, &ApiResource::from_gvk(&kind));
    let params = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    Ok(match api.create(&params, &object).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) => Err(status.message.clone()),
        Err(other) => return Err(other.into()),
    })
}

fn files(directory: &str) -> Result<Vec<(String, String)>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crds/tests")
        .join(directory);
    let mut files = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("{}", directory.display()))? {
        let path = entry?.path();
        files.push((path.display().to_string(), fs::read_to_string(&path)?));
    }
    ensure!(!files.is_empty(), "no files in {}", directory.display());
    Ok(files)
}

#[tokio::test]
async fn specs_that_break_a_rule_are_refused_with_a_sentence() -> Result<()> {
    let cluster = Cluster::connect().await?;
    cluster
        .in_namespace("refused", |namespace| async move {
            let cluster = Cluster::connect().await?;
            for (path, text) in files("refused")? {
                let expected = text
                    .lines()
                    .next()
                    .and_then(|line| line.strip_prefix("# refused: "));
                let expected =
                    expected.with_context(|| format!("{path} does not begin with `# refused: `"))?;
                let message = create(&cluster, &namespace.name, &text).await?.err();
                let message = message.with_context(|| format!("{path} was accepted"))?;
                ensure!(message.contains(expected.trim()), "{path}: {message}");
            }
            Ok(())
        })
        .await
}

#[tokio::test]
async fn specs_that_keep_every_rule_are_accepted() -> Result<()> {
    let cluster = Cluster::connect().await?;
    cluster
        .in_namespace("accepted", |namespace| async move {
            let cluster = Cluster::connect().await?;
            for (path, text) in files("accepted")? {
                let outcome = create(&cluster, &namespace.name, &text).await?;
                ensure!(outcome.is_ok(), "{path}: {outcome:?}");
            }
            Ok(())
        })
        .await
}
