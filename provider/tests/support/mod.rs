//! What the tests of transports have in common.
#![allow(dead_code, reason = "every test file uses its part of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::task::Poll;

use wsp::transport::{
    Access, Bell, Bound, Connection, Fault, Gather, Listener as _, Mode, Parcel, Rdma, Received, Region, Remote,
    Request as _, Scatter, Sent, State, Taken, Transfer, Transport,
};

/// A state of these bytes and nothing in common.
pub fn state(bytes: &[u8]) -> State {
    State { bytes: bytes.to_vec(), common: None }
}

pub fn anywhere() -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)
}

/// A listening end at any address.
pub fn listen<T: Transport>(network: &T, backlog: usize, mode: Mode) -> (Bound<T::Lease>, T::Listener) {
    let bound = network.bind(anywhere(), false).expect("an address is free");
    let listener = network.listen(&bound, backlog, mode).expect("nobody listens there");
    (bound, listener)
}

pub fn connect<T: Transport>(network: &T, to: SocketAddrV4, mode: Mode) -> Result<T::Connection, Fault> {
    let bound = network.bind(anywhere(), false).expect("an address is free");
    network.connect(&bound, to, mode)
}

/// Sleeps at the bell until there is an answer.
pub fn until<T: Transport, R>(network: &T, mut answer: impl FnMut() -> Option<R>) -> R {
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        let ticket = network.bell().arm();
        let second = answer();
        if second.is_none() {
            network.bell().sleep(ticket, None);
        }
        network.bell().disarm();
        if let Some(answer) = second {
            return answer;
        }
    }
}

pub fn accept<T: Transport>(network: &T, listener: &T::Listener) -> T::Connection {
    let request = until(network, || match listener.poll() {
        Poll::Ready(request) => Some(request.expect("the listener is good")),
        Poll::Pending => None,
    });
    request.accept().expect("the other side is there")
}

pub fn established<T: Transport>(network: &T, connection: &T::Connection) -> Result<(), Fault> {
    until(network, || match connection.established() {
        Poll::Ready(made) => Some(made),
        Poll::Pending => None,
    })
}

/// Two transports, and the two ends of a connection between them: the one that asked for it first.
pub struct Pair<T: Transport> {
    pub one: T::Connection,
    pub other: T::Connection,
    pub asker: T,
    pub accepter: T,
}

pub fn pair_of<T: Transport>(asker: T, accepter: T, mode: Mode) -> Pair<T> {
    let [one, other] = ends_of([&asker, &accepter], mode);
    Pair { one, other, asker, accepter }
}

/// The two ends of a connection. A thread that looks after both sleeps at one bell only, so both must be of one transport then.
pub fn ends_of<T: Transport>([asker, accepter]: [&T; 2], mode: Mode) -> [T::Connection; 2] {
    let (bound, listener) = listen(accepter, 4, mode);
    let one = connect(asker, bound.address, mode).expect("somebody listens");
    if mode == Mode::Stream {
        assert_eq!(established(asker, &one), Ok(()));
    }
    let other = accept(accepter, &listener);
    assert_eq!(established(asker, &one), Ok(()));
    [one, other]
}

pub fn region(memory: &mut [u8]) -> Region {
    // SAFETY: every test keeps the memory until the operations on it have ended.
    unsafe { Region::new(memory.as_mut_ptr(), memory.len()) }
}

pub fn gather(memory: &mut [u8]) -> Gather {
    Gather::of(region(memory))
}

pub fn scatter(memory: &mut [u8]) -> Scatter {
    Scatter::of(region(memory))
}

/// Sends all of it; waits until its memory is free.
pub fn send<T: Transport>(network: &T, connection: &T::Connection, bytes: &[u8], lend: bool) -> Result<(), Fault> {
    let mut bytes = bytes.to_vec();
    let data = gather(&mut bytes);
    let (before, mut at) = (connection.released(), 0);
    loop {
        match until(network, || Some(connection.send(&data, at, lend)).filter(|sent| *sent != Ok(Sent::Full)))? {
            Sent::All => return Ok(()),
            Sent::Part(count) => at += count,
            Sent::Lent => break,
            Sent::Full => unreachable!("filtered"),
        }
    }
    until(network, || (connection.released() > before).then_some(()));
    Ok(())
}

/// One receive into so much room.
pub fn receive<T: Transport>(
    network: &T,
    connection: &T::Connection,
    room: usize,
) -> Result<(Vec<u8>, Received), Fault> {
    let mut bytes = vec![0; room];
    let to = scatter(&mut bytes);
    let received = until(network, || match connection.receive(&to, 0, false) {
        Ok(Received::Nothing) => None,
        answer => Some(answer),
    })?;
    if let Received::Bytes { count, .. } = received {
        bytes.truncate(count);
    } else {
        bytes.clear();
    }
    Ok((bytes, received))
}

/// Receives so many bytes, in pieces of at most `piece`.
pub fn receive_all<T: Transport>(
    network: &T,
    connection: &T::Connection,
    count: usize,
    piece: usize,
) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    while all.len() < count {
        let (bytes, received) = receive(network, connection, piece.min(count - all.len()))?;
        assert_ne!(received, Received::End, "the peer has not finished");
        all.extend(bytes);
    }
    Ok(all)
}

