//! `strongroom token`.

use super::world::{ADMIN, World};
use crate::{
    new_file::NewFile,
    token::{about, deliver},
};

#[tokio::test]
async fn the_file_has_the_token_alone_and_the_sentence_says_whose_it_is_and_not_what() {
    let world = World::start().await;
    let session = world.session(ADMIN);
    let path = world.path("token");
    let file = NewFile::create("token", path.as_ref()).unwrap();
    deliver(&session, Some(file)).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), session.token.expose());
    let about = about(&session);
    assert!(
        about.starts_with("The token is team-a/admin to vault team-a/prod until 20"),
        "{about}"
    );
    assert!(!about.contains(session.token.expose()));
}
