//! One line for each request that a vault answered. No value is in it: no record of the audit log holds one.

use clap::builder::styling::{AnsiColor, Style};
use strongroom_core::VaultRef;
use strongroom_dev::{
    notices::Notice,
    requests::{Decision, Request},
};

/// How lines are written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    /// With colours, for a terminal.
    pub(super) is_coloured: bool,
    /// With the vault's name, where there are several.
    pub(super) names_vaults: bool,
}

const ALLOWED: Style = AnsiColor::Green.on_default();
const DENIED: Style = AnsiColor::Red.on_default().bold();
const FAILED: Style = AnsiColor::Yellow.on_default();
const LOUD: Style = AnsiColor::Magenta.on_default().bold();

impl Look {
    fn styled(self, style: Style, text: &str) -> String {
        if self.is_coloured {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// A request, and why where policy denied it. `escape` has a terminal show what others wrote, and not obey it.
    pub(super) fn request(self, request: &Request, escape: impl Fn(&str) -> String) -> String {
        let (status, decision) = self.answered(request, &escape);
        let vault = if self.names_vaults {
            format!("  {}", request.vault)
        } else {
            String::new()
        };
        let mut line = format!(
            "{}{vault}  {}  {}  {}  {status}  {decision}  {} ms",
            seconds(&request.time),
            escape(&request.account),
            escape(&request.operation),
            request.object.as_deref().map_or_else(|| "-".to_owned(), &escape),
            request.milliseconds,
        );
        if let Some(why) = why(request, &escape) {
            line.push_str("\n    ");
            line.push_str(&why);
        }
        line
    }

    fn answered(self, request: &Request, escape: &impl Fn(&str) -> String) -> (String, String) {
        let status = if request.code.is_empty() {
            request.status.to_string()
        } else {
            format!("{} {}", request.status, escape(&request.code))
        };
        let (style, decision) = match &request.decision {
            Decision::Allowed(policy) => (ALLOWED, format!("allowed by {}", escape(policy))),
            Decision::Denied(policy) => (DENIED, format!("DENIED by {}", escape(policy))),
            Decision::NoPolicy => (DENIED, "DENIED: no policy allows it".to_owned()),
            Decision::NotAsked => (FAILED, "no policy was asked".to_owned()),
        };
        let is_denied = style == DENIED;
        let of_status = match request.status {
            _ if is_denied => DENIED,
            ..400 => ALLOWED,
            _ => FAILED,
        };
        (self.styled(of_status, &status), self.styled(style, &decision))
    }

    /// Something beside requests.
    pub(super) fn notice(self, notice: &Notice, escape: impl Fn(&str) -> String) -> Option<String> {
        let said = match notice {
            Notice::Fault { status, method, path } => format!(
                "FAULT on purpose: {status} for {} {}, which the vault did not see",
                escape(method),
                escape(path)
            ),
            Notice::Faults(plan) => format!("FAULTS on purpose from now on: {plan}"),
            Notice::Time(now) => format!("TIME of the vaults from now on: {}", time(*now)),
            Notice::Files(text) => format!("files: {}", escape(text)),
            _ => return None,
        };
        Some(self.styled(LOUD, &said))
    }

    /// That clients do not trust the certificate, `more` since the last time that it was said.
    pub(super) fn distrust(self, more: u64) -> String {
        let times = if more == 1 {
            String::new()
        } else {
            format!(" ({more} times)")
        };
        let said = format!(
            "A client refused our certificate{times}: start it with `strongroom dev run -- PROGRAM`, or set its environment with \
             eval \"$(strongroom dev env)\""
        );
        self.styled(DENIED, &said)
    }
}

/// What to look at after a denial.
fn why(request: &Request, escape: &impl Fn(&str) -> String) -> Option<String> {
    let asked = |vault: &VaultRef| {
        let object = request.object.as_deref().map_or_else(String::new, |object| {
            let of = escape(object);
            format!(" on {of}")
        });
        format!(
            "may {} do {}{object} in {vault}?",
            escape(&request.account),
            escape(&request.operation)
        )
    };
    match &request.decision {
        Decision::Denied(policy) => Some(format!(
            "{} AccessPolicy {} denies it, whatever else allows it.",
            asked(&request.vault),
            escape(policy)
        )),
        Decision::NoPolicy => Some(format!(
            "{} No AccessPolicy of the vault allows it to this account.",
            asked(&request.vault)
        )),
        Decision::Allowed(_) | Decision::NotAsked => None,
    }
}

/// A time of RFC 3339 to the second.
fn seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}

/// Seconds since 1970 in RFC 3339.
pub(super) fn time(now: i64) -> String {
    jiff::Timestamp::from_second(now).map_or_else(|_| now.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(decision: Decision, status: u16, code: &str) -> Request {
        Request {
            vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            time: "2026-12-01T14:03:07.123Z".to_owned(),
            account: "shop:api".to_owned(),
            operation: "SecretGet".to_owned(),
            object: Some("secrets/db-password".to_owned()),
            status,
            code: code.to_owned(),
            decision,
            milliseconds: 2,
        }
    }

    fn plain(request: &Request) -> String {
        Look::default().request(request, str::to_owned)
    }

    #[test]
    fn a_request_is_a_line_and_a_denial_says_why() {
        assert_eq!(
            plain(&request(Decision::Allowed("readers".to_owned()), 200, "")),
            "2026-12-01T14:03:07Z  shop:api  SecretGet  secrets/db-password  200  allowed by readers  2 ms"
        );
        assert_eq!(
            plain(&request(Decision::NoPolicy, 403, "ForbiddenByPolicy")),
            "2026-12-01T14:03:07Z  shop:api  SecretGet  secrets/db-password  403 ForbiddenByPolicy  DENIED: no policy allows it  2 ms\n    \
             may shop:api do SecretGet on secrets/db-password in team-a/prod? No AccessPolicy of the vault allows it to this account."
        );
        let denied = plain(&request(
            Decision::Denied("nobody".to_owned()),
            403,
            "ForbiddenByPolicy",
        ));
        assert!(
            denied.ends_with("AccessPolicy nobody denies it, whatever else allows it."),
            "{denied}"
        );
    }

    #[test]
    fn colours_are_for_a_terminal_alone_and_what_others_wrote_is_escaped() {
        let look = Look {
            is_coloured: true,
            names_vaults: true,
        };
        let mut hostile = request(Decision::Allowed("p".to_owned()), 200, "");
        hostile.object = Some("secrets/\u{1b}[2J".to_owned());
        let line = look.request(&hostile, |text| text.replace('\u{1b}', "\\u001b"));
        assert!(line.contains("  team-a/prod  "), "{line}");
        assert!(
            line.contains("\u{1b}[32m200\u{1b}[0m") && line.contains("\\u001b[2J"),
            "{line:?}"
        );
        assert!(!plain(&hostile).contains("\u{1b}[32m"));
    }
}
