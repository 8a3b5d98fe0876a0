//! The API server itself refuses what breaks a rule, with a sentence, also where it ignores unknown fields.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use kube::Client;
use serde_json::Value;
use strongroom_harness::{cluster::apply, testbed::Cluster};

/// One file of objects that are created or changed one after the other.
struct Example {
    path: String,
    /// A part of the answer to the last of them, where that is refused.
    answer: Option<String>,
    objects: Vec<Value>,
}

fn examples(directory: &str) -> Result<Vec<Example>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crds/tests")
        .join(directory);
    let mut examples = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("{}", directory.display()))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let first = text.lines().next().unwrap_or_default();
        examples.push(Example {
            path: path.display().to_string(),
            answer: first
                .strip_prefix("# refused: ")
                .map(|answer| answer.trim().to_owned()),
            objects: apply::parse(&text)?,
        });
    }
    ensure!(!examples.is_empty(), "no files in {}", directory.display());
    Ok(examples)
}

/// Requests about Strongroom's kinds in a namespace, with `--validate=ignore`: unknown fields are dropped in silence.
struct Lenient {
    client: Client,
    namespace: String,
}

impl Lenient {
    fn path(&self, object: &Value) -> String {
        let plural = match object["kind"].as_str() {
            Some("Vault") => "vaults",
            Some("AccessPolicy") => "accesspolicies",
            _ => "secretrefs",
        };
        format!(
            "/apis/strongroom.dev/v1alpha1/namespaces/{}/{plural}",
            self.namespace
        )
    }

    async fn send(&self, request: http::request::Builder, object: &Value) -> Result<Result<Value, String>> {
        let request = request
            .header("content-type", "application/json")
            .body(serde_json::to_vec(object)?)?;
        Ok(match self.client.request::<Value>(request).await {
            Ok(made) => Ok(made),
            Err(kube::Error::Api(status)) => Err(status.message.clone()),
            Err(other) => return Err(other.into()),
        })
    }

    /// Creates an object; dry, nothing stays.
    async fn create(&self, object: &Value, dry: bool) -> Result<Result<Value, String>> {
        let dry = if dry { "&dryRun=All" } else { "" };
        let path = format!("{}?fieldValidation=Ignore{dry}", self.path(object));
        self.send(http::Request::post(path), object).await
    }

    /// Replaces an object, as often as its status was written meanwhile.
    async fn replace(&self, object: &Value) -> Result<Result<Value, String>> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("{}/{name}", self.path(object));
        for _ in 0..20 {
            let present = self
                .client
                .request::<Value>(http::Request::get(&path).body(Vec::new())?)
                .await?;
            let mut object = object.clone();
            object["metadata"]["resourceVersion"] = present["metadata"]["resourceVersion"].clone();
            let put = http::Request::put(format!("{path}?fieldValidation=Ignore&dryRun=All"));
            match self.send(put, &object).await? {
                Err(message) if message.contains("object has been modified") => {}
                outcome => return Ok(outcome),
            }
        }
        anyhow::bail!("{path} changes all the time")
    }
}

async fn in_namespace<F>(name: &str, test: F) -> Result<()>
where
    F: AsyncFnOnce(Lenient) -> Result<()>,
{
    let cluster = Cluster::connect().await?;
    let client = cluster.client();
    cluster
        .in_namespace(name, async move |namespace| {
            let namespace = namespace.name;
            test(Lenient { client, namespace }).await
        })
        .await
}

fn expect_refusal(example: &Example, outcome: Result<Value, String>) -> Result<()> {
    let path = &example.path;
    let expected = example.answer.as_ref();
    let expected = expected.with_context(|| format!("{path} does not begin with `# refused: `"))?;
    let message = outcome.err().with_context(|| format!("{path} was accepted"))?;
    ensure!(message.contains(expected), "{path}: {message}");
    Ok(())
}

