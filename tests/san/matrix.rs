//! Every way to be told the end of an operation, with every end that it may have: told once, or not at all if it is polled. And the
//! same with a host whose upcalls fail.

use std::time::Instant;

use wsp::rt::{Outcome, OverlappedCall};
use wsp::{code, ffi};
use wsp_host::switch::{SanHost, SanNotify, SanOperation, SanProvider, SanSocket};
use wsp_host::{Event, UPCALLS_EX, Upcall};
use wsp_tests::refusing::Failing;

use crate::support::{PATIENCE, address, code, pair};

over_all!(every_end_is_told_once_by_every_way);
over_all!(alone: every_upcall_may_fail, what_nobody_can_be_told_is_refused);

const ABORTED: u32 = 0xC000_0120;
const RESET: u32 = 0xC000_020D;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Polled,
    Notified,
    Event,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Success,
    Empty,
    Error,
    Cancel,
    Close,
    Move,
}

impl Way {
    const ALL: [Self; 3] = [Self::Polled, Self::Notified, Self::Event];

    fn notify(self, event: &Event) -> SanNotify<'_> {
        match self {
            Self::Polled => SanNotify::Polled,
            Self::Notified => SanNotify::Notified,
            Self::Event => SanNotify::Event(event),
        }
    }
}

impl End {
    const ALL: [Self; 6] = [Self::Success, Self::Empty, Self::Error, Self::Cancel, Self::Close, Self::Move];

    /// Status and bytes.
    fn expected(self) -> (u32, usize) {
        match self {
            Self::Success => (0, 4),
            Self::Empty | Self::Move => (0, 0),
            Self::Error => (RESET, 0),
            Self::Cancel | Self::Close => (ABORTED, 0),
        }
    }
}

/// A pending operation on the first socket, which `finish` brings to its end, and those before it.
fn pending(client: &SanSocket, end: End, notify: SanNotify<'_>) -> (SanOperation, Vec<SanOperation>) {
    if end != End::Cancel {
        return (client.recv_overlapped(9, notify), Vec::new());
    }
    // Sends are what can be cancelled alone: those for which there is no room yet.
    let mut before = Vec::new();
    loop {
        before.push(client.send_overlapped(&[7; 4000], SanNotify::Polled));
        let waiting = before.iter().rev().take_while(|send| send.status().is_none()).count();
        if waiting >= 200 {
            return (client.send_overlapped(&[7; 4000], notify), before);
        }
    }
}

fn finish(client: &SanSocket, server: &SanSocket, end: End) {
    match end {
        End::Success => assert_eq!(server.send_blocking(b"done"), Ok(4)),
        End::Empty => assert_eq!(server.send_blocking(b""), Ok(0)),
        End::Error => server.close().unwrap(),
        End::Cancel => {
            let table = client.provider().table();
            // SAFETY: not overlapped, so nothing is used after the call.
            let flushed = unsafe { table.ioctl(client.raw(), ffi::SIO_FLUSH, None, None, OverlappedCall::NONE) };
            assert_eq!(flushed, Ok(Outcome::Done(0)));
        }
        End::Close => client.close().unwrap(),
        End::Move => drop(client.duplicate(std::process::id()).unwrap()),
    }
}

/// Waits until the record holds the end; polls meanwhile, as the switch does.
fn ended(operation: &SanOperation, what: &str) -> (u32, usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let (Some(status), Some(bytes)) = (operation.status(), operation.bytes()) {
            return (status, bytes);
        }
        let _ = operation.result(false);
        assert!(Instant::now() < deadline, "{what}: whoever polls waits for ever");
        std::thread::yield_now();
    }
}

fn every_end_is_told_once_by_every_way(provider: &SanProvider) {
    for way in Way::ALL {
        for end in End::ALL {
            let (client, server) = pair(provider);
            one(provider, (&client, &server), (way, end), &format!("{way:?}, {end:?}"), true);
        }
    }
}

