//! Start-up, the life of a socket, clean-up.

use std::net::Shutdown;
use std::path::Path;
use std::thread;

use wsp::code::*;
use wsp::ffi;
use wsp_host::{Host, StartError};

use super::cases::{ANY, Tried, holds, ok, pair, refused, socket, start};

pub fn starts(library: &Path) -> Tried {
    start(library).map(drop)
}

pub fn versions(library: &Path) -> Tried {
    let provider = start(library)?;
    holds("asked for 2.2, it answers with another version", provider.version() == 0x0202)?;
    // SAFETY: the provider's own start-up function; `provider` keeps it loaded.
    let later = unsafe { Host::new().with_version(0x0302).start(provider.raw_start()) };
    match later {
        Ok(later) => holds("asked for 2.3, it answers with more than 2.2", later.version() <= 0x0202)?,
        Err(error) => return Err(format!("asked for 2.3: {error}")),
    }
    // SAFETY: as above.
    match unsafe { Host::new().with_version(0x0101).start(provider.raw_start()) } {
        Err(StartError::VersionRefused { .. }) => Ok(()),
        Err(error) => Err(format!("asked for 1.1: {error}")),
        Ok(_) => Err("asked for 1.1, it starts".to_owned()),
    }
}

pub fn counts(library: &Path) -> Tried {
    let provider = start(library)?;
    provider.start_again().map_err(|error| format!("a second start-up: {error}"))?;
    let one = socket(&provider)?;
    ok("the first of two clean-ups", provider.cleanup())?;
    ok("a call after the first of two clean-ups", one.option(ffi::SOL_SOCKET, ffi::SO_TYPE))?;
    ok("the last clean-up", provider.cleanup())?;
    refused("a clean-up too many", provider.cleanup(), &[WSANOTINITIALISED])
}

pub fn handles(library: &Path) -> Tried {
    let provider = start(library)?;
    let one = socket(&provider)?;
    holds("a socket was made without WPUCreateSocketHandle", provider.open_handles() == 1)?;
    holds("the descriptor is none of the handles of the host, which are multiples of four", one.raw() % 4 == 0)?;
    let (_client, _server) = pair(&provider)?;
    holds("an accepted socket was made without WPUCreateSocketHandle", provider.open_handles() >= 3)
}

pub fn from_entry(library: &Path) -> Tried {
    let provider = start(library)?;
    let from = ffi::FROM_PROTOCOL_INFO;
    let one = ok("FROM_PROTOCOL_INFO three times", provider.socket_of(from, from, from))?;
    let kind = ok("SO_TYPE", one.option(ffi::SOL_SOCKET, ffi::SO_TYPE))?;
    holds("SO_TYPE is not that of the entry", kind == ffi::SOCK_STREAM)?;
    ok("protocol 0", provider.socket_of(ffi::AF_INET, ffi::SOCK_STREAM, 0)).map(drop)
}

pub fn foreign_family(library: &Path) -> Tried {
    const AF_IPX: i32 = 6;
    let provider = start(library)?;
    let made = provider.socket_of(AF_IPX, ffi::SOCK_STREAM, ffi::IPPROTO_TCP);
    refused("a socket of AF_IPX", made, &[WSAEAFNOSUPPORT])?;
    holds("the refused socket has a handle", provider.open_handles() == 0)
}

pub fn binds_once(library: &Path) -> Tried {
    let provider = start(library)?;
    let one = socket(&provider)?;
    refused("the name of an unbound socket", one.local_addr(), &[WSAEINVAL])?;
    ok("bind", one.bind(ANY))?;
    let name = ok("the name of a bound socket", one.local_addr())?;
    holds("port 0 stays port 0", name.port() != 0)?;
    refused("a second bind", one.bind(ANY), &[WSAEINVAL])
}

pub fn connects(library: &Path) -> Tried {
    let provider = start(library)?;
    let listener = socket(&provider)?;
    refused("accept on a socket that does not listen", listener.accept(), &[WSAEINVAL])?;
    ok("bind", listener.bind(ANY))?;
    ok("listen", listener.listen(1))?;
    let address = ok("the listener's name", listener.local_addr())?;
    let client = socket(&provider)?;
    refused("data without a connection", client.send(b"x"), &[WSAENOTCONN])?;
    ok("connect", client.connect(address))?;
    let (server, from) = ok("accept", listener.accept())?;
    holds("accept tells another name than the client's", ok("getsockname", client.local_addr())? == from)?;
    holds("the client's peer is not the listener", ok("getpeername", client.peer_addr())? == address)?;
    holds("the server's peer is not the client", ok("getpeername", server.peer_addr())? == from)?;
    refused("a second connect", client.connect(address), &[WSAEISCONN])
}

