//! Local connections: names that processes find each other by, and frames that carry descriptors.
//!
//! They are named pipes. Only processes that trust each other are connected: those who may open a pipe are limited by its rights,
//! and who opens one looks whose it is. So handles can be put into the other process, where they stay good though this one ends
//! before they are taken: a frame is their count, their numbers there, and bytes.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use windows_sys::Win32::Foundation::{DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcess, PROCESS_DUP_HANDLE};
use wsp::transport::Fault;

use super::pipe::{Front, Pipe};
use super::poll::{Port, Source};
use super::{Descriptor, last, made, memory, names, security};
pub use crate::os::common::{DESCRIPTORS, FRAME, Incoming};

/// The most who wait at one listening end, whatever is asked for: each has a pipe that is made before it comes.
const WAITING: usize = 64;

/// One end of a connection that carries frames.
#[derive(Debug)]
pub struct Socket {
    pipe: Pipe,
    /// The process at the other end.
    peer: u32,
}

impl Socket {
    /// The process at the other end.
    pub fn peer(&self) -> u32 {
        self.peer
    }
}

impl Source for Socket {
    fn watch(&self, port: &Arc<Port>, token: u64) -> Result<(), Fault> {
        self.pipe.notice().set(self.pipe.handle(), port, token)?;
        self.pipe.tell();
        Ok(())
    }

    fn unwatch(&self) {
        self.pipe.notice().clear();
    }
}

/// Where connections come to.
#[derive(Debug)]
pub struct Listener {
    name: String,
    /// Nobody else listens at the name.
    claim: Descriptor,
    state: Mutex<Listening>,
}

#[derive(Debug)]
struct Listening {
    /// One for each who may wait, whether or not it has come.
    pipes: Vec<Pipe>,
    backlog: usize,
    watched: Option<(Arc<Port>, u64)>,
}

