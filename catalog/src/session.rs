//! Changes, all or nothing.

use std::path::PathBuf;

use crate::guard::{Guard, GuardError, back_up};
use crate::plan::{Plan, Step, grown, plan};
use crate::store::{CallError, Store};
use crate::{Catalog, Entry};

/// How often the steps to the wanted catalog are worked out and done: once more when the first time came out otherwise than wanted, as it may
/// where the documentation does not say what a call does.
const ATTEMPTS: usize = 2;

/// What has been done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The catalog says already what it should.
    Nothing,
    /// These steps would be done.
    Planned(Vec<Step>),
    /// These steps were done.
    Changed {
        /// The steps.
        steps: Vec<Step>,
        /// The catalog before them.
        backup: PathBuf,
    },
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The catalog cannot be had for oneself.
    #[error("{0}")]
    Guard(#[from] GuardError),
    /// It cannot be read.
    #[error("{0}")]
    Read(CallError),
    /// It is damaged, so that what is not understood might be lost.
    #[error("the catalog is damaged, and nothing was changed: {0}; `wsp catalog doctor --fix` mends it")]
    Damaged(String),
    /// An earlier change ended halfway.
    #[error(
        "an earlier change of the catalog was interrupted, and nothing more was changed; put back what was before it with \
         `wsp catalog restore {backup}`", backup = .0.display()
    )]
    Interrupted(PathBuf),
    /// What was asked for cannot be.
    #[error("{0}")]
    Refused(String),
    /// No backup could be written.
    #[error("cannot write a backup, and nothing was changed: {0}")]
    Backup(std::io::Error),
    /// A step failed, and all was put back.
    #[error("{cause}\nEverything is as it was before.")]
    PutBack {
        /// What failed.
        cause: CallError,
    },
    /// A step failed, and all was put back but what no call can take back.
    #[error(
        "{cause}\nEverything is as it was before, except that `{program}` may load more than before: there is no call that takes that back"
    )]
    Kept {
        /// What failed.
        cause: CallError,
        /// The program.
        program: String,
    },
    /// A step failed, and putting back failed too.
    #[error(
        "{cause}\nPutting everything back failed as well: {second}\nThe catalog is changed in part. When the cause is gone, put back what \
         was before with `wsp catalog restore {backup}`", backup = backup.display()
    )]
    Partial {
        /// What failed.
        cause: Box<CallError>,
        /// What failed when it was to be put back.
        second: Box<CallError>,
        /// The catalog before.
        backup: PathBuf,
    },
}

/// How a change is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Says what would be done, and does nothing.
    pub dry_run: bool,
    /// Goes on although an earlier change was interrupted: this one puts things right.
    pub after_interruption: bool,
    /// Goes on although the catalog is damaged: this one puts things right.
    pub despite_damage: bool,
}

/// Changes the catalog to what `wanted` makes of it, or leaves it as it is.
///
/// Under a lock: reads the catalog, asks what is wanted, works out the steps, writes a backup, does them, reads the catalog again. What fails
/// in between is taken back.
///
/// # Errors
/// See [`ChangeError`]: after all of them but [`ChangeError::Partial`] and [`ChangeError::Kept`] the catalog says what it said. Entries that had to be installed anew
/// to put them back have new numbers, and the chains that name them follow.
pub fn change(
    store: &mut dyn Store,
    options: Options,
    wanted: impl FnOnce(&Catalog) -> Result<Catalog, String>,
) -> Result<Done, ChangeError> {
    let guard = if options.dry_run { None } else { Some(Guard::take(store)?) };
    if let Some(backup) = guard.as_ref().and_then(Guard::interrupted)
        && !options.after_interruption
    {
        return Err(ChangeError::Interrupted(backup.to_owned()));
    }
    let current = store.read().map_err(ChangeError::Read)?;
    let damage = current.damage().first().cloned();
    if let Some(damage) = damage.as_ref().filter(|_| !options.despite_damage) {
        return Err(ChangeError::Damaged(damage.to_string()));
    }
    let wanted = wanted(&current).map_err(ChangeError::Refused)?;
    let steps = plan(&current, &wanted).steps;
    let Some(mut guard) = guard else {
        return Ok(if steps.is_empty() && damage.is_none() { Done::Nothing } else { Done::Planned(steps) });
    };
    if steps.is_empty() && damage.is_none() {
        guard.end()?;
        return Ok(Done::Nothing);
    }
    let before = store.snapshot().map_err(ChangeError::Read)?;
    let backup = back_up(store, &before).map_err(ChangeError::Backup)?;
    guard.begin(&backup)?;
    let changed = if damage.is_some() { store.rewrite(&wanted.to_bytes()) } else { Ok(()) };
    if let Err(cause) = changed.and_then(|()| reach(store, &wanted))
        && !is_reached(store, &wanted)
    {
        let whole = damage.is_none().then_some(&current);
        return Err(put_back(store, whole, &before, cause, backup, &mut guard));
    }
    guard.end()?;
    Ok(Done::Changed { steps, backup })
}