fn one(
    provider: &SanProvider,
    (client, server): (&SanSocket, &SanSocket),
    (way, end): (Way, End),
    what: &str,
    heard: bool,
) {
    let event = Event::new().unwrap();
    let notices = || provider.counts().get(Upcall::CompleteOverlappedRequest);
    let (operation, before) = pending(client, end, way.notify(&event));
    assert_eq!(operation.returned(), Ok(Outcome::Pending), "{what}");
    assert!(operation.is_marked() && operation.status().is_none(), "{what}");
    let counted = notices();
    finish(client, server, end);
    if way == Way::Event && heard {
        assert!(event.wait(PATIENCE), "{what}");
    }
    assert_eq!(ended(&operation, what), end.expected(), "{what}");
    // Nothing comes afterwards, whatever becomes of the sockets.
    for socket in [client, server] {
        let _ = socket.close();
    }
    assert_eq!(notices() - counted, u64::from(way != Way::Polled && heard), "{what}");
    assert_eq!(event.is_set(), way == Way::Event && heard, "{what}");
    assert_eq!(ended(&operation, what), end.expected(), "{what}: later");
    assert!(before.iter().all(|send| matches!(send.status(), Some(0 | ABORTED))), "{what}: the sends before it");
}

/// Connects without events, which may not be heard: polls.
fn pair_polled(provider: &SanProvider) -> (SanSocket, SanSocket) {
    let (listener, at, event) = (provider.socket().unwrap(), address(), Event::new().unwrap());
    listener.bind(at).unwrap();
    listener.listen(5).unwrap();
    listener.event_select(&event, ffi::FD_ACCEPT).unwrap();
    let client = provider.socket().unwrap();
    let connecting = client.connect(at).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let happened = |socket: &SanSocket, event: &Event, bit: i32| {
        while socket.enum_events(event).unwrap().lNetworkEvents & bit == 0 {
            assert!(Instant::now() < deadline, "the event is lost");
            std::thread::yield_now();
        }
    };
    happened(&listener, &event, ffi::FD_ACCEPT);
    let (server, _) = listener.accept(|_| ffi::CF_ACCEPT).unwrap();
    if !connecting.at_once {
        happened(&client, connecting.event(), ffi::FD_CONNECT);
    }
    (client, server)
}

fn every_upcall_may_fail(provider: &SanProvider) {
    let start = provider.raw_start();
    provider.cleanup().unwrap();
    for failing in Failing::ALL {
        // SAFETY: the start-up function of a provider that keeps to the interface.
        let provider = unsafe { SanHost::new().with_upcalls(failing.extended()).start(start) };
        if *failing == Failing::create_socket_handle {
            // The switch asks its questions through a socket.
            assert!(provider.is_err(), "{failing:?}");
            continue;
        }
        let provider = provider.unwrap_or_else(|error| panic!("{failing:?}: {error}"));
        for way in Way::ALL {
            for end in End::ALL {
                let (client, server) = pair_polled(&provider);
                let heard = *failing != Failing::complete_overlapped_request;
                one(&provider, (&client, &server), (way, end), &format!("{failing:?}, {way:?}, {end:?}"), heard);
            }
        }
        let (client, _server) = pair_polled(&provider);
        client.close().unwrap();
        assert_eq!(code(client.close()), code::WSAENOTSOCK, "{failing:?}: the socket is gone for all that");
    }
    provider.start_again().unwrap();
}

fn what_nobody_can_be_told_is_refused(provider: &SanProvider) {
    let start = provider.raw_start();
    provider.cleanup().unwrap();
    {
        let upcalls = ffi::WSPUPCALLTABLEEX { lpWPUCompleteOverlappedRequest: None, ..UPCALLS_EX };
        // SAFETY: the start-up function of a provider that keeps to the interface.
        let provider = unsafe { SanHost::new().with_upcalls(upcalls).start(start) }.unwrap();
        let ((client, server), event) = (pair_polled(&provider), Event::new().unwrap());
        for notify in [SanNotify::Notified, SanNotify::Event(&event)] {
            for refused in [client.send_overlapped(b"x", notify), server.recv_overlapped(9, notify)] {
                code(refused.returned());
                assert!(!refused.is_marked(), "the record is as it was");
            }
        }
        let (send, receive) =
            (client.send_overlapped(b"one", SanNotify::Polled), server.recv_overlapped(9, SanNotify::Polled));
        assert_eq!((ended(&send, "send"), ended(&receive, "receive")), ((0, 3), (0, 3)), "nothing came before it");
    }
    provider.start_again().unwrap();
}
