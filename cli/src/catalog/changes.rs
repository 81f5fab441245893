//! The commands that change the catalog.

use std::io::Write as _;
use std::path::Path;

use serde_json::json;
use wsp_catalog::library::resolve;
use wsp_catalog::wanted::{self, Pick, Place};
use wsp_catalog::{
    Application, Catalog, Done, Entry, Options, Step, Store, Uuid, View, category, change, info_from_hex, interrupted,
    overwrite, steps,
};

use super::{ChangeArguments, print_json};
use crate::{Failure, Format, print};

/// The names of categories, for the command line.
pub fn category_names() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(category::names())
}

fn mask(names: &[String]) -> u32 {
    names.iter().filter_map(|name| category::bit(name)).fold(0, |mask, bit| mask | bit)
}

fn picks(entries: &[String]) -> Vec<Pick> {
    entries.iter().map(|entry| Pick::parse(entry)).collect()
}

/// Makes a change and says what came of it.
pub fn make(
    store: &mut dyn Store,
    options: Options,
    format: Format,
    wanted: impl FnOnce(&Catalog) -> Result<Catalog, String>,
) -> Result<(), Failure> {
    say(&change(store, options, wanted).map_err(Failure::new)?, format)
}

/// Says what came of a change.
pub fn say(done: &Done, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => print_json(&json(done)),
        Format::Text => print(&text(done)),
    }
}

/// What came of a change, for people.
pub fn text(done: &Done) -> String {
    let list = |steps: &[Step]| steps.iter().map(|step| format!("  {step}\n")).collect::<String>();
    match done {
        Done::Nothing => "Nothing to do.\n".to_owned(),
        Done::Planned(steps) => format!("Would be done:\n{}", list(steps)),
        Done::Changed { steps, backup } => {
            format!("Done:\n{}As it was before: {}\n", list(steps), backup.display())
        }
    }
}

/// What came of a change, for programs.
pub fn json(done: &Done) -> serde_json::Value {
    let (word, steps, backup) = match done {
        Done::Nothing => ("nothing", &[][..], None),
        Done::Planned(steps) => ("planned", steps.as_slice(), None),
        Done::Changed { steps, backup } => ("changed", steps.as_slice(), Some(backup)),
    };
    let steps: Vec<String> = steps.iter().map(Step::to_string).collect();
    json!({ "result": word, "steps": steps, "backup": backup })
}

/// One primitive call, on behalf of another program.
pub fn enter(store: &mut dyn Store, provider: Uuid, path: &str, infos: &[String]) -> Result<(), Failure> {
    let infos: Option<Vec<_>> = infos.iter().map(|digits| info_from_hex(digits)).collect();
    let infos = infos.ok_or_else(|| Failure::new("a description is not one of 628 bytes in hexadecimal digits"))?;
    let view = if cfg!(target_pointer_width = "64") { View::Bits64 } else { View::Bits32 };
    store.install(view, provider, path, &infos).map_err(Failure::new)
}

pub fn remove(
    store: &mut dyn Store,
    entries: &[String],
    views: &[View],
    with_chains: bool,
    dry_run: bool,
    format: Format,
) -> Result<(), Failure> {
    let picks = picks(entries);
    let options = Options { dry_run, ..Options::default() };
    make(store, options, format, |now| wanted::removed(now, &picks, views, with_chains))
}

pub fn order(
    store: &mut dyn Store,
    entries: &[String],
    views: &[View],
    last: bool,
    dry_run: bool,
    format: Format,
) -> Result<(), Failure> {
    let place = if last { Place::Last } else { Place::First };
    let picks = picks(entries);
    let options = Options { dry_run, ..Options::default() };
    make(store, options, format, |now| wanted::ordered(now, &picks, views, place))
}

pub fn category(
    store: &mut dyn Store,
    provider: Uuid,
    set: &[String],
    dry_run: bool,
    format: Format,
) -> Result<(), Failure> {
    if !set.is_empty() {
        let options = Options { dry_run, ..Options::default() };
        return make(store, options, format, |now| wanted::classed(now, provider, &View::ALL, mask(set)));
    }
    let catalog = super::show::read(store)?;
    let views: Vec<View> =
        catalog.views().filter(|view| catalog.entries(*view).any(|entry| entry.provider() == provider)).collect();
    if views.is_empty() {
        return Err(Failure::new(format!("there is no provider {provider}; `wsp catalog list` shows all")));
    }
    let told = |view: View| catalog.categories(view, provider).map(category::describe);
    if format == Format::Json {
        let list: Vec<_> = views.iter().map(|view| json!({ "view": view.bits(), "categories": told(*view) })).collect();
        return print_json(&json!(list));
    }
    let line = |view: &View| format!("{view}: {}\n", told(*view).unwrap_or_else(|| "not set".to_owned()));
    print(&views.iter().map(line).collect::<String>())
}

