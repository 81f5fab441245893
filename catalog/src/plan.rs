//! The steps from one catalog to another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;

use crate::{Application, Catalog, Entry, View, category};

/// One primitive call. Numbers of entries are those of the wanted catalog; the catalog itself may give others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Removes all entries of a provider.
    Deinstall {
        /// From this view.
        view: View,
        /// The provider.
        provider: Uuid,
    },
    /// Enters a provider.
    Install {
        /// Into this view.
        view: View,
        /// The provider.
        provider: Uuid,
        /// Its entries, of one path.
        entries: Vec<Entry>,
    },
    /// Changes path and descriptions of a provider.
    Update {
        /// In this view.
        view: View,
        /// The provider.
        provider: Uuid,
        /// Its entries, of one path.
        entries: Vec<Entry>,
    },
    /// Classes a layered provider.
    Categories {
        /// In this view.
        view: View,
        /// The provider.
        provider: Uuid,
        /// The `LSP_` bits.
        categories: u32,
    },
    /// Puts the entries in order.
    Order {
        /// Those of this view.
        view: View,
        /// All of them.
        ids: Vec<u32>,
    },
    /// Lets a program load providers of more categories.
    Application(Application),
    /// Names the providers that the Windows Sockets switch may use.
    San(Vec<Uuid>),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |entries: &[Entry]| entries.first().map_or(String::new(), |entry| format!("`{}` ", entry.name()));
        let path = |entries: &[Entry]| entries.first().map_or(String::new(), Entry::path);
        match self {
            Self::Deinstall { view, provider } => write!(f, "{view}: remove {provider}"),
            Self::Install { view, provider, entries } => {
                write!(f, "{view}: install {}{provider} from {}", name(entries), path(entries))
            }
            Self::Update { view, provider, entries } => {
                write!(f, "{view}: change {}{provider}, from {}", name(entries), path(entries))
            }
            Self::Categories { view, provider, categories } => {
                write!(f, "{view}: class {provider} as {}", category::describe(*categories))
            }
            Self::Order { view, ids } => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                write!(f, "{view}: order {}", ids.join(" "))
            }
            Self::Application(application) => {
                write!(f, "let {} load {}", application.path, category::describe(application.permitted))?;
                application.extra.as_ref().map_or(Ok(()), |extra| write!(f, " when run with `{extra}`"))
            }
            Self::San(providers) => {
                let providers: Vec<String> = providers.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "`TCP on SAN`: {}",
                    if providers.is_empty() { "none".to_owned() } else { providers.join(", ") }
                )
            }
        }
    }
}

/// The steps, and which numbers the entries that stay have now.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub steps: Vec<Step>,
    /// By view and wanted number.
    pub ids: BTreeMap<(View, u32), u32>,
}

/// The steps that make the one catalog say what the other says; see [`change`](crate::change).
pub fn steps(current: &Catalog, wanted: &Catalog) -> Vec<Step> {
    plan(current, wanted).steps
}

/// What makes the one catalog say what the other says. Nothing, when they differ only in the numbers of entries.
pub(crate) fn plan(current: &Catalog, wanted: &Catalog) -> Plan {
    let mut plan = Plan::default();
    let (san, wanted_san) = (current.san(), wanted.san());
    let staying: Vec<Uuid> = san.iter().copied().filter(|id| wanted_san.contains(id)).collect();
    // The switch is told of what goes before it goes, and of what comes once it is there.
    if staying.len() < san.len() {
        plan.steps.push(Step::San(staying.clone()));
    }
    let views: Vec<View> = current.views().filter(|view| wanted.views().any(|other| other == *view)).collect();
    for view in views {
        ViewPlan::new(view, current, wanted).write(&mut plan);
    }
    if staying.len() < wanted_san.len() {
        plan.steps.push(Step::San(wanted_san));
    }
    // Last, because there is no call that takes it back.
    plan.steps.extend(grown(current, wanted).into_iter().map(Step::Application));
    plan
}

/// The programs that may load more by the second catalog than by the first.
pub(crate) fn grown(current: &Catalog, wanted: &Catalog) -> Vec<Application> {
    let mut applications = wanted.applications();
    applications.retain(|application| {
        let now = current.permitted(&application.path, application.extra.as_deref());
        now.is_none_or(|now| application.permitted & !now != 0)
    });
    applications
}

/// What becomes of a provider.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It stays as it is.
    Keep,
    /// Its entries change in place.
    Update,
    /// It is removed, if it is there, and installed.
    Install,
}

struct ViewPlan<'a> {
    view: View,
    current: &'a Catalog,
    wanted: &'a Catalog,
    /// By wanted number.
    ids: BTreeMap<u32, u32>,
    fates: BTreeMap<Uuid, Fate>,
}

impl<'a> ViewPlan<'a> {
    fn new(view: View, current: &'a Catalog, wanted: &'a Catalog) -> Self {
        let mut plan = Self { view, current, wanted, ids: BTreeMap::new(), fates: BTreeMap::new() };
        for provider in providers(wanted, view) {
            let fate = plan.fate(provider);
            plan.fates.insert(provider, fate);
        }
        plan.follow_chains();
        plan
    }

