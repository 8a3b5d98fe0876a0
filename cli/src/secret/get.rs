//! `secret get`: the value, and how it is printed.

use secrecy::ExposeSecret as _;
use serde::Serialize;
use strongroom_client::vault::{Secret, SecretItem, Secrets};
use strongroom_core::{ObjectName, Version};
use zeroize::Zeroizing;

use super::{history::History, shell};
use crate::{
    Failure,
    arguments::GetArguments,
    failure::SecretFailure,
    life,
    output::{ObjectOutput, Output},
    printed::{Printed, Refusal},
    session::Session,
};

/// A secret that is read.
pub(crate) struct GetRequest {
    name: ObjectName,
    which: Which,
    shown: Shown,
}

enum Which {
    Current,
    Previous,
    This(Version),
}

/// What is printed of it.
enum Shown {
    /// The value; where `raw`, also if a terminal would obey it.
    Value { raw: bool },
    /// The value, as a shell sets a variable.
    Variable { raw: bool },
    /// A document with the value.
    Revealed,
    /// Everything but the value.
    About(ObjectOutput),
}

impl GetRequest {
    pub(super) fn prepare(arguments: GetArguments, output: Option<Output>) -> Result<Self, Failure> {
        let GetArguments {
            name,
            version,
            previous,
            raw,
            show_value,
        } = arguments;
        let shown = match output {
            Some(Output::Json) if show_value => Shown::Revealed,
            _ if show_value => return Err(SecretFailure::ShowValue.into()),
            None => Shown::Value { raw },
            Some(Output::Env) => Shown::Variable { raw },
            output => Shown::About(ObjectOutput::of(output)?),
        };
        let which = match version {
            Some(version) => Which::This(version),
            None if previous => Which::Previous,
            None => Which::Current,
        };
        Ok(Self { name, which, shown })
    }

    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let version = match self.which {
            Which::Current => None,
            Which::This(version) => Some(version),
            Which::Previous => {
                let history = History::read(session, &self.name).await?;
                Some(history.before(history.current(session).await?)?)
            }
        };
        let secret = super::read_secret(session, &self.name, version.as_ref()).await?;
        self.shown.of(&secret)
    }
}

impl Shown {
    fn of(self, secret: &Secret) -> Result<Printed, Failure> {
        let value = secret.value.expose_secret();
        let bytes = |bytes: Zeroizing<Vec<u8>>, raw| Printed::Bytes {
            bytes: bytes.into(),
            raw,
            refusal: Refusal::Value,
        };
        match self {
            Self::Value { raw } => Ok(bytes(Zeroizing::new(value.as_bytes().to_vec()), raw)),
            Self::Variable { raw } => Ok(bytes(shell::variable(&secret.id.name, value)?, raw)),
            Self::Revealed => revealed(secret),
            Self::About(output) => life::object::<Secrets>(&SecretItem::from(secret), "", output),
        }
    }
}

/// The document with the value, which is written once, into room that does not grow.
fn revealed(secret: &Secret) -> Result<Printed, Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Revealed<'a> {
        api_version: &'static str,
        kind: &'static str,
        name: String,
        version: Option<Version>,
        value: &'a str,
        #[serde(flatten)]
        about: &'a SecretItem,
    }
    let value = secret.value.expose_secret();
    let about = SecretItem::from(secret);
    let document = Revealed {
        api_version: crate::output::API_VERSION,
        kind: "Secret",
        name: secret.id.name.to_string(),
        version: secret.id.version,
        value,
        about: &about,
    };
    // An escape takes at most six bytes.
    let mut text = Zeroizing::new(Vec::with_capacity(6 * value.len() + (64 << 10)));
    serde_json::to_writer_pretty(&mut *text, &document)?;
    text.push(b'\n');
    let text = std::str::from_utf8(&text).map_err(|_| Failure::ValueNotText)?;
    Ok(Printed::Revealed(text.into()))
}