#[derive(clap::Args)]
pub struct AppArguments {
    /// Path of the program
    program: String,
    /// Arguments that tell its instances apart, as of svchost.exe
    #[arg(long, value_name = "ARGUMENTS", allow_hyphen_values = true)]
    extra: Option<String>,
    /// Let it load layered providers of these categories, and no others; this only adds up, nothing takes a category back
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',', value_parser = category_names())]
    allow: Vec<String>,
    /// Keep out all layered providers but those for the system's own processes: the same as `--allow system`
    #[arg(long, conflicts_with = "allow")]
    opt_out: bool,
    #[command(flatten)]
    change: ChangeArguments,
}

pub fn app(store: &mut dyn Store, arguments: &AppArguments, format: Format) -> Result<(), Failure> {
    let permitted = if arguments.opt_out { wsp::ffi::LSP_SYSTEM } else { mask(&arguments.allow) };
    let application = Application { path: arguments.program.clone(), extra: arguments.extra.clone(), permitted };
    let before = store.application(&application.path, application.extra.as_deref()).map_err(Failure::new)?;
    if permitted != 0 {
        if arguments.opt_out && before.is_some_and(|before| before & !permitted != 0) {
            let more = before.map(category::describe).unwrap_or_default();
            return Err(Failure::new(format!(
                "this program has the categories {more} already, and no call takes one back: it cannot be opted out any more"
            )));
        }
        let options = Options { dry_run: arguments.change.dry_run, ..Options::default() };
        return make(store, options, format, |now| Ok(wanted::permitted(now, &application)));
    }
    if format == Format::Json {
        return print_json(&json!({ "program": application.path, "categories": before.map(category::describe) }));
    }
    print(&match before {
        Some(mask) => format!("{} loads layered providers of: {}\n", application.path, category::describe(mask)),
        None => format!("{} has no categories: it loads every layered provider\n", application.path),
    })
}

pub fn backup(store: &mut dyn Store, file: Option<&Path>, format: Format) -> Result<(), Failure> {
    let bytes = store.snapshot().map_err(Failure::new)?;
    let failed = |error: std::io::Error| Failure::new(format!("cannot write the backup: {error}"));
    let path = match file {
        None => wsp_catalog::back_up(store, &bytes).map_err(failed)?,
        Some(file) => {
            let mut out = std::fs::File::create_new(file).map_err(failed)?;
            out.write_all(&bytes).and_then(|()| out.sync_all()).map_err(failed)?;
            file.to_owned()
        }
    };
    if format == Format::Json {
        return print_json(&json!({ "backup": path }));
    }
    print(&format!("Written: {}\n", path.display()))
}

/// Puts back what a file says.
pub fn restore(store: &mut dyn Store, file: &Path, force: bool, dry_run: bool) -> Result<Done, Failure> {
    let unreadable = |reason: String| Failure::new(format!("cannot restore {}: {reason}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let backup = Catalog::parse(&bytes).map_err(|error| error.to_string()).and_then(|backup| {
        backup.damage().first().map_or(Ok(()), |damage| Err(format!("it is damaged: {damage}")))?;
        Ok(backup)
    });
    let backup = match backup {
        Ok(backup) if dry_run || store.read().is_ok() => backup,
        // A change that was to mend it was interrupted: before it the catalog was as damaged.
        Err(_) if interrupted(store).as_deref() == Some(file) => return replace(store, &bytes, dry_run),
        Err(reason) => return Err(unreadable(reason)),
        Ok(_) => return replace(store, &bytes, dry_run),
    };
    let options = Options { dry_run, after_interruption: true, despite_damage: true };
    let done = change(store, options, |now| {
        keeps_windows_own(now, &backup)?;
        if !force {
            with_libraries(&steps(now, &backup))?;
        }
        Ok(backup)
    });
    done.map_err(Failure::new)
}

/// Puts a catalog file in the place of the one that is there.
fn replace(store: &mut dyn Store, catalog_file: &[u8], dry_run: bool) -> Result<Done, Failure> {
    if dry_run { Ok(Done::Planned(Vec::new())) } else { overwrite(store, catalog_file).map_err(Failure::new) }
}

/// A backup of another machine, or of another time, may lack what Windows has brought.
fn keeps_windows_own(now: &Catalog, backup: &Catalog) -> Result<(), String> {
    for view in now.views() {
        let stays = |entry: &Entry| backup.entries(view).any(|other| other.provider() == entry.provider());
        if let Some(own) = now.entries(view).find(|entry| wanted::is_windows_own(entry) && !stays(entry)) {
            return Err(format!(
                "{view}: the backup has no `{}`, which is Windows' own, and without that there is no network: it is of another machine, or \
                 was made before Windows installed it",
                own.name()
            ));
        }
    }
    Ok(())
}

/// No entry comes back without its library.
fn with_libraries(steps: &[Step]) -> Result<(), String> {
    for step in steps {
        let (Step::Install { view, entries, .. } | Step::Update { view, entries, .. }) = step else { continue };
        let path = entries.first().map(Entry::path).unwrap_or_default();
        if let Some(file) = resolve(&path, *view).filter(|file| !file.is_file()) {
            return Err(format!(
                "{view}: the library {} is gone, and an entry without its library takes the network away; put it back first, or use --force",
                file.display()
            ));
        }
    }
    Ok(())
}
