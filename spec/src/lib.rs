//! The Winsock service-provider interface as data: the YAML declarations, embedded.
