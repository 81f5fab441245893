//! The Winsock service-provider interface as data: the YAML declarations, embedded.
//!
//! Nothing else is here, so that whoever needs the declarations (the generator in a build script, the command) finds them
//! in a packaged crate as well as in a checkout. What the files may say is in `README.md` beside them.

/// Every declaration file: its path below the spec folder, with `/`, and its text. Sorted by path.
pub const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn the_files_are_sorted_and_complete() {
        assert!(FILES.is_sorted_by_key(|(path, _)| *path));
        for wanted in ["codes.yaml", "functions/WSPSocket.yaml", "upcalls/WPUCreateSocketHandle.yaml"] {
            assert!(FILES.iter().any(|(path, text)| *path == wanted && !text.is_empty()), "{wanted}");
        }
    }
}
