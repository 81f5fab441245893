//! Peers that speak nonsense, or nothing: plain TCP at the other end of a connection.
#![cfg(any(target_os = "linux", windows))]

mod tcp_support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tcp_support::*;
use wsp::transport::{Connection as _, Fault, Listener as _, Mode, Received, Transport};
use wsp_provider::tcp::{Connection, Tcp};

/// What nobody answers in this time is given up, in tests of that.
const SHORT: Duration = Duration::from_millis(300);

/// Within this time everybody says what there is to say, in tests of what comes after it.
const ENOUGH: Duration = Duration::from_secs(2);

/// After this long a wait counts as failed. Nothing that works takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(60);

fn hello(mode: u8) -> [u8; 8] {
    let [a, b, c, d] = *b"WSPT";
    [a, b, c, d, 1, 1, mode, 0]
}

fn answer(verdict: u8) -> [u8; 8] {
    let [a, b, c, d] = *b"WSPT";
    [a, b, c, d, 1, 2, verdict, 0]
}

fn header(kind: u8, mark: u8, length: u32, used: u32) -> Vec<u8> {
    let mut bytes = vec![kind, mark, 0, 0];
    bytes.extend(length.to_le_bytes());
    bytes.extend(used.to_le_bytes());
    bytes
}

fn request(kind: u8, [key, offset, total, at]: [u64; 4], length: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = header(kind, 0, 36 + data.len() as u32, 0);
    for number in [key, offset, total, at] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes
}

fn plain(to: SocketAddrV4) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn word(from: &mut TcpStream) -> [u8; 8] {
    let mut word = [0; 8];
    from.read_exact(&mut word).unwrap();
    word
}

/// A plain TCP client that has made a connection of messages, and the other end of it.
fn half_plain(network: &Tcp) -> (TcpStream, Connection) {
    let (bound, listener) = listen(network, 1, Mode::Messages);
    let mut stream = plain(bound.address);
    stream.write_all(&hello(1)).unwrap();
    assert_eq!(word(&mut stream), answer(0), "it waits");
    let connection = accept(network, &listener);
    assert_eq!(word(&mut stream), answer(1), "it is accepted");
    (stream, connection)
}

/// Is it over, one way or the other?
fn is_over(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    // A reset is an error, an end is none; waiting for ever is neither.
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
    }
}

/// Receives until the end, and serves what is asked.
fn end_of(network: &Tcp, connection: &Connection) -> Fault {
    let mut room = vec![0; 1 << 20];
    let into = scatter(&mut room);
    until(network, || {
        loop {
            connection.progress();
            match connection.receive(&into, 0, false) {
                Ok(Received::Nothing) => return None,
                Ok(_) => {}
                Err(fault) => return Some(fault),
            }
        }
    })
}

#[test]
fn who_says_nothing_blocks_nobody_and_is_let_go() {
    let network = patient(ENOUGH);
    let (bound, listener) = listen(&network, 1, Mode::Stream);
    let mut silent: Vec<_> = (0..300).map(|_| plain(bound.address)).collect();
    let mut slow = plain(bound.address);
    for byte in hello(0) {
        slow.write_all(&[byte]).unwrap();
    }
    assert_eq!(word(&mut slow), answer(1), "it has said it, if slowly");
    drop(accept(&network, &listener));
    let connection = connected(&network, bound.address, Mode::Stream).unwrap();
    assert!(!accept(&network, &listener).ready().ended);
    drop(connection);
    assert!(silent.iter_mut().all(is_over));
}

/// The filter of packets that takes none: what is sent there gets lost, and no receipt comes.
#[cfg(target_os = "linux")]
#[test]
fn data_that_does_not_arrive_breaks_the_connection() {
    use wsp_provider::tcp::Settings;
    /// `BPF_RET` of no byte.
    const NONE: socket2::SockFilter = socket2::SockFilter::new(6, 0, 0, 0);
    let network = Tcp::new(Settings { delivery: SHORT, ..Settings::default() }).unwrap();
    let (stream, connection) = half_plain(&network);
    assert_eq!(send(&network, &connection, b"it arrives", false), Ok(()));
    socket2::SockRef::from(&stream).attach_filter(&[NONE]).unwrap();
    assert_eq!(send(&network, &connection, b"it gets lost", false), Ok(()));
    assert_eq!(end_of(&network, &connection), Fault::TimedOut);
    assert_eq!(send(&network, &connection, b"x", false), Err(Fault::TimedOut), "for every call from now on");
    assert_eq!(end_of(&network, &connection), Fault::TimedOut);
}

