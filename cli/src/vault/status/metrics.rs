//! What a vault says of itself on its health port, as `OpenMetrics` text.

use std::io;

use strongroom_client::Dial;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The most that is read, in bytes.
const MOST: u64 = 4 << 20;

/// Numbers by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metrics(String);

impl Metrics {
    /// The number of a metric that has no labels.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
        self.0.lines().find_map(value)
    }

    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Asks for them.
pub(super) async fn read(dial: &dyn Dial) -> io::Result<Metrics> {
    let mut stream = dial.dial().await?;
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: vault\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer).await?;
    body(&String::from_utf8_lossy(&answer))
        .map(|body| Metrics(body.to_owned()))
        .ok_or_else(|| io::Error::other("the vault's health port answered with no metrics"))
}

fn body(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1);
    (head.starts_with("HTTP/1.") && status == Some("200")).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_that_of_the_whole_name() {
        let metrics = Metrics::of(
            "# TYPE strongroom_audit_bytes gauge\nstrongroom_audit_bytes 12\nstrongroom_audit_bytes_more 13\n\
             strongroom_requests_total{operation=\"SecretGet\"} 7\n",
        );
        assert_eq!(metrics.number("strongroom_audit_bytes"), Some(12));
        assert_eq!(metrics.number("strongroom_audit"), None);
        assert_eq!(metrics.number("strongroom_requests_total"), None);
    }

    #[test]
    fn only_an_answer_of_200_has_metrics() {
        assert_eq!(body("HTTP/1.1 200 OK\r\nA: b\r\n\r\nx 1\n"), Some("x 1\n"));
        for other in [
            "HTTP/1.1 503 No\r\n\r\nx 1\n",
            "HTTP/1.1 200 OK\r\n",
            "SSH-2.0 200 \r\n\r\n",
        ] {
            assert_eq!(body(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_vault_says_how_full_it_is_and_how_old_its_policy_is() {
        let world = crate::tests::world::World::start().await;
        let [_, health] = world.dials();
        let metrics = read(health.as_ref()).await.unwrap();
        for name in [
            "strongroom_audit_bytes",
            "strongroom_audit_quota_bytes",
            "strongroom_audit_records",
            "strongroom_audit_removed_early_bytes",
            "strongroom_object_bytes",
            "strongroom_policy_staleness_seconds",
        ] {
            assert!(metrics.number(name).is_some(), "{name}: {metrics:?}");
        }
    }
}
