//! `wsp catalog`.

mod changes;
mod doctor;
mod install;
mod probe;
mod show;

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use wsp_catalog::{FileStore, Store, View};

use crate::{Failure, Format, print};

/// The variable that names the catalog file.
const VARIABLE: &str = "WSP_CATALOG";

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// A catalog file, as `reg export` of WinSock2\Parameters writes it; otherwise the machine's catalog (on Windows) or the file named
    /// by WSP_CATALOG
    #[arg(long, value_name = "FILE", global = true)]
    catalog: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
}

#[derive(Subcommand)]
enum Command {
    /// List the entries in the order in which they are considered
    List {
        /// Of which programs' view
        #[arg(long, value_enum, default_value_t = ViewChoice::Both)]
        view: ViewChoice,
    },
    /// Show everything about some entries
    Show {
        /// A number, a provider's GUID, a name or a path
        entry: String,
    },
    /// Install a provider, each library in the view of its width
    Install(install::Arguments),
    /// Remove a provider; its library can be deleted afterwards
    Remove {
        /// Numbers, providers' GUIDs, names or paths
        #[arg(required = true)]
        entries: Vec<String>,
        /// From which programs' view
        #[arg(long, value_enum, default_value_t = ViewChoice::Both)]
        view: ViewChoice,
        /// Remove the chains of other providers that stand on it, too
        #[arg(long)]
        with_chains: bool,
        #[command(flatten)]
        change: ChangeArguments,
    },
    /// Put entries before all others, or behind them
    Order {
        /// Numbers, providers' GUIDs, names or paths, in the order wanted
        #[arg(required = true)]
        entries: Vec<String>,
        /// In which programs' view
        #[arg(long, value_enum, default_value_t = ViewChoice::Both)]
        view: ViewChoice,
        /// Behind all others
        #[arg(long)]
        last: bool,
        #[command(flatten)]
        change: ChangeArguments,
    },
    /// Show or set the categories of a layered provider
    Category {
        /// The provider's GUID
        provider: wsp_catalog::Uuid,
        /// Set these
        #[arg(long, value_name = "CATEGORY", value_delimiter = ',', value_parser = changes::category_names())]
        set: Vec<String>,
        #[command(flatten)]
        change: ChangeArguments,
    },
    /// Show or widen which layered providers a program may load
    App(changes::AppArguments),
    /// Write the catalog to a file
    Backup {
        /// The file; otherwise the next number beside the catalog
        file: Option<PathBuf>,
    },
    /// Put back what a file says
    Restore {
        /// A file that `backup`, or any change, has written
        file: PathBuf,
        /// Restore entries whose library is missing, too
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        change: ChangeArguments,
    },
    /// Examine the catalog: broken entries, and why
    Doctor(doctor::Arguments),
    /// Enter a provider as a 64-bit program says that cannot do it itself; without lock or backup, which that one sees to
    #[command(hide = true)]
    Enter {
        /// The provider's GUID
        provider: wsp_catalog::Uuid,
        /// The path of its library
        path: String,
        /// The descriptions of its entries, in hexadecimal digits
        #[arg(required = true)]
        infos: Vec<String>,
    },
    /// Start a provider and clean it up
    #[command(hide = true)]
    Probe {
        /// The function to start it with
        export: String,
        /// Its library
        library: PathBuf,
    },
}

/// How a change is made.
#[derive(clap::Args)]
struct ChangeArguments {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ViewChoice {
    #[value(name = "64")]
    Bits64,
    #[value(name = "32")]
    Bits32,
    Both,
}

impl ViewChoice {
    fn views(self) -> Vec<View> {
        match self {
            Self::Bits64 => vec![View::Bits64],
            Self::Bits32 => vec![View::Bits32],
            Self::Both => View::ALL.to_vec(),
        }
    }
}

/// Does what is asked.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Command::Probe { export, library } = &arguments.command {
        return probe::run(export, library);
    }
    let create = matches!(&arguments.command, Command::Install(install) if install.create);
    let mut store = open(arguments.catalog.as_ref(), create)?;
    let store = store.as_mut();
    let format = arguments.format;
    match &arguments.command {
        Command::List { view } => show::list(store, &view.views(), format),
        Command::Show { entry } => show::show(store, entry, format),
        Command::Install(install) => install::run(store, install, format),
        Command::Remove { entries, view, with_chains, change } => {
            changes::remove(store, entries, &view.views(), *with_chains, change.dry_run, format)
        }
        Command::Order { entries, view, last, change } => {
            changes::order(store, entries, &view.views(), *last, change.dry_run, format)
        }
        Command::Category { provider, set, change } => changes::category(store, *provider, set, change.dry_run, format),
        Command::App(app) => changes::app(store, app, format),
        Command::Backup { file } => changes::backup(store, file.as_deref(), format),
        Command::Restore { file, force, change } => {
            changes::say(&changes::restore(store, file, *force, change.dry_run)?, format)
        }
        Command::Doctor(doctor) => doctor::run(store, doctor, format),
        Command::Enter { provider, path, infos } => changes::enter(store, *provider, path, infos),
        Command::Probe { .. } => Ok(()),
    }
}

/// The catalog that is meant.
fn open(file: Option<&PathBuf>, create: bool) -> Result<Box<dyn Store>, Failure> {
    let file = file.cloned().or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from));
    let Some(file) = file else { return machine() };
    let store = FileStore::new(&file);
    if create {
        store.create().map_err(|error| Failure::new(format!("cannot create {}: {error}", file.display())))?;
    }
    Ok(Box::new(store))
}

#[cfg(windows)]
fn machine() -> Result<Box<dyn Store>, Failure> {
    Ok(Box::new(wsp_catalog::Ws2Store::open(narrow()).map_err(Failure::new)?))
}

#[cfg(not(windows))]
fn machine() -> Result<Box<dyn Store>, Failure> {
    Err(Failure::new(format!("this machine has no catalog of its own: name a file with --catalog or {VARIABLE}")))
}

/// The 32-bit build of this program, which a 64-bit one needs on Windows: beside it, if it is there.
fn narrow() -> Option<PathBuf> {
    let wide = cfg!(all(windows, target_pointer_width = "64"));
    std::env::current_exe().ok().filter(|_| wide).map(|program| program.with_file_name("wsp32.exe"))
}

/// Prints JSON.
fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}
