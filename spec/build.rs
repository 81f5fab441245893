//! Lists the YAML files, so that the crate carries them wherever it is unpacked.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let mut files = Vec::new();
    println!("cargo::rerun-if-changed=.");
    collect(&root, &root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for name in &files {
        let path = root.join(name);
        // Writing to a string does not fail.
        let _ = writeln!(list, "    ({name:?}, include_str!({:?})),", path.display().to_string());
    }
    list.push_str("]\n");
    fs::write(out.join("files.rs"), list)
}

/// All YAML files below a folder, as paths from the root with `/`.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "src" && name != "target") {
                collect(root, &path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "yaml")
            && let Ok(name) = path.strip_prefix(root)
        {
            files.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
