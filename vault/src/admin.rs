//! The admin listener: JSON over mutual TLS, for the operator alone.
