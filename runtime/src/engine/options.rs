//! Socket options: defaults, reading and setting.

use std::time::Duration;

use crate::rt::{Bytes, Code, Pod, SizedOut};
use crate::transport::{Limits, Mode};
use crate::{code, ffi};

/// What can be set on a socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `WSA_FLAG_OVERLAPPED` was given: without it the overlapped arguments of a call count for nothing.
    pub overlapped: bool,
    /// `FIONBIO`, `WSPEventSelect` or `WSPAsyncSelect` was called.
    pub nonblocking: bool,
    /// `SO_LINGER`: on, and seconds.
    pub linger: (u16, u16),
    /// `SO_REUSEADDR`.
    pub reuse_address: bool,
    /// `SO_EXCLUSIVEADDRUSE`.
    pub exclusive: bool,
    /// `SO_CONDITIONAL_ACCEPT`.
    pub conditional: bool,
    /// `SO_RCVTIMEO` in milliseconds; 0 is none.
    pub receive_timeout: u32,
    /// `SO_SNDTIMEO` in milliseconds; 0 is none.
    pub send_timeout: u32,
    /// `SO_RCVBUF` and `SO_SNDBUF`, if they were set: transports have buffers of their own, the numbers are only remembered.
    sizes: [Option<u32>; 2],
    /// Flags that are kept and read back, and change nothing here.
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

/// What `SO_RCVBUF` and `SO_SNDBUF` are before they are set.
const BUFFER_SIZE: u32 = 64 * 1024;

const UNKNOWN: Code = Code(code::WSAENOPROTOOPT);
const SHORT: Code = Code(code::WSAEFAULT);

/// What an option's value depends on apart from the options.
pub struct Facts<'a> {
    pub mode: Mode,
    pub listening: bool,
    /// Takes the pending error.
    pub error: &'a dyn Fn() -> i32,
    /// Seconds since the connection was made.
    pub connected_for: Option<u32>,
    pub limits: Limits,
    pub info: &'a ffi::WSAPROTOCOL_INFOW,
}

/// Words that hold all options.
pub const WORDS: usize = 3;

impl Options {
    /// Those of a new socket.
    pub fn new(overlapped: bool) -> Self {
        Self { overlapped, ..Self::default() }
    }

    /// The options as words, for other processes: flags from the lowest bit on, those that are kept only from bit 16 on, then
    /// `SO_LINGER`; the time limits; the sizes. Bits 8 to 15 are free for others.
    pub fn words(&self) -> [u64; WORDS] {
        let [receive, send] = self.sizes;
        let flags = [
            self.nonblocking,
            self.reuse_address,
            self.exclusive,
            self.conditional,
            self.overlapped,
            receive.is_some(),
            send.is_some(),
        ];
        let linger = u64::from(self.linger.0) << 32 | u64::from(self.linger.1) << 48;
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        [
            bits(&flags) | bits(&self.kept) << 16 | linger,
            pair(self.receive_timeout, self.send_timeout),
            pair(receive.unwrap_or_default(), send.unwrap_or_default()),
        ]
    }

    /// The options from words.
    pub fn from_words([flags, times, sizes]: [u64; WORDS]) -> Self {
        let flag = |bit: usize| flags >> bit & 1 != 0;
        let halves = |word: u64| [word as u32, (word >> 32) as u32];
        let ([receive_timeout, send_timeout], [receive, send]) = (halves(times), halves(sizes));
        Self {
            nonblocking: flag(0),
            reuse_address: flag(1),
            exclusive: flag(2),
            conditional: flag(3),
            overlapped: flag(4),
            sizes: [flag(5).then_some(receive), flag(6).then_some(send)],
            kept: std::array::from_fn(|at| flag(16 + at)),
            linger: ((flags >> 32) as u16, (flags >> 48) as u16),
            receive_timeout,
            send_timeout,
        }
    }

    /// The time limit of a blocking call, from an option in milliseconds.
    pub fn limit(milliseconds: u32) -> Option<Duration> {
        (milliseconds != 0).then(|| Duration::from_millis(milliseconds.into()))
    }

