//! A read under so many policies, one of which allows it.

use std::time::Duration;

use anyhow::Result;
use strongroom_core::{BundlePolicy, Effect, Permission};
use strongroom_harness::progress::Step;

use super::{
    Args,
    rounds::{self, Rounds, middle},
    subject::{READERS, Vault},
};
use crate::{
    figures::{Table, mib, time},
    identity,
    load::Until,
};

/// How many secrets are read.
const SECRETS: u64 = 1_000;
/// How many policies are about one account.
const OF_AN_ACCOUNT: usize = 2;
/// One of so many policies denies.
const DENIES: usize = 10;

/// What so many policies gave.
#[derive(Debug, Default)]
struct UnderPolicies {
    rounds: Rounds,
    bytes: usize,
    took: Vec<Duration>,
    resident: u64,
}

/// The table of reads.
pub async fn table(args: &Args) -> Result<Table> {
    let step = Step::begin("Reads under so many policies");
    let vault = Vault::start(&args.directory).await?;
    let subject = vault.subject()?;
    let (api, length) = (subject.api, Duration::from_secs(args.seconds));
    let write = move |index| api.set(index, index);
    subject.run(READERS, Until::Requests(SECRETS), write).await?;
    // The start has put the first bundle.
    let mut number = 1;
    let mut all: Vec<_> = args.policies.iter().map(|_| UnderPolicies::default()).collect();
    for round in 0..args.rounds {
        for (count, under) in args.policies.iter().zip(&mut all) {
            number += 1;
            let put = vault
                .strongroom
                .put_policies(number, policies(usize::try_from(*count)?)?)
                .await?;
            under.bytes = put.bytes;
            under.took.push(put.took);
            let get = move |_| api.get(fastrand::u64(..SECRETS));
            under
                .rounds
                .add(subject.run(READERS, Until::Elapsed(length), get).await?);
            // Memory that more policies took once is not given back at once to fewer: the first round has ever more of them.
            if round == 0 {
                under.resident = vault.usage().resident()?;
            }
        }
    }
    step.done();
    Ok(reads(args, &all))
}

fn reads(args: &Args, all: &[UnderPolicies]) -> Table {
    let lead = ["policies", "bundle", "put to in force", "resident, first round"];
    let title = format!("GET of a secret under so many policies, {READERS} clients, {SECRETS} secrets");
    let mut table = rounds::table(&title, &lead, "the fewest");
    let none = Rounds::default();
    let base = all.first().map_or(&none, |under| &under.rounds);
    for (count, under) in args.policies.iter().zip(all) {
        let lead = [
            count.to_string(),
            mib(under.bytes as u64),
            time(middle(&under.took)),
            mib(under.resident),
        ];
        table.row(lead.into_iter().chain(under.rounds.cells(base)));
    }
    table
}

/// So many policies. The one in the middle lets the client read; each of the others is about another account, and about that
/// account's objects.
fn policies(count: usize) -> Result<Vec<BundlePolicy>> {
    let mut policies = Vec::with_capacity(count);
    for index in 0..count {
        policies.push(if index == count / 2 {
            of_client()?
        } else {
            of_another(index)?
        });
    }
    Ok(policies)
}

fn of_client() -> Result<BundlePolicy> {
    Ok(BundlePolicy {
        name: "bench-reads-its-secrets".to_owned(),
        effect: Effect::Allow,
        subjects: vec![identity::CLIENT.uid().parse()?],
        objects: vec!["secret-*".parse()?],
        permissions: [Permission::SecretGet].into_iter().collect(),
    })
}

fn of_another(index: usize) -> Result<BundlePolicy> {
    let account = index / OF_AN_ACCOUNT;
    let denies = index.is_multiple_of(DENIES);
    let (verb, effect) = if denies {
        ("may-not-change", Effect::Deny)
    } else {
        ("reads", Effect::Allow)
    };
    let permissions: &[_] = if denies {
        &[Permission::SecretSet, Permission::SecretDelete]
    } else {
        &[Permission::SecretGet, Permission::SecretList]
    };
    Ok(BundlePolicy {
        name: format!("app-{account}-{verb}-{index}"),
        effect,
        subjects: vec![format!("5f0c1d6e-0000-4000-8000-{account:012x}").parse()?],
        objects: vec![
            format!("app-{account}-*").parse()?,
            format!("shared-{index}").parse()?,
        ],
        permissions: permissions.iter().copied().collect(),
    })
}

#[cfg(test)]
mod tests {
    use strongroom_core::{ObjectName, Uid, allows};

    use super::*;

    #[test]
    fn one_of_the_policies_lets_the_client_read_and_no_other_is_about_it() {
        let client: Uid = identity::CLIENT.uid().parse().unwrap();
        let secret: ObjectName = crate::api::name(7).parse().unwrap();
        for count in [1, 10, 101] {
            let all = policies(count).unwrap();
            assert_eq!(all.len(), count);
            assert_eq!(
                all.iter()
                    .filter(|policy| policy.subjects.contains(&client))
                    .count(),
                1
            );
            assert!(allows(&all, &client, Permission::SecretGet, &secret));
        }
    }
}
