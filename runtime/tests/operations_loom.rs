//! Models of an operation's life: it is begun, and then ends once, whoever is first of those who complete it, cancel it and
//! close its socket; and nothing of it comes to the host after the close.
//!
//! What the engine keeps under the lock of a direction is a queue here. How the threads keep out of each other's way is the
//! engine's own [`Upcalling`].
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p wsp --release --test operations_loom`
#![cfg(loom)]

use std::collections::VecDeque;
use std::sync::Arc;

use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use wsp::engine::{Inside, Upcalling};
use wsp::handles::barrier::mutant::{Mutant, plant};

/// Ways to get it wrong, beside what [`Mutant`]s leave out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// Who takes an operation enters when it tells its end, not under the lock.
    EntersLate,
    /// Who posts an operation does not look under the lock whether the socket is closed.
    LooksBefore,
    /// Who posts an operation without looking under the lock does not look again.
    LooksOnce,
    /// Who begins an operation without the lock has not entered.
    StaysOutside,
}

/// What the caller knows of an operation.
#[derive(Default)]
struct Record {
    begun: AtomicBool,
    ends: AtomicUsize,
}

/// An operation: whoever has it must end it.
struct Operation(Arc<Socket>);

struct Socket {
    wrong: Wrong,
    upcalling: Upcalling,
    queue: Mutex<VecDeque<Operation>>,
    record: Record,
    /// The host's handle was given back.
    handle_closed: AtomicBool,
}

/// Operations that were taken out of the queue.
struct Ended<'a> {
    taken: Vec<Operation>,
    _inside: Option<Inside<'a>>,
}

impl Operation {
    fn end(self) {
        let Socket { record, handle_closed, .. } = &*self.0;
        assert!(!handle_closed.load(Ordering::Relaxed), "told after the close");
        assert_eq!(record.ends.fetch_add(1, Ordering::Relaxed), 0, "told twice");
    }
}

impl Socket {
    fn new(wrong: Wrong) -> Arc<Self> {
        Arc::new(Self {
            wrong,
            upcalling: Upcalling::default(),
            queue: Mutex::default(),
            record: Record::default(),
            handle_closed: AtomicBool::new(false),
        })
    }

    fn begin(self: &Arc<Self>) -> Operation {
        self.record.begun.store(true, Ordering::Relaxed);
        Operation(Arc::clone(self))
    }

    /// A receive, send or transfer that cannot be done at once: posted under the lock that a close takes to find it.
    fn post(self: &Arc<Self>) {
        if self.wrong == Wrong::LooksBefore {
            if !self.upcalling.is_closed() {
                self.queue.lock().unwrap().push_back(self.begin());
            }
            return;
        }
        let mut queue = self.queue.lock().unwrap();
        if !self.upcalling.is_closed() {
            queue.push_back(self.begin());
        }
    }

    /// An accept: begun before it is posted.
    fn post_begun(self: &Arc<Self>) {
        let _inside = self.upcalling.enter();
        if self.upcalling.is_closed() {
            return;
        }
        let operation = self.begin();
        self.queue.lock().unwrap().push_back(operation);
        if self.wrong != Wrong::LooksOnce && self.upcalling.is_closed() {
            self.end_all();
        }
    }

    /// A call that is done at once, and told.
    fn do_at_once(self: &Arc<Self>) {
        let _inside = (self.wrong != Wrong::StaysOutside).then(|| self.upcalling.enter());
        if !self.upcalling.is_closed() {
            self.begin().end();
        }
    }

    /// Takes what is posted, under the lock: to complete it, to cancel it, or because the socket is closed.
    fn take(&self) -> Ended<'_> {
        let mut queue = self.queue.lock().unwrap();
        let is_late = self.wrong == Wrong::EntersLate;
        let inside = (!queue.is_empty() && !is_late).then(|| self.upcalling.enter());
        Ended { taken: queue.drain(..).collect(), _inside: inside }
    }

    fn end_all(&self) {
        let ended = self.take();
        let _late = (self.wrong == Wrong::EntersLate).then(|| self.upcalling.enter());
        ended.taken.into_iter().for_each(Operation::end);
    }

    /// What the host's close does; it gives its handle back when this returns.
    fn close(&self) {
        self.upcalling.close();
        self.end_all();
        while self.upcalling.elsewhere() {
            thread::yield_now();
        }
        self.handle_closed.store(true, Ordering::Relaxed);
    }

    /// Every operation that was begun has ended.
    fn check(&self) {
        let (begun, ends) = (self.record.begun.load(Ordering::Relaxed), self.record.ends.load(Ordering::Relaxed));
        assert_eq!(ends, usize::from(begun), "not told");
        // The model's operations hold the socket.
        assert!(self.queue.lock().unwrap().drain(..).next().is_none());
    }
}

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Runs these on threads of their own, and then looks.
fn race(socket: &Arc<Socket>, others: &[fn(&Arc<Socket>)], own: fn(&Arc<Socket>)) {
    let threads: Vec<_> = others
        .iter()
        .map(|other| {
            let (socket, other) = (Arc::clone(socket), *other);
            thread::spawn(move || other(&socket))
        })
        .collect();
    own(socket);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// An operation is completed, by a thread that polls, while the socket is closed.
fn completed_or_closed(wrong: Wrong) {
    let socket = Socket::new(wrong);
    socket.post();
    race(&socket, &[|socket| socket.end_all()], |socket| socket.close());
    socket.check();
}

/// An operation is begun while the socket is closed.
fn begun_or_closed(wrong: Wrong, begin: fn(&Arc<Socket>)) {
    let socket = Socket::new(wrong);
    race(&socket, &[begin], |socket| socket.close());
    socket.check();
}

const BEGIN: [fn(&Arc<Socket>); 3] = [Socket::post, Socket::post_begun, Socket::do_at_once];

#[test]
fn what_is_completed_under_a_close_ends_once_and_before_it() {
    plant(Mutant::None);
    check(|| completed_or_closed(Wrong::Nothing));
}

#[test]
fn what_is_begun_under_a_close_ends_before_it_or_is_refused() {
    plant(Mutant::None);
    BEGIN.into_iter().for_each(|begin| check(move || begun_or_closed(Wrong::Nothing, begin)));
}

#[test]
fn of_two_who_end_an_operation_under_a_close_one_does() {
    plant(Mutant::None);
    check(|| {
        let socket = Socket::new(Wrong::Nothing);
        socket.post();
        race(&socket, &[|socket| socket.end_all(), |socket| socket.end_all()], |socket| socket.close());
        socket.check();
    });
}

#[test]
fn what_is_begun_while_others_complete_and_close_ends_once() {
    plant(Mutant::None);
    for begin in BEGIN {
        check(move || {
            let socket = Socket::new(Wrong::Nothing);
            race(&socket, &[begin, |socket| socket.end_all()], |socket| socket.close());
            socket.check();
        });
    }
}

#[test]
#[should_panic(expected = "told after the close")]
fn the_model_finds_who_enters_too_late() {
    plant(Mutant::None);
    check(|| completed_or_closed(Wrong::EntersLate));
}

#[test]
#[should_panic(expected = "not told")]
fn the_model_finds_who_looks_without_the_lock() {
    plant(Mutant::None);
    check(|| begun_or_closed(Wrong::LooksBefore, Socket::post));
}

#[test]
#[should_panic(expected = "not told")]
fn the_model_finds_who_does_not_look_again() {
    plant(Mutant::None);
    check(|| begun_or_closed(Wrong::LooksOnce, Socket::post_begun));
}

#[test]
#[should_panic(expected = "told after the close")]
fn the_model_finds_who_begins_outside() {
    plant(Mutant::None);
    check(|| begun_or_closed(Wrong::StaysOutside, Socket::do_at_once));
}

#[test]
#[should_panic(expected = "told after the close")]
fn the_model_finds_a_missing_order() {
    plant(Mutant::NoOrder);
    check(|| begun_or_closed(Wrong::Nothing, Socket::do_at_once));
}
