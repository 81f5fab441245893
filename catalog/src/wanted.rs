//! What a catalog is to become: one function for each thing that can be asked for. They change nothing but the description that they return.

use uuid::Uuid;
use wsp::ffi;

use crate::layout::Item;
use crate::plan::providers;
use crate::{Application, Catalog, Entry, View};

/// A provider to be installed in one view.
#[derive(Clone)]
pub struct Offer {
    /// The view.
    pub view: View,
    /// Identifies the provider.
    pub provider: Uuid,
    /// Where its library is.
    pub path: String,
    /// What it offers.
    pub info: ffi::WSAPROTOCOL_INFOW,
    /// The Windows Sockets switch may use it.
    pub san: bool,
}

/// Where entries go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before all others.
    First,
    /// Behind all others.
    Last,
}

/// Which entries are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// The entry of this number.
    Id(u32),
    /// Those of this provider.
    Provider(Uuid),
    /// Those of this name, or this path.
    Name(String),
}

impl Pick {
    /// Reads a number, an identification, a name or a path.
    pub fn parse(text: &str) -> Self {
        if let Ok(id) = text.parse() {
            return Self::Id(id);
        }
        match Uuid::parse_str(text) {
            Ok(provider) => Self::Provider(provider),
            Err(_) => Self::Name(text.to_owned()),
        }
    }

    /// Is it this entry?
    pub fn is(&self, entry: &Entry) -> bool {
        match self {
            Self::Id(id) => entry.id() == *id,
            Self::Provider(provider) => entry.provider() == *provider,
            Self::Name(name) => entry.name().eq_ignore_ascii_case(name) || entry.path().eq_ignore_ascii_case(name),
        }
    }
}

/// With these providers. One that is there gets the new path and description in its place; others stand last, after TCP/IP.
///
/// # Errors
/// When a path has no place in the catalog, the catalog has no such view, or what is there under this identification is of another kind.
pub fn installed(current: &Catalog, offers: &[Offer]) -> Result<Catalog, String> {
    let mut catalog = current.clone();
    for offer in offers {
        let view = offer.view;
        let mut entry = Entry::new(&offer.path, &offer.info).map_err(|error| error.to_string())?;
        entry.set_provider(offer.provider);
        let new_id = catalog.new_id();
        let items = catalog.items_mut(view).ok_or_else(|| format!("this catalog has no {view} view"))?;
        let mut there: Vec<&mut Item> =
            items.iter_mut().filter(|item| item.entry.provider() == offer.provider).collect();
        match there.as_mut_slice() {
            own if own.iter().any(|item| is_windows_own(&item.entry)) => {
                return Err(format!("{view}: {} is Windows' own provider; give another --provider", offer.provider));
            }
            [] => {
                entry.set_id(new_id);
                items.push(Item::new(entry));
            }
            [item] if item.entry.chain().is_empty() && item.entry.info().ProtocolChain.ChainLen == 1 => {
                entry.set_id(item.entry.id());
                entry.change(|info| info.ProtocolChain = item.entry.info().ProtocolChain);
                item.entry = entry;
            }
            others => {
                return Err(format!(
                    "{view}: {} has {} entries that this would not replace alike; remove it first, or give another --provider",
                    offer.provider,
                    others.len()
                ));
            }
        }
        let mut san = catalog.san();
        if offer.san && !san.contains(&offer.provider) {
            san.push(offer.provider);
            catalog.set_san(&san);
        }
    }
    Ok(catalog)
}

/// Without what is picked, all entries of a provider at a time. Who is in neither view any more is not named under `TCP on SAN` either.
///
/// # Errors
/// When a provider is Windows' own, or chains of others stand on it and `with_chains` does not say that they go too.
pub fn removed(current: &Catalog, picks: &[Pick], views: &[View], with_chains: bool) -> Result<Catalog, String> {
    let mut catalog = current.clone();
    let mut named: Vec<Uuid> =
        picks.iter().filter_map(|pick| if let Pick::Provider(id) = pick { Some(*id) } else { None }).collect();
    for view in views.iter().copied().filter(|view| current.views().any(|there| there == *view)) {
        let picked = current.entries(view).filter(|entry| picks.iter().any(|pick| pick.is(entry)));
        let mut gone: Vec<Uuid> = picked.map(Entry::provider).collect();
        loop {
            if let Some(own) =
                current.entries(view).find(|entry| gone.contains(&entry.provider()) && is_windows_own(entry))
            {
                return Err(format!("{view}: `{}` is Windows' own; without it there is no network", own.name()));
            }
            let more: Vec<&Entry> = standing_on(current, view, &gone);
            if more.is_empty() {
                break;
            }
            if !with_chains {
                let list: Vec<String> = more.iter().map(|entry| format!("{} `{}`", entry.id(), entry.name())).collect();
                return Err(format!(
                    "{view}: these chains stand on it and would lead nowhere: {}; remove them first, or all with --with-chains",
                    list.join(", ")
                ));
            }
            gone.extend(more.into_iter().map(Entry::provider));
        }
        if let Some(items) = catalog.items_mut(view) {
            items.retain(|item| !gone.contains(&item.entry.provider()));
        }
        named.extend(gone);
    }
    forget_san(&mut catalog, &named);
    Ok(catalog)
}

