//! The catalog of socket providers, in which ws2_32 looks up whom to load for a socket.
//!
//! - [`Entry`] is one item of it: 888 bytes, a path and a `WSAPROTOCOL_INFOW`.
//! - [`Catalog`] is all of it, both [`View`]s; [`Catalog::read`] reads a catalog file, which has the registry's own layout (what `reg export`
//!   writes of `WinSock2\Parameters`).
//! - [`Store`] is a catalog in use, as its primitive calls: a file ([`FileStore`]) or, on Windows, ws2_32 (`Ws2Store`).
//! - [`change`] brings a store to what one of the functions of [`wanted`] describes, as a whole or not at all.
//! - [`library`] looks into a provider's library, [`Prober`] starts it in another process, [`doctor`] tells what is wrong with a catalog.
//!
//! ```
//! use wsp_catalog::{Catalog, View};
//!
//! let catalog = Catalog::parse(b"Windows Registry Editor Version 5.00\n\n\
//!     [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WinSock2\\Parameters\\Protocol_Catalog9]\n\
//!     \"Num_Catalog_Entries64\"=dword:00000000\n")?;
//! for entry in catalog.entries(View::Bits64) {
//!     println!("{} {}", entry.id(), entry.path());
//! }
//! # Ok::<(), wsp_catalog::ReadError>(())
//! ```

pub mod category;
pub mod doctor;
mod entry;
mod file;
mod guard;
mod info;
mod layout;
pub mod library;
mod plan;
mod probe;
mod reg;
mod session;
mod store;
pub mod wanted;
#[cfg(windows)]
mod windows;

pub use entry::{Entry, EntryError, PACKED, PATH};
pub use file::FileStore;
pub use guard::{GuardError, back_up, backups, interrupted};
pub use info::{info_from_hex, info_to_hex, stream_info};
pub use layout::{Application, Catalog, Damage, ReadError, View};
pub use plan::{Step, steps};
pub use probe::{Prober, StartFault};
pub use session::{ChangeError, Done, Options, change, overwrite};
pub use store::{CallError, Store};
pub use uuid::Uuid;
#[cfg(windows)]
pub use windows::Ws2Store;
