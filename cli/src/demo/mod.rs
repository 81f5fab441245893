//! `wsp demo`: loads a provider through its exported entry point and carries checked data over it.

mod data;
mod san;
mod ws2;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use wsp::code::{WSAENOTSOCK, WSAEOPNOTSUPP};
use wsp_host::{Event, Host, NotFound, Notify, Provider, Socket, Upcall, library};

use crate::text::{BOLD, GREEN, PLAIN};
use crate::{Failure, print};
use data::{joined, receive, send};

/// What the demo is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// Load this provider instead of the example that comes with wsp
    #[arg(long, value_name = "FILE")]
    provider: Option<PathBuf>,
    /// How many MiB to carry in each direction
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=4096))]
    mib: u16,
    /// Drive a SAN provider through the switch instead, in processes of their own, over this transport
    #[arg(long, value_enum)]
    transport: Option<san::Transport>,
    /// Who calls the provider
    #[arg(long, value_enum, default_value_t = Caller::Direct, conflicts_with = "transport")]
    host: Caller,
    /// With `--host ws2`: take the providers from this catalog file (see `wsp catalog`)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["provider", "transport"])]
    catalog: Option<PathBuf>,
    /// What a process that the demo itself starts is to do
    #[arg(long, value_enum, hide = true, requires = "transport")]
    part: Option<san::Part>,
}

/// Who calls the provider.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Caller {
    /// The demo itself, through the table
    Direct,
    /// A host like ws2_32, for the socket calls of the demo
    Ws2,
}

/// Shows a provider carrying data: each step prints what it did, a step that fails ends the demo.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(transport) = arguments.transport {
        return san::run(transport, arguments.part, arguments.provider.as_deref(), arguments.mib);
    }
    if arguments.host == Caller::Ws2 {
        return ws2::run(arguments.provider.as_deref(), arguments.catalog.as_deref(), arguments.mib);
    }
    if arguments.catalog.is_some() {
        return Err(Failure::new("only a host looks providers up in a catalog: say `--host ws2`, too"));
    }
    let file = find(arguments.provider.as_deref(), "wsp_loopback")?;
    step("library", &file.display().to_string())?;
    let provider = Host::new().load(&file).map_err(Failure::new)?;
    let [low, high] = provider.version().to_le_bytes();
    step("start-up", &format!("WSPStartup: version {low}.{high}, 30 slots, \"{}\"", provider.description()))?;
    let (client, server) = connect(&provider)?;
    let bytes = usize::from(arguments.mib) << 20;
    let took = exchange(&client, &server, bytes)?;
    let rate = rate(bytes, took);
    step("data", &format!("{} MiB in each direction at once, every byte checked, {rate:.0} MiB/s", arguments.mib))?;
    overlapped(&client, &server)?;
    end(client, server)?;
    errors(&provider)?;
    upcalls(&provider)?;
    provider.cleanup().map_err(Failure::new)?;
    step("clean-up", "WSPCleanup: the provider let go of everything")?;
    print(&format!("\n{GREEN}The provider works.{PLAIN}\n"))
}

/// The provider's file: the one of the option, else that of the example called `name`.
fn find(provider: Option<&Path>, name: &str) -> Result<PathBuf, Failure> {
    library::find(provider, name).map_err(|error| match error {
        NotFound::Named { .. } => Failure::new(format!("--provider: {error}")),
        _ => Failure::new(error),
    })
}

fn step(name: &str, text: &str) -> Result<(), Failure> {
    print(&format!("{BOLD}{name:<11}{PLAIN}{text}\n"))
}

fn check(good: bool, what: &str) -> Result<(), Failure> {
    if good { Ok(()) } else { Err(Failure::new(format!("the provider is wrong: {what}"))) }
}

/// Listener, client, accepted socket, and their names.
fn connect(provider: &Provider) -> Result<(Socket, Socket), Failure> {
    let listener = provider.socket().map_err(Failure::new)?;
    listener.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).map_err(Failure::new)?;
    listener.listen(1).map_err(Failure::new)?;
    let address = listener.local_addr().map_err(Failure::new)?;
    let client = provider.socket().map_err(Failure::new)?;
    client.connect(address).map_err(Failure::new)?;
    let (server, peer) = listener.accept().map_err(Failure::new)?;
    names_agree((peer, client.local_addr().ok()), (address, client.peer_addr().ok()))?;
    Ok((client, server))
}

