//! The cases, by rule, and what they share.

use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;

use wsp::code::WSAEOPNOTSUPP;
use wsp_host::{Error, Host, Provider, Socket};

use super::{hostile, life, waits};

/// Something that a provider has to do.
pub struct Case {
    /// The rule that it shows; `wsp explain` knows it.
    pub rule: &'static str,
    /// In a few words.
    pub name: &'static str,
    /// Tries it.
    pub run: fn(&Path) -> Outcome,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As the rule wants it.
    Good,
    /// Otherwise: what was seen.
    Bad(String),
    /// The provider does not have what the case is about, and need not.
    LeftOut(String),
}

/// The body of a case: `Err` says what was seen instead.
pub type Tried = Result<(), String>;

macro_rules! cases {
    ($($rule:literal $name:literal $body:path),+ $(,)?) => {
        /// All cases, in the order of the report.
        pub const CASES: &[Case] = &[$(Case { rule: $rule, name: $name, run: |library| outcome($body(library)) }),+];
    };
}
cases!(
    "WSPStartup-01" "start-up succeeds and fills all 30 entries" life::starts,
    "WSPStartup-04" "versions are negotiated, old ones refused" life::versions,
    "WSPStartup-03" "start-ups are counted" life::counts,
    "WSPSocket-06" "a descriptor is the handle that the host gave" life::handles,
    "WSPSocket-09" "FROM_PROTOCOL_INFO takes the catalog entry" life::from_entry,
    "WSPSocket-01" "a family of another protocol is refused" life::foreign_family,
    "WSPBind-03" "a socket is bound once" life::binds_once,
    "WSPConnect-03" "names of both ends agree, a second connect is refused" life::connects,
    "WSPConnect-04" "connecting to nobody fails with a documented code" life::nobody,
    "WSPSocket-18" "bytes travel both ways unharmed" life::data,
    "WSPRecv-24" "the end of a stream is seen" life::end_of_stream,
    "WSPSend-19" "no data is sent after a shutdown" life::shut_down,
    "WSPCloseSocket-02" "a closed descriptor is no socket, and its handle is given back" life::closes,
    "WSPCleanup-03" "the last clean-up gives all handles back" life::ends,
    "WSPCleanup-07" "a provider starts again after its end" life::starts_again,
    "WSPSocket-01" "forged descriptors are no sockets" hostile::forged,
    "WSPBind-01" "a NULL lpErrno harms nobody" hostile::no_errno,
    "WSPSend-01" "buffers that cannot be memory are refused" hostile::bad_buffers,
    "WSPBind-04" "names that are too short or no memory are refused" hostile::bad_names,
    "WSPGetSockName-05" "too little room for a name is refused" hostile::little_room,
    "WSPIoctl-01" "arguments of control codes that cannot be memory are refused" hostile::bad_arguments,
    "WSPRecv-22" "a nonblocking receive does not wait" waits::nonblocking,
    "WSPSelect-02" "select finds what is ready, and times out" waits::select,
    "WSPEventSelect-05" "network events set their event and are enumerated" waits::network_events,
    "WSPGetOverlappedResult-04" "an overlapped receive sets its event once it has ended" waits::overlapped,
    "WSPRecv-12" "a completion routine runs on its thread, in an alertable wait" waits::routine,
    "WSPCloseSocket-03" "closing ends a call that waits" waits::closed_under_call,
    "WSPCloseSocket-04" "closing ends overlapped operations" waits::closed_under_operation,
);

/// What a body says when the provider need not have what it is about.
const LEFT_OUT: &str = "left out: ";

fn outcome(tried: Tried) -> Outcome {
    match tried {
        Ok(()) => Outcome::Good,
        Err(text) => match text.strip_prefix(LEFT_OUT) {
            Some(text) => Outcome::LeftOut(text.to_owned()),
            None => Outcome::Bad(text),
        },
    }
}

/// Nothing that works takes nearly as long.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Any port of this machine.
pub const ANY: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// Loads and starts the provider.
pub fn start(library: &Path) -> Result<Provider, String> {
    Host::new().load(library).map_err(|error| error.to_string())
}

/// A call that has to work.
pub fn ok<T>(what: &str, result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| match error.code() {
        Some(WSAEOPNOTSUPP) => format!("{LEFT_OUT}{error}"),
        _ => format!("{what}: {error}"),
    })
}

/// A call that has to fail with one of these codes, all documented for the function. No codes: any documented one.
pub fn refused<T: Debug>(what: &str, result: Result<T, Error>, codes: &[i32]) -> Tried {
    match result {
        Err(Error::Documented { code, .. }) if codes.is_empty() || codes.contains(&code) => Ok(()),
        Err(error) => Err(format!("{what}: {error}")),
        Ok(value) => Err(format!("{what}: succeeded, with {value:?}")),
    }
}

/// Something that has to hold.
pub fn holds(what: &str, good: bool) -> Tried {
    if good { Ok(()) } else { Err(what.to_owned()) }
}

/// Two sockets that are connected.
pub fn pair(provider: &Provider) -> Result<(Socket, Socket), String> {
    ok("connecting two sockets over the loopback address", provider.connected_pair())
}

/// A socket.
pub fn socket(provider: &Provider) -> Result<Socket, String> {
    ok("making a socket", provider.socket())
}
