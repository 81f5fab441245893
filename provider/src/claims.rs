//! What waits for another process to take it.
//!
//! Who gives prepares everything and waits, under a name made of the claim's number, for the process it is for: the kernel says
//! who comes. What is handed over are descriptors, and bytes that say what they are.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wsp::transport::{Fault, State};

use crate::bytes::{Reader, Writer};
use crate::common::Page;
use crate::os::net::{self, Leaving};
use crate::os::socket::{self, Incoming, Listener, Socket};
use crate::os::{Descriptor, process};

/// How long a claim is good.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// How long the giver may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The largest state of the runtime that can go along.
const STATE: usize = socket::FRAME - 256 - net::PASSED;

/// What is handed over, in the form that travels.
#[derive(Debug, Default)]
pub struct Packed {
    /// What it is.
    pub bytes: Writer,
    /// The TCP socket that comes with it, if one does.
    pub socket: Option<Leaving>,
    /// What else comes with it.
    pub files: Vec<Descriptor>,
    /// What the runtime's sockets have in common, if they have anything.
    pub common: Option<Descriptor>,
}

impl Packed {
    /// Adds the state of the runtime, behind all else, with the descriptor that [`recipient`] gave for it.
    pub fn add_state(&mut self, state: &State, common: Option<Descriptor>) {
        self.bytes.bytes(&state.bytes);
        self.bytes.flag(common.is_some());
        self.common = common;
    }

    /// Gives it to a process, which is at the other end of a connection. How a socket passes goes behind the state.
    fn send(&self, taker: &Socket, process: i32) -> Result<(), Fault> {
        let (mut bytes, mut files) = (self.bytes.0.clone(), Vec::with_capacity(1 + self.files.len()));
        if let Some(socket) = &self.socket {
            files.extend(net::pass(socket, process, &mut bytes)?);
        }
        files.extend(&self.files);
        files.extend(&self.common);
        socket::send(taker, &bytes, &files)
    }
}

/// The process that something is for, if it can be, and a descriptor for it of what the state has in common. What can fail of the
/// state fails here, before anything is given away.
///
/// # Errors
/// [`Fault::BadClaim`] if there is no such process, [`Fault::NoBuffers`] if the state is too large to travel,
/// [`Fault::TooManyOpen`].
pub fn recipient(process: u32, state: &State) -> Result<(i32, Option<Descriptor>), Fault> {
    if state.bytes.len() > STATE {
        return Err(Fault::NoBuffers);
    }
    let process = i32::try_from(process).ok().filter(|process| *process > 0 && process::alive(*process));
    let common = state.common.as_deref().map(Page::duplicate).transpose()?;
    Ok((process.ok_or(Fault::BadClaim)?, common))
}

/// Something that waits: `W` is where its taker comes to, `X` what else the giver knows of it.
#[derive(Debug)]
pub struct Waiting<W, X> {
    watch: W,
    /// The process it is for.
    pub to: i32,
    /// What travels.
    pub packed: Packed,
    until: Instant,
    /// What else is known of it.
    pub more: X,
}

/// All that waits, by the numbers of the claims.
#[derive(Debug)]
pub struct Claims<W, X> {
    name: fn(u32) -> String,
    waiting: Mutex<HashMap<u32, Waiting<W, X>>>,
}

