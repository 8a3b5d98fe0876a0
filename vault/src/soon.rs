//! Says when something comes due before the next look at the schedule.

use std::sync::Arc;

use tokio::{
    sync::{Notify, futures::Notified},
    time::sleep,
};

use crate::certificates::begin::ISSUE_AFTER;

/// Wakes who looks at the schedule. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Soon(Arc<Notify>);

impl Soon {
    /// An operation began that the vault ends: wakes when its time has come.
    pub fn when_issued(&self) {
        let notify = Arc::clone(&self.0);
        tokio::spawn(async move {
            sleep(ISSUE_AFTER).await;
            notify.notify_one();
        });
    }

    /// Something has come due.
    pub(crate) fn notified(&self) -> Notified<'_> {
        self.0.notified()
    }
}
