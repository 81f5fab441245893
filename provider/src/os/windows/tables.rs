//! What the system lists: the machine's addresses, and the states of its connections.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{ptr, slice};

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetIpAddrTable, GetTcpTable, MIB_IPADDRROW_XP, MIB_IPADDRTABLE, MIB_TCP_STATE, MIB_TCPROW_LH, MIB_TCPTABLE,
};

/// How long a list of connections is good for who asks about one.
pub const FRESH: Duration = Duration::from_millis(50);

/// How often a table may grow while it is read.
const TRIES: usize = 8;

/// Reads a table: `read` puts it where it is told, into so many bytes, or says how many it needs.
fn table(mut read: impl FnMut(*mut u64, &mut u32) -> u32) -> Vec<u64> {
    let mut room = Vec::new();
    let mut size = 0;
    for _ in 0..TRIES {
        match read(if room.is_empty() { ptr::null_mut() } else { room.as_mut_ptr() }, &mut size) {
            NO_ERROR => return room,
            ERROR_INSUFFICIENT_BUFFER => room = vec![0; size as usize / size_of::<u64>() + 1],
            _ => break,
        }
    }
    Vec::new()
}

/// The IPv4 addresses of the machine's interfaces.
pub fn addresses() -> Vec<Ipv4Addr> {
    // SAFETY: the pointer is to as many bytes as the size says, or null.
    let words = table(|at, size| unsafe { GetIpAddrTable(at.cast(), size, 0) });
    let at = words.as_ptr().cast::<MIB_IPADDRTABLE>();
    let mut found = vec![Ipv4Addr::LOCALHOST];
    if !words.is_empty() {
        // SAFETY: the system has put a table there, which begins with the number of its rows; the rows follow.
        let rows: &[MIB_IPADDRROW_XP] =
            unsafe { slice::from_raw_parts((&raw const (*at).table).cast(), (*at).dwNumEntries as usize) };
        found.extend(rows.iter().map(|row| Ipv4Addr::from(u32::from_be(row.dwAddr))));
    }
    found.retain(|address| !address.is_unspecified());
    found.sort();
    found.dedup();
    found
}

/// A list of connections.
struct Connections {
    read: Instant,
    rows: Vec<(SocketAddrV4, SocketAddrV4, MIB_TCP_STATE)>,
}

/// The list that was read last.
static LATEST: Mutex<Option<Connections>> = Mutex::new(None);

/// The state that the connection between two addresses has had at some time from `since` on, if there was one.
pub fn state(local: SocketAddrV4, peer: SocketAddrV4, since: Instant) -> Option<MIB_TCP_STATE> {
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let known = latest.take().filter(|known| known.read >= since && known.read.elapsed() < FRESH);
    let connections = latest.insert(known.unwrap_or_else(connections));
    connections.rows.iter().find(|(from, to, _)| (*from, *to) == (local, peer)).map(|(.., state)| *state)
}

fn connections() -> Connections {
    let read = Instant::now();
    // SAFETY: the pointer is to as many bytes as the size says, or null.
    let words = table(|at, size| unsafe { GetTcpTable(at.cast(), size, 0) });
    if words.is_empty() {
        return Connections { read, rows: Vec::new() };
    }
    let at = words.as_ptr().cast::<MIB_TCPTABLE>();
    // SAFETY: the system has put a table there, which begins with the number of its rows; the rows follow.
    let rows: &[MIB_TCPROW_LH] =
        unsafe { slice::from_raw_parts((&raw const (*at).table).cast(), (*at).dwNumEntries as usize) };
    // Addresses are in network order, ports in their lower halves, too.
    let address = |ip: u32, port: u32| SocketAddrV4::new(u32::from_be(ip).into(), u16::from_be(port as u16));
    let row = |row: &MIB_TCPROW_LH| {
        // SAFETY: both names of the union are of the same number.
        let state = unsafe { row.Anonymous.State };
        (address(row.dwLocalAddr, row.dwLocalPort), address(row.dwRemoteAddr, row.dwRemotePort), state)
    };
    Connections { read, rows: rows.iter().map(row).collect() }
}