/// Who of these has no entry is not named under `TCP on SAN`.
pub(crate) fn forget_san(catalog: &mut Catalog, providers: &[Uuid]) {
    let there: Vec<Uuid> = View::ALL.iter().flat_map(|view| self::providers(catalog, *view)).collect();
    let mut san = catalog.san();
    let before = san.len();
    san.retain(|id| !providers.contains(id) || there.contains(id));
    if san.len() < before {
        catalog.set_san(&san);
    }
}

/// The chains of other providers that name entries of these.
fn standing_on<'a>(catalog: &'a Catalog, view: View, gone: &[Uuid]) -> Vec<&'a Entry> {
    let ids: Vec<u32> = catalog.entries(view).filter(|entry| gone.contains(&entry.provider())).map(Entry::id).collect();
    let others = catalog.entries(view).filter(|entry| !gone.contains(&entry.provider()));
    others.filter(|entry| entry.chain().iter().any(|id| ids.contains(id))).collect()
}

/// Does Windows bring this provider along? Its libraries lie in the system's folder and are never ours to remove.
pub fn is_windows_own(entry: &Entry) -> bool {
    const LIBRARIES: [&str; 4] = ["mswsock.dll", "rsvpsp.dll", "wshbth.dll", "winrnr.dll"];
    let path = entry.path().to_ascii_lowercase().replace('/', "\\");
    let in_system = path.contains("\\system32\\") || path.contains("\\syswow64\\");
    in_system && LIBRARIES.iter().any(|name| path.ends_with(&format!("\\{name}")))
}

/// With these entries first or last, in the order given.
///
/// # Errors
/// When one of them is in no view.
pub fn ordered(current: &Catalog, picks: &[Pick], views: &[View], place: Place) -> Result<Catalog, String> {
    let mut catalog = current.clone();
    for pick in picks {
        let found = views.iter().any(|view| current.entries(*view).any(|entry| pick.is(entry)));
        if !found {
            return Err(format!("there is no entry {}; `wsp catalog list` shows all", shown(pick)));
        }
    }
    for view in views {
        let Some(items) = catalog.items_mut(*view) else { continue };
        let rank = |item: &Item| picks.iter().position(|pick| pick.is(&item.entry));
        match place {
            Place::First => items.sort_by_key(|item| rank(item).unwrap_or(usize::MAX)),
            Place::Last => items.sort_by_key(|item| rank(item).map_or(0, |rank| rank + 1)),
        }
    }
    Ok(catalog)
}

fn shown(pick: &Pick) -> String {
    match pick {
        Pick::Id(id) => id.to_string(),
        Pick::Provider(provider) => provider.to_string(),
        Pick::Name(name) => format!("`{name}`"),
    }
}

/// With a layered provider classed.
///
/// # Errors
/// When it is in no view.
pub fn classed(current: &Catalog, provider: Uuid, views: &[View], categories: u32) -> Result<Catalog, String> {
    let mut catalog = current.clone();
    let mut found = false;
    for view in views {
        found |= current.entries(*view).any(|entry| entry.provider() == provider);
        catalog.set_categories(*view, provider, categories);
    }
    if found { Ok(catalog) } else { Err(format!("there is no provider {provider}; `wsp catalog list` shows all")) }
}

/// With a program that may load providers of these categories, besides those it may load already.
pub fn permitted(current: &Catalog, application: &Application) -> Catalog {
    let mut catalog = current.clone();
    let old = catalog.permitted(&application.path, application.extra.as_deref()).unwrap_or(0);
    catalog.set_application(&Application { permitted: old | application.permitted, ..application.clone() });
    catalog
}
