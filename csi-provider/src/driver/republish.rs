//! The kubelet's further calls for a volume that is published: none of them takes its files away.

use std::path::Path;

use super::{
    Driver, Published,
    publish::PublishError,
    request::{Publish, RequestError},
};
use crate::{
    follow::Start,
    metrics::Outcome,
    volume::{
        VolumeId,
        mount::{MountPaths, Mounted},
        tree::Tree,
    },
};

impl Driver {
    /// Refuses a request that cannot be read, unless its volume is published: a refusal would make an older kubelet
    /// delete the directory under a running pod.
    pub fn refuse(&self, volume: &str, target: &Path, error: RequestError) -> Result<(), PublishError> {
        let published = volume.parse::<VolumeId>().is_ok_and(|id| {
            let paths = MountPaths {
                own: self.settings.volumes.join(id.as_str()),
                target: target.to_owned(),
            };
            matches!(paths.inspect(), Ok(Mounted::Both | Mounted::TargetOnly))
        });
        if published {
            tracing::warn!(volume, %error, "a republish cannot be read");
            return Ok(());
        }
        self.services.metrics.publishes.count(Outcome::Refused);
        Err(error.into())
    }

    /// Whether the volume is published: mounted and complete, whatever its age. Removes what is mounted in part.
    pub(super) fn is_published(&self, request: &Publish) -> Result<bool, PublishError> {
        let paths = request.paths(&self.settings.volumes);
        match paths.inspect()? {
            Mounted::Nothing => return Ok(false),
            Mounted::Foreign => return Err(PublishError::Foreign(paths.target)),
            Mounted::TargetOnly => paths.adopt()?,
            Mounted::Both | Mounted::OwnOnly => {}
        }
        let filled = paths.inspect()? == Mounted::Both && Tree::open(&paths.own)?.is_filled();
        if !filled {
            self.forget(&request.id);
            paths.remove()?;
        }
        Ok(filled)
    }

    /// Answers OK for a published volume, always: events, metrics and acknowledgements report what is wrong with it.
    pub(super) fn refresh(&self, request: &Publish) {
        let known = {
            let mut table = self.table();
            table
                .get_mut(&request.id)
                .map(|volume| volume.pass_on_token(request))
        };
        if known.is_none() {
            // This process sees what the process before mounted as the host does: read-only.
            if let Err(error) = request.paths(&self.settings.volumes).make_own_writable() {
                tracing::error!(volume = %request.id, %error, "the volume cannot follow changes");
                return;
            }
            let start = Start {
                token: request.token.clone(),
                spec: None,
                held: std::collections::BTreeMap::new(),
                vault_token: None,
                reread: true,
            };
            self.follow(self.facts(request), start);
        }
    }
}

impl Published {
    /// Hands the kubelet's token on, if it is a new one.
    fn pass_on_token(&mut self, request: &Publish) {
        if self.token.is(&request.token) {
            self.notices.say_kubelet_called();
        } else {
            self.notices.bring_token(request.token.clone());
            self.token = request.token.clone();
        }
    }
}
