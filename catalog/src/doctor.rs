//! What is wrong with a catalog, and how to mend it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use wsp::ffi;

use crate::library::{Export, Library, resolve};
use crate::plan::providers;
use crate::probe::{Prober, StartFault};
use crate::wanted::{self, Pick, is_windows_own};
use crate::{Catalog, Entry, View};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It breaks programs, or the catalog.
    Broken,
    /// It works, and is hardly meant so.
    Odd,
    /// It could not be checked here.
    Unchecked,
}

/// Something about a catalog that somebody should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// Where, in words: a view, an entry, a key.
    pub place: String,
    /// What is found.
    pub what: String,
    /// What to do, when it is not mended by `--fix`.
    pub advice: String,
    mend: Mend,
}

impl Finding {
    /// Does [`mended`] see to it?
    pub fn is_mendable(&self) -> bool {
        self.mend != Mend::Not
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mend {
    Not,
    /// The catalog is written anew with what could be made out.
    Rewrite,
    /// The provider goes, and what stands on it.
    RemoveProvider(View, Uuid),
    /// The entry goes.
    RemoveEntry(View, u32),
    /// `TCP on SAN` names it no more.
    Unlist(Uuid),
}

/// Looks at everything: how it is kept, chains, libraries, and, with a prober, whether each provider starts. The weightiest findings come first.
pub fn examine(catalog: &Catalog, prober: Option<&Prober>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for damage in catalog.damage() {
        let advice = "`--fix` writes the catalog anew with the entries that could be made out".to_owned();
        findings.push(Finding {
            weight: Weight::Broken,
            place: damage.place.clone(),
            what: damage.what.clone(),
            advice,
            mend: Mend::Rewrite,
        });
    }
    for view in catalog.views() {
        findings.extend(catalog.entries(view).flat_map(|entry| chain(catalog, view, entry)));
        let mut seen = BTreeSet::new();
        for entry in catalog.entries(view).filter(|entry| seen.insert((entry.provider(), entry.path()))) {
            findings.extend(library(catalog, view, entry, prober));
        }
        findings.extend(catalog.entries(view).flat_map(|entry| odd(catalog, view, entry)));
    }
    findings.extend(san(catalog));
    findings.sort_by_key(|finding| finding.weight);
    findings
}

fn place(view: View, entry: &Entry) -> String {
    format!("{view} entry {} `{}`", entry.id(), entry.name())
}

/// Does a chain lead somewhere?
fn chain(catalog: &Catalog, view: View, entry: &Entry) -> Vec<Finding> {
    let length = entry.info().ProtocolChain.ChainLen;
    let kinds: BTreeMap<u32, i32> =
        catalog.entries(view).map(|entry| (entry.id(), entry.info().ProtocolChain.ChainLen)).collect();
    let members = entry.chain();
    let what = if !(0..=ffi::MAX_PROTOCOL_CHAIN).contains(&length) {
        format!("its chain has {length} members, which is from 0 to {}", ffi::MAX_PROTOCOL_CHAIN)
    } else if let Some(gone) = members.iter().find(|id| !kinds.contains_key(id)) {
        format!("it is a chain over entry {gone}, which is not there: orphaned")
    } else if members.contains(&entry.id()) {
        "it is a chain over itself".to_owned()
    } else if members.last().is_some_and(|last| kinds.get(last) != Some(&ffi::BASE_PROTOCOL)) {
        "it is a chain that does not end at a base provider".to_owned()
    } else {
        return Vec::new();
    };
    let (advice, mend) = if is_windows_own(entry) {
        (WINDOWS_OWN.to_owned(), Mend::Not)
    } else {
        (
            "`--fix` removes the entry; then install the layered provider again".to_owned(),
            Mend::RemoveEntry(view, entry.id()),
        )
    };
    vec![Finding { weight: Weight::Broken, place: place(view, entry), what, advice, mend }]
}

const WINDOWS_OWN: &str =
    "it is Windows' own and never removed here: `sfc /scannow` repairs files, `netsh winsock reset` the catalog";

/// Is an entry's library there, and does it start?
fn library(catalog: &Catalog, view: View, entry: &Entry, prober: Option<&Prober>) -> Option<Finding> {
    let provider = entry.provider();
    let export = if catalog.san().contains(&provider) { Export::San } else { Export::Plain };
    let (weight, what) = match check(entry, view, export, prober) {
        Ok(()) => return None,
        Err(found) => found,
    };
    let own = is_windows_own(entry);
    let (advice, mend) = match weight {
        Weight::Broken if own => (WINDOWS_OWN.to_owned(), Mend::Not),
        Weight::Broken => (
            "put the library right, or let `--fix` remove the provider from this view".to_owned(),
            Mend::RemoveProvider(view, provider),
        ),
        Weight::Odd | Weight::Unchecked => (String::new(), Mend::Not),
    };
    Some(Finding { weight, place: place(view, entry), what, advice, mend })
}

/// The weightiest thing about a library.
fn check(entry: &Entry, view: View, export: Export, prober: Option<&Prober>) -> Result<(), (Weight, String)> {
    let broken = |what: String| (Weight::Broken, what);
    let unchecked = |what: String| (Weight::Unchecked, what);
    let Some(path) = resolve(&entry.path(), view) else {
        return Err(unchecked(format!("the path {} leads nowhere on this machine", entry.path())));
    };
    let library = Library::open(&path).map_err(|fault| broken(fault.to_string()))?;
    library.check(view, export).map_err(|fault| broken(fault.to_string()))?;
    // Windows' own library serves its own ws2_32 and no other host.
    let Some(prober) = prober.filter(|_| !is_windows_own(entry)) else { return Ok(()) };
    if entry.info().ProtocolChain.ChainLen != ffi::BASE_PROTOCOL {
        return Err(unchecked("it is a layered provider, which starts within its chain only: not tried".to_owned()));
    }
    prober.start(&library, export).map_err(|fault| match fault {
        StartFault::Untried(_) => unchecked(fault.to_string()),
        _ => broken(fault.to_string()),
    })
}

/// What works and is hardly meant so.
fn odd(catalog: &Catalog, view: View, entry: &Entry) -> Vec<Finding> {
    let info = entry.info();
    let mut found: Vec<(&str, &str)> = Vec::new();
    let is_base = info.ProtocolChain.ChainLen == ffi::BASE_PROTOCOL;
    let is_bare = info.dwServiceFlags1 & ffi::XP1_IFS_HANDLES == 0;
    if is_base && is_bare && info.dwProviderFlags & ffi::PFL_HIDDEN == 0 && !is_windows_own(entry) {
        found.push((
            "it is visible and its sockets are no file system handles: common event loops then give up their fast paths, in every program",
            "install it again without `--visible`",
        ));
    }
    let id = entry.id();
    if info.ProtocolChain.ChainLen == ffi::LAYERED_PROTOCOL
        && catalog.entries(view).all(|other| !other.chain().contains(&id))
    {
        found.push((
            "it is a layered provider that no chain uses: half installed",
            "install the layered provider again, or remove it",
        ));
    }
    let elsewhere = catalog.views().any(|other| other != view);
    let alone = elsewhere
        && catalog
            .views()
            .filter(|other| *other != view)
            .all(|other| catalog.entries(other).all(|entry| entry.provider() != info_provider(&info)));
    if alone && !is_windows_own(entry) {
        found.push((
            "it is in this view only: programs of the other width do not find it",
            "install its library for them, too",
        ));
    }
    let finding = |(what, advice): (&str, &str)| Finding {
        weight: Weight::Odd,
        place: place(view, entry),
        what: what.to_owned(),
        advice: advice.to_owned(),
        mend: Mend::Not,
    };
    found.into_iter().map(finding).collect()
}

fn info_provider(info: &ffi::WSAPROTOCOL_INFOW) -> Uuid {
    crate::info::uuid(&info.ProviderId)
}

/// Whom the switch is told of, and who is not there.
fn san(catalog: &Catalog) -> Vec<Finding> {
    let there: BTreeSet<Uuid> = View::ALL.iter().flat_map(|view| providers(catalog, *view)).collect();
    let gone = catalog.san().into_iter().filter(|provider| !there.contains(provider));
    let finding = |provider: Uuid| Finding {
        weight: Weight::Odd,
        place: "`TCP on SAN`".to_owned(),
        what: format!("it names {provider}, which has no entry"),
        advice: "`--fix` removes the name".to_owned(),
        mend: Mend::Unlist(provider),
    };
    gone.map(finding).collect()
}

/// The catalog without what is broken, as far as that can be mended.
///
/// # Errors
/// When what is broken cannot go because Windows' own providers stand on it.
pub fn mended(catalog: &Catalog, findings: &[Finding]) -> Result<Catalog, String> {
    let mut mended = catalog.clone();
    mended.mend();
    for finding in findings {
        match &finding.mend {
            Mend::Not | Mend::Rewrite => {}
            Mend::RemoveProvider(view, provider) => {
                mended = wanted::removed(&mended, &[Pick::Provider(*provider)], &[*view], true)?;
            }
            Mend::RemoveEntry(view, id) => {
                if let Some(items) = mended.items_mut(*view) {
                    items.retain(|item| item.entry.id() != *id);
                }
            }
            Mend::Unlist(provider) => wanted::forget_san(&mut mended, &[*provider]),
        }
    }
    // What went may leave chains behind that led through it.
    for view in View::ALL {
        let orphan = |mended: &Catalog| {
            let orphaned = |entry: &&Entry| chain(mended, view, entry).iter().any(Finding::is_mendable);
            mended.entries(view).find(orphaned).map(Entry::id)
        };
        while let Some(id) = orphan(&mended) {
            mended.items_mut(view).into_iter().for_each(|items| items.retain(|item| item.entry.id() != id));
        }
    }
    Ok(mended)
}