#[test]
fn who_says_something_else_is_let_go_at_once() {
    let network = tcp();
    let (bound, listener) = listen(&network, 1, Mode::Stream);
    for nonsense in [*b"GET / HT", [0; 8], [0xFF; 8], answer(1), hello(2)] {
        let mut stream = plain(bound.address);
        stream.write_all(&nonsense).unwrap();
        assert!(is_over(&mut stream));
    }
    let mut stream = plain(bound.address);
    stream.write_all(&hello(1)).unwrap();
    assert_eq!(word(&mut stream), answer(2), "refused: it is a listener of streams");
    assert!(is_over(&mut stream));
    let mut stream = plain(bound.address);
    stream.write_all(b"WSP").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(is_over(&mut stream));
    assert!(!listener.waiting());
}

#[test]
fn too_many_are_refused() {
    let network = tcp();
    let (bound, listener) = listen(&network, 2, Mode::Stream);
    let _waiting: Vec<_> = (0..2).map(|_| connected(&network, bound.address, Mode::Stream).unwrap()).collect();
    let mut other = plain(bound.address);
    other.write_all(&hello(0)).unwrap();
    assert_eq!(word(&mut other), answer(2));
    drop(accept(&network, &listener));
    assert!(connected(&network, bound.address, Mode::Stream).is_ok());
}

#[test]
fn who_waits_at_a_listener_that_goes_is_refused() {
    let network = tcp();
    let (bound, listener) = listen(&network, 2, Mode::Messages);
    let connection = connect(&network, bound.address, Mode::Messages).unwrap();
    until(&network, || listener.waiting().then_some(()));
    drop(listener);
    assert_eq!(established(&network, &connection), Err(Fault::Refused));
}

/// What a connect says to a plain listener that does this with each who comes.
fn connect_to(plain: impl FnOnce(TcpStream) + Send) -> Result<(), Fault> {
    let network = patient(SHORT);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = SocketAddrV4::new(Ipv4Addr::LOCALHOST, listener.local_addr().unwrap().port());
    thread::scope(|scope| {
        scope.spawn(|| plain(listener.accept().unwrap().0));
        connected(&network, to, Mode::Messages).map(drop)
    })
}

#[test]
fn listeners_of_another_kind_are_not_reached_through_this_transport() {
    let closes: fn(TcpStream) = drop;
    let resets = |mut stream: TcpStream| {
        // Closed with something unread.
        stream.peek(&mut [0; 1]).unwrap();
        stream.write_all(b"WSPT").unwrap();
    };
    let greets = |mut stream: TcpStream| stream.write_all(b"220 mail ready\r\n").unwrap();
    let wants_more = |mut stream: TcpStream| stream.write_all(&[answer(0), answer(0)].concat()).unwrap();
    for outcome in [connect_to(closes), connect_to(resets), connect_to(greets), connect_to(wants_more)] {
        assert_eq!(outcome, Err(Fault::TimedOut));
    }
    let begun = Instant::now();
    let says_nothing = |mut stream: TcpStream| drop(stream.read_to_end(&mut Vec::new()));
    assert_eq!(connect_to(says_nothing), Err(Fault::TimedOut));
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn who_does_not_answer_at_all_is_given_up() {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&anywhere().into()).unwrap();
    listener.listen(0).unwrap();
    let to = listener.local_addr().unwrap().as_socket_ipv4().unwrap();
    // With its queue full a system answers nobody.
    let full: Vec<_> =
        std::iter::from_fn(|| TcpStream::connect_timeout(&to.into(), Duration::from_millis(100)).ok()).collect();
    assert!(!full.is_empty());
    let network = patient(SHORT);
    for mode in [Mode::Stream, Mode::Messages] {
        assert_eq!(connected(&network, to, mode).err(), Some(Fault::TimedOut));
    }
}

#[test]
fn where_nobody_listens_the_connect_is_refused() {
    let network = tcp();
    for mode in [Mode::Stream, Mode::Messages] {
        let free = network.bind(anywhere(), false).unwrap().address;
        assert_eq!(connected(&network, free, mode).err(), Some(Fault::Refused));
    }
    let foreign = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 0);
    assert_eq!(network.bind(foreign, false).err(), Some(Fault::AddressNotAvailable));
}

