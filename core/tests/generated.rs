//! The reference page of the operations is what their table generates now.

use std::{fs, path::Path};

use strongroom_core::operation::page;

#[test]
fn the_reference_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page::PATH);
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == page::render(),
        "{} is out of date: make generate",
        page::PATH
    );
}
