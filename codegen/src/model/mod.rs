//! The checked model: what the spec says, resolved per profile. Emitters read this and nothing else.
//!
//! Everything here is in the order of the spec or of the C declaration; there is no unordered collection, so whatever is
//! emitted from it is the same on every host.

mod derived;
mod function;
mod param;
mod rule;
mod types;

use std::fmt;

pub use derived::*;
pub use function::*;
pub use param::*;
pub use rule::*;
pub use types::*;

/// The whole interface.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The profiles, base before the profiles that narrow it.
    pub profiles: Vec<Profile>,
    /// C types, in spec order; a type stands before those that use it by value.
    pub types: Vec<CType>,
    /// Named constants, in their groups.
    pub groups: Vec<ConstantGroup>,
    /// Error codes.
    pub codes: Vec<Code>,
    /// Function tables with all their slots (those of an extended table included).
    pub tables: Vec<Table>,
    /// States in the life of a socket.
    pub states: Vec<State>,
}

/// Where something was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Path of the file inside its spec folder, with `/`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Declared (or amended) by an author's own folder rather than by the built-in spec.
    pub overlay: bool,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One reading of the interface: all functions that exist in it, fully resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The name used everywhere.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it is, in Markdown paragraphs.
    pub text: String,
    /// Name of the profile this one narrows.
    pub base: Option<String>,
    /// Name of the exported start-up function.
    pub startup: String,
    /// Name of the table that start-up fills.
    pub table: String,
    /// Name of the table that start-up is given.
    pub upcalls: String,
    /// Who chooses descriptor values.
    pub descriptors: Descriptors,
    /// What stands in a slot that the profile has no function for.
    pub absent: Absent,
    /// Sorted: start-up, table functions by slot, upcalls by slot, exports, extensions in spec order.
    pub functions: Vec<Function>,
    /// Rules that belong to no single function.
    pub topics: Vec<Topic>,
}

/// Who chooses descriptor values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descriptors {
    /// The descriptor is the host's handle.
    Host,
    /// The provider makes the descriptor and keeps the host's handle beside it.
    Provider,
}

/// What stands in a table slot that the profile has no function for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// A function that refuses with its `left_out` code.
    Refuse,
    /// NULL.
    Null,
}

/// Where a function stands in the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FunctionKind {
    /// Exported by the provider: begins everything.
    Startup,
    /// In the table that start-up fills.
    Table,
    /// In the table that start-up is given; the host implements it.
    Upcall,
    /// Exported by the host.
    Export,
    /// Of the provider, handed out by GUID.
    Extension,
    /// Called to change the catalog; neither provider nor host implements it.
    Catalog,
}

impl Model {
    /// The code of this name.
    pub fn code(&self, name: &str) -> Option<&Code> {
        self.codes.iter().find(|code| code.name == name)
    }

    /// The type of this name.
    pub fn type_named(&self, name: &str) -> Option<&CType> {
        self.types.iter().find(|ty| ty.name == name)
    }

    /// The constant of this name.
    pub fn constant(&self, name: &str) -> Option<&Constant> {
        self.groups.iter().flat_map(|group| &group.constants).find(|constant| constant.name == name)
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The profile of this name.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }
}

impl Profile {
    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The functions of one kind, in order.
    pub fn of_kind(&self, kind: FunctionKind) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(move |function| function.kind == kind)
    }
}