/// Receives one message, in pieces of at most `piece`.
pub fn receive_message<T: Transport>(network: &T, connection: &T::Connection, piece: usize) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    loop {
        let (bytes, received) = receive(network, connection, piece)?;
        all.extend(bytes);
        if let Received::Bytes { last: true, .. } = received {
            return Ok(all);
        }
    }
}

/// Sends of these lengths arrive as they are, one behind the other, and then the end.
pub fn a_stream_arrives<T: Transport>(pair: Pair<T>, lengths: &[usize], piece: usize, lend: bool) {
    let Pair { one, other, asker, accepter } = pair;
    let total = lengths.iter().sum();
    let (sent, received) = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut all = Vec::new();
            for (seed, length) in (0..).zip(lengths) {
                let bytes = pattern(seed, *length);
                send(&asker, &one, &bytes, lend).unwrap();
                all.extend(bytes);
            }
            one.finish();
            all
        });
        let received = receive_all(&accepter, &other, total, piece).unwrap();
        (sender.join().unwrap(), received)
    });
    assert!(sent == received);
    assert_eq!(receive(&accepter, &other, 8).unwrap().1, Received::End);
}

/// Messages of these lengths arrive as they are. `look` is done before each is received.
pub fn messages_arrive<T: Transport>(
    pair: Pair<T>,
    lengths: &[usize],
    piece: usize,
    lend: bool,
    look: impl Fn(&T::Connection),
) {
    let Pair { one, other, asker, accepter } = pair;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (seed, length) in (0..).zip(lengths) {
                send(&asker, &one, &pattern(seed, *length), lend).unwrap();
            }
        });
        for (seed, length) in (0..).zip(lengths) {
            look(&other);
            assert!(receive_message(&accepter, &other, piece).unwrap() == pattern(seed, *length));
        }
    });
}

/// What the process does that is killed in [`outlives_its_giver`].
pub fn gives_and_waits<T: Transport>(network: &T, connection: T::Connection) {
    send(network, &connection, b"last words", false).unwrap();
    say(network.give(Parcel::Connection { connection: &connection, shared: false }, hear(), &state(b"")).unwrap());
    drop(connection);
    let _: String = hear();
}

/// The process gives its end of a connection of messages to this one, and is killed before or after that is taken.
pub fn outlives_its_giver<T: Transport>(here: &T, mut process: Other, connection: T::Connection, taken_first: bool) {
    process.tell(std::process::id());
    let claim = process.hear().parse().unwrap();
    if !taken_first {
        process.kill();
        assert_eq!(here.take(claim).err(), Some(Fault::BadClaim));
    }
    let taken = taken_first.then(|| here.take(claim).unwrap());
    assert_eq!(receive_message(here, &connection, 20).unwrap(), b"last words");
    if let Some((Taken::Connection(taken), _)) = taken {
        process.kill();
        send(here, &taken, b"still there", false).unwrap();
        assert_eq!(receive_message(here, &connection, 20).unwrap(), b"still there");
    } else {
        assert_eq!(receive(here, &connection, 20), Err(Fault::Reset));
    }
}

/// Both directions.
pub const BOTH: Access = Access { read: true, write: true };

pub fn rdma<C: Connection>(connection: &C) -> &dyn Rdma {
    connection.rdma().expect("it has remote memory")
}

/// The outcome of a transfer, while the owner of the memory looks after it.
pub fn outcome<T: Transport>(
    network: &T,
    ours: &T::Connection,
    started: Result<Transfer, Fault>,
    owner: &T::Connection,
) -> Result<(), Fault> {
    match started? {
        Transfer::Done => Ok(()),
        Transfer::Full => panic!("there are not so many"),
        Transfer::Running => until(network, || {
            owner.progress();
            rdma(ours).finished()
        }),
    }
}

/// What a peer makes of a descriptor that it was given, or not.
pub fn remote(key: u64, length: u64) -> Remote {
    Remote { key, length, access: BOTH }
}

