//! Reads the declarations of the Winsock service-provider interface and emits everything made from them.

pub mod model;
