//! TCP sockets, beyond what their crate has: moving bytes between them and a caller's memory, of which there is never a slice;
//! and looking at them without waiting.

use std::io::{self, ErrorKind};
use std::net::SocketAddrV4;
use std::os::windows::io::{AsRawSocket as _, FromRawSocket as _, RawSocket};
use std::ptr;
use std::sync::Once;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockAddr, TcpKeepalive, Type};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    MIB_TCP_STATE_CLOSE_WAIT, MIB_TCP_STATE_CLOSING, MIB_TCP_STATE_ESTAB, MIB_TCP_STATE_FIN_WAIT1,
    MIB_TCP_STATE_LAST_ACK, MIB_TCP_STATE_SYN_RCVD, MIB_TCP_STATE_SYN_SENT,
};
use windows_sys::Win32::Networking::WinSock::{
    FIONREAD, FROM_PROTOCOL_INFO, INVALID_SOCKET, IPPROTO_TCP, MSG_PEEK, POLLERR, POLLHUP, POLLRDNORM, POLLWRNORM,
    SO_EXCLUSIVEADDRUSE, SOCKET, SOL_SOCKET, TCP_MAXRT, WSA_FLAG_NO_HANDLE_INHERIT, WSA_FLAG_OVERLAPPED, WSADATA,
    WSADuplicateSocketW, WSAENOPROTOOPT, WSAPOLLFD, WSAPROTOCOL_INFOW, WSAPoll, WSARecv, WSASend, WSASocketW,
    WSAStartup, ioctlsocket, setsockopt,
};
use wsp::transport::{Fault, Region};

use super::pieces::Pieces;
use super::sources::Source as _;
use super::{Descriptor, tables};
use crate::bytes::Reader;
pub use crate::os::common::Levels;

pub use super::tcp_socket::Socket;

fn raw(socket: &socket2::Socket) -> SOCKET {
    socket.as_raw_socket() as SOCKET
}

/// A new socket that never waits, bound to an address that this process does not have yet; port 0 is any that is free.
///
/// # Errors
/// [`Fault::AddressInUse`] if somebody else has it, unless both share it.
pub fn bound(address: SocketAddrV4, share: bool) -> Result<Socket, Fault> {
    let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if share {
        socket.set_reuse_address(true)?;
    } else {
        // Without it others could have the address as well, by sharing it without asking.
        exclusive(&socket)?;
    }
    match socket.bind(&address.into()) {
        Ok(()) => Ok(socket.into()),
        // Who has it has it alone.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Fault::AddressInUse),
        Err(error) => Err(error.into()),
    }
}

