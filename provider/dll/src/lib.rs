//! The example provider as a loadable library.
