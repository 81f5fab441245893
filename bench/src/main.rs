//! Measures against the targets. Exact counts are a gate; times are a report and never fail.
//!
//! `wsp-bench gate` counts the instructions of a call and looks at what it executes and writes (D1, D2, D3); it fails when a
//! target is missed. `wsp-bench [D4 | C1 | C3] [--format json]` measures times side by side.

mod gate;
mod report;
mod table;
mod tool;

use std::env;
use std::process::ExitCode;

const USAGE: &str = "usage: wsp-bench [gate | D4 | C1 | C3] [--format json]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        [] => report::run(None, false),
        ["--format", "json"] => report::run(None, true),
        ["gate"] => gate::run(false),
        ["gate", "--format", "json"] => gate::run(true),
        [target] if !target.starts_with('-') => report::run(Some(target), false),
        [target, "--format", "json"] => report::run(Some(target), true),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("wsp-bench: {problem}");
            ExitCode::from(2)
        }
    }
}
