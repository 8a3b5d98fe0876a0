//! What the help of each command ends with.

pub(super) const SET: &str = "Examples:
  strongroom secret set db-password --vault team-a/prod
  strongroom secret set session-key --generate=32:alnum --expires 90d
  strongroom secret set tls-key -f key.pem --tag team=a --content-type application/x-pem-file";

pub(super) const GET: &str = "Examples:
  strongroom secret get db-password --vault team-a/prod
  strongroom secret get db-password --previous
  eval \"$(strongroom secret get db-password -o env)\"";

pub(super) const SHOW: &str = "Examples:
  strongroom secret show db-password --vault team-a/prod
  strongroom secret show db-password --version 155f1590d6edf977eb5b5716dd1c4383
  strongroom secret show db-password -o jsonpath={.attributes.exp}";

pub(super) const UPDATE: &str = "Examples:
  strongroom secret update db-password --disable --vault team-a/prod
  strongroom secret update db-password --expires 90d --tag team=a
  strongroom secret update db-password --enable --version 155f1590d6edf977eb5b5716dd1c4383";

pub(super) const ROLLBACK: &str = "Examples:
  strongroom secret rollback db-password --vault team-a/prod
  strongroom secret rollback db-password --to 155f1590d6edf977eb5b5716dd1c4383
  strongroom secret versions db-password";

pub(super) const COPY: &str = "Examples:
  strongroom secret copy db-password db-password-old --vault team-a/prod
  strongroom secret copy team-a/test:db-password team-a/prod:db-password
  strongroom secret copy db-password team-b/prod:db-password --vault team-a/prod --dry-run";

pub(super) const IMPORT: &str = "Examples:
  strongroom secret import secrets.yaml --vault team-a/prod
  strongroom secret import .env --dry-run
  strongroom secret import --from-secret shop/db";

pub(super) const EXPORT: &str = "Examples:
  strongroom secret export --names --vault team-a/prod
  strongroom secret export --names --prefix db- > names.txt
  strongroom secret export --names -o json";

#[cfg(unix)]
pub(super) const EDIT: &str = "Examples:
  strongroom secret edit app-config --vault team-a/prod
  EDITOR=nano strongroom secret edit app-config
  VISUAL='code --wait' strongroom secret edit app-config";
