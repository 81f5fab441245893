//! `WSPSelect`, `WSPEventSelect` and `WSPAsyncSelect` agree: the same random steps on three connections, and each tells exactly what
//! a model says.
//!
//! A few traces run always; `WSP_TRACES=1000000` runs that many. Connections that a trace has not ended are used by the next, as new:
//! to connect takes longer than a trace.

use std::time::Duration;

use wsp::rt::{FdSet, zeroed};
use wsp::{code, ffi};
use wsp_host::{Event, Message, Provider, Socket, Window};

use crate::support::{PATIENCE, Random, code};

over_each!(three_ways_to_be_told_agree);

const STEPS: usize = 25;
const WATCHED: i32 = ffi::FD_READ | ffi::FD_CLOSE;
const NOW: ffi::timeval = ffi::timeval { tv_sec: 0, tv_usec: 0 };

/// One of three connections on which the same happens.
struct Lane {
    peer: Socket,
    watched: Socket,
}

/// What should be told.
#[derive(Default)]
struct Model {
    waiting: usize,
    ended: bool,
    read_armed: bool,
    close_told: bool,
}

impl Model {
    /// The events that are told now, which are then told.
    fn told(&mut self) -> i32 {
        let mut told = 0;
        if self.read_armed && self.waiting > 0 {
            self.read_armed = false;
            told |= ffi::FD_READ;
        }
        if self.ended && self.waiting == 0 && !self.close_told {
            self.close_told = true;
            told |= ffi::FD_CLOSE;
        }
        told
    }

    fn readable(&self) -> bool {
        self.waiting > 0 || self.ended
    }
}

struct Watch<'a> {
    lanes: [Lane; 3],
    event: Event,
    window: &'a Window,
}

impl<'a> Watch<'a> {
    fn new(provider: &Provider, window: &'a Window) -> Self {
        let lane = || {
            let (peer, watched) = provider.connected_pair().unwrap();
            watched.set_nonblocking(true).unwrap();
            Lane { peer, watched }
        };
        let (lanes, event) = ([lane(), lane(), lane()], Event::new().unwrap());
        let table = provider.table();
        table.event_select(lanes[1].watched.raw(), Some(event.raw()), WATCHED).unwrap();
        table.async_select(lanes[2].watched.raw(), window.raw(), 0x0400, WATCHED).unwrap();
        Self { lanes, event, window }
    }

    fn select(&self, wait: bool) -> bool {
        let mut set = FdSet::new(&[self.lanes[0].watched.raw()]);
        let time = ffi::timeval { tv_sec: PATIENCE.as_secs() as _, tv_usec: 0 };
        let table = self.lanes[0].watched.provider().table();
        table.select(0, Some(&mut set), None, None, Some(if wait { &time } else { &NOW })).unwrap() == 1
    }

    /// Waits until all of `events` are told by the event, and sees to it that no other is.
    fn by_event(&self, events: i32) {
        let mut missing = events;
        while missing != 0 {
            assert!(self.event.wait(PATIENCE), "the event is signalled");
            let happened = self.happened();
            assert_eq!(happened & !missing, 0, "told too much");
            missing &= !happened;
        }
        assert_eq!(self.happened(), 0, "nothing else");
    }

    fn happened(&self) -> i32 {
        let mut told: ffi::WSANETWORKEVENTS = zeroed();
        let watched = &self.lanes[1].watched;
        watched.provider().table().enum_network_events(watched.raw(), Some(self.event.raw()), &mut told).unwrap();
        told.lNetworkEvents
    }

    /// The same by messages.
    fn by_message(&self, events: i32) {
        let mut missing = events;
        while missing != 0 {
            let message = self.window.wait(PATIENCE).expect("a message comes");
            missing &= !self.event_of(message, missing);
        }
        if let Some(message) = self.window.wait(Duration::ZERO) {
            self.event_of(message, 0);
        }
    }

    fn event_of(&self, message: Message, expected: i32) -> i32 {
        let event = (message.lparam & 0xFFFF) as i32;
        assert_eq!(message.wparam, self.lanes[2].watched.raw());
        assert_eq!(event & !expected, 0, "a message too many");
        event
    }
}

fn three_ways_to_be_told_agree(provider: &Provider) {
    let traces = std::env::var("WSP_TRACES").ok().and_then(|count| count.parse().ok()).unwrap_or(30);
    let window = Window::new();
    let mut watch = None;
    for seed in 0..traces {
        let used = watch.take().unwrap_or_else(|| Watch::new(provider, &window));
        watch = trace(used, seed);
    }
}

/// One trace; gives the connections back as they were, unless the trace ended them.
fn trace<'a>(watch: Watch<'a>, seed: u64) -> Option<Watch<'a>> {
    let mut random = Random::new(seed);
    let mut model = Model { read_armed: true, ..Model::default() };
    for _ in 0..STEPS {
        match random.below(8) {
            0..4 if !model.ended && model.waiting < 1000 => {
                let data = {
                    let length = 1 + random.below(50);
                    random.bytes(length)
                };
                for lane in &watch.lanes {
                    assert_eq!(lane.peer.send(&data), Ok(data.len()));
                }
                model.waiting += data.len();
                // The bytes may take their time.
                for lane in &watch.lanes {
                    while (lane.watched.available().unwrap() as usize) < model.waiting {
                        std::thread::yield_now();
                    }
                }
            }
            4..7 => receive(&watch, &mut model, 1 + random.below(60)),
            7 if !model.ended && random.below(20) == 0 => {
                for lane in &watch.lanes {
                    lane.peer.shutdown(std::net::Shutdown::Write).unwrap();
                }
                model.ended = true;
            }
            _ => {}
        }
        let told = model.told();
        watch.by_event(told);
        watch.by_message(told);
        assert_eq!(watch.select(model.readable()), model.readable(), "seed {seed}");
    }
    if model.ended {
        return None;
    }
    let rest = model.waiting + 1;
    receive(&watch, &mut model, rest);
    Some(watch)
}

/// Receives on all three: what lets `FD_READ` be told again.
fn receive(watch: &Watch<'_>, model: &mut Model, room: usize) {
    let expected = room.min(model.waiting);
    for lane in &watch.lanes {
        let received = lane.watched.recv(&mut vec![0; room]);
        match (expected, model.ended) {
            (0, false) => assert_eq!(code(received), code::WSAEWOULDBLOCK),
            (0, true) if received.is_err() => {
                // The end is still on its way.
                while lane.watched.recv(&mut [0; 1]) != Ok(0) {
                    std::thread::yield_now();
                }
            }
            _ => assert_eq!(received, Ok(expected)),
        }
    }
    model.waiting -= expected;
    model.read_armed = true;
}
