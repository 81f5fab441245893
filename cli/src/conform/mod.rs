//! `wsp conform`: somebody's provider, tried against the rules of the interface, each case in a process of its own.

mod cases;
mod hostile;
mod life;
mod waits;

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use wait_timeout::ChildExt as _;
use wsp_codegen::json::Json;

use crate::text::{DIM, GREEN, PLAIN, RED, Table};
use crate::{Failure, Format, print};
use cases::{CASES, Case, Outcome};

/// What is tried.
#[derive(clap::Args)]
pub struct Arguments {
    /// The provider's library: any DLL or shared object that exports WSPStartup and offers TCP over IPv4
    library: PathBuf,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// How long a case may take
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    limit: u64,
    /// Try only the cases whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// What a process that the command itself starts is to try
    #[arg(long, hide = true)]
    case: Option<String>,
}

/// How a process that tries a case says what came of it.
const BAD: i32 = 3;
const LEFT_OUT: i32 = 4;

/// Tries the cases and prints a report; fails if the provider does.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let library = std::path::absolute(&arguments.library).unwrap_or_else(|_| arguments.library.clone());
    if let Some(name) = &arguments.case {
        return one(&library, name);
    }
    if !library.is_file() {
        return Err(Failure::new(format!("{}: no such file", library.display())));
    }
    let wanted = |case: &&Case| arguments.only.as_ref().is_none_or(|only| case.name.contains(only.as_str()));
    let cases: Vec<&Case> = CASES.iter().filter(wanted).collect();
    if cases.is_empty() {
        return Err(Failure::new("no case has such a name; without `--only` all are listed"));
    }
    let mut outcomes = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        progress(&format!("{} of {}: {}", at + 1, cases.len(), case.name));
        outcomes.push(apart(&library, case, Duration::from_secs(arguments.limit))?);
    }
    progress("");
    let bad = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Bad(_))).count();
    match arguments.format {
        Format::Json => print(&json(&cases, &outcomes))?,
        Format::Text => print(&report(&cases, &outcomes, bad))?,
    }
    if bad == 0 { Ok(()) } else { Err(Failure::Said) }
}

/// Tries one case here, in a process that is there for nothing else.
fn one(library: &Path, name: &str) -> Result<(), Failure> {
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        return Err(Failure::new(format!("there is no case `{name}`")));
    };
    crate::crash::quietly();
    let (status, text) = match (case.run)(library) {
        Outcome::Good => return Ok(()),
        Outcome::Bad(text) => (BAD, text),
        Outcome::LeftOut(text) => (LEFT_OUT, text),
    };
    print(&text)?;
    // Whatever the provider has left running ends here.
    std::process::exit(status)
}

/// Tries one case in a process of its own, which may crash or hang.
fn apart(library: &Path, case: &Case, limit: Duration) -> Result<Outcome, Failure> {
    let program = std::env::current_exe().map_err(Failure::new)?;
    let mut command = Command::new(program);
    command.arg("conform").arg(library).args(["--case", case.name]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| Failure::new(format!("cannot start a process: {error}")))?;
    let status = child.wait_timeout(limit).map_err(Failure::new)?;
    let Some(status) = status else {
        // Gone by itself meanwhile, or killed.
        let _ = child.kill();
        let _ = child.wait();
        return Ok(Outcome::Bad(format!("still not done after {} s", limit.as_secs())));
    };
    let mut text = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut text).map_err(Failure::new)?;
    }
    Ok(match status.code() {
        Some(0) => Outcome::Good,
        Some(BAD) => Outcome::Bad(text),
        Some(LEFT_OUT) => Outcome::LeftOut(text),
        _ => Outcome::Bad(format!("the process crashed ({})", ended(status))),
    })
}

#[cfg(unix)]
fn ended(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal() {
        Some(11) => "SIGSEGV: memory that is not there".to_owned(),
        Some(6) => "SIGABRT".to_owned(),
        _ => status.to_string(),
    }
}

#[cfg(not(unix))]
fn ended(status: ExitStatus) -> String {
    status.to_string()
}

fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        anstream::eprint!("\r\x1b[K{DIM}{text}{PLAIN}");
    }
}

fn report(cases: &[&Case], outcomes: &[Outcome], bad: usize) -> String {
    let mut table = Table::new(&["rule", "case", "outcome"]);
    for (case, outcome) in cases.iter().zip(outcomes) {
        let text = match outcome {
            Outcome::Good => "good".to_owned(),
            Outcome::Bad(text) => format!("BAD: {text}"),
            Outcome::LeftOut(text) => format!("left out: {text}"),
        };
        table.row([case.rule.to_owned(), case.name.to_owned(), text]);
    }
    let verdict = if bad == 0 {
        format!("{GREEN}The provider conforms{PLAIN} in {} cases.", cases.len())
    } else {
        format!("{RED}The provider is wrong{PLAIN} in {bad} of {} cases; `wsp explain RULE` says more.", cases.len())
    };
    format!("{}\n{verdict}\n", table.text())
}

fn json(cases: &[&Case], outcomes: &[Outcome]) -> String {
    let rows = cases.iter().zip(outcomes).map(|(case, outcome)| {
        let (word, detail) = match outcome {
            Outcome::Good => ("good", None),
            Outcome::Bad(text) => ("bad", Some(text)),
            Outcome::LeftOut(text) => ("left out", Some(text)),
        };
        let detail = detail.map_or(Json::Null, |text| Json::text(text.as_str()));
        Json::object([
            ("rule", Json::text(case.rule)),
            ("case", Json::text(case.name)),
            ("outcome", Json::text(word)),
            ("detail", detail),
        ])
    });
    Json::object([("cases", Json::List(rows.collect()))]).pretty()
}
