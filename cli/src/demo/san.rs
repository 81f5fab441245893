//! `wsp demo --transport …`: a SAN provider, driven by the switch, between processes.
//!
//! Three processes take part: the one that the user starts, a server, and a successor to which the first hands its connection
//! over. They talk to each other over the provider only; pipes carry addresses and the ticket of the hand-over.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use wsp::ffi;
use wsp_host::Event;
use wsp_host::switch::{SanListener, SanNotify, SanOperation, SanProvider, SanSocket, SanStream, Switch, Ticket};

use super::data::{Pattern, joined, receive, send};
use super::{check, find, step};
use crate::text::{GREEN, PLAIN};
use crate::{Failure, print};

/// How the processes reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Transport {
    /// Shared memory
    Shm,
    /// TCP
    Tcp,
}

/// What a process of the demo does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Answers
    Server,
    /// Takes the connection over
    Successor,
}

impl Transport {
    fn library(self) -> &'static str {
        match self {
            Self::Shm => "wsp_san_shm",
            Self::Tcp => "wsp_san_tcp",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Shm => "shm",
            Self::Tcp => "tcp",
        }
    }
}

/// Longest wait for another process.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of memory that is opened to the peer.
const REMOTE: usize = 1 << 20;

/// The seeds of what the two sides send.
const SEEDS: [u64; 2] = [1, 2];

/// Runs the demo, or a process's part in it.
pub fn run(transport: Transport, part: Option<Part>, provider: Option<&Path>, mib: u16) -> Result<(), Failure> {
    let file = find(provider, transport.library())?;
    let switch = Switch::new().map_err(Failure::new)?;
    let started = switch.load(&file).map_err(Failure::new)?;
    let bytes = usize::from(mib) << 20;
    match part {
        None => Demo { transport, switch, provider: started, file: &file, mib, bytes }.run(),
        Some(Part::Server) => serve(&switch, &started, bytes),
        Some(Part::Successor) => succeed(&switch),
    }
}

struct Demo<'a> {
    transport: Transport,
    switch: Switch,
    provider: SanProvider,
    file: &'a Path,
    mib: u16,
    bytes: usize,
}

impl Demo<'_> {
    fn run(&self) -> Result<(), Failure> {
        step("library", &self.file.display().to_string())?;
        let addresses: Vec<String> = self.provider.first_addresses().iter().map(Ipv4Addr::to_string).collect();
        let (about, addresses) = (self.provider.description(), addresses.join(", "));
        step("start-up", &format!("WSPStartupEx: 17 functions and 7 extensions, \"{about}\", for {addresses}"))?;
        let mut server = Process::start(self, Part::Server)?;
        let (streams, memory) = (server.address()?, server.address()?);
        let stream = SanStream::connect(&self.switch, streams).map_err(Failure::new)?;
        let other = server.child.id();
        step("connection", &format!("process {} -> {streams} in process {other}", std::process::id()))?;
        let took = exchange(&stream, SEEDS, self.bytes, true)?;
        let rate = (2 * self.bytes) as f64 / took.as_secs_f64() / f64::from(1 << 20);
        step("data", &format!("{} MiB in each direction at once, every byte checked, {rate:.0} MiB/s", self.mib))?;
        self.remote(memory)?;
        self.hand_over(stream)?;
        server.finish()?;
        self.provider.cleanup().map_err(Failure::new)?;
        step("clean-up", "WSPCleanup: the provider let go of everything")?;
        print(&format!("\n{GREEN}The provider works.{PLAIN}\n"))
    }

    /// Writes into the other process's memory, and reads it back.
    fn remote(&self, address: SocketAddrV4) -> Result<(), Failure> {
        let socket = connect(&self.provider, address)?;
        let mut room = [0; 256];
        let size = socket.recv_blocking(&mut room).map_err(Failure::new)?;
        let mut pattern = Pattern(SEEDS[0]);
        let data: Vec<u8> = (0..REMOTE).map(|_| pattern.next()).collect();
        ended(&socket.rdma_write(&data, &room[..size], 0, SanNotify::Polled))?;
        let read = socket.rdma_read(REMOTE, &room[..size], 0, SanNotify::Polled);
        ended(&read)?;
        check(read.memory() == Some(&data[..]), "what was read from the peer's memory is not what was written there")?;
        socket.send_blocking(b"look").map_err(Failure::new)?;
        let size = socket.recv_blocking(&mut room).map_err(Failure::new)?;
        check(&room[..size] == b"as written", "the peer's memory is not what was written there")?;
        step("rdma", "1 MiB written into the other process's memory and read back, checked on both sides")
    }

    /// Lets a third process go on with the connection.
    fn hand_over(&self, stream: SanStream) -> Result<(), Failure> {
        let mut successor = Process::start(self, Part::Successor)?;
        let process = successor.child.id();
        let ticket = stream.suspend_and_duplicate(process).map_err(Failure::new)?;
        let hex: String = ticket.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        successor.tell(&hex)?;
        let said = successor.line()?;
        check(said == "ok", &format!("process {process} could not go on: {said}"))?;
        successor.finish()?;
        step("hand-over", &format!("process {process} took the connection over and ended it"))
    }
}