/// Both sides of a connection have the same names for its ends: what the server knows of each, and what the client says.
fn names_agree(
    (peer, own): (SocketAddrV4, Option<SocketAddrV4>),
    (address, other): (SocketAddrV4, Option<SocketAddrV4>),
) -> Result<(), Failure> {
    check(own == Some(peer), "accept and getsockname disagree on the client's address")?;
    check(other == Some(address), "getpeername does not give the address that was connected to")?;
    step("connection", &format!("{peer} -> {address}, names agree"))
}

/// MiB in each second, for so many bytes in each direction.
fn rate(bytes: usize, took: Duration) -> f64 {
    (2 * bytes) as f64 / took.as_secs_f64() / f64::from(1 << 20)
}

/// Data in both directions at once; each side checks every byte it gets.
fn exchange<S: Sync>(client: &S, server: &S, bytes: usize) -> Result<Duration, Failure>
where
    for<'a> &'a S: Read + Write,
{
    let begun = Instant::now();
    let outcome = thread::scope(|scope| {
        let sides = [(client, 1_u64), (server, 2)];
        let senders = sides.map(|(socket, seed)| scope.spawn(move || send(socket, seed, bytes)));
        let back = scope.spawn(move || receive(client, 2, bytes, false));
        let forth = receive(server, 1, bytes, true);
        let mut outcomes = vec![forth, joined(back)];
        outcomes.extend(senders.map(joined));
        outcomes.into_iter().collect::<Result<Vec<()>, String>>()
    });
    outcome.map_err(Failure::new)?;
    Ok(begun.elapsed())
}

/// An overlapped receive: notified once, its record marked done.
fn overlapped(client: &Socket, server: &Socket) -> Result<(), Failure> {
    if !Host::exports_completion() {
        return step("overlapped", "left out: this program does not export WPUCompleteOverlappedRequest");
    }
    client.send(b"overlapped").map_err(Failure::new)?;
    let event = Event::new().map_err(Failure::new)?;
    let operation = server.recv_overlapped(64, Notify::Event(&event));
    operation.returned().map_err(Failure::new)?;
    check(event.wait(Duration::from_secs(10)), "the event of an overlapped receive was not signalled")?;
    let received = operation.buffer().zip(operation.bytes()).and_then(|(buffer, bytes)| buffer.get(..bytes));
    check(received == Some(b"overlapped"), "the overlapped receive did not deliver what was sent")?;
    step("overlapped", "a receive completed through WPUCompleteOverlappedRequest: event set, data checked")
}

/// An orderly end: the receiver sees the end of the stream, a closed descriptor is dead.
fn end(client: Socket, server: Socket) -> Result<(), Failure> {
    client.shutdown(Shutdown::Write).map_err(Failure::new)?;
    let mut byte = [0];
    check(server.recv(&mut byte) == Ok(0), "the end of the stream was not seen")?;
    client.close().map_err(Failure::new)?;
    let again = client.close();
    check(again.is_err_and(|error| error.code() == Some(WSAENOTSOCK)), "a closed descriptor was not refused")?;
    server.close().map_err(Failure::new)?;
    step("end", "orderly; a closed descriptor gets WSAENOTSOCK")
}

/// What goes wrong goes wrong with a documented code.
fn errors(provider: &Provider) -> Result<(), Failure> {
    let socket = provider.socket().map_err(Failure::new)?;
    let nobody = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
    let refused = socket.connect(nobody);
    let Err(error) = refused else { return Err(Failure::new("connecting to nobody succeeded")) };
    check(
        matches!(error, wsp_host::Error::Documented { .. }),
        "connecting to nobody failed with an undocumented code",
    )?;
    let left_out = provider.table().cancel_blocking_call();
    let note = match left_out {
        Err(error) if error.code() == Some(WSAEOPNOTSUPP) => "; a function left out refuses with WSAEOPNOTSUPP",
        _ => "",
    };
    step("errors", &format!("{error}{note}"))
}

fn upcalls(provider: &Provider) -> Result<(), Failure> {
    let counts = provider.counts();
    let (made, closed) = (counts.get(Upcall::CreateSocketHandle), counts.get(Upcall::CloseSocketHandle));
    let completed = counts.get(Upcall::CompleteOverlappedRequest);
    check(provider.open_handles() == 0 && made == closed, "socket handles are left over")?;
    step("upcalls", &format!("{made} socket handles made, {closed} closed, {completed} completions"))
}
