//! Connections between processes of one machine, in shared memory.
