//! Connections between machines, over TCP.
