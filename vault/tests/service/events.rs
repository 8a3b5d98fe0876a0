//! The list of events on the admin port: its form, its pages, its bounds, and when it is closed.

use reqwest::{Method, header};
use serde_json::{Value, json};
use strongroom_engine::EventId;
use strongroom_testing::vault::{HOST, set};
use strongroom_wire::{
    admin::path,
    cloud_event::{BATCH_TYPE, CloudEvent},
};

use crate::operator::{AdminPort, Refused};

/// The events of this query, and the one that leads to those behind them.
async fn page(port: &AdminPort, query: &str) -> Result<(Vec<CloudEvent>, Option<String>), Refused> {
    let url = format!("https://{HOST}{}{query}", path::EVENTS);
    let answer = port.operator.get(url).send().await.unwrap();
    if answer.status() != 200 {
        return port.get(&format!("{}{query}", path::EVENTS)).await;
    }
    assert_eq!(answer.headers()[header::CONTENT_TYPE], BATCH_TYPE);
    let next = answer.headers().get(header::LINK).map(|link| {
        let link = link.to_str().unwrap();
        let (link, rel) = link.split_once(">; ").unwrap();
        assert_eq!(rel, "rel=\"next\"");
        let path = link.strip_prefix('<').unwrap();
        path.strip_prefix(path::EVENTS).unwrap().to_owned()
    });
    Ok((answer.json().await.unwrap(), next))
}

async fn refusal(port: &AdminPort, query: &str) -> (u16, String) {
    let Refused { status, code } = page(port, query).await.unwrap_err();
    (status, code)
}

#[tokio::test]
async fn an_event_is_a_cloud_event_with_the_data_of_azure_and_no_value() {
    let port = AdminPort::start();
    assert_eq!(page(&port, "").await.unwrap(), (Vec::new(), None));
    let version = set(&port.service, "Db-Password", "canary-value");
    let listed: Value = port.get(path::EVENTS).await.unwrap();
    assert!(!listed.to_string().contains("canary"), "{listed}");
    let event = &listed[0];
    let id: EventId = event["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.number(), 1);
    let time = event["time"].as_str().unwrap();
    assert_eq!((time.len(), time.get(19..)), (24, Some(".000Z")), "{time}");
    assert_eq!(
        listed,
        json!([{
            "specversion": "1.0",
            "id": event["id"],
            "source": "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
            "type": "Microsoft.KeyVault.SecretNewVersionCreated",
            "subject": "Db-Password",
            "time": time,
            "datacontenttype": "application/json",
            "data": {
                "Id": format!("https://prod.team-a.svc/secrets/Db-Password/{version}"),
                "VaultName": "prod",
                "ObjectType": "Secret",
                "ObjectName": "Db-Password",
                "Version": version.to_string(),
                "NBF": null,
                "EXP": null,
            },
        }])
    );
}

#[tokio::test]
async fn pages_follow_one_another_and_the_last_id_asks_for_what_comes_later() {
    let port = AdminPort::start();
    for number in 0..7 {
        set(&port.service, &format!("s{number}"), "v");
    }
    let (all, none) = page(&port, "").await.unwrap();
    assert_eq!((all.len(), none), (7, None));
    let (mut read, mut next) = page(&port, "?max=3").await.unwrap();
    while let Some(query) = next {
        let (events, after) = page(&port, &query).await.unwrap();
        read.extend(events);
        next = after;
    }
    assert_eq!(read, all);
    let last = format!("?after={}", all[6].id);
    assert_eq!(page(&port, &last).await.unwrap(), (Vec::new(), None));
    set(&port.service, "s7", "v");
    let (later, _) = page(&port, &last).await.unwrap();
    assert_eq!(later.len(), 1);
    assert_eq!(later[0].subject, "s7");
}

#[tokio::test]
async fn no_answer_has_more_events_than_the_most_and_a_query_says_nothing_else() {
    let port = AdminPort::start();
    for number in 0..510 {
        set(&port.service, &format!("s{}", number % 3), "v");
    }
    for (query, expected, more) in [("", 100, true), ("?max=500", 500, true), ("?max=1", 1, true)] {
        let (events, next) = page(&port, query).await.unwrap();
        assert_eq!((events.len(), next.is_some()), (expected, more), "{query}");
    }
    for query in [
        "?max=501",
        "?max=0",
        "?max=x",
        "?after=x",
        "?max=1&max=2",
        "?before=1",
        "?after",
    ] {
        assert_eq!(
            refusal(&port, query).await,
            (400, "BadQuery".to_owned()),
            "{query}"
        );
    }
    let unknown = EventId::new(7, [0; 8]);
    assert_eq!(
        refusal(&port, &format!("?after={unknown}")).await,
        (410, "EventNotKept".to_owned())
    );
    let posted = port.send::<Value>(Method::POST, path::EVENTS, "{}").await;
    assert_eq!(posted.unwrap_err().code, "NoSuchMethod");
}

#[tokio::test]
async fn only_the_operator_lists_events() {
    let port = AdminPort::start();
    set(&port.service, "db", "v");
    let ca = reqwest::Certificate::from_pem(port.fixture.serving.pem().as_bytes()).unwrap();
    let stranger = reqwest::Client::builder()
        .tls_certs_only([ca])
        .resolve(HOST, port.address)
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("https://{HOST}{}", path::EVENTS);
    assert!(stranger.get(url).send().await.is_err());
    assert_eq!(page(&port, "").await.unwrap().0.len(), 1);
}

/// Their events may be of a store that was put back, whose numbers are given out again.
#[tokio::test]
async fn a_vault_whose_store_is_in_doubt_lists_no_events() {
    let port = AdminPort::start();
    set(&port.service, "db", "v");
    port.service.policy.await_comparison();
    assert_eq!(refusal(&port, "").await, (503, "NotCompared".to_owned()));
    port.service.policy.end_wait();
    assert_eq!(page(&port, "").await.unwrap().0.len(), 1);
    let detected = json!({"action": "detected", "anchored": 99});
    port.report(path::ROLLBACK, &detected).await.unwrap();
    assert_eq!(refusal(&port, "").await, (503, "RolledBack".to_owned()));
}