/// Puts everything back, and says how that went: by the steps to the catalog as it was, or, when it was damaged, by its bytes.
fn put_back(
    store: &mut dyn Store,
    whole: Option<&Catalog>,
    before: &[u8],
    cause: CallError,
    backup: PathBuf,
    guard: &mut Guard,
) -> ChangeError {
    let back = match whole {
        Some(whole) => reach(store, whole),
        // A place that refuses to be written anew has refused before, and nothing has changed.
        None if store.snapshot().is_ok_and(|now| now == before) => Ok(()),
        None => store.rewrite(before),
    };
    if let Err(second) = back {
        return ChangeError::Partial { cause: cause.into(), second: second.into(), backup };
    }
    if let Err(error) = guard.taken_back() {
        return error.into();
    }
    let kept = whole.and_then(|whole| Some(grown(whole, &store.read().ok()?))).unwrap_or_default();
    match kept.first() {
        None => ChangeError::PutBack { cause },
        Some(program) => ChangeError::Kept { cause, program: program.path.clone() },
    }
}

/// Puts a catalog file in the place of what cannot even be read, or was there before a damaged one was to be mended.
///
/// # Errors
/// As [`change`]; the catalog is as it was, or, when that fails too, as [`ChangeError::Partial`] says.
pub fn overwrite(store: &mut dyn Store, catalog_file: &[u8]) -> Result<Done, ChangeError> {
    let mut guard = Guard::take(store)?;
    let before = store.snapshot().map_err(ChangeError::Read)?;
    let backup = back_up(store, &before).map_err(ChangeError::Backup)?;
    guard.begin(&backup)?;
    if let Err(cause) = store.rewrite(catalog_file) {
        return Err(put_back(store, None, &before, cause, backup, &mut guard));
    }
    guard.end()?;
    Ok(Done::Changed { steps: Vec::new(), backup })
}

/// Was it only the last look that failed?
fn is_reached(store: &mut dyn Store, wanted: &Catalog) -> bool {
    store.read().is_ok_and(|now| now.damage().is_empty() && plan(&now, wanted).steps.is_empty())
}

/// Brings the catalog to what is wanted, and looks whether it is there.
fn reach(store: &mut dyn Store, wanted: &Catalog) -> Result<(), CallError> {
    for _ in 0..ATTEMPTS {
        let current = store.read()?;
        let plan = plan(&current, wanted);
        if plan.steps.is_empty() {
            return Ok(());
        }
        execute(store, plan)?;
    }
    let left = plan(&store.read()?, wanted).steps;
    match left.first() {
        None => Ok(()),
        Some(step) => Err(CallError::new(
            "reading the catalog again",
            format!("all calls succeeded, and yet it still takes: {step}"),
        )
        .hint("does something else change the catalog, or stand in for ws2_32?")),
    }
}

fn execute(store: &mut dyn Store, mut plan: Plan) -> Result<(), CallError> {
    for step in std::mem::take(&mut plan.steps) {
        match &step {
            Step::Deinstall { view, provider } => store.deinstall(*view, *provider)?,
            Step::Install { view, provider, entries } => {
                let (path, infos) = plan.numbered(entries, *view);
                store.install(*view, *provider, &path, &infos)?;
                let catalog = store.read()?;
                let made = catalog.entries(*view).filter(|entry| entry.provider() == *provider);
                plan.ids.extend(entries.iter().zip(made).map(|(entry, made)| ((*view, entry.id()), made.id())));
            }
            Step::Update { view, provider, entries } => {
                let (path, infos) = plan.numbered(entries, *view);
                store.update(*view, *provider, &path, &infos)?;
            }
            Step::Categories { view, provider, categories } => store.set_categories(*view, *provider, *categories)?,
            Step::Order { view, ids } => {
                let ids: Vec<u32> = ids.iter().map(|id| plan.number(*view, *id)).collect();
                store.write_order(*view, &ids)?;
            }
            Step::Application(application) => store.add_application(application)?,
            Step::San(providers) => store.set_san(providers)?,
        }
    }
    Ok(())
}

impl Plan {
    /// The number that the catalog has for a wanted one.
    fn number(&self, view: crate::View, id: u32) -> u32 {
        self.ids.get(&(view, id)).copied().unwrap_or(id)
    }

    /// Path and descriptions, with the catalog's numbers in place of the wanted ones.
    fn numbered(&self, entries: &[Entry], view: crate::View) -> (String, Vec<wsp::ffi::WSAPROTOCOL_INFOW>) {
        let infos = entries.iter().map(|entry| {
            let mut info = entry.info();
            info.dwCatalogEntryId = self.number(view, info.dwCatalogEntryId);
            info.ProtocolChain.ChainEntries = info.ProtocolChain.ChainEntries.map(|id| self.number(view, id));
            info
        });
        (entries.first().map_or(String::new(), Entry::path), infos.collect())
    }
}
