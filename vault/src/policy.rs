//! The policy in force: the bundle's holder, fenced by epoch, kept over a restart.