/// Another socket for an address that this process has already. `None`: not before it is used, and then not if the first still
/// has it, as the system does not let a socket be shared afterwards.
pub fn bound_again(address: SocketAddrV4) -> Result<Option<Socket>, Fault> {
    match bound(address, true) {
        Ok(socket) => Ok(Some(socket)),
        Err(Fault::AddressInUse) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn exclusive(socket: &socket2::Socket) -> io::Result<()> {
    set_option(raw(socket), SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1)
}

/// Sets an option whose value is a number.
fn set_option(socket: SOCKET, level: i32, option: i32, value: u32) -> io::Result<()> {
    let value_at = (&raw const value).cast();
    // SAFETY: the pointer is to a local of the size stated.
    let answer = unsafe { setsockopt(socket, level, option, value_at, size_of_val(&value) as i32) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Begins to connect; [`levels`] tell when that has been done.
pub fn connect(socket: &Socket, to: SocketAddrV4) -> io::Result<()> {
    match socket.with(|socket| socket.connect(&to.into())) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        answer => answer,
    }
}

/// The socket, for who ends its connection; nobody else here has it any more, so that its address is free as soon as it has ended.
pub fn part_with(socket: &Socket) -> io::Result<Socket> {
    socket.part_with()
}

/// Has a silent peer asked for a sign of life.
pub fn keep_alive(socket: &Socket, alive: &TcpKeepalive, retries: u32) -> io::Result<()> {
    match socket.with(|socket| socket.set_tcp_keepalive(&alive.clone().with_retries(retries))) {
        // The times are set first. How often it is asked could not always be chosen.
        Err(error) if error.raw_os_error() == Some(WSAENOPROTOOPT) => Ok(()),
        answer => answer,
    }
}

/// Chooses how long what was sent may stay without receipt before the connection is broken.
pub fn give_up_after(socket: &Socket, limit: Duration) -> io::Result<()> {
    let seconds = u32::try_from(limit.as_secs().max(1)).unwrap_or(u32::MAX);
    socket.with(|socket| set_option(raw(socket), IPPROTO_TCP, TCP_MAXRT, seconds))
}

/// Sends a header, if there is one, and regions behind it, without waiting. Returns how many bytes were taken.
pub fn send(socket: &Socket, header: &[u8], data: impl Iterator<Item = Region>) -> io::Result<usize> {
    let mut pieces = Pieces::default();
    // What has no room goes with the next call.
    if header.is_empty() || pieces.push(header.as_ptr().cast_mut(), header.len()) {
        pieces.extend(data);
    }
    let list = pieces.as_slice();
    let sent = socket.with(|socket| {
        let mut sent = 0;
        // SAFETY: the pieces are a slice of the caller's and regions, which are good by their maker's word; none is written.
        let answer =
            unsafe { WSASend(raw(socket), list.as_ptr(), list.len() as u32, &raw mut sent, 0, ptr::null_mut(), None) };
        if answer == 0 { Ok(sent as usize) } else { Err(io::Error::last_os_error()) }
    });
    let whole = sent.as_ref().is_ok_and(|count| *count == pieces.len());
    socket.note_room(whole);
    if sent.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
        socket.sources().want_room();
    }
    sent
}

/// Receives into regions and then, if these are filled, into `spill`, without waiting. Returns how many bytes; 0 at the end of
/// the stream. With `peek` they stay.
pub fn receive(socket: &Socket, room: impl Iterator<Item = Region>, spill: &mut [u8], peek: bool) -> io::Result<usize> {
    let mut pieces = Pieces::default();
    if pieces.extend(room) && !spill.is_empty() {
        pieces.push(spill.as_mut_ptr(), spill.len());
    }
    let list = pieces.as_slice();
    let received = socket.with(|socket| {
        let (mut received, mut flags) = (0, if peek { MSG_PEEK as u32 } else { 0 });
        // SAFETY: the pieces are a slice of the caller's and regions, which are good for writing by their maker's word; the other
        // pointers are to locals. Without an overlapped structure all is done when it returns.
        let answer = unsafe {
            let (received, flags) = (&raw mut received, &raw mut flags);
            WSARecv(raw(socket), list.as_ptr(), list.len() as u32, received, flags, ptr::null_mut(), None)
        };
        if answer == 0 { Ok(received as usize) } else { Err(io::Error::last_os_error()) }
    });
    match received {
        // Who has asked what is the matter may have taken the news of a reset, and with it the difference to an end.
        Ok(0) if pieces.len() > 0 && levels(socket).broken => Err(ErrorKind::ConnectionReset.into()),
        Ok(count) => {
            // Who was given all it asked for looks again before it waits.
            if count > 0 && count < pieces.len() && !peek {
                socket.sources().want_input();
            }
            Ok(count)
        }
        Err(error) => {
            if error.kind() == ErrorKind::WouldBlock {
                socket.sources().want_input();
            }
            Err(error)
        }
    }
}

/// Looks at a socket. While there are bytes, the end behind them is not seen, nor that the connection is broken.
pub fn levels(socket: &Socket) -> Levels {
    // Where these two say enough the system is not asked to poll, which is what costs most.
    let (bytes, room) = (count(socket) > 0, socket.has_room());
    let found = if bytes && room { POLLRDNORM } else { poll(socket, room) };
    let broken = found & POLLERR != 0;
    let levels = Levels {
        readable: broken || found & (POLLRDNORM | POLLHUP) != 0,
        writable: broken || room || found & POLLWRNORM != 0,
        ended: broken || found & POLLHUP != 0,
        broken,
    };
    if !levels.readable {
        socket.sources().want_input();
    }
    if !levels.writable {
        socket.sources().want_room();
    } else if !room {
        socket.note_room(!broken);
    }
    levels
}

/// What the system says of a socket; it is asked for room unless there is some.
fn poll(socket: &Socket, room: bool) -> i16 {
    let found = socket.with(|socket| {
        let events = if room { POLLRDNORM } else { POLLRDNORM | POLLWRNORM };
        let mut polled = WSAPOLLFD { fd: raw(socket), events, revents: 0 };
        // SAFETY: the pointer is to a local, which is the one that is counted.
        if unsafe { WSAPoll(&raw mut polled, 1, 0) } < 0 {
            return Err(io::Error::last_os_error());
        }
        // Systems before 2020 do not say here that a connection could not be made.
        let failed = !room && polled.revents == 0 && socket.take_error()?.is_some();
        Ok(if failed { POLLERR } else { polled.revents })
    });
    found.unwrap_or(POLLERR)
}

/// How many bytes can be received. If there are none, who waits is told of the first.
pub fn waiting(socket: &Socket) -> usize {
    let count = count(socket);
    if count == 0 {
        socket.sources().want_input();
    }
    count
}

fn count(socket: &Socket) -> usize {
    let count = socket.with(|socket| {
        let mut count = 0;
        // SAFETY: this request stores a number where the pointer leads, which is a local.
        if unsafe { ioctlsocket(raw(socket), FIONREAD, &raw mut count) } == 0 { Ok(count as usize) } else { Ok(0) }
    });
    count.unwrap_or(0)
}

/// Does what was sent, and the end of it, arrive if this is closed now? It sends nothing more since a time; if it has `ended`,
/// nothing more comes from the peer, which could reset the connection.
pub fn can_be_closed(socket: &Socket, since: Instant, ended: bool) -> bool {
    // The list of connections takes its time: it is read where that holds up nobody, and once for all who wait for it.
    ended || since.elapsed() >= tables::FRESH && arrived(socket, since)
}

/// Does [`drained`] tell what has arrived also while more may be sent?
pub const TELLS_BEFORE_THE_END: bool = false;

/// Has the peer's system acknowledged all that was sent, as far as can be told? The system tells it of those connections only
/// that send nothing more, by their state; of others, it has everything.
pub fn drained(socket: &Socket) -> bool {
    !socket.has_finished() || arrived(socket, Instant::now())
}

/// Has all arrived that a connection has sent, which sends nothing more since a time?
fn arrived(socket: &Socket, since: Instant) -> bool {
    let (Ok(local), Ok(peer)) = (address(socket.local_addr()), address(socket.peer_addr())) else { return true };
    let under_way = [
        MIB_TCP_STATE_SYN_SENT,
        MIB_TCP_STATE_SYN_RCVD,
        MIB_TCP_STATE_ESTAB,
        MIB_TCP_STATE_CLOSE_WAIT,
        MIB_TCP_STATE_FIN_WAIT1,
        MIB_TCP_STATE_CLOSING,
        MIB_TCP_STATE_LAST_ACK,
    ];
    tables::state(local, peer, since).is_none_or(|state| !under_way.contains(&state))
}

/// Ends a connection abortively, at once and for all in this process who have the socket.
pub fn disconnect(socket: &Socket) {
    socket.disconnect();
}

/// The IPv4 address that a system call gave.
pub fn address(found: io::Result<SockAddr>) -> Result<SocketAddrV4, Fault> {
    found?.as_socket_ipv4().ok_or(Fault::NetworkDown)
}

/// Takes the error that the system keeps for a socket.
pub fn error(socket: &Socket) -> Option<Fault> {
    match socket.take_error() {
        Ok(error) => error.map(Fault::from),
        Err(error) => Some(error.into()),
    }
}

/// A socket on its way to another process.
pub type Leaving = Socket;

/// How many bytes [`pass`] adds.
pub const PASSED: usize = INFO + 1;

/// How long the system's word of a socket is.
const INFO: usize = size_of::<WSAPROTOCOL_INFOW>();

/// Gets a socket ready for another process, beside this one.
pub fn leaving(socket: &Socket) -> Result<Leaving, Fault> {
    Ok(socket.try_clone()?)
}

/// What passes a socket to a process: a descriptor or bytes, or both. Here it is the system's word of it, good for that process
/// and once. So it is asked for when that process is there to take it: by then the socket may be open in it.
///
/// # Errors
/// There is no such process, or it is not this one's to give something.
pub fn pass<'a>(socket: &'a Leaving, to: i32, bytes: &mut Vec<u8>) -> Result<Option<&'a Descriptor>, Fault> {
    let mut info = WSAPROTOCOL_INFOW::default();
    socket.with(|socket| {
        // SAFETY: the pointer is to a local.
        let passed = unsafe { WSADuplicateSocketW(raw(socket), to.cast_unsigned(), &raw mut info) };
        if passed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    })?;
    // SAFETY: a structure of numbers, all of the same alignment and so without gaps.
    bytes.extend(unsafe { ptr::from_ref(&info).cast::<[u8; INFO]>().read() });
    bytes.push(u8::from(socket.has_finished()));
    Ok(None)
}

