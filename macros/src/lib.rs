//! The attribute that turns a provider implementation into an exported entry point.
