//! `secret export`: names, for a file.

use serde_json::Value;
use strongroom_client::vault::Secrets;

use crate::{
    Failure,
    arguments::ExportArguments,
    life::{self, Chosen, Listed, document},
    output::ObjectOutput,
    printed::Printed,
    session::Session,
};

/// Names that are printed.
pub(crate) struct ExportRequest {
    chosen: Chosen,
    output: ObjectOutput,
}

impl ExportRequest {
    pub(super) fn prepare(arguments: ExportArguments, output: ObjectOutput) -> Self {
        Self {
            chosen: Chosen::beginning(arguments.prefix),
            output,
        }
    }

    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let mut items = life::items::<Secrets>(session, Listed::Live).await?;
        items.retain(|item| self.chosen.admits::<Secrets>(item));
        let names = items.iter().map(|item| item.id.name.spelling());
        match self.output {
            ObjectOutput::Text | ObjectOutput::Name => {
                let lines: Vec<_> = names.map(|name| format!("{name}\n")).collect();
                Ok(Printed::Text(lines.concat()))
            }
            ObjectOutput::Json => {
                let names: Vec<_> = names.map(Value::from).collect();
                document::list("SecretName", &names)
            }
        }
    }
}