/// Another process of the demo. Killed if the demo fails.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(demo: &Demo<'_>, part: Part) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(Failure::new)?;
        let part = match part {
            Part::Server => "server",
            Part::Successor => "successor",
        };
        let mut command = Command::new(program);
        command.args(["demo", "--transport", demo.transport.name(), "--part", part, "--mib", &demo.mib.to_string()]);
        command.arg("--provider").arg(demo.file);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(Failure::new)?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or_else(|| Failure::new("the other process has no output"))?;
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err(Failure::new("another process of the demo has ended early; what it said is above")),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(Failure::new(error)),
        }
    }

    fn address(&mut self) -> Result<SocketAddrV4, Failure> {
        self.line()?.parse().map_err(Failure::new)
    }

    fn tell(&mut self, line: &str) -> Result<(), Failure> {
        let input = self.input.as_mut().ok_or_else(|| Failure::new("the other process has no input"))?;
        writeln!(input, "{line}").and_then(|()| input.flush()).map_err(Failure::new)
    }

    fn finish(mut self) -> Result<(), Failure> {
        drop(self.input.take());
        let status = self.child.wait().map_err(Failure::new)?;
        check(status.success(), &format!("another process of the demo ended with {status}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Has ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends one sequence and receives the other at the same time.
fn exchange(stream: &SanStream, [ours, theirs]: [u64; 2], bytes: usize, shown: bool) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let outcome = thread::scope(|scope| {
        let sending = scope.spawn(move || send(stream, ours, bytes));
        let received = receive(stream, theirs, bytes, shown);
        joined(sending).and(received)
    });
    outcome.map_err(Failure::new)?;
    Ok(begun.elapsed())
}

/// The server: the other side of everything above.
fn serve(switch: &Switch, provider: &SanProvider, bytes: usize) -> Result<(), Failure> {
    let streams = SanListener::bind(switch, SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).map_err(Failure::new)?;
    let memory = SanListening::new(provider)?;
    let address = streams.local_addr().map_err(Failure::new)?;
    print(&format!("{address}\n{}\n", memory.address))?;
    let (stream, _) = streams.accept().map_err(Failure::new)?;
    exchange(&stream, [SEEDS[1], SEEDS[0]], bytes, false)?;
    let socket = memory.accept()?;
    let open = socket.register_rdma(vec![0; REMOTE], ffi::MEM_READWRITE).map_err(Failure::new)?;
    socket.send_blocking(open.descriptor()).map_err(Failure::new)?;
    socket.recv_blocking(&mut [0; 16]).map_err(Failure::new)?;
    let mut pattern = Pattern(SEEDS[0]);
    let good = open.contents().iter().all(|byte| *byte == pattern.next());
    socket.send_blocking(if good { b"as written" } else { b"not as written" }).map_err(Failure::new)?;
    // The successor says a word and wants it back, then ends.
    let mut word = [0; 5];
    (&stream).read_exact(&mut word).map_err(Failure::new)?;
    (&stream).write_all(&word).map_err(Failure::new)?;
    let end = (&stream).read(&mut word).map_err(Failure::new)?;
    check(end == 0, "there is more than the successor's word")
}

/// The successor: goes on with the first process's connection.
fn succeed(switch: &Switch) -> Result<(), Failure> {
    let mut hex = String::new();
    std::io::stdin().read_line(&mut hex).map_err(Failure::new)?;
    let hex = hex.trim_end().as_bytes();
    let digit =
        |at: usize| std::str::from_utf8(&hex[at..at + 2]).ok().and_then(|text| u8::from_str_radix(text, 16).ok());
    let bytes: Option<Vec<u8>> = (0..hex.len() / 2).map(|at| digit(at * 2)).collect();
    let ticket = Ticket::from_bytes(&bytes.unwrap_or_default()).map_err(Failure::new)?;
    let stream = SanStream::import(switch, ticket).map_err(Failure::new)?;
    (&stream).write_all(b"hello").map_err(Failure::new)?;
    let mut back = [0; 5];
    (&stream).read_exact(&mut back).map_err(Failure::new)?;
    check(&back == b"hello", "the peer does not answer to the successor")?;
    stream.shutdown(Shutdown::Write).map_err(Failure::new)?;
    print("ok\n")
}

/// A listening socket without a session.
struct SanListening {
    socket: SanSocket,
    address: SocketAddrV4,
    event: Event,
}

impl SanListening {
    fn new(provider: &SanProvider) -> Result<Self, Failure> {
        let (socket, event) = (provider.socket().map_err(Failure::new)?, Event::new().map_err(Failure::new)?);
        let address = free_address()?;
        socket.bind(address).map_err(Failure::new)?;
        socket.listen(1).map_err(Failure::new)?;
        socket.event_select(&event, ffi::FD_ACCEPT).map_err(Failure::new)?;
        Ok(Self { socket, address, event })
    }

    fn accept(&self) -> Result<Arc<SanSocket>, Failure> {
        check(self.event.wait(PATIENCE), "no connection came")?;
        self.socket.enum_events(&self.event).map_err(Failure::new)?;
        let (socket, _) = self.socket.accept(|_| ffi::CF_ACCEPT).map_err(Failure::new)?;
        Ok(Arc::new(socket))
    }
}

fn connect(provider: &SanProvider, address: SocketAddrV4) -> Result<Arc<SanSocket>, Failure> {
    let socket = provider.socket().map_err(Failure::new)?;
    let connecting = socket.connect(address).map_err(Failure::new)?;
    connecting.finish(&socket, PATIENCE).map_err(Failure::new)?;
    Ok(Arc::new(socket))
}

/// An address that TCP/IP has free, as the switch chooses them.
fn free_address() -> Result<SocketAddrV4, Failure> {
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
    let port = free.map_err(Failure::new)?.port();
    Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// Waits for the end of an operation.
fn ended(operation: &SanOperation) -> Result<(), Failure> {
    let done = operation.poll_for(PATIENCE).map_err(Failure::new)?;
    check(done.is_some(), "an operation does not end")
}
