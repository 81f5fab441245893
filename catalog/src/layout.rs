//! The catalog, and how the registry lays it out.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use uuid::Uuid;

use crate::entry::{Entry, PACKED};
use crate::reg::{self, Document, Key, SyntaxError, Value};

const PARAMETERS: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\WinSock2\Parameters";
const SAN: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Winsock\Parameters\TCP on SAN";
const PROTOCOLS: &str = r"WinSock2\Parameters\Protocol_Catalog9";
const APPLICATIONS: &str = r"WinSock2\Parameters\AppId_Catalog";
const ITEM: &str = "PackedCatalogItem";
const NEXT: &str = "Next_Catalog_Entry_ID";
const SERIAL: &str = "Serial_Access_Num";
/// Where ws2_32 keeps a layered provider's categories is not documented: a catalog file has them beside the provider's entries.
const CATEGORIES: &str = "LspCategories";
/// The number that the first entry of an empty catalog gets.
const FIRST_ID: u32 = 1001;

/// Programs of one width see one of the two halves of the catalog. An ARM64 machine has no third: its 64-bit half serves x64 programs, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// What 64-bit programs see.
    Bits64,
    /// What 32-bit programs see; on a 32-bit machine the only one.
    Bits32,
}

impl View {
    /// Both, the 64-bit one first.
    pub const ALL: [Self; 2] = [Self::Bits64, Self::Bits32];

    fn key(self) -> &'static str {
        match self {
            Self::Bits64 => "Catalog_Entries64",
            Self::Bits32 => "Catalog_Entries",
        }
    }

    fn count(self) -> &'static str {
        match self {
            Self::Bits64 => "Num_Catalog_Entries64",
            Self::Bits32 => "Num_Catalog_Entries",
        }
    }

    /// Its width in bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::Bits64 => 64,
            Self::Bits32 => 32,
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-bit", self.bits())
    }
}

/// Everything the catalog says, of both views.
///
/// Read from a file it keeps what it does not know. Two are equal when every byte is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Everything but the items and their counts.
    rest: Document,
    /// Name of the key `Protocol_Catalog9`.
    root: String,
    views: Vec<(View, Vec<Item>)>,
    damage: Vec<Damage>,
}

/// An item and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub entry: Entry,
    /// Values of its key other than the item itself.
    others: Vec<Value>,
}

/// What is wrong with the way in which a catalog is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The key, or the view.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Why a catalog file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file system's reason.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// It is no registry file, or half of one.
    #[error("{0}")]
    Syntax(#[from] SyntaxError),
    /// It is a registry file of something else.
    #[error("there is no key `…\\{PROTOCOLS}`: this is no export of the catalog")]
    NoCatalog,
    /// It ends before it says how many entries there are.
    #[error("neither `{}` nor `{}` is there: the catalog is half written", View::Bits64.count(), View::Bits32.count())]
    NoView,
}

/// What a program is classed as: only providers whose own categories fit are loaded into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Path of the program.
    pub path: String,
    /// Arguments that tell its instances apart.
    pub extra: Option<String>,
    /// The `LSP_` bits that are allowed.
    pub permitted: u32,
}

impl Catalog {
    /// A catalog without entries.
    pub fn new(views: &[View]) -> Self {
        let root = format!(r"{PARAMETERS}\Protocol_Catalog9");
        let values = vec![Value::dword(NEXT, FIRST_ID), Value::dword(SERIAL, 1)];
        let mut rest = Document::new();
        rest.keys.push(Key { name: root.clone(), values });
        Self { rest, root, views: views.iter().map(|view| (*view, Vec::new())).collect(), damage: Vec::new() }
    }

