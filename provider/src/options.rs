//! Socket options: defaults, reading and setting.

use wsp::ffi;
use wsp::rt::{Bytes, Pod, SizedOut, TooSmall};

use crate::socket::{Socket, Stage};
use crate::stream::CAPACITY;

/// What can be set on a socket.
#[derive(Debug, Clone)]
pub struct Options {
    /// Set by `FIONBIO`.
    pub nonblocking: bool,
    /// `SO_LINGER` with a time of 0: close resets.
    pub hard_close: bool,
    /// `SO_LINGER` as it was set.
    pub linger: (u16, u16),
    /// `SO_REUSEADDR`.
    pub reuse_address: bool,
    /// `SO_RCVTIMEO` in milliseconds; 0 is none.
    pub receive_timeout: u32,
    /// `SO_SNDTIMEO` in milliseconds; 0 is none.
    pub send_timeout: u32,
    /// Flags that are kept and read back, and change nothing here: `SO_DEBUG`, `SO_DONTROUTE`, `SO_KEEPALIVE`, `SO_OOBINLINE`,
    /// `TCP_NODELAY`.
    kept: [bool; KEPT.len()],
}

/// Level and name of the options that are kept only.
const KEPT: [(i32, i32); 5] = [
    (ffi::SOL_SOCKET, ffi::SO_DEBUG),
    (ffi::SOL_SOCKET, ffi::SO_DONTROUTE),
    (ffi::SOL_SOCKET, ffi::SO_KEEPALIVE),
    (ffi::SOL_SOCKET, ffi::SO_OOBINLINE),
    (ffi::IPPROTO_TCP, ffi::TCP_NODELAY),
];

impl Default for Options {
    fn default() -> Self {
        Self {
            nonblocking: false,
            hard_close: false,
            linger: (0, 0),
            reuse_address: false,
            receive_timeout: 0,
            send_timeout: 0,
            kept: [false; KEPT.len()],
        }
    }
}

/// Why an option cannot be read or set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadOption {
    /// The level is not one of ours.
    Level,
    /// The option is not one of that level.
    Name,
    /// The value's memory is too short.
    Short,
}

impl From<TooSmall> for BadOption {
    fn from(_: TooSmall) -> Self {
        Self::Short
    }
}

/// Reads an option.
pub fn get(socket: &Socket, level: i32, option: i32, value: SizedOut<'_>) -> Result<(), BadOption> {
    let state = socket.lock();
    let options = &state.options;
    if let Some(at) = kept(level, option) {
        return Ok(value.put_value(i32::from(options.kept[at]))?);
    }
    if level != ffi::SOL_SOCKET {
        return Err(if level == ffi::IPPROTO_TCP { BadOption::Name } else { BadOption::Level });
    }
    let number = match option {
        ffi::SO_TYPE => ffi::SOCK_STREAM,
        ffi::SO_ERROR => 0,
        ffi::SO_RCVBUF | ffi::SO_SNDBUF => CAPACITY as i32,
        ffi::SO_ACCEPTCONN => i32::from(matches!(state.stage, Stage::Listening(_))),
        ffi::SO_BROADCAST => 0,
        ffi::SO_REUSEADDR => i32::from(options.reuse_address),
        ffi::SO_DONTLINGER => i32::from(options.linger.0 == 0),
        ffi::SO_RCVTIMEO => options.receive_timeout as i32,
        ffi::SO_SNDTIMEO => options.send_timeout as i32,
        ffi::SO_LINGER => {
            let (l_onoff, l_linger) = options.linger;
            return Ok(value.put_value(ffi::linger { l_onoff, l_linger })?);
        }
        ffi::SO_PROTOCOL_INFOW => return Ok(value.put_value(socket.info)?),
        _ => return Err(BadOption::Name),
    };
    Ok(value.put_value(number)?)
}

/// Sets an option.
pub fn set(socket: &Socket, level: i32, option: i32, value: Bytes<'_>) -> Result<(), BadOption> {
    let mut state = socket.lock();
    let options = &mut state.options;
    if let Some(at) = kept(level, option) {
        options.kept[at] = read::<i32>(value)? != 0;
        return Ok(());
    }
    if level != ffi::SOL_SOCKET {
        return Err(if level == ffi::IPPROTO_TCP { BadOption::Name } else { BadOption::Level });
    }
    match option {
        ffi::SO_REUSEADDR => options.reuse_address = read::<i32>(value)? != 0,
        ffi::SO_RCVTIMEO => options.receive_timeout = read(value)?,
        ffi::SO_SNDTIMEO => options.send_timeout = read(value)?,
        ffi::SO_LINGER => {
            let linger: ffi::linger = read(value)?;
            options.set_linger(linger.l_onoff, linger.l_linger);
        }
        ffi::SO_DONTLINGER => {
            let graceful = read::<i32>(value)? != 0;
            options.set_linger(u16::from(!graceful), options.linger.1);
        }
        // The streams have one size; what was granted is read back with `WSPGetSockOpt`.
        ffi::SO_RCVBUF | ffi::SO_SNDBUF => {
            read::<i32>(value)?;
        }
        _ => return Err(BadOption::Name),
    }
    Ok(())
}

impl Options {
    fn set_linger(&mut self, on: u16, seconds: u16) {
        self.linger = (on, seconds);
        self.hard_close = on != 0 && seconds == 0;
    }
}

fn kept(level: i32, option: i32) -> Option<usize> {
    KEPT.iter().position(|known| *known == (level, option))
}

fn read<T: Pod>(value: Bytes<'_>) -> Result<T, BadOption> {
    value.read().ok_or(BadOption::Short)
}
