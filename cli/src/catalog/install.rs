//! `wsp catalog install`.

use std::path::{Path, PathBuf};

use wsp::ffi;
use wsp_catalog::library::{Export, Library, resolve};
use wsp_catalog::wanted::{self, Offer, Pick, Place};
use wsp_catalog::{Options, StartFault, Store, Uuid, View, stream_info};

use super::{ChangeArguments, changes, probe};
use crate::{Failure, Format, note};

/// Under which providers without a GUID of their own get one, from their names: a second installation finds the first.
const NAMESPACE: Uuid = Uuid::from_u128(0x7d0a_4c1e_2f6b_4a7e_9a53_0c5f_1b6e_8d24);

#[derive(clap::Args)]
pub struct Arguments {
    /// The provider's library: one for 64-bit programs, one for 32-bit ones, or both
    #[arg(required = true, num_args = 1..=2)]
    libraries: Vec<PathBuf>,
    /// Name of the entry; otherwise that of the first library's file
    #[arg(long)]
    name: Option<String>,
    /// GUID of the provider; otherwise one derived from the name
    #[arg(long, value_name = "GUID")]
    provider: Option<Uuid>,
    /// Let programs see the entry when they enumerate protocols
    #[arg(long)]
    visible: bool,
    /// Put the entry before all others, so that it serves every program's TCP sockets
    #[arg(long)]
    first: bool,
    /// A provider for a system area network: named under `TCP on SAN` too
    #[arg(long)]
    san: bool,
    /// Do not try whether the provider starts
    #[arg(long)]
    no_start: bool,
    /// How long a start-up may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    limit: u64,
    /// Make the catalog file if there is none
    #[arg(long)]
    pub create: bool,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Installs a provider, once its libraries are found good.
pub fn run(store: &mut dyn Store, arguments: &Arguments, format: Format) -> Result<(), Failure> {
    let libraries = look(arguments)?;
    let name =
        arguments.name.clone().or_else(|| stem(&arguments.libraries[0])).unwrap_or_else(|| "provider".to_owned());
    if name.encode_utf16().count() > ffi::WSAPROTOCOL_LEN as usize {
        return Err(Failure::new(format!("the name is longer than {} characters", ffi::WSAPROTOCOL_LEN)));
    }
    let provider = arguments.provider.unwrap_or_else(|| Uuid::new_v5(&NAMESPACE, name.to_lowercase().as_bytes()));
    let mut info = stream_info(&name);
    if arguments.visible {
        info.dwProviderFlags &= !ffi::PFL_HIDDEN;
    }
    let offers: Vec<Offer> = libraries
        .iter()
        .map(|library| Offer {
            view: library.view(),
            provider,
            path: library.path.display().to_string(),
            info,
            san: arguments.san,
        })
        .collect();
    let options = Options { dry_run: arguments.change.dry_run, ..Options::default() };
    changes::make(store, options, format, |now| {
        // Between the look and now a library may have gone: none is entered that is not there.
        if let Some(gone) = libraries.iter().find(|library| !library.path.is_file()) {
            return Err(format!("there is no file {} any more", gone.path.display()));
        }
        let wanted = wanted::installed(now, &offers)?;
        if !arguments.first {
            return Ok(wanted);
        }
        let views: Vec<View> = offers.iter().map(|offer| offer.view).collect();
        wanted::ordered(&wanted, &[Pick::Provider(provider)], &views, Place::First)
    })
}

fn stem(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_string_lossy().into_owned();
    // `lib` is how libraries begin away from Windows, and no part of the name.
    Some(stem.strip_prefix(std::env::consts::DLL_PREFIX).unwrap_or(&stem).to_owned())
}

/// Looks into the libraries, and tries whether they start where that is possible.
fn look(arguments: &Arguments) -> Result<Vec<Library>, Failure> {
    let export = if arguments.san { Export::San } else { Export::Plain };
    let mut libraries: Vec<Library> = Vec::new();
    for path in &arguments.libraries {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let library = Library::open(&path).map_err(Failure::new)?;
        library.check(library.view(), export).map_err(Failure::new)?;
        if let Some(other) = libraries.iter().find(|other| other.view() == library.view()) {
            let (one, other) = (library.path.display(), other.path.display());
            return Err(Failure::new(format!(
                "{one} and {other} are both for the {} view: give one for each",
                library.view()
            )));
        }
        // What stands between `%` is a variable there, and 32-bit programs have a System32 of their own.
        let text = path.display().to_string();
        if resolve(&text, library.view()).is_none_or(|file| file != path) {
            return Err(Failure::new(format!(
                "{text}: programs of the {} view would not find it by that path: put it in another folder",
                library.view()
            )));
        }
        libraries.push(library);
    }
    for library in libraries.iter().filter(|_| !arguments.no_start) {
        let path = library.path.display();
        match probe::prober(arguments.limit)?.start(library, export) {
            Ok(()) => {}
            Err(StartFault::Untried(why)) => note(format_args!("note: whether {path} starts was not tried: {why}")),
            Err(fault) => return Err(Failure::new(format!("{path}: {fault}; nothing was changed"))),
        }
    }
    Ok(libraries)
}
