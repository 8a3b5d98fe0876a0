//! The token of the account, kept fresh in its file.

use std::{path::PathBuf, time::Duration};

use secrecy::ExposeSecret as _;
use strongroom_core::AccountName;
use strongroom_dev::place::write_private;
use tokio::{task::JoinHandle, time::sleep};

use crate::{account, cluster::Cluster, terminal};

/// How often a new one is asked for: twice in the life of one.
const EVERY: Duration = Duration::from_mins(5);

/// How soon it is asked for again after a failure.
const AGAIN: Duration = Duration::from_secs(20);

/// Renews the token until it is dropped.
pub(super) struct Renewal(JoinHandle<()>);

impl Renewal {
    /// Begins; the first token is in the file already.
    pub(super) fn begin(cluster: Cluster, account: AccountName, file: PathBuf) -> Self {
        Self(tokio::spawn(async move {
            let mut pause = EVERY;
            loop {
                sleep(pause).await;
                pause = match renew(&cluster, &account, &file).await {
                    Ok(()) => EVERY,
                    Err(why) => {
                        terminal::complain(&format!(
                            "Warning: the token of {} is not renewed: {why}",
                            account.path()
                        ));
                        AGAIN
                    }
                };
            }
        }))
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn renew(cluster: &Cluster, account: &AccountName, file: &std::path::Path) -> Result<(), String> {
    let token = account::token(cluster, account)
        .await
        .map_err(|failure| failure.to_string())?;
    write_private(file, token.expose_secret().as_bytes()).map_err(|error| error.to_string())
}
