//! `wsp trace`: what a host calls, and how it ends.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use wsp::rt::Code;
use wsp::rt::trace::{Record, Trace, VARIABLE, read};
use wsp_codegen::json::Json;

use crate::text::Table;
use crate::{Failure, Format, print};

/// What is to be traced.
#[derive(clap::Args)]
pub struct Arguments {
    /// Print what was recorded before: a `.wsptrace` file, or a folder of them
    #[arg(long, value_name = "PATH", conflicts_with_all = ["program", "provider", "keep"])]
    read: Option<PathBuf>,
    /// Without a program, `wsp demo` is traced: with this provider
    #[arg(long, value_name = "FILE", conflicts_with = "program")]
    provider: Option<PathBuf>,
    /// Record into this folder and leave the files there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print only the newest so many calls
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The program to trace, with its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

/// Runs the program and prints its calls, or prints those of an earlier run.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.read {
        return show(&read(path).map_err(Failure::new)?, arguments);
    }
    let folder = Folder::new(arguments.keep.as_deref())?;
    let status = record(arguments, folder.path())?;
    let trace = read(folder.path()).map_err(Failure::new)?;
    if trace.records.is_empty() {
        return Err(Failure::new(format!(
            "nothing was recorded: the program started no provider made with wsp ({status}, and {VARIABLE} is read at the first start-up)"
        )));
    }
    show(&trace, arguments)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("the program failed: {status}"))) }
}

/// Where files are recorded; removed again unless they are to be kept.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    fn new(keep: Option<&Path>) -> Result<Self, Failure> {
        let made = std::env::temp_dir().join(format!("wsp-trace-{}", std::process::id()));
        let path = keep.map_or(made, Path::to_owned);
        std::fs::create_dir_all(&path)
            .map_err(|error| Failure::new(format!("cannot make the folder {}: {error}", path.display())))?;
        Ok(Self { path, keep: keep.is_some() })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What is left over lies in the system's folder for that.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn record(arguments: &Arguments, folder: &Path) -> Result<ExitStatus, Failure> {
    let mut command = match arguments.program.split_first() {
        Some((program, rest)) => {
            let mut command = Command::new(program);
            command.args(rest);
            command
        }
        None => demo(arguments)?,
    };
    // Standard output is the table's.
    command.stdout(Stdio::from(std::io::stderr())).env(VARIABLE, folder);
    command
        .status()
        .map_err(|error| Failure::new(format!("cannot run {}: {error}", command.get_program().to_string_lossy())))
}

fn demo(arguments: &Arguments) -> Result<Command, Failure> {
    let own = std::env::current_exe().map_err(|error| Failure::new(format!("cannot find this program: {error}")))?;
    let mut command = Command::new(own);
    command.args(["demo", "--mib", "1"]);
    if let Some(provider) = &arguments.provider {
        command.arg("--provider").arg(provider);
    }
    Ok(command)
}

fn show(trace: &Trace, arguments: &Arguments) -> Result<(), Failure> {
    let skip = trace.records.len().saturating_sub(arguments.last.unwrap_or(usize::MAX));
    let records = &trace.records[skip..];
    match arguments.format {
        Format::Json => print(&(json(trace, records).pretty())),
        Format::Text => print(&table(trace, records, skip)),
    }
}

fn table(trace: &Trace, records: &[Record], skipped: usize) -> String {
    let mut table = Table::new(&["process", "thread", ">time, us", ">took, us", "function", ">socket", "result"]);
    for record in records {
        table.row([
            record.process.to_string(),
            record.thread.to_string(),
            format!("{:.1}", record.at as f64 / 1000.0),
            format!("{:.1}", f64::from(record.took) / 1000.0),
            record.function.clone(),
            if record.socket == 0 { "-".to_owned() } else { format!("{:#x}", record.socket) },
            result(record),
        ]);
    }
    let earlier = trace.replaced + skipped as u64;
    let lost = trace.lost;
    let table = table.text();
    format!("{table}\n{} calls; earlier ones not shown: {earlier}; not recorded: {lost}\n", records.len())
}

/// The result in words.
fn result(record: &Record) -> String {
    match record.code {
        0 => "ok".to_owned(),
        wsp::code::WSA_IO_PENDING => "pending".to_owned(),
        code => Code(code).to_string(),
    }
}

fn json<'r>(trace: &Trace, records: &'r [Record]) -> Json<'r> {
    let number = |number: u64| Json::Number(number.into());
    let calls = records.iter().map(|record| {
        let name = Code(record.code).info().map_or(Json::Null, |info| Json::text(info.name));
        Json::object([
            ("process", number(record.process.into())),
            ("thread", number(record.thread.into())),
            ("at_ns", number(record.at)),
            ("took_ns", number(record.took.into())),
            ("function", Json::text(&record.function)),
            ("socket", number(record.socket)),
            ("code", Json::Number(record.code.into())),
            ("code_name", name),
        ])
    });
    Json::object([
        ("calls", Json::List(calls.collect())),
        ("replaced", number(trace.replaced)),
        ("lost", number(trace.lost)),
    ])
}