    /// Reads an option.
    pub fn get(&self, level: i32, option: i32, facts: &Facts<'_>, value: SizedOut<'_>) -> Result<(), Code> {
        let put = |number: i32| value.put_value(number).map_err(|_| SHORT);
        if let Some(at) = kept(level, option) {
            return put(i32::from(self.kept[at]));
        }
        expect_socket_level(level)?;
        match (option, facts.mode) {
            (ffi::SO_MAX_MSG_SIZE, Mode::Messages) => return put(facts.limits.message.map_or(-1, u32::cast_signed)),
            (ffi::SO_MAX_RDMA_SIZE, Mode::Messages) => return put(facts.limits.rdma.map_or(-1, u32::cast_signed)),
            (ffi::SO_RDMA_THRESHOLD_SIZE, Mode::Messages) => return put(facts.limits.rdma_threshold.cast_signed()),
            _ => {}
        }
        put(match option {
            ffi::SO_TYPE => ffi::SOCK_STREAM,
            ffi::SO_ERROR => (facts.error)(),
            ffi::SO_RCVBUF => self.sizes[0].unwrap_or(BUFFER_SIZE).cast_signed(),
            ffi::SO_SNDBUF => self.sizes[1].unwrap_or(BUFFER_SIZE).cast_signed(),
            ffi::SO_ACCEPTCONN => i32::from(facts.listening),
            ffi::SO_BROADCAST => 0,
            ffi::SO_REUSEADDR => i32::from(self.reuse_address),
            ffi::SO_EXCLUSIVEADDRUSE => i32::from(self.exclusive),
            ffi::SO_CONDITIONAL_ACCEPT => i32::from(self.conditional),
            ffi::SO_DONTLINGER => i32::from(self.linger.0 == 0),
            ffi::SO_RCVTIMEO => self.receive_timeout.cast_signed(),
            ffi::SO_SNDTIMEO => self.send_timeout.cast_signed(),
            ffi::SO_CONNECT_TIME => facts.connected_for.map_or(-1, u32::cast_signed),
            ffi::SO_LINGER => {
                let (l_onoff, l_linger) = self.linger;
                return value.put_value(ffi::linger { l_onoff, l_linger }).map_err(|_| SHORT);
            }
            ffi::SO_PROTOCOL_INFOW => return value.put_value(*facts.info).map_err(|_| SHORT),
            _ => return Err(UNKNOWN),
        })
    }

    /// Sets an option.
    pub fn set(&mut self, level: i32, option: i32, value: Option<Bytes<'_>>) -> Result<(), Code> {
        let value = value.ok_or(SHORT)?;
        if let Some(at) = kept(level, option) {
            self.kept[at] = read::<i32>(value)? != 0;
            return Ok(());
        }
        expect_socket_level(level)?;
        match option {
            ffi::SO_REUSEADDR => {
                let on = read::<i32>(value)? != 0;
                contradict(on && self.exclusive)?;
                self.reuse_address = on;
            }
            ffi::SO_EXCLUSIVEADDRUSE => {
                let on = read::<i32>(value)? != 0;
                contradict(on && self.reuse_address)?;
                self.exclusive = on;
            }
            ffi::SO_CONDITIONAL_ACCEPT => self.conditional = read::<i32>(value)? != 0,
            ffi::SO_RCVTIMEO => self.receive_timeout = read(value)?,
            ffi::SO_SNDTIMEO => self.send_timeout = read(value)?,
            ffi::SO_RCVBUF => self.sizes[0] = Some(read(value)?),
            ffi::SO_SNDBUF => self.sizes[1] = Some(read(value)?),
            ffi::SO_LINGER => {
                let linger: ffi::linger = read(value)?;
                self.linger = (linger.l_onoff, linger.l_linger);
            }
            ffi::SO_DONTLINGER => self.linger.0 = u16::from(read::<i32>(value)? == 0),
            _ => return Err(UNKNOWN),
        }
        Ok(())
    }
}

/// Flags as a number, from the lowest bit on.
fn bits(flags: &[bool]) -> u64 {
    flags.iter().rev().fold(0, |bits, flag| bits << 1 | u64::from(*flag))
}

/// An address cannot be shared and one's own at once.
fn contradict(both: bool) -> Result<(), Code> {
    if both { Err(Code(code::WSAEINVAL)) } else { Ok(()) }
}

fn expect_socket_level(level: i32) -> Result<(), Code> {
    match level {
        ffi::SOL_SOCKET => Ok(()),
        ffi::IPPROTO_TCP => Err(UNKNOWN),
        _ => Err(Code(code::WSAEINVAL)),
    }
}

fn kept(level: i32, option: i32) -> Option<usize> {
    KEPT.iter().position(|known| *known == (level, option))
}

fn read<V: Pod>(value: Bytes<'_>) -> Result<V, Code> {
    value.read().ok_or(SHORT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn options_survive_a_hand_over(
            flags: [bool; 5],
            linger: (u16, u16),
            times: (u32, u32),
            sizes: [Option<u32>; 2],
            kept: [bool; KEPT.len()],
        ) {
            let [overlapped, nonblocking, reuse_address, exclusive, conditional] = flags;
            let (receive_timeout, send_timeout) = times;
            let options = Options {
                overlapped, nonblocking, linger, reuse_address, exclusive, conditional, receive_timeout, send_timeout, sizes, kept,
            };
            prop_assert_eq!(Options::from_words(options.words()), options);
        }
    }
}
