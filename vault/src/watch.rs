//! Watch: a node learns at once what changed.