pub fn nobody(library: &Path) -> Tried {
    let provider = start(library)?;
    let bound = socket(&provider)?;
    ok("bind", bound.bind(ANY))?;
    let address = ok("getsockname", bound.local_addr())?;
    let client = socket(&provider)?;
    refused("connecting where nobody listens", client.connect(address), &[WSAECONNREFUSED, WSAETIMEDOUT])
}

pub fn data(library: &Path) -> Tried {
    const TOTAL: usize = 1 << 20;
    let provider = start(library)?;
    let (client, server) = pair(&provider)?;
    let byte = |at: usize| (at.wrapping_mul(2_654_435_761) >> 16) as u8;
    let sent: Vec<u8> = (0..TOTAL).map(byte).collect();
    thread::scope(|scope| {
        let directions = [(&client, &server), (&server, &client)].map(|(from, to)| {
            let sent = &sent;
            let sending = scope.spawn(move || {
                let mut done = 0;
                while done < TOTAL {
                    done += from.send(&sent[done..TOTAL.min(done + 70_001)])?;
                }
                Ok(())
            });
            let receiving = scope.spawn(move || {
                let (mut room, mut done) = (vec![0; 65_537], 0);
                while done < TOTAL {
                    let count = ok("recv", to.recv(&mut room))?;
                    holds("the stream ends too early", count > 0)?;
                    holds("a byte is not what was sent", sent.get(done..done + count) == room.get(..count))?;
                    done += count;
                }
                Ok(())
            });
            (sending, receiving)
        });
        directions.into_iter().try_for_each(|(sending, receiving)| {
            ok("send", sending.join().map_err(|_| "a thread panicked")?)?;
            receiving.join().map_err(|_| "a thread panicked")?
        })
    })
}

pub fn end_of_stream(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, server) = pair(&provider)?;
    ok("send", client.send(b"last"))?;
    ok("shutdown", client.shutdown(Shutdown::Write))?;
    let mut room = [0; 9];
    holds("the last bytes do not arrive", ok("recv", server.recv(&mut room))? == 4)?;
    for _ in 0..2 {
        holds("no end after the last bytes", ok("recv at the end", server.recv(&mut room))? == 0)?;
    }
    holds("the other direction has ended, too", ok("send back", server.send(b"x"))? == 1)
}

pub fn shut_down(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, _server) = pair(&provider)?;
    ok("shutdown", client.shutdown(Shutdown::Write))?;
    refused("send after SD_SEND", client.send(b"x"), &[WSAESHUTDOWN])
}

pub fn closes(library: &Path) -> Tried {
    let provider = start(library)?;
    let one = socket(&provider)?;
    ok("closesocket", one.close())?;
    holds("the handle was not given back", provider.open_handles() == 0)?;
    refused("closing it again", one.close(), &[WSAENOTSOCK])?;
    refused("bind", one.bind(ANY), &[WSAENOTSOCK])?;
    refused("send", one.send(b"x"), &[WSAENOTSOCK])?;
    refused("recv", one.recv(&mut [0; 1]), &[WSAENOTSOCK])?;
    refused("getsockopt", one.option(ffi::SOL_SOCKET, ffi::SO_TYPE), &[WSAENOTSOCK])
}

pub fn ends(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, _server) = pair(&provider)?;
    ok("the last clean-up", provider.cleanup())?;
    holds("handles are left", provider.open_handles() == 0)?;
    refused("send after the last clean-up", client.send(b"x"), &[WSAENOTSOCK, WSANOTINITIALISED])
}

pub fn starts_again(library: &Path) -> Tried {
    for round in 0..20 {
        let provider = start(library).map_err(|error| format!("round {round}: {error}"))?;
        let (client, server) = pair(&provider)?;
        ok("send", client.send(b"x"))?;
        ok("recv", server.recv(&mut [0; 1]))?;
    }
    Ok(())
}
