//! What waits: nonblocking calls, readiness, overlapped operations, closing under them.

use std::path::Path;
use std::thread;
use std::time::Duration;

use wsp::code::*;
use wsp::ffi;
use wsp::rt::{FdSet, zeroed};
use wsp_host::{Event, Host, Notify, Woken, wait_alertable};

use super::cases::{PATIENCE, Tried, holds, ok, pair, refused, start};

pub fn nonblocking(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, server) = pair(&provider)?;
    ok("FIONBIO", server.set_nonblocking(true))?;
    refused("recv with nothing there", server.recv(&mut [0; 1]), &[WSAEWOULDBLOCK])?;
    ok("send", client.send(b"x"))?;
    let mut set = FdSet::new(&[server.raw()]);
    let ready = provider.table().select(0, Some(&mut set), None, None, Some(&SOON));
    holds("select does not find the byte", ok("select", ready.map_err(Into::into))? == 1)?;
    holds("recv does not get the byte", ok("recv", server.recv(&mut [0; 1]))? == 1)
}

const SOON: ffi::timeval = ffi::timeval { tv_sec: 5, tv_usec: 0 };

pub fn select(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, server) = pair(&provider)?;
    let now = ffi::timeval { tv_sec: 0, tv_usec: 1000 };
    let mut set = FdSet::new(&[client.raw(), server.raw()]);
    let ready = provider.table().select(0, Some(&mut set), None, None, Some(&now));
    holds("something is ready where nothing is", ok("select", ready.map_err(Into::into))? == 0)?;
    holds("a set is not empty after the time", set.sockets().is_empty())?;
    ok("send", client.send(b"x"))?;
    let mut read = FdSet::new(&[client.raw(), server.raw()]);
    let mut write = FdSet::new(&[client.raw()]);
    let ready = provider.table().select(0, Some(&mut read), Some(&mut write), None, Some(&SOON));
    holds("the count is not that of all sets", ok("select", ready.map_err(Into::into))? == 2)?;
    holds("a set does not keep what is ready, and only that", read.sockets() == [server.raw()])?;
    let stranger = FdSet::new(&[0x00AB_CDEC]);
    let refusal = provider.table().select(0, Some(&mut { stranger }), None, None, Some(&now));
    refused("select of a stranger", refusal.map_err(Into::into), &[WSAENOTSOCK])
}

pub fn network_events(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, server) = pair(&provider)?;
    let event = Event::new().map_err(|error| error.to_string())?;
    let table = provider.table();
    ok("event select", table.event_select(server.raw(), Some(event.raw()), ffi::FD_READ).map_err(Into::into))?;
    ok("send", client.send(b"x"))?;
    holds("the event is not set", event.wait(PATIENCE))?;
    let mut events: ffi::WSANETWORKEVENTS = zeroed();
    events.iErrorCode = [4711; 10];
    let told = table.enum_network_events(server.raw(), Some(event.raw()), &mut events);
    ok("enumerating", told.map_err(Into::into))?;
    holds("FD_READ alone is not what is told", events.lNetworkEvents == ffi::FD_READ)?;
    holds("the event stays set after it was enumerated", !event.is_set())?;
    holds("codes of events that did not happen were written", events.iErrorCode[1..] == [4711; 9])
}

pub fn overlapped(library: &Path) -> Tried {
    let provider = start(library)?;
    holds("this program does not export WPUCompleteOverlappedRequest", Host::exports_completion())?;
    let (client, server) = pair(&provider)?;
    let event = Event::new().map_err(|error| error.to_string())?;
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    ok("an overlapped recv", receive.returned())?;
    holds("it has ended before there is anything", receive.status().is_none() && !event.is_set())?;
    ok("send", client.send(b"hello"))?;
    holds("the event is not set", event.wait(PATIENCE))?;
    holds("the record's status is not 0", receive.status() == Some(0))?;
    holds("the record's count is not that of the bytes", receive.bytes() == Some(5))?;
    holds("the bytes are not what was sent", receive.buffer().is_some_and(|buffer| buffer.starts_with(b"hello")))
}

pub fn routine(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, server) = pair(&provider)?;
    let receive = server.recv_overlapped(9, Notify::Routine);
    ok("an overlapped recv", receive.returned())?;
    ok("send", client.send(b"hello"))?;
    thread::sleep(Duration::from_millis(20));
    holds("the routine runs without an alertable wait", receive.routine_calls().is_empty())?;
    while receive.routine_calls().is_empty() {
        holds("the routine never runs", wait_alertable(None, PATIENCE) != Woken::Timeout)?;
    }
    let calls = receive.routine_calls();
    holds(
        "the routine is not called once, with 5 bytes",
        calls.len() == 1 && (calls[0].error, calls[0].bytes) == (0, 5),
    )
}

pub fn closed_under_call(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, _server) = pair(&provider)?;
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.recv(&mut [0; 1]));
        thread::sleep(Duration::from_millis(50));
        ok("closesocket", client.close())?;
        let ended = waiting.join().map_err(|_| "a thread panicked")?;
        refused("the call that waited", ended, &[])
    })
}

pub fn closed_under_operation(library: &Path) -> Tried {
    const ABORTED: u32 = 0xC000_0120;
    let provider = start(library)?;
    let (_client, server) = pair(&provider)?;
    let event = Event::new().map_err(|error| error.to_string())?;
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    ok("an overlapped recv", receive.returned())?;
    ok("closesocket", server.close())?;
    holds("the event is not set", event.wait(PATIENCE))?;
    holds("the operation did not end as WSA_OPERATION_ABORTED", receive.status() == Some(ABORTED))
}
