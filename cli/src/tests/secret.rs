//! Every command on secrets against a vault in this process.

mod editing;
mod life;
mod listing;
mod moving;
mod rollback;
mod values;

use crate::tests::world::World;

/// What no error, no list and no document may show.
pub(super) const CANARY: &str = "CANARY-5c7f";

impl World {
    /// Sets a secret, in a second of its own; gives the new version.
    pub(super) async fn set(&self, name: &str, value: &str, more: &str) -> String {
        self.advance(1);
        let file = self.file("value", value.as_bytes());
        let printed = self.run(&format!("secret set {name} -f {file}{more}")).await;
        let version = printed.trim_end().rsplit(' ').next().unwrap();
        assert_eq!(version.len(), 32, "{printed}");
        version.to_owned()
    }

    /// Why `strongroom LINE` does nothing, in all words that there are; no value is among them.
    pub(super) async fn refused(&self, line: &str) -> String {
        let refused = self.refusal(line).await;
        let said = refused.to_string();
        assert!(!format!("{said} {refused:?}").contains(CANARY), "{said}");
        said
    }
}
