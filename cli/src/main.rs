//! The `wsp` command.

#[cfg(target_os = "linux")]
mod bench;
mod catalog;
mod check;
mod conform;
mod crash;
mod demo;
mod docs;
mod explain;
mod export;
mod generate;
mod overview;
mod spec;
mod text;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// The Winsock service-provider interface, declared once: generate from it, check it, look it up.
#[derive(Parser)]
#[command(name = "wsp", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Make everything that is made from the spec, and say what was made
    Generate {
        /// Folder to write to
        #[arg(long, value_name = "DIR", default_value = "wsp-out")]
        out: PathBuf,
        #[command(flatten)]
        spec: SpecFolder,
        /// Only these emitters (see `wsp generate --help` for their names)
        #[arg(long, value_name = "NAME", value_delimiter = ',', help = generate::only_help())]
        only: Vec<String>,
    },
    /// Check a spec and print how far its rules are covered by tests
    Check {
        #[command(flatten)]
        spec: SpecFolder,
        /// Form of the diagnostics
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Try somebody's provider against the rules of the interface, each case in a process of its own
    Conform(conform::Arguments),
    /// Look up a function, a code, a constant, a type, a rule, or one of wsp's own diagnostics
    Explain {
        /// For example WSPSend, WSAEFAULT, SO_LINGER, WSABUF, WSPSend-03 or WSP0012
        name: String,
        /// With a function: one of its error codes
        code: Option<String>,
        #[command(flatten)]
        spec: SpecFolder,
    },
    /// Print the whole interface for programs
    Export {
        /// Form of the output
        #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
        format: ExportFormat,
        #[command(flatten)]
        spec: SpecFolder,
    },
    /// Write the reference as a site that opens from the file system
    Docs {
        /// Folder to write to
        #[arg(long, value_name = "DIR", default_value = "wsp-docs")]
        out: PathBuf,
        #[command(flatten)]
        spec: SpecFolder,
    },
    /// List, change, examine and mend the catalog of providers
    Catalog(catalog::Arguments),
    /// Load a provider through its C entry point and carry checked data over it
    Demo(demo::Arguments),
    #[cfg(target_os = "linux")]
    /// Time the transports beside TCP, Unix sockets and, where installed, UCX, libfabric and iceoryx2
    Bench(bench::Arguments),
    /// Record every call of a program's providers, and print them
    Trace(trace::Arguments),
}

/// Which spec.
#[derive(clap::Args)]
struct SpecFolder {
    /// A spec folder: a complete one, or one that adds to the built-in spec
    #[arg(long = "spec", value_name = "DIR")]
    folder: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum ExportFormat {
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        None => overview::run(),
        Some(Command::Generate { out, spec, only }) => generate::run(&out, spec.folder.as_deref(), &only),
        Some(Command::Check { spec, format }) => check::run(spec.folder.as_deref(), format),
        Some(Command::Explain { name, code, spec }) => explain::run(&name, code.as_deref(), spec.folder.as_deref()),
        Some(Command::Export { format: ExportFormat::Json, spec }) => export::run(spec.folder.as_deref()),
        Some(Command::Docs { out, spec }) => docs::run(&out, spec.folder.as_deref()),
        Some(Command::Catalog(arguments)) => catalog::run(&arguments),
        Some(Command::Conform(arguments)) => conform::run(&arguments),
        Some(Command::Demo(arguments)) => demo::run(&arguments),
        #[cfg(target_os = "linux")]
        Some(Command::Bench(arguments)) => bench::run(&arguments),
        Some(Command::Trace(arguments)) => trace::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Said) => ExitCode::FAILURE,
        Err(Failure::Message(message)) => {
            note(format_args!("{}error{}: {message}", text::RED, text::PLAIN));
            ExitCode::FAILURE
        }
    }
}

/// Why a command failed.
enum Failure {
    /// It has said so itself.
    Said,
    /// To be said.
    Message(String),
}

impl Failure {
    fn new(message: impl std::fmt::Display) -> Self {
        Self::Message(message.to_string())
    }
}

/// Writes a line to standard error; that nobody can read it changes nothing.
fn note(text: impl std::fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Writes to standard output; a reader that has gone away ends the command quietly.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::Said),
        Err(error) => Err(Failure::new(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}
