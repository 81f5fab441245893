//! `WSPSelect`.

use std::sync::Arc;
use std::time::Duration;

use super::endpoint::{Endpoint, Stage};
use super::streams::look_up;
use super::waiting::{self, Stop};
use super::{Home, Placed};
use crate::rt::{Check, Code, SocketSet};
use crate::transport::Transport;
use crate::winsock::{call, error};
use crate::{code, ffi};

/// The three questions that `select` asks.
#[derive(Clone, Copy)]
enum Question {
    Readable,
    Writable,
    Exceptional,
}

impl<T: Transport> Endpoint<T> {
    fn answers(&self, question: Question) -> bool {
        let ready = self.ready();
        match question {
            Question::Readable => ready.readable || ready.fault.is_some(),
            Question::Writable => ready.writable || ready.fault.is_some(),
            Question::Exceptional => {
                let life = self.life();
                matches!(life.stage, Stage::Open) && life.refused.is_some()
            }
        }
    }
}

/// One of the caller's sets with the sockets that it names.
struct Asked<'a, T: Transport> {
    set: SocketSet<'a>,
    question: Question,
    sockets: Vec<(usize, Arc<Endpoint<T>>)>,
}

impl<'a, T: Placed> Asked<'a, T> {
    fn look_up(set: Option<SocketSet<'a>>, question: Question) -> Result<Option<Self>, Code> {
        let Some(set) = set.filter(|set| !set.is_empty()) else { return Ok(None) };
        let mut sockets = Vec::with_capacity(set.len());
        for descriptor in set.iter() {
            sockets.push((descriptor, look_up::<T>(descriptor, &UNKNOWN)?));
        }
        Ok(Some(Self { set, question, sockets }))
    }

    fn ready(&self) -> Vec<usize> {
        let ready = self.sockets.iter().filter(|(_, endpoint)| endpoint.answers(self.question));
        ready.map(|(descriptor, _)| *descriptor).collect()
    }
}

/// A set names a socket.
const UNKNOWN: Check = Check {
    id: "WSPSelect.set.socket",
    code: code::WSAENOTSOCK,
    text: "A set names something that is no socket of this provider.",
};

/// Waits until a socket of the sets is ready. The sets keep those that are.
pub fn select<T: Placed>(home: &Home<T>, call: &call::Select<'_>) -> Result<i32, error::SelectError> {
    let limit = call.timeout.map(|time| time.read()).map(duration).transpose()?;
    let mut asked = Vec::new();
    for (set, question) in
        [(call.read, Question::Readable), (call.write, Question::Writable), (call.except, Question::Exceptional)]
    {
        asked.extend(Asked::<T>::look_up(set, question)?);
    }
    let Some((_, first)) = asked.iter().find_map(|asked| asked.sockets.first()) else {
        return Err(error::SelectError::Inval);
    };
    let first = Arc::clone(first);
    let try_all = || {
        let ready: Vec<_> = asked.iter().map(Asked::ready).collect();
        let closed = asked.iter().flat_map(|asked| &asked.sockets).any(|(_, endpoint)| endpoint.is_closed());
        (closed || ready.iter().any(|ready| !ready.is_empty())).then_some((ready, closed))
    };
    let upcalls = home.upcalls();
    let host = Some((&upcalls, first.info.dwCatalogEntryId));
    let ready = match waiting::wait(home.transport.bell(), host, limit, try_all) {
        // One of them was closed under the call.
        Ok((_, true)) => return Err(error::SelectError::NotSock),
        Ok((ready, false)) => ready,
        Err(Stop::TimedOut) => vec![Vec::new(); asked.len()],
        Err(Stop::Interrupted) => return Err(error::SelectError::Intr),
    };
    let mut count = 0;
    for (asked, ready) in asked.iter().zip(&ready) {
        asked.set.retain(|descriptor| ready.contains(&descriptor));
        count += asked.set.len();
    }
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}

/// A time limit as C has it.
fn duration(time: ffi::timeval) -> Result<Duration, error::SelectError> {
    let seconds = u64::try_from(time.tv_sec).map_err(|_| error::SelectError::Inval)?;
    let micros = u64::try_from(time.tv_usec).map_err(|_| error::SelectError::Inval)?;
    Ok(Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros)))
}
