//! What goes wrong in a transport.

use std::fmt;

use crate::code;
use crate::rt::Code;
use crate::transport::Mode;

/// Why a transport cannot do something. Each is a Winsock code; a function that may not fail with that code fails with its
/// declared fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The network as a whole does not work.
    NetworkDown,
    /// Nobody listens there, or the queue is full.
    Refused,
    /// The peer ended the connection abortively, or died.
    Reset,
    /// This side gave up on the connection.
    Aborted,
    /// The peer does not answer, or is not reachable through this transport.
    TimedOut,
    /// No way leads to the peer's machine.
    HostUnreachable,
    /// No way leads to the peer's network.
    NetworkUnreachable,
    /// The address is taken.
    AddressInUse,
    /// The address is not one of this transport's.
    AddressNotAvailable,
    /// No memory for another buffer.
    NoBuffers,
    /// No descriptors are left.
    TooManyOpen,
    /// The message is too large.
    MessageSize,
    /// The system does not allow it.
    Access,
    /// A claim or key that is not good, or is not any more.
    BadClaim,
    /// The transport cannot do this.
    NotSupported,
}

impl Fault {
    /// What a connect fails with if nobody listens there on a network whose addresses are those of TCP/IP as well. Who connects
    /// for messages falls back to TCP/IP, where somebody may listen, unless it is told that this would be refused too.
    pub fn nobody_listens(mode: Mode) -> Self {
        match mode {
            Mode::Messages => Self::TimedOut,
            Mode::Stream => Self::Refused,
        }
    }

    /// All of them, for tests.
    pub const ALL: &'static [Self] = &[
        Self::NetworkDown,
        Self::Refused,
        Self::Reset,
        Self::Aborted,
        Self::TimedOut,
        Self::HostUnreachable,
        Self::NetworkUnreachable,
        Self::AddressInUse,
        Self::AddressNotAvailable,
        Self::NoBuffers,
        Self::TooManyOpen,
        Self::MessageSize,
        Self::Access,
        Self::BadClaim,
        Self::NotSupported,
    ];

    /// Its Winsock code.
    pub const fn code(self) -> Code {
        Code(match self {
            Self::NetworkDown => code::WSAENETDOWN,
            Self::Refused => code::WSAECONNREFUSED,
            Self::Reset => code::WSAECONNRESET,
            Self::Aborted => code::WSAECONNABORTED,
            Self::TimedOut => code::WSAETIMEDOUT,
            Self::HostUnreachable => code::WSAEHOSTUNREACH,
            Self::NetworkUnreachable => code::WSAENETUNREACH,
            Self::AddressInUse => code::WSAEADDRINUSE,
            Self::AddressNotAvailable => code::WSAEADDRNOTAVAIL,
            Self::NoBuffers => code::WSAENOBUFS,
            Self::TooManyOpen => code::WSAEMFILE,
            Self::MessageSize => code::WSAEMSGSIZE,
            Self::Access => code::WSAEACCES,
            Self::BadClaim => code::WSAEINVAL,
            Self::NotSupported => code::WSAEOPNOTSUPP,
        })
    }
}

impl From<Fault> for Code {
    fn from(fault: Fault) -> Self {
        fault.code()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code();
        match code.info() {
            Some(info) => f.write_str(info.text),
            None => fmt::Display::fmt(&code, f),
        }
    }
}

impl std::error::Error for Fault {}

impl From<std::io::Error> for Fault {
    /// The fault that an operating system's error is.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        match error.kind() {
            K::ConnectionRefused => Self::Refused,
            K::ConnectionReset | K::BrokenPipe | K::UnexpectedEof => Self::Reset,
            K::ConnectionAborted => Self::Aborted,
            K::TimedOut => Self::TimedOut,
            K::HostUnreachable => Self::HostUnreachable,
            K::NetworkUnreachable => Self::NetworkUnreachable,
            K::AddrInUse => Self::AddressInUse,
            K::AddrNotAvailable => Self::AddressNotAvailable,
            K::OutOfMemory | K::StorageFull => Self::NoBuffers,
            K::PermissionDenied => Self::Access,
            K::Unsupported => Self::NotSupported,
            _ => match error.raw_os_error() {
                #[cfg(unix)]
                Some(libc::EMFILE | libc::ENFILE) => Self::TooManyOpen,
                #[cfg(unix)]
                Some(libc::ENOBUFS) => Self::NoBuffers,
                // `ERROR_TOO_MANY_OPEN_FILES`, `WSAEMFILE`.
                #[cfg(windows)]
                Some(4 | 10_024) => Self::TooManyOpen,
                // `ERROR_NO_SYSTEM_RESOURCES`, `WSAENOBUFS`.
                #[cfg(windows)]
                Some(1_450 | 10_055) => Self::NoBuffers,
                _ => Self::NetworkDown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_listed_and_has_a_code_of_its_own() {
        // A new fault that is not listed makes this match incomplete.
        let listed = |fault: Fault| match fault {
            Fault::NetworkDown
            | Fault::Refused
            | Fault::Reset
            | Fault::Aborted
            | Fault::TimedOut
            | Fault::HostUnreachable
            | Fault::NetworkUnreachable
            | Fault::AddressInUse
            | Fault::AddressNotAvailable
            | Fault::NoBuffers
            | Fault::TooManyOpen
            | Fault::MessageSize
            | Fault::Access
            | Fault::BadClaim
            | Fault::NotSupported => 15,
        };
        let codes: std::collections::BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.code().0).collect();
        assert_eq!(codes.len(), Fault::ALL.len());
        assert!(Fault::ALL.iter().all(|fault| listed(*fault) == Fault::ALL.len() && fault.code().info().is_some()));
    }
}
