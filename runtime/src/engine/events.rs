//! Network events: what `WSPEventSelect` and `WSPAsyncSelect` ask for and `WSPEnumNetworkEvents` tells.

use crate::rt::{Code, Upcalls};
use crate::transport::{Fault, Mode};
use crate::{code, ffi};

pub const READ: i32 = 1 << ffi::FD_READ_BIT;
pub const WRITE: i32 = 1 << ffi::FD_WRITE_BIT;
pub const ACCEPT: i32 = 1 << ffi::FD_ACCEPT_BIT;
pub const CONNECT: i32 = 1 << ffi::FD_CONNECT_BIT;
pub const CLOSE: i32 = 1 << ffi::FD_CLOSE_BIT;
pub const ADDRESS_LIST_CHANGE: i32 = 1 << ffi::FD_ADDRESS_LIST_CHANGE_BIT;
/// Every event that there is.
pub const ALL: i32 = (1 << ffi::FD_MAX_EVENTS) - 1;

/// How many kinds there are.
const KINDS: usize = ffi::FD_MAX_EVENTS as usize;

/// Whom to tell.
#[derive(Clone)]
pub enum Listener {
    /// Signal this event; the host asks what happened.
    Event { event: ffi::WSAEVENT, upcalls: Upcalls },
    /// Post a message for each event.
    Window { window: ffi::HWND, message: u32, socket: usize, upcalls: Upcalls },
}

impl Listener {
    /// The same, told about another socket.
    pub fn about(self, handle: usize) -> Self {
        match self {
            Self::Window { window, message, upcalls, .. } => Self::Window { window, message, socket: handle, upcalls },
            event => event,
        }
    }
}

/// What a socket's state is worth telling, now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// The events whose condition holds.
    pub events: i32,
    /// Why the connect failed, if it did.
    pub connect: i32,
    /// Why the connection ended, if abortively.
    pub close: i32,
}

/// The registration of a socket.
#[derive(Default)]
pub struct Events {
    listener: Option<Listener>,
    /// What a socket that is being accepted has from its listener.
    inherited: Option<(Listener, i32)>,
    mask: i32,
    /// Events that are told when their condition holds. Being told disarms, the re-enabling call arms again.
    armed: i32,
    /// Its number among those of all processes that have the socket.
    number: u64,
    /// How often something was armed.
    armings: u32,
    happened: i32,
    codes: [i32; KINDS],
}

/// What is to be told, with no lock held.
#[must_use]
pub struct Telling {
    listener: Listener,
    events: Vec<(i32, i32)>,
}

impl Telling {
    /// Is an event object signalled?
    pub fn signals(&self) -> bool {
        matches!(self.listener, Listener::Event { .. })
    }

    /// Tells it.
    pub fn tell(self) {
        match self.listener {
            Listener::Event { event, upcalls } => {
                let _ = upcalls.set_event(event);
            }
            Listener::Window { window, message, socket, upcalls } => {
                for (bit, code) in self.events {
                    let parameter = (code as u32) << 16 | (1_u32 << bit);
                    let _ = upcalls.post_message(window, message, socket, parameter as ffi::LPARAM);
                }
            }
        }
    }
}

impl Events {
    /// Replaces the registration. What holds now is told at once, by the next [`note`](Self::note).
    /// `number` gives its number, told whether it is a registration or takes one back.
    pub fn register(&mut self, listener: Option<Listener>, mask: i32, number: impl FnOnce(bool) -> u64) {
        self.listener = if mask == 0 { None } else { listener };
        self.number = number(self.is_registered());
        self.mask = mask;
        self.armed = mask;
        self.armings = self.armings.wrapping_add(1);
        self.happened = 0;
        self.codes = [0; KINDS];
    }

    /// The registration, for a socket that inherits it.
    pub fn registration(&self) -> Option<(Listener, i32)> {
        self.listener.clone().map(|listener| (listener, self.mask))
    }

    /// Notes a registration that is to be the socket's once it has a handle.
    pub fn bequeath(&mut self, listener: Listener, mask: i32) {
        self.inherited = Some((listener, mask));
    }

    /// Takes what was noted so.
    pub fn inherited(&mut self) -> Option<(Listener, i32)> {
        self.inherited.take()
    }

    /// Gives the registration its number.
    pub fn set_number(&mut self, number: u64) {
        self.number = number;
    }

    /// Is it the registration of this number, if it is one?
    pub fn is_number(&self, number: u64) -> bool {
        self.number == number || !self.is_registered()
    }

    /// Is somebody to be told anything?
    pub fn is_registered(&self) -> bool {
        self.listener.is_some()
    }

    /// A call was made that lets an event be told again.
    pub fn rearm(&mut self, events: i32) {
        self.armed |= events & self.mask;
        self.armings = self.armings.wrapping_add(1);
    }

    /// How often something was armed: what was seen before an event was armed again is not to be noted after it.
    pub fn armings(&self) -> u32 {
        self.armings
    }

    /// Notes the state of the socket.
    pub fn note(&mut self, levels: Levels) -> Option<Telling> {
        let fresh = levels.events & self.armed;
        if fresh == 0 {
            return None;
        }
        self.armed &= !fresh;
        let listener = self.listener.clone()?;
        let mut events = Vec::new();
        for bit in (0..ffi::FD_MAX_EVENTS).filter(|bit| fresh & 1 << bit != 0) {
            let code = match 1 << bit {
                CONNECT => levels.connect,
                CLOSE => levels.close,
                _ => 0,
            };
            events.push((bit, code));
            if matches!(listener, Listener::Event { .. }) {
                self.happened |= 1 << bit;
                self.codes[bit as usize] = code;
            }
        }
        Some(Telling { listener, events })
    }

    /// What happened since the last time, which is thereby forgotten; only the codes of set bits count.
    pub fn take(&mut self) -> (i32, [i32; KINDS]) {
        (std::mem::take(&mut self.happened), std::mem::take(&mut self.codes))
    }

    /// The event object, if one is registered.
    pub fn event(&self) -> Option<(ffi::WSAEVENT, Upcalls)> {
        match &self.listener {
            Some(Listener::Event { event, upcalls }) => Some((*event, upcalls.clone())),
            _ => None,
        }
    }
}

/// The code with which `FD_CONNECT` tells of a fault: one that the interface gives that event.
pub fn connect_code(fault: Fault, mode: Mode) -> i32 {
    match (mode, fault) {
        (_, Fault::Refused | Fault::TimedOut)
        | (Mode::Stream, Fault::NetworkUnreachable | Fault::NoBuffers)
        | (Mode::Messages, Fault::Reset | Fault::HostUnreachable) => fault.code().0,
        _ => code::WSAENETDOWN,
    }
}

/// The code with which `FD_CLOSE` tells of a fault: one that the interface gives that event.
pub fn close_code(fault: Fault) -> i32 {
    match fault {
        Fault::Reset | Fault::Aborted => fault.code().0,
        // A connection that a time-out ends counts as aborted there.
        Fault::TimedOut => code::WSAECONNABORTED,
        _ => code::WSAENETDOWN,
    }
}

/// The code of a fault or of success, as a number.
pub fn number(code: Option<Code>) -> i32 {
    code.map_or(0, |code| code.0)
}