#[test]
fn an_accept_that_comes_late_is_waited_for() {
    let network = patient(ENOUGH);
    let (bound, listener) = listen(&network, 1, Mode::Messages);
    let connection = connect(&network, bound.address, Mode::Messages).unwrap();
    until(&network, || listener.waiting().then_some(()));
    thread::sleep(ENOUGH + SHORT);
    assert!(connection.established().is_pending(), "longer than a connect may take until anybody is known to be there");
    let _other = accept(&network, &listener);
    assert_eq!(established(&network, &connection), Ok(()));
}

#[test]
fn nonsense_resets_the_connection() {
    let long = u32::MAX;
    let cases = [
        ("no kind", header(0, 0, 0, 0)),
        ("an unknown kind", header(7, 0, 0, 0)),
        ("an unknown mark", header(1, 2, 1, 0)),
        ("a mark where none belongs", header(2, 1, 0, 0)),
        ("an endless message", header(1, 1, long, 0)),
        ("a long message", header(1, 1, 128 * 1024 + 1, 0)),
        ("nothing of a message that goes on", header(1, 0, 0, 0)),
        ("a payload where none belongs", header(2, 0, 1, 0)),
        ("more used up than was sent", header(2, 0, 0, 1)),
        ("less used up than nothing", header(2, 0, 0, long)),
        ("the answer to no write", header(5, 0, 0, 0)),
        ("the answer to no read", header(6, 0, 0, 0)),
        ("a refusal of nothing", header(6, 1, 0, 0)),
        ("half a request", header(4, 0, 35, 0)),
        ("a request with more", header(4, 0, 37, 0)),
        ("a piece outside its transfer", request(4, [1, 0, 8, 4], 5, &[])),
        ("a piece beyond all numbers", request(4, [1, 0, u64::MAX, u64::MAX], 1, &[])),
        ("a large piece", request(4, [1, 0, u64::MAX, 0], 64 * 1024 + 1, &[])),
        ("a write of another length", request(3, [1, 0, 8, 0], 3, b"four")),
        ("other protocols", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ];
    let network = tcp();
    for (what, bytes) in cases {
        let (mut stream, connection) = half_plain(&network);
        stream.write_all(&header(1, 1, 2, 0)).unwrap();
        stream.write_all(b"ok").unwrap();
        stream.write_all(&bytes).unwrap();
        assert_eq!(receive_message(&network, &connection, 8).unwrap(), b"ok", "{what}");
        assert_eq!(end_of(&network, &connection), Fault::Reset, "{what}");
        assert!(is_over(&mut stream), "{what}");
        assert_eq!(connection.ready().fault, Some(Fault::Reset));
        assert_eq!(send(&network, &connection, b"x", false), Err(Fault::Reset));
    }
}

#[test]
fn a_peer_without_credit_gets_no_memory() {
    let network = tcp();
    for (length, progress) in [(100_000_usize, true), (0, true), (100_000, false)] {
        let (mut stream, connection) = half_plain(&network);
        let frame = [header(1, 1, length as u32, 0), vec![7; length]].concat();
        let sender = thread::spawn(move || {
            // Until it is reset.
            while stream.write_all(&frame).is_ok() {}
        });
        // Never received, only looked at.
        let fault = until(&network, || {
            if progress {
                connection.available();
            } else {
                let _ = connection.receive(&scatter(&mut [0; 1]), 0, true);
            }
            connection.ready().fault
        });
        assert_eq!(fault, Fault::Reset);
        assert!(connection.available() <= 384 * 1024);
        drop(connection);
        sender.join().unwrap();
    }
}

#[test]
fn a_peer_that_asks_without_end_and_reads_nothing_is_reset() {
    let network = tcp();
    let (mut stream, connection) = half_plain(&network);
    let mut memory = vec![1; 64 * 1024];
    let key = rdma(&connection).expose(region(&mut memory), BOTH).unwrap();
    let asks = request(4, [key, 0, 64 * 1024, 0], 64 * 1024, &[]);
    let sender = thread::spawn(move || while stream.write_all(&asks).is_ok() {});
    assert_eq!(end_of(&network, &connection), Fault::Reset);
    sender.join().unwrap();
    rdma(&connection).withdraw(key).unwrap();
}

#[test]
fn requests_in_bytes_are_served_within_bounds() {
    let network = tcp();
    let (mut stream, connection) = half_plain(&network);
    let mut memory = [7_u8; 32];
    let key = rdma(&connection).expose(region(&mut memory), BOTH).unwrap();
    let asks = [
        request(3, [key, 4, 4, 0], 4, b"good"),
        request(3, [key, 29, 4, 0], 4, b"evil"),
        request(3, [key + 1, 0, 4, 0], 4, b"evil"),
        request(3, [key, u64::MAX, 4, 0], 4, b"evil"),
        request(4, [key, 4, 4, 0], 4, &[]),
        request(4, [key, 30, 3, 0], 3, &[]),
        request(3, [key, 0, 1 << 40, 0], 4, b"evil"),
    ];
    let served = thread::spawn(move || {
        for byte in asks.concat() {
            stream.write_all(&[byte]).unwrap();
        }
        let mut answers = vec![0; 12 * 7 + 4];
        stream.read_exact(&mut answers).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        answers
    });
    assert_eq!(end_of(&network, &connection), Fault::Reset);
    let refused = header(5, 1, 0, 0);
    let expected = [
        header(5, 0, 0, 0),
        refused.clone(),
        refused.clone(),
        refused.clone(),
        header(6, 0, 4, 0),
        b"good".to_vec(),
        header(6, 1, 0, 0),
        refused,
    ];
    assert_eq!(served.join().unwrap(), expected.concat());
    rdma(&connection).withdraw(key).unwrap();
    assert_eq!((&memory[4..8], memory.iter().filter(|byte| **byte == 7).count()), (&b"good"[..], 28));
}

#[test]
fn a_peer_that_ends_half_way_is_seen() {
    let network = tcp();
    let (mut stream, connection) = half_plain(&network);
    stream.write_all(&header(1, 1, 9, 0)).unwrap();
    stream.write_all(b"half").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut room = [0; 9];
    assert_eq!(receive_all(&network, &connection, 4, 9).unwrap(), b"half");
    assert_eq!(until(&network, || connection.receive(&scatter(&mut room), 4, false).err()), Fault::Reset);
    let (bound, listener) = listen(&network, 1, Mode::Stream);
    let mut stream = plain(bound.address);
    stream.write_all(&hello(0)).unwrap();
    assert_eq!(word(&mut stream), answer(1));
    stream.write_all(b"half open").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let connection = accept(&network, &listener);
    assert_eq!(receive_all(&network, &connection, 9, 9).unwrap(), b"half open");
    assert_eq!(receive(&network, &connection, 9).unwrap().1, Received::End);
    assert_eq!(send(&network, &connection, b"the other way goes on", false), Ok(()));
    let mut heard = [0; 21];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"the other way goes on");
}

