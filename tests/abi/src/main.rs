//! `wsp-abi refresh` writes `metadata.rs` anew.

use std::process::ExitCode;

use wsp_abi::{Error, generate, path};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments != ["refresh"] {
        eprintln!("usage: cargo run -p wsp-abi -- refresh");
        return ExitCode::from(2);
    }
    match refresh() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn refresh() -> Result<(), Error> {
    let text = generate::metadata()?;
    let path = path(generate::METADATA);
    std::fs::write(&path, text).map_err(|error| Error(format!("cannot write {}: {error}", path.display())))?;
    println!("wrote {}", path.display());
    Ok(())
}