impl<W: AsRef<Listener>, X> Claims<W, X> {
    /// Nothing yet. `name` makes names of numbers.
    pub fn new(name: fn(u32) -> String) -> Self {
        Self { name, waiting: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Waiting<W, X>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A claim that no other process has at present, and where its taker comes to.
    pub fn open(&self) -> Result<(u32, Listener), Fault> {
        loop {
            let claim = process::random() as u32;
            match socket::listen(&(self.name)(claim), 4) {
                Err(Fault::AddressInUse) => {}
                answer => return answer.map(|socket| (claim, socket)),
            }
        }
    }

    /// Lets something wait.
    pub fn put(&self, claim: u32, watch: W, to: i32, packed: Packed, more: X) {
        let until = Instant::now() + GOOD_FOR;
        self.lock().insert(claim, Waiting { watch, to, packed, until, more });
        // Nobody can know the number before this returns, but a number can be guessed.
        self.serve(claim);
    }

    /// Takes out what nobody came for, or can come for any more. Also says when to look again.
    pub fn expire(&self) -> (Vec<Waiting<W, X>>, Option<Duration>) {
        self.expire_at(Instant::now())
    }

    fn expire_at(&self, now: Instant) -> (Vec<Waiting<W, X>>, Option<Duration>) {
        let mut waiting = self.lock();
        let over = |waiting: &Waiting<W, X>| waiting.until <= now || !process::alive(waiting.to);
        let expired = waiting.extract_if(|_, waiting| over(waiting)).map(|(_, waiting)| waiting).collect();
        let next = waiting.values().map(|waiting| (waiting.until - now).min(Duration::from_secs(1))).min();
        (expired, next)
    }

    /// Gives to who comes for a claim, if it is the right one.
    pub fn serve(&self, claim: u32) {
        let taken = {
            let mut all = self.lock();
            let Some(waiting) = all.get(&claim) else { return };
            let mut given = false;
            while let (false, Ok(Some(socket))) = (given, socket::accept(waiting.watch.as_ref())) {
                let right = process::credentials(&socket).is_ok_and(|who| who.process == waiting.to);
                given = right && waiting.packed.send(&socket, waiting.to).is_ok();
            }
            if given { all.remove(&claim) } else { None }
        };
        // Out of the lock: its socket leaves whoever watches it.
        drop(taken);
    }

    /// Takes out everything.
    pub fn clear(&self) -> Vec<Waiting<W, X>> {
        let all = std::mem::take(&mut *self.lock());
        all.into_values().collect()
    }
}

/// What was fetched.
#[derive(Debug)]
pub struct Fetched<T> {
    /// What it is.
    pub contents: T,
    /// What came with it.
    pub files: Vec<Descriptor>,
    /// How a socket that came with it is [received](net::arrive).
    pub passed: Vec<u8>,
    /// The state of the runtime.
    pub state: State,
}

/// Comes for what waits under a name, which `parse` understands.
///
/// # Errors
/// [`Fault::BadClaim`]
pub fn fetch<T>(name: &str, parse: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> Result<Fetched<T>, Fault> {
    let giver = socket::connect(name).ok().flatten().ok_or(Fault::BadClaim)?;
    if !process::credentials(&giver)?.may_give() || !socket::readable(&giver, PATIENCE) {
        return Err(Fault::BadClaim);
    }
    let mut buffer = vec![0; socket::FRAME];
    let (length, mut files) = match socket::receive(&giver, &mut buffer)? {
        Incoming::Frame(length, files) => (length, files),
        Incoming::Nothing | Incoming::Gone => return Err(Fault::BadClaim),
    };
    let mut from = Reader(&buffer[..length]);
    let contents = parse(&mut from).ok_or(Fault::BadClaim)?;
    let bytes = from.bytes().ok_or(Fault::BadClaim)?.to_vec();
    let has_common = from.flag().ok_or(Fault::BadClaim)?;
    let common = if has_common { Some(Page::adopt(files.pop().ok_or(Fault::BadClaim)?)?) } else { None };
    let state = State { bytes, common };
    Ok(Fetched { contents, files, passed: from.0.to_vec(), state })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the taker comes to.
    struct Door(Listener);

    impl AsRef<Listener> for Door {
        fn as_ref(&self) -> &Listener {
            &self.0
        }
    }

    #[test]
    fn a_claim_that_nobody_comes_for_expires() {
        let claims = Claims::new(|claim| format!("wsp-test-{claim:08x}"));
        let (claim, door) = claims.open().unwrap();
        claims.put(claim, Door(door), process::own(), Packed::default(), "mine");
        let (expired, next) = claims.expire();
        assert!(expired.is_empty() && next.is_some());
        let (expired, next) = claims.expire_at(Instant::now() + GOOD_FOR);
        assert_eq!((expired.len(), expired[0].more, next), (1, "mine", None));
        assert!(claims.clear().is_empty());
    }
}