/// Frames that are nearly right.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let small = 0_u32..70;
    // The first is often the key that is open.
    let numbers = prop::array::uniform4(prop_oneof![Just(1_u64 << 40 | 1), 0_u64..80, any::<u64>()]);
    prop_oneof![
        (0_u8..8, 0_u8..2, small.clone(), 0_u32..3, prop::collection::vec(any::<u8>(), 0..70))
            .prop_map(|(kind, mark, length, used, data)| [header(kind, mark, length, used), data].concat()),
        (small.clone(), any::<bool>()).prop_map(|(length, last)| [
            header(1, u8::from(last), length, 0),
            vec![9; length as usize]
        ]
        .concat()),
        (numbers.clone(), prop::collection::vec(any::<u8>(), 0..70)).prop_map(|(numbers, data)| request(
            3,
            numbers,
            data.len() as u32,
            &data
        )),
        (numbers, small).prop_map(|(numbers, length)| request(4, numbers, length, &[])),
        prop::collection::vec(any::<u8>(), 0..70),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_peer_says_it_reaches_nothing_and_ends(frames in prop::collection::vec(frame(), 0..12)) {
        let network = tcp();
        let (mut stream, connection) = half_plain(&network);
        let mut memory = [7_u8; 96];
        let part = region(&mut memory).part(32, 32).unwrap();
        let key = rdma(&connection).expose(part, BOTH).unwrap();
        let sender = thread::spawn(move || {
            let _ = stream.write_all(&frames.concat());
            let _ = stream.shutdown(Shutdown::Write);
            is_over(&mut stream)
        });
        prop_assert_eq!(end_of(&network, &connection), Fault::Reset);
        drop(connection);
        prop_assert!(sender.join().unwrap());
        let _ = key;
        prop_assert!(memory[..32].iter().chain(&memory[64..]).all(|byte| *byte == 7));
    }
}
