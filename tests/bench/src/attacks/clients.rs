//! Honest clients, each at an address of its own, which send at a steady pace and count what they get.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use http::Method;
use hyper::body::Bytes;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    api::Api,
    load::{Call, Connection, Target},
};

/// How many there are.
const CLIENTS: u8 = 8;
/// How long one waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a client asks for.
#[derive(Clone)]
pub enum Client {
    /// A secret of so many, three times of four on a connection that it keeps.
    Reads(Target, u64),
    /// A vault token, each on a connection of its own, as pods do.
    Logins(Target, String, Bytes),
    /// The health page, as the kubelet does.
    Looks(SocketAddr),
}

/// What they got.
#[derive(Debug, Default)]
pub struct Served {
    /// How long each answer took.
    pub latencies: Vec<Duration>,
    /// How many requests had none, or another than they should.
    pub failed: usize,
}

impl Client {
    /// Requests per second of each client: less than a source may send for long.
    const fn pace(&self) -> u32 {
        match self {
            Self::Reads(..) => 40,
            Self::Logins(..) => 20,
            Self::Looks(_) => 5,
        }
    }

    /// Lets all clients ask for `time`.
    pub async fn ask(&self, time: Duration) -> Result<Served> {
        let mut clients = JoinSet::new();
        for number in 1..=CLIENTS {
            let client = self.clone();
            clients.spawn(async move { client.ask_one(Ipv4Addr::new(127, 0, 1, number), time).await });
        }
        let mut all = Served::default();
        while let Some(served) = clients.join_next().await {
            let served = served?;
            all.latencies.extend(served.latencies);
            all.failed += served.failed;
        }
        Ok(all)
    }

    async fn ask_one(self, source: Ipv4Addr, time: Duration) -> Served {
        let (mut served, mut kept) = (Served::default(), None);
        let mut ticks = interval(Duration::from_secs(1) / self.pace());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // So that they do not ask all at the same moment.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..25))).await;
        let began = Instant::now();
        for number in 0_u64.. {
            ticks.tick().await;
            if began.elapsed() >= time {
                break;
            }
            let asked = Instant::now();
            let answer = timeout(PATIENCE, self.once(source, number, &mut kept)).await;
            if matches!(answer, Ok(Ok(()))) {
                served.latencies.push(asked.elapsed());
            } else {
                served.failed += 1;
                kept = None;
            }
        }
        served
    }

    async fn once(&self, source: Ipv4Addr, number: u64, kept: &mut Option<Connection>) -> Result<()> {
        match self {
            Self::Reads(target, objects) => {
                if kept.is_none() || number.is_multiple_of(4) {
                    *kept = Some(target.clone().from(source).connect().await?);
                }
                let Some(connection) = kept else { return Ok(()) };
                let answer = connection
                    .send(Api::KeyVault.get(fastrand::u64(..*objects)))
                    .await?;
                ensure!(answer.status.is_success(), "{}", answer.status);
            }
            Self::Logins(target, path, form) => {
                let call = Call {
                    method: Method::POST,
                    path: path.clone(),
                    body: form.clone(),
                };
                let answer = target.clone().from(source).once(call).await?;
                ensure!(answer.status.is_success(), "{}", answer.status);
            }
            Self::Looks(address) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind((source, 0).into())?;
                let mut stream = socket.connect(*address).await?;
                stream
                    .write_all(b"GET /healthz HTTP/1.1\r\nHost: kubelet\r\n\r\n")
                    .await?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await?;
                ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            }
        }
        Ok(())
    }
}