    /// Reads a catalog file.
    ///
    /// # Errors
    /// When there is no such file, or it is no export of the catalog. Damage of single items is no error: see [`Catalog::damage`].
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        Self::parse(&std::fs::read(path)?)
    }

    /// As [`Catalog::read`], of a file's bytes.
    ///
    /// # Errors
    /// When they are no export of the catalog.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut rest = Document::parse(bytes)?;
        let at = rest.find(&format!(r"\{PROTOCOLS}")).ok_or(ReadError::NoCatalog)?;
        let root = rest.keys[at].name.clone();
        let mut catalog = Self { rest: Document::new(), root, views: Vec::new(), damage: Vec::new() };
        for view in View::ALL {
            catalog.take_view(view, &mut rest);
        }
        if catalog.views.is_empty() {
            return Err(ReadError::NoView);
        }
        catalog.rest = rest;
        catalog.check_next();
        Ok(catalog)
    }

    /// Moves the items of a view out of the document.
    fn take_view(&mut self, view: View, document: &mut Document) {
        let parent = format!(r"{}\{}", self.root, view.key());
        let is_item = |key: &Key| reg::below(&key.name, &parent).is_some();
        let mut keys: Vec<Key> = document.keys.extract_if(.., |key| is_item(key)).collect();
        keys.sort_by_key(|key| key.name.to_ascii_lowercase());
        let count = document.keys.iter().find(|key| key.name == self.root).and_then(|root| root.value(view.count()));
        let there = count.is_some()
            || !keys.is_empty()
            || document.keys.iter().any(|key| key.name.eq_ignore_ascii_case(&parent));
        if !there {
            return;
        }
        let count = count.and_then(Value::as_dword);
        if count.is_none_or(|count| usize::try_from(count) != Ok(keys.len())) {
            let said = count.map_or("no number of them".to_owned(), |count| format!("that there are {count}"));
            self.damaged(
                view.to_string(),
                format!("{} items are there, and `{}` says {said}", keys.len(), view.count()),
            );
        }
        let mut items = Vec::new();
        for (at, key) in keys.into_iter().enumerate() {
            if reg::below(&key.name, &parent) != Some(&name_of(at)) {
                self.damaged(
                    key.name.clone(),
                    format!("the items are not numbered from 1: `{}` is missing before this one", name_of(at)),
                );
            }
            match item(key) {
                Ok(item) => items.push(item),
                Err(damage) => self.damage.push(damage),
            }
        }
        let mut seen = BTreeSet::new();
        for item in &items {
            if !seen.insert(item.entry.id()) {
                self.damaged(view.to_string(), format!("two entries have the number {}", item.entry.id()));
            }
        }
        self.views.push((view, items));
    }

    fn check_next(&mut self) {
        let largest = self.largest_id();
        match self.root_value(NEXT) {
            None => self.damaged(NEXT, "the number of the next entry is missing"),
            // Behind the largest number that there can be is none.
            Some(next) if next <= largest && largest < u32::MAX => {
                self.damaged(NEXT, format!("the next entry would get the number {next}, and {largest} is in use"))
            }
            Some(_) => {}
        }
    }

    pub(crate) fn damaged(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.damage.push(Damage { place: place.into(), what: what.into() });
    }

    /// What is wrong with the way it was kept; the entries are those that could be made out.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// The views it has.
    pub fn views(&self) -> impl Iterator<Item = View> {
        self.views.iter().map(|(view, _)| *view)
    }

    /// The entries of a view, in their order: for a socket the first that fits is taken.
    pub fn entries(&self, view: View) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.items(view).iter().map(|item| &item.entry)
    }

    pub(crate) fn items(&self, view: View) -> &[Item] {
        self.views.iter().find(|(which, _)| *which == view).map_or(&[], |(_, items)| items)
    }

    pub(crate) fn items_mut(&mut self, view: View) -> Option<&mut Vec<Item>> {
        self.views.iter_mut().find(|(which, _)| *which == view).map(|(_, items)| items)
    }

    /// The providers that the Windows Sockets switch may use: those named under `TCP on SAN`.
    pub fn san(&self) -> Vec<Uuid> {
        let key = self.rest.find(r"\TCP on SAN").map(|at| &self.rest.keys[at]);
        let values = key.map_or(&[][..], |key| &key.values);
        values.iter().filter_map(|value| Some(Uuid::from_bytes_le(value.as_binary()?.try_into().ok()?))).collect()
    }

    /// Names the providers that the switch may use. Values that name none stay.
    pub(crate) fn set_san(&mut self, providers: &[Uuid]) {
        let at = self.rest.find(r"\TCP on SAN").unwrap_or_else(|| {
            self.rest.keys.push(Key { name: SAN.to_owned(), values: Vec::new() });
            self.rest.keys.len() - 1
        });
        let key = &mut self.rest.keys[at];
        key.values.retain(|value| value.as_binary().is_none_or(|bytes| bytes.len() != 16));
        key.values.extend(providers.iter().map(|id| Value::binary(&id.to_string(), &id.to_bytes_le())));
    }

    /// The categories a layered provider is classed as, if it is.
    pub fn categories(&self, view: View, provider: Uuid) -> Option<u32> {
        let mut items = self.items(view).iter().filter(|item| item.entry.provider() == provider);
        items.find_map(|item| item.others.iter().find(|value| value.name == CATEGORIES)?.as_dword())
    }

    pub(crate) fn set_categories(&mut self, view: View, provider: Uuid, categories: u32) {
        let items = self.items_mut(view).into_iter().flatten().filter(|item| item.entry.provider() == provider);
        for item in items {
            item.others.retain(|value| value.name != CATEGORIES);
            item.others.push(Value::dword(CATEGORIES, categories));
        }
    }

    /// The programs that are classed.
    pub fn applications(&self) -> Vec<Application> {
        let Some(parent) = self.applications_key() else { return Vec::new() };
        let keys = self.rest.keys.iter().filter(|key| reg::below(&key.name, &parent).is_some());
        keys.filter_map(|key| {
            Some(Application {
                path: key.value("AppFullPath")?.as_text()?,
                extra: key.value("AppArgs").and_then(Value::as_text),
                permitted: key.value("PermittedLspCategories")?.as_dword()?,
            })
        })
        .collect()
    }

    /// The `LSP_` bits that a program may load providers of; nothing when it is not classed.
    pub fn permitted(&self, path: &str, extra: Option<&str>) -> Option<u32> {
        let same = |app: &Application| app.path.eq_ignore_ascii_case(path) && app.extra.as_deref() == extra;
        self.applications().into_iter().find(same).map(|app| app.permitted)
    }

    fn applications_key(&self) -> Option<String> {
        Some(format!(r"{}\AppId_Catalog", self.root.get(..self.root.rfind('\\')?)?))
    }

    /// Classes a program, in place of what it was classed as.
    pub(crate) fn set_application(&mut self, application: &Application) {
        let parent = self.applications_key().unwrap_or_else(|| format!(r"{PARAMETERS}\{APPLICATIONS}"));
        let same = |key: &Key| {
            let text = |name| key.value(name).and_then(Value::as_text);
            reg::below(&key.name, &parent).is_some()
                && text("AppFullPath").is_some_and(|path| path.eq_ignore_ascii_case(&application.path))
                && text("AppArgs") == application.extra
        };
        let permitted = Value::dword("PermittedLspCategories", application.permitted);
        if let Some(key) = self.rest.keys.iter_mut().find(|key| same(key)) {
            return key.set(permitted);
        }
        let name = (1..).map(|number: u32| format!(r"{parent}\{number:08X}"));
        let name = name.into_iter().find(|name| self.rest.keys.iter().all(|key| !key.name.eq_ignore_ascii_case(name)));
        let mut values = vec![Value::text("AppFullPath", &application.path), permitted];
        values.extend(application.extra.as_deref().map(|extra| Value::text("AppArgs", extra)));
        self.rest.keys.push(Key { name: name.unwrap_or_default(), values });
    }

    fn root_value(&self, name: &str) -> Option<u32> {
        self.rest.keys.iter().find(|key| key.name == self.root)?.value(name)?.as_dword()
    }

    fn set_root_value(&mut self, name: &str, value: u32) {
        if let Some(root) = self.rest.keys.iter_mut().find(|key| key.name == self.root) {
            root.set(Value::dword(name, value));
        }
    }

    fn ids(&self) -> impl Iterator<Item = u32> {
        self.views.iter().flat_map(|(_, items)| items).map(|item| item.entry.id())
    }

    fn largest_id(&self) -> u32 {
        self.ids().max().unwrap_or(0)
    }

    /// A number for a new entry, larger than all there are; when there is none any more, the smallest that is free.
    pub(crate) fn new_id(&mut self) -> u32 {
        let id = match self.largest_id().checked_add(1) {
            Some(behind) => self.root_value(NEXT).unwrap_or(FIRST_ID).max(behind),
            None => {
                let taken: BTreeSet<u32> = self.ids().collect();
                (FIRST_ID..).find(|id| !taken.contains(id)).unwrap_or(FIRST_ID)
            }
        };
        self.set_root_value(NEXT, self.root_value(NEXT).unwrap_or(FIRST_ID).max(id.saturating_add(1)));
        id
    }

    /// Counts a change.
    pub(crate) fn changed(&mut self) {
        self.set_root_value(SERIAL, self.root_value(SERIAL).unwrap_or(0).wrapping_add(1));
    }

    /// New entries get numbers that follow those that were put in.
    #[cfg(windows)]
    pub(crate) fn follow_ids(&mut self) {
        self.set_root_value(NEXT, self.largest_id().saturating_add(1).max(FIRST_ID));
    }

    /// Takes the entries that could be made out for all there are: written anew, the catalog is whole.
    pub fn mend(&mut self) {
        for view in View::ALL {
            let mut seen = BTreeSet::new();
            let twice: Vec<usize> = self
                .entries(view)
                .map(Entry::id)
                .enumerate()
                .filter(|(_, id)| !seen.insert(*id))
                .map(|(at, _)| at)
                .collect();
            for at in twice {
                let id = self.new_id();
                if let Some(item) = self.items_mut(view).and_then(|items| items.get_mut(at)) {
                    item.entry.set_id(id);
                }
            }
        }
        let next = self.root_value(NEXT).unwrap_or(FIRST_ID).max(self.largest_id().saturating_add(1));
        self.set_root_value(NEXT, next);
        self.damage.clear();
    }

    /// The catalog file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut document = self.rest.clone();
        let mut at = document.keys.iter().position(|key| key.name == self.root).map_or(0, |at| at + 1);
        for (view, items) in &self.views {
            if let Some(root) = document.keys.iter_mut().find(|key| key.name == self.root) {
                root.set(Value::dword(view.count(), items.len().try_into().unwrap_or(u32::MAX)));
            }
            let parent = format!(r"{}\{}", self.root, view.key());
            at = match document.keys.iter().position(|key| key.name.eq_ignore_ascii_case(&parent)) {
                Some(found) => found + 1,
                None => {
                    document.keys.insert(at, Key { name: parent.clone(), values: Vec::new() });
                    at + 1
                }
            };
            for (number, item) in items.iter().enumerate() {
                let mut values = vec![Value::binary(ITEM, item.entry.packed())];
                values.extend(item.others.iter().cloned());
                document.keys.insert(at, Key { name: format!(r"{parent}\{}", name_of(number)), values });
                at += 1;
            }
        }
        document.to_bytes()
    }
}

impl Item {
    pub fn new(entry: Entry) -> Self {
        Self { entry, others: Vec::new() }
    }
}

/// What the registry calls the item at this place, counted from 0.
fn name_of(at: usize) -> String {
    format!("{:012}", at + 1)
}

fn item(key: Key) -> Result<Item, Damage> {
    let damaged = |what: String| Damage { place: key.name.clone(), what };
    let value = key.value(ITEM).ok_or_else(|| damaged(format!("there is no `{ITEM}`")))?;
    let bytes = value.as_binary().ok_or_else(|| damaged(format!("`{ITEM}` is not binary")))?;
    let length = bytes.len();
    let packed: [u8; PACKED] =
        bytes.try_into().map_err(|_| damaged(format!("`{ITEM}` has {length} bytes, and an item has {PACKED}")))?;
    let others = key.values.iter().filter(|value| !value.name.eq_ignore_ascii_case(ITEM)).cloned().collect();
    Ok(Item { entry: Entry::from_packed(packed), others })
}