    fn of<'c>(&self, catalog: &'c Catalog, provider: Uuid) -> Vec<&'c Entry> {
        catalog.entries(self.view).filter(|entry| entry.provider() == provider).collect()
    }

    /// Pairs a provider's entries with those that are there.
    fn fate(&mut self, provider: Uuid) -> Fate {
        let (now, then) = (self.of(self.current, provider), self.of(self.wanted, provider));
        let categories = |catalog: &Catalog| catalog.categories(self.view, provider);
        let unclassed = categories(self.current).is_some() && categories(self.wanted).is_none();
        if now.len() != then.len() || unclassed {
            return Fate::Install;
        }
        let mut free: Vec<&Entry> = now;
        let mut pairs: Vec<(&Entry, &Entry)> = Vec::new();
        let mut fate = Fate::Keep;
        for entry in &then {
            let same_id = |other: &&Entry| other.id() == entry.id();
            let same_body = |other: &&Entry| body(other) == body(entry);
            let found = free.iter().position(|other| same_id(other) && same_body(other));
            let found = found.or_else(|| free.iter().position(same_body)).or_else(|| free.iter().position(same_id));
            let Some(found) = found else { return Fate::Install };
            let other = free.remove(found);
            if body(other) != body(entry) || !other.path().eq_ignore_ascii_case(&entry.path()) {
                fate = Fate::Update;
            }
            pairs.push((entry, other));
        }
        self.ids.extend(pairs.into_iter().map(|(entry, other)| (entry.id(), other.id())));
        fate
    }

    /// What stays, and names in a chain what gets another number, or named something else, changes.
    fn follow_chains(&mut self) {
        let renewed: BTreeSet<u32> =
            self.wanted.entries(self.view).map(Entry::id).filter(|id| !self.ids.contains_key(id)).collect();
        let now: BTreeMap<u32, &Entry> = self.current.entries(self.view).map(|entry| (entry.id(), entry)).collect();
        let mut changed = Vec::new();
        for entry in self.wanted.entries(self.view) {
            let Some(other) = self.ids.get(&entry.id()).and_then(|id| now.get(id)) else { continue };
            let chain = entry.info().ProtocolChain.ChainEntries;
            let mapped = chain.map(|id| self.ids.get(&id).copied().unwrap_or(id));
            if chain.iter().any(|id| renewed.contains(id)) || mapped != other.info().ProtocolChain.ChainEntries {
                changed.push(entry.provider());
            }
        }
        for provider in changed {
            self.fates.entry(provider).and_modify(|fate| {
                if *fate == Fate::Keep {
                    *fate = Fate::Update;
                }
            });
        }
    }

    fn write(self, plan: &mut Plan) {
        let (view, fates) = (self.view, &self.fates);
        let mut gone: Vec<Uuid> = providers(self.current, view);
        gone.retain(|provider| fates.get(provider).is_none_or(|fate| *fate == Fate::Install));
        // Chains go before what they stand on, and come after it.
        gone.sort_by_key(|provider| !has_chain(&self.of(self.current, *provider)));
        plan.steps.extend(gone.iter().map(|provider| Step::Deinstall { view, provider: *provider }));
        let mut order: Vec<u32> = self.staying(&gone);
        let mut coming: Vec<Uuid> = providers(self.wanted, view);
        coming.sort_by_key(|provider| has_chain(&self.of(self.wanted, *provider)));
        for provider in coming {
            let entries: Vec<Entry> = self.of(self.wanted, provider).into_iter().cloned().collect();
            match fates.get(&provider) {
                Some(Fate::Install) => {
                    order.extend(entries.iter().map(Entry::id));
                    plan.steps.push(Step::Install { view, provider, entries });
                }
                Some(Fate::Update) => plan.steps.push(Step::Update { view, provider, entries }),
                Some(Fate::Keep) | None => {}
            }
            let now = self.current.categories(view, provider).filter(|_| fates.get(&provider) != Some(&Fate::Install));
            if let Some(categories) = self.wanted.categories(view, provider)
                && now != Some(categories)
            {
                plan.steps.push(Step::Categories { view, provider, categories });
            }
        }
        let wanted: Vec<u32> = self.wanted.entries(view).map(Entry::id).collect();
        if order != wanted {
            plan.steps.push(Step::Order { view, ids: wanted });
        }
        plan.ids.extend(self.ids.iter().map(|(wanted, now)| ((view, *wanted), *now)));
    }

    /// The wanted numbers of what stays, in the order that it has.
    fn staying(&self, gone: &[Uuid]) -> Vec<u32> {
        let wanted: BTreeMap<u32, u32> = self.ids.iter().map(|(wanted, now)| (*now, *wanted)).collect();
        let entries = self.current.entries(self.view).filter(|entry| !gone.contains(&entry.provider()));
        entries.filter_map(|entry| wanted.get(&entry.id()).copied()).collect()
    }
}

/// The providers of a view, each once, in the order of their first entries.
pub(crate) fn providers(catalog: &Catalog, view: View) -> Vec<Uuid> {
    let mut seen = BTreeSet::new();
    catalog.entries(view).map(Entry::provider).filter(|provider| seen.insert(*provider)).collect()
}

fn has_chain(entries: &[&Entry]) -> bool {
    entries.iter().any(|entry| !entry.chain().is_empty())
}

/// What an entry says apart from its path and the numbers in it.
fn body(entry: &Entry) -> Vec<u8> {
    let mut bare = entry.clone();
    bare.change(|info| {
        info.dwCatalogEntryId = 0;
        info.ProtocolChain.ChainEntries = [0; _];
    });
    bare.description().to_vec()
}