/// Whatever a peer makes of descriptors, it reaches what is open and nothing else. The connection is one of messages.
pub fn reaches_nothing_that_is_not_open<T: Transport>(asker: &T, [one, other]: [&T::Connection; 2]) {
    let mut memory = [7_u8; 96];
    let part = region(&mut memory).part(32, 32).unwrap();
    let closed = rdma(other).expose(part, BOTH).unwrap();
    rdma(other).withdraw(closed).unwrap();
    let readable = rdma(other).expose(part, Access { read: true, write: false }).unwrap();
    let writable = rdma(other).expose(part, Access { read: false, write: true }).unwrap();
    // As a peer would that believes what it likes of length and access.
    let wild = u64::MAX;
    let targets = [
        (closed, 0),
        (readable ^ 1 << 40, 0),
        (writable + 1, 0),
        (0, 0),
        (wild, 0),
        (writable, 29),
        (writable, 32),
        (writable, wild - 2),
        (writable, wild - 3),
        (readable, 0),
    ];
    for (key, offset) in targets {
        let written = rdma(one).write(&gather(&mut [1; 4]), &remote(key, wild), offset);
        assert_eq!(outcome(asker, one, written, other), Err(Fault::Access), "write {key:x} at {offset}");
    }
    let mut room = [0; 4];
    for (key, offset) in
        targets.into_iter().take(9).map(|(key, offset)| (if key == writable { readable } else { key }, offset))
    {
        let read = rdma(one).read(&scatter(&mut room), &remote(key, wild), offset);
        assert_eq!(outcome(asker, one, read, other), Err(Fault::Access), "read {key:x} at {offset}");
    }
    let read = rdma(one).read(&scatter(&mut room), &remote(writable, wild), 0);
    assert_eq!(outcome(asker, one, read, other), Err(Fault::Access));
    assert_eq!((memory, room), ([7; 96], [0; 4]));
    let written = rdma(one).write(&gather(&mut [1; 4]), &remote(writable, 32), 28);
    assert_eq!(outcome(asker, one, written, other), Ok(()), "the connection goes on");
    assert_eq!((&memory[56..64], memory[64]), (&[7, 7, 7, 7, 1, 1, 1, 1][..], 7));
    // Many pieces, of which the last does not fit: not one of them comes.
    let mut large = vec![7; 200_000];
    let key = rdma(other).expose(region(&mut large), BOTH).unwrap();
    let written = rdma(one).write(&gather(&mut vec![1; 200_001]), &remote(key, wild), 0);
    assert_eq!(outcome(asker, one, written, other), Err(Fault::Access));
    rdma(other).withdraw(key).unwrap();
    assert!(large.iter().all(|byte| *byte == 7));
    assert_eq!(rdma(other).withdraw(closed), Err(Fault::BadClaim));
    assert_eq!(rdma(other).withdraw(writable ^ 1 << 40), Err(Fault::BadClaim));
    let refused = rdma(one).read(&scatter(&mut room), &remote(readable, 2), 0);
    assert_eq!(refused, Err(Fault::Access), "it is not even asked for");
}

/// Bytes that are not easily confused.
pub fn pattern(seed: u32, count: usize) -> Vec<u8> {
    let mut state = seed | 1;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

/// Which part the other process plays.
pub const ROLE: &str = "WSP_TEST_ROLE";

/// Another process, and lines to and from it.
pub struct Other {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Other {
    pub fn start_with(role: &str, variables: &[(&str, &str)]) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program)
            .args(["--exact", "the_other_process", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, to, from }
    }

    pub fn tell(&mut self, what: impl ToString) {
        writeln!(self.to, "{}", what.to_string()).unwrap();
    }

    /// The next thing it says, which it marks: the test harness says things, too.
    pub fn hear(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the other process has ended without saying more");
            if let Some((_, said)) = line.split_once("say:") {
                return said.trim().to_owned();
            }
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn ends_well(mut self) {
        drop(self.to);
        std::io::copy(&mut self.from, &mut std::io::sink()).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

pub fn hear<T: std::str::FromStr<Err: std::fmt::Debug>>() -> T {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim().parse().unwrap()
}

pub fn say(what: impl std::fmt::Display) {
    println!("say:{what}");
}

/// Serves who has come while the process can open nothing, and who comes then once it can again.
#[cfg(target_os = "linux")]
pub fn accepts_with_few_descriptors<T: Transport>(network: &T) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let (bound, listener) = listen(network, 4, Mode::Stream);
    say(bound.address);
    until(network, || listener.waiting().then_some(()));
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(5), ..before }).expect("less is always possible");
    let rest: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    say("nothing opens");
    let _: String = hear();
    let first = accept(network, &listener);
    send(network, &first, b"served", false).expect("it is connected");
    let refused = until(network, || match listener.poll() {
        Poll::Ready(request) => Some(request.err()),
        Poll::Pending => None,
    });
    assert_eq!(refused, Some(Fault::TooManyOpen), "who came since has no descriptor here");
    drop(rest);
    setrlimit(Resource::Nofile, before).expect("it was so before");
    // What went wrong before may be told once more.
    let second = until(network, || match listener.poll() {
        Poll::Ready(request) => request.ok(),
        Poll::Pending => None,
    });
    let second = second.accept().expect("the other side is there");
    send(network, &second, b"served", false).expect("it is connected");
    let _: String = hear();
}

/// The other side of [`accepts_with_few_descriptors`], which runs in the process.
#[cfg(target_os = "linux")]
pub fn connects_to_few_descriptors<T: Transport>(network: &T, mut process: Other) {
    let address = process.hear().parse().expect("an address");
    let first = connect(network, address, Mode::Stream).expect("somebody listens");
    assert_eq!(process.hear(), "nothing opens");
    let second = connect(network, address, Mode::Stream).expect("somebody listens still");
    process.tell("both have come");
    for connection in [first, second] {
        assert_eq!(established(network, &connection), Ok(()));
        assert_eq!(receive_all(network, &connection, 6, 6).as_deref(), Ok(&b"served"[..]));
    }
    process.tell("done");
    process.ends_well();
}
