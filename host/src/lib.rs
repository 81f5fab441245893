//! Loads a Winsock service provider and drives it as ws2_32 would.
