//! Names that processes take without being connected: events, which nobody ever waits for.

use std::net::Ipv4Addr;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_INVALID_HANDLE};
use windows_sys::Win32::System::Threading::{CreateEventW, OpenEventW, SYNCHRONIZATION_SYNCHRONIZE};
use wsp::transport::Fault;

use super::{Descriptor, last_code, made, memory, wide};

/// How often an address can be taken.
const SHARES: usize = 64;

/// An address that is taken; it is free again when this and all that came of it are dropped.
#[derive(Debug)]
pub struct Claim(Vec<Descriptor>);

impl Claim {
    /// What passes it to another process, which then has it as well.
    pub fn share(&self) -> Result<Vec<Descriptor>, Fault> {
        self.0.iter().map(memory::duplicate).collect()
    }

    /// The claim that another process passed, as the parts that are left.
    pub fn adopt(parts: impl Iterator<Item = Descriptor>) -> Result<Self, Fault> {
        let parts: Vec<Descriptor> = parts.collect();
        if parts.is_empty() { Err(Fault::BadClaim) } else { Ok(Self(parts)) }
    }
}

/// Takes an address, which is a name below the prefix and a number: the first who takes it has number 0, who shares it a higher
/// one.
///
/// Names cannot be listed, so everybody takes one more that says of what kind the claim is: for a particular address or for all,
/// and with a number above 0.
///
/// # Errors
/// [`Fault::AddressInUse`]
pub fn claim(prefix: &str, ip: Ipv4Addr, share: bool) -> Result<Claim, Fault> {
    let (number, own) = (0..if share { SHARES } else { 1 })
        .find_map(|number| match take(&format!("{prefix}{ip}/{number}")) {
            Err(Fault::AddressInUse) => None,
            answer => Some(answer.map(|own| (number, own))),
        })
        .unwrap_or(Err(Fault::AddressInUse))?;
    let (all, particular, shared) =
        (format!("{prefix}all"), format!("{prefix}particular"), format!("{prefix}{ip}/shared"));
    let (kind, other) = if ip.is_unspecified() { (all, particular) } else { (particular, all) };
    let mut parts = vec![own, open(&kind)?.0];
    if number > 0 {
        parts.push(open(&shared)?.0);
    }
    // Two who take overlapping addresses at once may both find the other and give up; never do both succeed.
    let conflict = !share && (exists(&other) || exists(&shared));
    if conflict { Err(Fault::AddressInUse) } else { Ok(Claim(parts)) }
}

/// Takes a name that nobody has.
///
/// # Errors
/// [`Fault::AddressInUse`]
pub fn take(name: &str) -> Result<Descriptor, Fault> {
    match open(name)? {
        (event, true) => Ok(event),
        (_, false) => Err(Fault::AddressInUse),
    }
}

/// All sessions of the machine have the same names.
fn path(name: &str) -> Vec<u16> {
    wide(&format!("Global\\{name}"))
}

/// Takes a name. Returns whether nobody had it.
fn open(name: &str) -> Result<(Descriptor, bool), Fault> {
    let name = path(name);
    // SAFETY: the name ends with a zero; the handle is new.
    let (event, code) = unsafe { (CreateEventW(ptr::null(), 1, 0, name.as_ptr()), last_code()) };
    match code {
        // Somebody has it whose objects are not ours to open.
        ERROR_ACCESS_DENIED | ERROR_INVALID_HANDLE if event.is_null() => Err(Fault::AddressInUse),
        // SAFETY: ours alone.
        code => unsafe { made(event) }.map(|event| (event, code != ERROR_ALREADY_EXISTS)),
    }
}

/// Has somebody a name?
pub fn exists(name: &str) -> bool {
    let name = path(name);
    // SAFETY: the name ends with a zero; the handle is new, and ours alone.
    let found = unsafe { made(OpenEventW(SYNCHRONIZATION_SYNCHRONIZE, 0, name.as_ptr())) };
    found.is_ok() || last_code() == ERROR_ACCESS_DENIED
}
