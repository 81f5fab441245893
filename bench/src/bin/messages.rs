//! Sends messages from one end of a connection to the other, both in this process: what the instruction counter runs.
//!
//! `messages SUBJECT SIZE N`: a few first, so that whatever happens once has happened; then N messages.

use std::env;
use std::process::ExitCode;

use wsp_bench_net::Exchange;

/// Messages before the count: more than a ring has cells in a quarter of its turn.
const FIRST: u64 = 2_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("messages: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let [subject, size, count] = arguments else { return Err("give a subject, a size and a number".into()) };
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
    let (size, count) = (number(size)?, number(count)? as u64);
    let mut exchange = Exchange::new(subject)?;
    exchange.run(size, FIRST)?;
    measured_messages(&mut exchange, size, count)
}

/// What is counted: the counter knows it by its name.
#[unsafe(no_mangle)]
#[inline(never)]
fn measured_messages(exchange: &mut Exchange, size: usize, count: u64) -> Result<(), String> {
    exchange.run(size, count)
}
