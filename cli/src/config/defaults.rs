//! Which defaults a command line leaves in force.

use crate::arguments::ConfigKey;

/// What a command line and the environment say by themselves.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// The vault is reached by its URL, and the account is that of a token.
    pub(crate) is_direct: bool,
    /// Whether the command is about a vault.
    pub(crate) takes_vault: bool,
    pub(crate) vault: Option<String>,
    pub(crate) namespace: Option<String>,
}

/// The defaults that a command takes, of those that there are. None of them makes a command line wrong that is right by itself.
pub(crate) fn chosen(mut values: Vec<(ConfigKey, String)>, given: &Given) -> Vec<(ConfigKey, String)> {
    if given.is_direct {
        // Which vault that is and who asks, the URL and the token say.
        values.retain(|(key, _)| *key == ConfigKey::Output);
        return values;
    }
    let namespace_of = |vault: &str| vault.split_once('/').map(|(namespace, _)| namespace.to_owned());
    values.retain(|(key, value)| {
        let named = namespace_of(value);
        // Somebody who names a namespace does not mean a vault elsewhere.
        *key != ConfigKey::Vault || named.is_none() || given.namespace.is_none() || named == given.namespace
    });
    let default = values
        .iter()
        .find_map(|(key, value)| (*key == ConfigKey::Vault).then_some(value));
    let vault = given.vault.as_ref().or(default);
    if given.takes_vault && vault.is_some_and(|vault| vault.contains('/')) {
        values.retain(|(key, _)| *key != ConfigKey::Namespace);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: (ConfigKey, &str) = (ConfigKey::Vault, "team-a/prod");
    const NAMESPACE: (ConfigKey, &str) = (ConfigKey::Namespace, "team-b");
    const OUTPUT: (ConfigKey, &str) = (ConfigKey::Output, "yaml");
    const ACCOUNT: (ConfigKey, &str) = (ConfigKey::Account, "shop/api");

    fn left(values: &[(ConfigKey, &str)], given: &Given) -> Vec<ConfigKey> {
        let values = values
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect();
        chosen(values, given).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_vault_that_names_its_namespace_leaves_no_room_for_another() {
        let about_a_vault = Given {
            takes_vault: true,
            ..Given::default()
        };
        assert_eq!(left(&[VAULT, NAMESPACE], &about_a_vault), [ConfigKey::Vault]);
        assert_eq!(
            left(&[VAULT, NAMESPACE], &Given::default()),
            [ConfigKey::Vault, ConfigKey::Namespace],
            "a command about no vault has the namespace"
        );
        let by_flag = |vault: &str| Given {
            takes_vault: true,
            vault: Some(vault.to_owned()),
            ..Given::default()
        };
        assert_eq!(left(&[NAMESPACE], &by_flag("team-c/prod")), []);
        assert_eq!(left(&[NAMESPACE], &by_flag("prod")), [ConfigKey::Namespace]);
    }

    #[test]
    fn a_namespace_on_the_command_line_wins_over_the_vault_of_another() {
        let given = |namespace: &str| Given {
            takes_vault: true,
            namespace: Some(namespace.to_owned()),
            ..Given::default()
        };
        assert_eq!(left(&[VAULT, OUTPUT], &given("team-z")), [ConfigKey::Output]);
        assert_eq!(
            left(&[VAULT, OUTPUT], &given("team-a")),
            [ConfigKey::Vault, ConfigKey::Output]
        );
        assert_eq!(
            left(&[(ConfigKey::Vault, "prod")], &given("team-z")),
            [ConfigKey::Vault]
        );
    }

    #[test]
    fn a_vault_that_is_reached_by_its_url_has_no_default_but_the_output() {
        let given = Given {
            is_direct: true,
            takes_vault: true,
            ..Given::default()
        };
        assert_eq!(left(&[VAULT, ACCOUNT, OUTPUT], &given), [ConfigKey::Output]);
    }
}