impl Listener {
    fn over(name: &str, backlog: usize, claim: Descriptor) -> Result<Self, Fault> {
        let mut state = Listening { pipes: Vec::new(), backlog: clamp(backlog), watched: None };
        state.replenish(name)?;
        Ok(Self { name: name.to_owned(), claim, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, Listening> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn clamp(backlog: usize) -> usize {
    backlog.clamp(1, WAITING)
}

impl Listening {
    /// Makes as many pipes as may wait.
    fn replenish(&mut self, name: &str) -> Result<(), Fault> {
        while self.pipes.len() < self.backlog {
            let pipe = Pipe::serve(name, false)?;
            if let Some((port, token)) = &self.watched {
                pipe.notice().set(pipe.handle(), port, *token)?;
                pipe.tell_of_opening();
            }
            self.pipes.push(pipe);
        }
        Ok(())
    }

    /// The pipe to which somebody has come. The system takes the oldest that is free, so a look at that is mostly enough: if it is
    /// another, the port will tell.
    fn come(&self) -> Option<usize> {
        let mut free = self.pipes.iter().enumerate().filter(|(_, pipe)| !pipe.notice().told());
        let looked_at = if self.watched.is_some() { 1 } else { self.pipes.len() };
        let told = self.pipes.iter().position(|pipe| pipe.notice().told());
        told.or_else(|| free.by_ref().take(looked_at).find(|(_, pipe)| pipe.front() != Front::Nobody).map(|(at, _)| at))
    }

    /// Closes pipes to which nobody has come, as long as there are more than so many.
    fn withdraw(&mut self, left: usize) {
        let mut spare = self.pipes.len().saturating_sub(left);
        self.pipes.retain(|pipe| {
            let unused = spare > 0 && pipe.front() == Front::Nobody;
            spare -= usize::from(unused);
            !unused
        });
    }
}

impl Source for Listener {
    fn watch(&self, port: &Arc<Port>, token: u64) -> Result<(), Fault> {
        let mut state = self.state();
        for pipe in &state.pipes {
            pipe.notice().set(pipe.handle(), port, token)?;
            pipe.tell_of_opening();
        }
        state.watched = Some((Arc::clone(port), token));
        Ok(())
    }

    fn unwatch(&self) {
        let mut state = self.state();
        state.watched = None;
        state.pipes.iter().for_each(|pipe| pipe.notice().clear());
    }
}

/// Listens at a name. At most `backlog` wait, at least one, and no more than the system has room for.
///
/// # Errors
/// [`Fault::AddressInUse`]
pub fn listen(name: &str, backlog: usize) -> Result<Listener, Fault> {
    Listener::over(name, backlog, names::take(name)?)
}

/// Changes how many may wait.
pub fn set_backlog(listener: &Listener, backlog: usize) -> Result<(), Fault> {
    let mut state = listener.state();
    state.backlog = clamp(backlog);
    let backlog = state.backlog;
    state.withdraw(backlog);
    state.replenish(&listener.name)
}

/// Connects to a name; `None` if nobody listens there.
///
/// # Errors
/// [`Fault::Refused`] if too many wait already, or who listens is not to be trusted.
pub fn connect(name: &str) -> Result<Option<Socket>, Fault> {
    let Some(pipe) = Pipe::open(name)? else { return Ok(None) };
    let peer = pipe.other_process()?;
    if security::trusts(peer) { Ok(Some(Socket { pipe, peer })) } else { Err(Fault::Refused) }
}

/// The oldest that waits, if any.
pub fn accept(listener: &Listener) -> Result<Option<Socket>, Fault> {
    let mut state = listener.state();
    let come = state.come();
    let socket = come.map(|index| {
        let pipe = state.pipes.remove(index);
        pipe.notice().clear();
        // Who is gone already has no number any more.
        let peer = pipe.other_process().unwrap_or_default();
        Socket { pipe, peer }
    });
    state.replenish(&listener.name)?;
    Ok(socket)
}

/// Two ends that are connected to each other: one for this process, one for `to`.
pub fn pair(to: i32) -> Result<(Socket, Socket), Fault> {
    // Nobody can guess the name, and nobody else could open the pipe: it takes one.
    let random = || RandomState::new().hash_one(std::process::id());
    let name = format!("wsp-pair/{:016x}{:016x}", random(), random());
    let ours = Pipe::serve(&name, true)?;
    let theirs = Pipe::open(&name)?.ok_or(Fault::Reset)?;
    let own = std::process::id();
    Ok((Socket { pipe: ours, peer: to.cast_unsigned() }, Socket { pipe: theirs, peer: own }))
}

/// What passes an end to another process.
pub fn descriptor(socket: &Socket) -> &Descriptor {
    socket.pipe.handle()
}

/// The end that another process passed. `peer` is the process at the other end, where that is not who connected it.
pub fn adopt(descriptor: Descriptor, peer: Option<i32>) -> Result<Socket, Fault> {
    let pipe = Pipe::over(descriptor);
    let peer = peer.map_or_else(|| pipe.other_process(), |peer| Ok(peer.cast_unsigned()))?;
    Ok(Socket { pipe, peer })
}

/// What passes a listening end to another process, which then listens there as well.
///
/// Whoever comes to a pipe of this process is for this process. So there are none any more until it wants to accept again; one
/// that goes along keeps the name until the other process has pipes of its own.
pub fn share(listener: &Listener) -> Result<Vec<Descriptor>, Fault> {
    let keeper = Pipe::serve(&listener.name, false)?;
    listener.state().withdraw(0);
    Ok(vec![memory::duplicate(keeper.handle())?, memory::duplicate(&listener.claim)?])
}

/// The listening end that another process passed, which has this name and this backlog.
pub fn adopt_listener(
    mut parts: impl Iterator<Item = Descriptor>,
    name: &str,
    backlog: usize,
) -> Result<Listener, Fault> {
    let mut part = || parts.next().ok_or(Fault::BadClaim);
    let (_keeper, claim) = (part()?, part()?);
    Listener::over(name, backlog, claim)
}

/// Is there something to read, or is the other end gone? Waits for it as long as `limit`.
pub fn readable(socket: &Socket, limit: Duration) -> bool {
    socket.pipe.wait(limit)
}

/// Has nobody the writing end of a pipe any more?
pub fn abandoned(reader: Descriptor) -> bool {
    Pipe::over(reader).front() == Front::Gone
}

/// Sends a frame, which has at least one byte.
///
/// # Errors
/// [`Fault::Reset`] if the other end is gone, [`Fault::NoBuffers`] if it does not read.
pub fn send(socket: &Socket, bytes: &[u8], descriptors: &[&Descriptor]) -> Result<(), Fault> {
    if descriptors.len() > DESCRIPTORS {
        return Err(Fault::NoBuffers);
    }
    let placed = Placed::place(socket.peer, descriptors)?;
    let mut frame = Vec::with_capacity(4 + placed.there.len() * 8 + bytes.len());
    frame.extend((placed.there.len() as u32).to_le_bytes());
    frame.extend(placed.there.iter().flat_map(|handle| (handle.addr() as u64).to_le_bytes()));
    frame.extend(bytes);
    if !socket.pipe.write(&frame)? {
        return Err(Fault::NoBuffers);
    }
    placed.keep();
    Ok(())
}

/// Handles in another process, which are closed unless they are kept.
struct Placed {
    process: Option<OwnedHandle>,
    there: Vec<HANDLE>,
}

impl Placed {
    fn place(process: u32, descriptors: &[&Descriptor]) -> Result<Self, Fault> {
        let mut placed = Self { process: None, there: Vec::new() };
        if descriptors.is_empty() {
            return Ok(placed);
        }
        // SAFETY: the handle is new, and ours alone.
        let process = unsafe { made(OpenProcess(PROCESS_DUP_HANDLE, 0, process)) }?;
        let target = process.as_raw_handle();
        placed.process = Some(process);
        for descriptor in descriptors {
            let (mut there, source) = (ptr::null_mut(), descriptor.as_raw_handle());
            // SAFETY: good handles of this process, and a local.
            let done = unsafe {
                DuplicateHandle(GetCurrentProcess(), source, target, &raw mut there, 0, 0, DUPLICATE_SAME_ACCESS)
            };
            if done == 0 {
                return Err(last());
            }
            placed.there.push(there);
        }
        Ok(placed)
    }

    fn keep(mut self) {
        self.there.clear();
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        let Some(process) = &self.process else { return };
        for handle in &self.there {
            // SAFETY: a handle that was made in that process above, of which it has not been told.
            unsafe {
                let (from, nowhere) = (process.as_raw_handle(), ptr::null_mut());
                DuplicateHandle(from, *handle, nowhere, ptr::null_mut(), 0, 0, DUPLICATE_CLOSE_SOURCE);
            }
        }
    }
}

/// Reads a frame, if there is one.
///
/// # Errors
/// [`Fault::Reset`]
pub fn receive(socket: &Socket, buffer: &mut [u8]) -> Result<Incoming, Fault> {
    let length = match socket.pipe.front() {
        Front::Message(length) => length,
        Front::Gone => return Ok(Incoming::Gone),
        Front::Nothing | Front::Nobody => {
            socket.pipe.tell();
            return Ok(Incoming::Nothing);
        }
    };
    if length > 4 + DESCRIPTORS * 8 + FRAME {
        return Err(Fault::Reset);
    }
    let frame = socket.pipe.read(length)?;
    let (count, mut rest) = frame.split_first_chunk::<4>().ok_or(Fault::Reset)?;
    let mut descriptors = Vec::new();
    for _ in 0..u32::from_le_bytes(*count).min(DESCRIPTORS as u32) {
        let (handle, behind) = rest.split_first_chunk::<8>().ok_or(Fault::Reset)?;
        rest = behind;
        let handle = usize::try_from(u64::from_le_bytes(*handle)).map_err(|_| Fault::Reset)?;
        let handle: HANDLE = ptr::without_provenance_mut(handle);
        if handle.is_null() || handle.addr().cast_signed() < 0 {
            return Err(Fault::Reset);
        }
        // SAFETY: the process at the other end, which this one trusts, has made it here for whoever reads this.
        descriptors.push(unsafe { OwnedHandle::from_raw_handle(handle) });
    }
    if rest.is_empty() {
        return Ok(Incoming::Gone);
    }
    let to = buffer.get_mut(..rest.len()).ok_or(Fault::Reset)?;
    to.copy_from_slice(rest);
    Ok(Incoming::Frame(rest.len(), descriptors))
}
