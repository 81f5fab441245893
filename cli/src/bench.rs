//! `wsp bench`: how fast the transports are, beside others.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::{Failure, Format, note, print};

#[derive(clap::Args)]
pub struct Arguments {
    /// Form of the table
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write a picture of it, too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// How long it may take; on a busy machine more time finds more quiet moments
    #[arg(long, value_name = "SECONDS", default_value_t = 240)]
    limit: u64,
    /// Count system calls per message instead, with strace; fails if there are more than there should be
    #[arg(long, conflicts_with_all = ["format", "svg", "limit"])]
    system_calls: bool,
    /// What a process of the benchmark does
    #[arg(long, hide = true)]
    part: Option<String>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(part) = &arguments.part {
        return wsp_bench_net::take_part(part).map_err(|problem| Failure::new(format!("{part}: {problem}")));
    }
    if arguments.system_calls {
        let (text, met) = wsp_bench_net::count_system_calls().map_err(Failure::new)?;
        print(&text)?;
        return if met { Ok(()) } else { Err(Failure::new("more system calls per message than there should be")) };
    }
    if cfg!(debug_assertions) {
        note(format_args!("this is an unoptimised build: `cargo run --release -- bench` is what counts"));
    }
    let options = wsp_bench_net::Options { limit: Duration::from_secs(arguments.limit) };
    let terminal = std::io::stderr().is_terminal();
    let report = wsp_bench_net::run(options, &mut |line| progress(line, terminal)).map_err(Failure::new)?;
    if terminal {
        progress("", terminal);
    }
    if let Some(file) = &arguments.svg {
        std::fs::write(file, report.svg())
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))?;
    }
    match arguments.format {
        Format::Text => print(&report.text()),
        Format::Json => print(&format!("{:#}\n", report.json())),
    }
}

/// One line that changes on a terminal, a line each elsewhere.
fn progress(line: &str, terminal: bool) {
    let mut out = std::io::stderr().lock();
    // Progress that nobody reads is no reason to stop.
    let _ = if terminal { write!(out, "\r\x1b[K{line}").and_then(|()| out.flush()) } else { writeln!(out, "{line}") };
}