#[tokio::test]
async fn specs_that_break_a_rule_are_refused_with_a_sentence() -> Result<()> {
    in_namespace("refused", async |lenient| {
        for example in examples("refused")? {
            let outcome = lenient.create(&example.objects[0], true).await?;
            expect_refusal(&example, outcome)?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn specs_that_keep_every_rule_are_accepted() -> Result<()> {
    in_namespace("accepted", async |lenient| {
        for example in examples("accepted")? {
            let outcome = lenient.create(&example.objects[0], true).await?;
            ensure!(outcome.is_ok(), "{}: {outcome:?}", example.path);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_cannot_be_undone_cannot_be_changed_and_the_rest_can() -> Result<()> {
    in_namespace("updates", async |lenient| {
        for directory in ["refused-updates", "accepted-updates"] {
            for example in examples(directory)? {
                let [before, after] = &example.objects[..] else {
                    anyhow::bail!("{} does not hold two objects", example.path)
                };
                let created = lenient.create(before, false).await?;
                ensure!(created.is_ok(), "{}: {created:?}", example.path);
                let replaced = lenient.replace(after).await?;
                if directory == "refused-updates" {
                    expect_refusal(&example, replaced)?;
                } else {
                    ensure!(replaced.is_ok(), "{}: {replaced:?}", example.path);
                }
            }
        }
        Ok(())
    })
    .await
}

/// The paths of every field below `value`, as JSON pointers.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let at = format!("{at}/{key}");
                found.push(at.clone());
                fields(member, &at, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                fields(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The object with one field's name misspelled.
fn misspelled(object: &Value, field: &str) -> Result<Value> {
    let (parent, key) = field.rsplit_once('/').context("no field")?;
    let mut object = object.clone();
    let members = object.pointer_mut(parent).and_then(Value::as_object_mut);
    let members = members.context("no such field")?;
    let value = members.remove(key).context("no such field")?;
    members.insert(format!("{key}x"), value);
    Ok(object)
}

#[tokio::test]
async fn a_misspelled_field_never_widens_a_policy_and_never_opens_a_network() -> Result<()> {
    in_namespace("misspelled", async |lenient| {
        for example in examples("accepted")? {
            let object = &example.objects[0];
            let root = match object["kind"].as_str() {
                Some("AccessPolicy") => "/spec",
                Some("Vault") if object["spec"]["network"].is_object() => "/spec/network",
                _ => continue,
            };
            let mut found = vec![root.to_owned()];
            fields(object.pointer(root).context("no spec")?, root, &mut found);
            for field in found {
                let outcome = lenient.create(&misspelled(object, &field)?, true).await?;
                let Ok(made) = outcome else { continue };
                // What is left after the unknown name was dropped admits no more than before.
                ensure!(
                    narrower(&made["spec"], &object["spec"], &field),
                    "{}: {field} misspelled makes {}",
                    example.path,
                    made["spec"]
                );
            }
        }
        Ok(())
    })
    .await
}

/// Whether an accepted object whose `field` was dropped still means no more than the one that was meant.
fn narrower(made: &Value, meant: &Value, field: &str) -> bool {
    if field.starts_with("/spec/network") {
        // A rule less admits fewer; an open network stays as open as it was meant to be.
        let is_open = |spec: &Value| spec["network"]["defaultAction"] == "Allow";
        let labels = |spec: &Value| {
            let labels = spec.pointer("/network/namespaceSelector/matchLabels");
            labels.and_then(Value::as_object).map(serde_json::Map::len)
        };
        // A selector that is there asks for all the labels that were meant.
        let asks_for_all = labels(made).is_none_or(|asked| labels(meant).is_none_or(|meant| asked >= meant));
        return asks_for_all && (is_open(meant) || !is_open(made));
    }
    // The null members of a policy, which say nothing.
    meant.pointer(field.strip_prefix("/spec").unwrap_or(field)) == Some(&Value::Null)
}