/// The socket that another process [passed](pass).
///
/// # Errors
/// [`Fault::BadClaim`] if it is no TCP socket.
pub fn arrive(bytes: &mut Reader<'_>, _files: impl Iterator<Item = Descriptor>) -> Result<Socket, Fault> {
    let info = bytes.take::<INFO>().ok_or(Fault::BadClaim)?;
    let finished = bytes.flag().ok_or(Fault::BadClaim)?;
    begin();
    // SAFETY: a structure of numbers, for which any bytes are good.
    let info = unsafe { info.as_ptr().cast::<WSAPROTOCOL_INFOW>().read_unaligned() };
    let (any, flags) = (FROM_PROTOCOL_INFO, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    // SAFETY: the pointer is to a local.
    let socket = unsafe { WSASocketW(any, any, any, &raw const info, 0, flags) };
    if socket == INVALID_SOCKET {
        return Err(io::Error::last_os_error().into());
    }
    // SAFETY: a new socket, ours alone.
    let socket = unsafe { socket2::Socket::from_raw_socket(socket as RawSocket) };
    if socket.r#type()? != Type::STREAM {
        return Err(Fault::BadClaim);
    }
    socket.set_nonblocking(true)?;
    Ok(Socket::new(socket, finished))
}

/// Has Winsock ready in a process that has made no socket yet.
fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        // SAFETY: the pointer is to a local. If it fails so does all that comes after, and says so.
        unsafe { WSAStartup(0x0202, &mut WSADATA::default()) };
    });
}
