//! `strongroom completion`.

use clap::{Args, ValueEnum};

/// What `strongroom completion --help` says first.
pub(super) const HELP: &str = "\
Prints the script by which a shell completes commands, flags, and names

The script asks this program while you type, which asks the cluster and the vault as you: for contexts, namespaces, vaults, service \
accounts and names of objects. It waits for 0.3 s at most, and shows nothing where you have no right to see it.

With `kubectl` it prints what kubectl runs to complete `kubectl strongroom`: put it into your PATH as kubectl_complete-strongroom, \
and make it executable.";

/// What it ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  source <(strongroom completion bash)
  strongroom completion fish > ~/.config/fish/completions/strongroom.fish
  strongroom completion kubectl > ~/.local/bin/kubectl_complete-strongroom";

#[derive(Debug, Args)]
pub(crate) struct CompletionArguments {
    /// Who asks.
    pub(crate) shell: CompletionShell,
}

/// Who asks for completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletionShell {
    /// Bash 4.4 or later.
    Bash,
    /// Z shell.
    Zsh,
    /// Fish.
    Fish,
    /// PowerShell.
    Powershell,
    /// Elvish.
    Elvish,
    /// kubectl, for its plugin.
    Kubectl,
}
