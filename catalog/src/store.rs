//! Where a catalog is kept: its primitive calls.

use std::path::PathBuf;

use uuid::Uuid;
use wsp::{code, ffi};

use crate::{Application, Catalog, ReadError, View};

/// A catalog that is in use. Each call changes it at once and for good, as those of ws2_32 do; several together are made safe by
/// a session.
pub trait Store {
    /// What to call the place, for people.
    fn name(&self) -> String;

    /// The views that can be changed from here.
    fn views(&self) -> Vec<View>;

    /// Everything that is in it.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&mut self) -> Result<Catalog, CallError>;

    /// Enters a provider that is not there yet. The entries get new numbers and stand last.
    ///
    /// # Errors
    /// When the place refuses; nothing is changed then.
    fn install(
        &mut self,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError>;

    /// Changes path and descriptions of a provider that is there; the numbers tell which description is whose.
    ///
    /// # Errors
    /// When the place refuses; nothing is changed then.
    fn update(
        &mut self,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError>;

    /// Removes all entries of a provider.
    ///
    /// # Errors
    /// When the place refuses; nothing is changed then.
    fn deinstall(&mut self, view: View, provider: Uuid) -> Result<(), CallError>;

    /// Puts the entries in order; `ids` has each number of the view once.
    ///
    /// # Errors
    /// When the place refuses; nothing is changed then.
    fn write_order(&mut self, view: View, ids: &[u32]) -> Result<(), CallError>;

    /// Classes a layered provider.
    ///
    /// # Errors
    /// When the place refuses; nothing is changed then.
    fn set_categories(&mut self, view: View, provider: Uuid, categories: u32) -> Result<(), CallError>;

    /// Lets a program load providers of more categories; what it has stays.
    ///
    /// # Errors
    /// When the place refuses; nothing is changed then.
    fn add_application(&mut self, application: &Application) -> Result<(), CallError>;

    /// What a program is classed as.
    ///
    /// # Errors
    /// When the place refuses.
    fn application(&mut self, path: &str, extra: Option<&str>) -> Result<Option<u32>, CallError>;

    /// Names the providers that the Windows Sockets switch may use.
    ///
    /// # Errors
    /// When the place refuses; nothing is changed then.
    fn set_san(&mut self, providers: &[Uuid]) -> Result<(), CallError>;

    /// Everything that is in it as a catalog file, damage and all.
    ///
    /// # Errors
    /// When it cannot be read.
    fn snapshot(&mut self) -> Result<Vec<u8>, CallError> {
        Ok(self.read()?.to_bytes())
    }

    /// Writes everything anew, whatever state it is in.
    ///
    /// # Errors
    /// When the place refuses; ws2_32 always does.
    fn rewrite(&mut self, catalog_file: &[u8]) -> Result<(), CallError>;

    /// The folder for backups and the lock. Whoever may write there may decide what is restored: only who may change the catalog may do so.
    fn folder(&self) -> PathBuf;

    /// Name that files in [`folder`](Self::folder) begin with.
    fn stem(&self) -> String;
}

/// A primitive call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {what}{}", hint.as_deref().map_or(String::new(), |hint| format!("; {hint}")))]
pub struct CallError {
    /// The call.
    pub call: String,
    /// What it said.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}

impl CallError {
    /// A call that failed for a reason of its own.
    pub fn new(call: impl Into<String>, what: impl ToString) -> Self {
        Self { call: call.into(), what: what.to_string(), hint: None }
    }

    /// A call that failed with a code.
    pub fn with_code(call: impl Into<String>, number: i32) -> Self {
        let (name, hint) = match number {
            code::WSANO_RECOVERY => (
                "WSANO_RECOVERY",
                "no rights, or the provider is there already, or the catalog cannot be written: start this in an elevated prompt",
            ),
            code::WSAEINVAL => {
                ("WSAEINVAL", "the catalog knows no such provider, or something else changed it: `wsp catalog list`")
            }
            code::WSAENOBUFS => ("WSAENOBUFS", "memory is short"),
            code::WSAEFAULT => ("WSAEFAULT", "the catalog's data are longer than they may be: `wsp catalog doctor`"),
            code::WSA_NOT_ENOUGH_MEMORY => ("WSA_NOT_ENOUGH_MEMORY", "memory is short"),
            code::WSAEINPROGRESS => {
                ("WSAEINPROGRESS", "another installation is under way: wait for it, then try again")
            }
            _ => ("an error of the system", "see what `net helpmsg` says of the number"),
        };
        Self { call: call.into(), what: format!("{name} ({number})"), hint: Some(hint.to_owned()) }
    }

    /// The same with something to do.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<ReadError> for CallError {
    fn from(error: ReadError) -> Self {
        let hint = match &error {
            ReadError::File(_) => "is the path right, and may you read it?",
            ReadError::Syntax(_) | ReadError::NoCatalog | ReadError::NoView => {
                "put a whole one in its place: `wsp catalog restore BACKUP`"
            }
        };
        Self::new("reading the catalog", error).hint(hint)
    }
}
