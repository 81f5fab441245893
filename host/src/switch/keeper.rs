//! A thread for what must go on while the program is not inside a session: credits, answers to a peer that moves or ends, and
//! the last messages of streams that were dropped.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::session::Session;
use crate::deadline::after;

enum Task {
    /// Operations have ended while nobody was inside.
    Look(Weak<Session>),
    /// Look after it again and again: its operations are polled.
    Tick(Weak<Session>),
    /// The program has let go of it.
    Linger(Arc<Session>, Instant),
    Stop,
}

/// How often sessions are looked after whose operations are polled, or whose programs let the peer wait.
const TICK: Duration = Duration::from_millis(2);

/// The thread. It ends with this value, after the streams that linger.
pub struct Keeper {
    tasks: Sender<Task>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system's, when it has no more threads.
    pub fn start() -> std::io::Result<Self> {
        let (tasks, inbox) = mpsc::channel();
        let thread = std::thread::Builder::new().name("wsp-switch".to_owned()).spawn(move || keep(&inbox))?;
        Ok(Self { tasks, thread: Mutex::new(Some(thread)) })
    }

    /// What a session's bell nudges the thread with.
    pub fn nudge(&self, session: &Arc<Session>) -> Nudge {
        Nudge { tasks: self.tasks.clone(), session: Arc::downgrade(session) }
    }

    /// Looks after a session whose operations are polled.
    pub fn tick(&self, session: &Arc<Session>) {
        // The thread lives as long as `self`.
        let _ = self.tasks.send(Task::Tick(Arc::downgrade(session)));
    }

    /// Sees a session to its end.
    pub fn linger(&self, session: Arc<Session>, time: Duration) {
        // As above.
        let _ = self.tasks.send(Task::Linger(session, after(time)));
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // As above.
        let _ = self.tasks.send(Task::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has nothing more to do.
            let _ = thread.join();
        }
    }
}

/// Tells the thread to look after one session.
pub struct Nudge {
    tasks: Sender<Task>,
    session: Weak<Session>,
}

impl Nudge {
    /// Once for many rings.
    pub fn send(&self) {
        // After the thread's end there is nothing to look after.
        let _ = self.tasks.send(Task::Look(Weak::clone(&self.session)));
    }
}

fn keep(inbox: &Receiver<Task>) {
    let mut ticked: Vec<Weak<Session>> = Vec::new();
    let mut behind: Vec<Weak<Session>> = Vec::new();
    let mut lingering: Vec<(Arc<Session>, Instant)> = Vec::new();
    let mut stopping = false;
    let mut next = Instant::now();
    while !(stopping && lingering.is_empty()) {
        let idle = ticked.is_empty() && behind.is_empty() && lingering.is_empty();
        let task = if idle {
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            inbox.recv_timeout(next.saturating_duration_since(Instant::now()))
        };
        if idle {
            next = Instant::now() + TICK;
        }
        match task {
            Ok(Task::Look(session)) => {
                if look(&session, false) && !behind.iter().any(|known| known.ptr_eq(&session)) {
                    behind.push(session);
                }
            }
            Ok(Task::Tick(session)) => ticked.push(session),
            Ok(Task::Linger(session, until)) => lingering.push((session, until)),
            Ok(Task::Stop) | Err(RecvTimeoutError::Disconnected) => stopping = true,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if Instant::now() >= next {
            next = Instant::now() + TICK;
            ticked.retain(|session| session.strong_count() > 0);
            for session in &ticked {
                look(session, true);
            }
            behind.retain(|session| look(session, true));
        }
        // Dropped here, a session closes its socket.
        lingering.retain(|(session, until)| !session.step_to_end(stopping) && Instant::now() < *until);
    }
}

/// `true`: the peer offers what nobody reads. That is fetched if it still is so at the next tick: a reader who comes soon gets
/// it without a copy.
fn look(session: &Weak<Session>, ahead: bool) -> bool {
    session.upgrade().is_some_and(|session| session.look(ahead))
}
