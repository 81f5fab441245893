//! Generates once and prints the seconds that took: `regenerate ours FOLDER` (the whole built-in spec, all outputs) or
//! `regenerate bindgen FOLDER` (windows-bindgen making the dispatch table, unformatted).

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use std::{env, panic};

use wsp_codegen::emit::{self, EMITTERS, Options};
use wsp_codegen::write::{place, stage};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["ours", folder] => timed(|| ours(Path::new(folder))),
        ["bindgen", folder] => timed(|| bindgen(Path::new(folder))),
        _ => Err("give `ours` or `bindgen`, and a folder".into()),
    };
    match outcome {
        Ok(seconds) => {
            println!("{seconds:.6}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("regenerate: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn timed(work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

fn ours(folder: &Path) -> Result<(), String> {
    let model = wsp_codegen::compile(&wsp_codegen::build::builtin()).map_err(|problems| problems.render(false))?;
    let emitters: Vec<_> = EMITTERS.iter().collect();
    let mut staged = Vec::new();
    for made in emit::run(&emitters, &model, Options::default(), |outputs| stage(folder, &outputs)) {
        for part in made.parts.map_err(|error| error.to_string())? {
            staged.push(part.map_err(|error| error.to_string())?);
        }
    }
    place(&staged).map_err(|error| error.to_string())
}

fn bindgen(folder: &Path) -> Result<(), String> {
    let out = folder.join("bindgen.rs");
    let out = out.to_str().ok_or("the folder's name is not UTF-8")?;
    // It formats with rustfmt if it finds one; an option that rustfmt refuses leaves the output as it is.
    let arguments = [
        "--in",
        "default",
        "--out",
        out,
        "--sys",
        "--flat",
        "--no-allow",
        "--no-comment",
        "--rustfmt",
        "none",
        "--filter",
        "WSPPROC_TABLE",
    ];
    // Its warnings are of no interest, and it reports errors by panicking.
    panic::catch_unwind(|| drop(windows_bindgen::bindgen(arguments))).map_err(|_| "windows-bindgen stopped")?;
    let length = std::fs::metadata(out).map_err(|error| format!("windows-bindgen wrote nothing: {error}"))?.len();
    if length == 0 { Err("windows-bindgen wrote an empty file".into()) } else { Ok(()) }
}
