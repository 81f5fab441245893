//! Example provider: an in-process byte-stream transport.
