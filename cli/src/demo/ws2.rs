//! `wsp demo --host ws2`: an ordinary program's socket calls, served by the provider.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4};
use std::path::Path;
use std::time::Duration;

use wsp::code::WSAENOTSOCK;
use wsp::ffi::{AF_INET, FD_READ, IPPROTO_TCP, SOCK_STREAM};
use wsp::rt::Code;
use wsp_catalog::{Catalog, View};
use wsp_host::winsock::{self, Entry, Socket, Stack, Ws2, last_error};
use wsp_host::{Event, Host, Notify};

use super::{check, exchange, find, names_agree, rate, step};
use crate::text::{GREEN, PLAIN};
use crate::{Failure, print};

/// After this long something that was to happen has not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shows the socket calls of a program: each step prints what it did, a step that fails ends the demo.
pub fn run(provider: Option<&Path>, catalog: Option<&Path>, mib: u16) -> Result<(), Failure> {
    let ws2 = Ws2::new();
    for entry in entries(provider, catalog)? {
        ws2.install(entry).map_err(Failure::new)?;
    }
    let count = ws2.entries().len();
    step("catalog", &format!("{count} {}", if count == 1 { "entry" } else { "entries" }))?;
    let stack = ws2.startup(0x0202).map_err(Failure::new)?;
    step("start-up", "WSAStartup: nothing is loaded yet")?;
    let (client, server) = connect(&stack)?;
    let bytes = usize::from(mib) << 20;
    let took = exchange(&client, &server, bytes)?;
    step("data", &format!("{mib} MiB in each direction at once, every byte checked, {:.0} MiB/s", rate(bytes, took)))?;
    ready(&stack, &client, &server)?;
    overlapped(&client, &server)?;
    end(&stack, client, server)?;
    stack.cleanup().map_err(Failure::new)?;
    step("clean-up", "WSACleanup: one WSPCleanup, the library let go")?;
    print(&format!("\n{GREEN}The provider serves programs.{PLAIN}\n"))
}

/// The entries of a catalog file, or one for the provider.
fn entries(provider: Option<&Path>, catalog: Option<&Path>) -> Result<Vec<Entry>, Failure> {
    let Some(file) = catalog else {
        let library = find(provider, "wsp_loopback")?;
        step("library", &library.display().to_string())?;
        return Ok(vec![Entry::new(Entry::tcp(), library)]);
    };
    let view = if cfg!(target_pointer_width = "64") { View::Bits64 } else { View::Bits32 };
    let catalog = Catalog::read(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    step("catalog", &file.display().to_string())?;
    Ok(catalog.entries(view).map(|entry| Entry::new(entry.info(), entry.path())).collect())
}

fn connect(stack: &Stack) -> Result<(Socket, Socket), Failure> {
    let tcp = || stack.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP).map_err(Failure::new);
    let listener = tcp()?;
    let entries = stack.ws2().entries();
    let started: Vec<_> = entries.iter().filter(|entry| stack.ws2().is_started(entry)).map(Entry::id).collect();
    step("socket", &format!("AF_INET, SOCK_STREAM, IPPROTO_TCP: loads and starts the provider of entry {started:?}"))?;
    listener.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).map_err(Failure::new)?;
    listener.listen(1).map_err(Failure::new)?;
    let address = listener.local_addr().map_err(Failure::new)?;
    let client = tcp()?;
    client.connect(address).map_err(Failure::new)?;
    let (server, peer) = listener.accept().map_err(Failure::new)?;
    names_agree((peer, client.local_addr().ok()), (address, client.peer_addr().ok()))?;
    Ok((client, server))
}

/// `select`, and an event.
fn ready(stack: &Stack, client: &Socket, server: &Socket) -> Result<(), Failure> {
    let both = [client.raw(), server.raw()];
    let none = stack.select(&both, &[], &[], Some(Duration::ZERO)).map_err(Failure::new)?;
    check(none.read.is_empty(), "select finds something to read where nothing is")?;
    client.send(b"ready").map_err(Failure::new)?;
    let one = stack.select(&both, &[], &[], Some(PATIENCE)).map_err(Failure::new)?;
    check(one.read == [server.raw()], "select does not find the socket that has data")?;
    let event = Event::new().map_err(Failure::new)?;
    server.event_select(Some(&event), FD_READ).map_err(Failure::new)?;
    check(event.wait(PATIENCE), "WSAEventSelect does not set the event for data that waits")?;
    let events = server.network_events(Some(&event)).map_err(Failure::new)?;
    check(events.lNetworkEvents == FD_READ, "WSAEnumNetworkEvents does not tell of the data")?;
    check(server.recv(&mut [0; 8]) == Ok(5), "the data that select told of is not there")?;
    server.event_select(None, 0).map_err(Failure::new)?;
    server.set_nonblocking(false).map_err(Failure::new)?;
    step("readiness", "select and WSAEventSelect tell of waiting data")
}

/// An overlapped receive.
fn overlapped(client: &Socket, server: &Socket) -> Result<(), Failure> {
    if !Host::exports_completion() {
        return step("overlapped", "left out: this program does not export WPUCompleteOverlappedRequest");
    }
    let event = Event::new().map_err(Failure::new)?;
    let receive = server.recv_overlapped(64, Notify::Event(&event));
    receive.returned().map_err(Failure::new)?;
    client.send(b"overlapped").map_err(Failure::new)?;
    check(event.wait(PATIENCE), "the event of an overlapped receive was not signalled")?;
    check(server.overlapped_result(&receive, false) == Ok((10, 0)), "WSAGetOverlappedResult does not give the bytes")?;
    step("overlapped", "a receive ended, its event set, WSAGetOverlappedResult agrees")
}

/// An orderly end, and what a dead handle gets.
fn end(stack: &Stack, mut client: Socket, mut server: Socket) -> Result<(), Failure> {
    client.write_all(b"last words").map_err(Failure::new)?;
    client.shutdown(Shutdown::Write).map_err(Failure::new)?;
    let mut rest = Vec::new();
    server.read_to_end(&mut rest).map_err(Failure::new)?;
    check(rest == b"last words", "the end of the stream is not what was sent")?;
    client.close().map_err(Failure::new)?;
    let again = client.close();
    check(refused(&again, WSAENOTSOCK) && last_error() == WSAENOTSOCK, "a closed socket was not refused")?;
    server.close().map_err(Failure::new)?;
    let nobody = stack.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP).map_err(Failure::new)?;
    let Err(failure) = nobody.connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9)) else {
        return Err(Failure::new("connecting to nobody succeeded"));
    };
    check(failure.code() == last_error(), "the last error is another than the call's")?;
    step("end", &format!("orderly; a closed socket gets WSAENOTSOCK, connecting to nobody {}", Code(last_error())))
}

fn refused<T>(result: &Result<T, winsock::Failure>, code: i32) -> bool {
    result.as_ref().is_err_and(|failure| failure.code() == code)
}
