//! What a peer of the TCP transport says: a fuzzer's bytes come out of a plain socket, behind the words that make a connection of
//! messages. Nothing outside open memory may be reached, and the connection has to end.
#![no_main]

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpStream};
use std::task::Poll;

use libfuzzer_sys::fuzz_target;
use wsp::transport::{Access, Connection as _, Listener as _, Mode, Region, Request as _, Scatter, Transport};
use wsp_fuzz::until;
use wsp_provider::tcp::{Connection, Listener, Settings, Tcp};

const HELLO: [u8; 8] = *b"WSPT\x01\x01\x01\x00";
const MARGIN: usize = 32;
const OPEN: usize = 64;

struct Target {
    network: Tcp,
    listener: Listener,
    address: SocketAddrV4,
}

impl Target {
    fn new() -> Self {
        let network = Tcp::new(Settings::default()).expect("the transport starts");
        let bound = network.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), false).expect("an address is free");
        let listener = network.listen(&bound, 4, Mode::Messages).expect("nobody listens there");
        Self { network, listener, address: bound.address }
    }

    fn connect(&self) -> (TcpStream, Connection) {
        let mut plain = TcpStream::connect(self.address).expect("somebody listens");
        plain.write_all(&HELLO).expect("there is room");
        let request = until(self.network.bell(), || match self.listener.poll() {
            Poll::Ready(request) => Some(request.expect("the listener is good")),
            Poll::Pending => None,
        });
        let connection = request.accept().expect("the other side is there");
        plain.read_exact(&mut [0; 16]).expect("it was accepted");
        (plain, connection)
    }

    /// The first byte says how the rest is cut and received.
    fn run(&self, data: &[u8]) {
        let Some((how, said)) = data.split_first() else { return };
        let (mut plain, connection) = self.connect();
        let rdma = connection.rdma().expect("it has remote memory");
        let mut memory = vec![7_u8; MARGIN + OPEN + MARGIN];
        // SAFETY: the memory outlives the connection.
        let region = unsafe { Region::new(memory.as_mut_ptr().add(MARGIN), OPEN) };
        rdma.expose(region, Access { read: true, write: true }).expect("it is connected");
        let mut room = vec![0_u8; 1 + usize::from(how >> 2) * 8];
        // SAFETY: so does this.
        let room = Scatter::of(unsafe { Region::new(room.as_mut_ptr(), room.len()) });
        let pieces: Vec<&[u8]> = if how & 1 == 0 { vec![said] } else { said.chunks(7).collect() };
        for piece in pieces {
            // It may have been reset already.
            let _ = plain.write_all(piece);
            connection.progress();
        }
        let _ = plain.shutdown(Shutdown::Write);
        until(self.network.bell(), || {
            loop {
                connection.progress();
                match connection.receive(&room, 0, how & 2 != 0) {
                    Err(fault) => return Some(fault),
                    Ok(wsp::transport::Received::Nothing) if connection.ready().fault.is_none() => return None,
                    Ok(_) if how & 2 != 0 => return connection.ready().fault,
                    Ok(_) => {}
                }
            }
        });
        drop(connection);
        assert!(memory[..MARGIN].iter().chain(&memory[MARGIN + OPEN..]).all(|byte| *byte == 7));
    }
}

thread_local! {
    static TARGET: RefCell<Option<Target>> = const { RefCell::new(None) };
}

fuzz_target!(|data: &[u8]| TARGET.with_borrow_mut(|target| target.get_or_insert_with(Target::new).run(data)));
