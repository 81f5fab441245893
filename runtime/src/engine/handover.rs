//! Handing a socket over to another process: `WSPDuplicateSocket`, and the import through `WSPSocket`.

use std::sync::Arc;

use super::Home;
use super::ended::{End, Ended, Moved};
use super::endpoint::{Endpoint, Listening, Stage};
use super::options::{Options, WORDS};
use crate::rt::Code;
use crate::transport::{Bound, Mode, Parcel, State, Taken, Transport};
use crate::{code, ffi};

/// Layout of the state that travels: its version, the mode, which directions are shut, the options.
const VERSION: u8 = 1;
const STATE: usize = 4 + 8 * WORDS;

const INVALID: Code = Code(code::WSAEINVAL);

impl<T: Transport> Endpoint<T> {
    /// Gives the socket to a process, which takes it with what this returns.
    ///
    /// # Errors
    /// `WSAEINVAL` while operations are pending that cannot be told an end, or a connect is; the transport's faults.
    pub(super) fn give(&self, to_process: u32) -> Result<ffi::WSAPROTOCOL_INFOW, Code> {
        self.settle_connect();
        let mut ended = Ended::new(&self.upcalling);
        let claim = {
            // Held, so that nothing is received or sent between the look and the end.
            let (mut receiving, sending) = (self.receiving(), self.sending());
            if sending.is_busy() || self.transfers().is_busy() {
                return Err(INVALID);
            }
            let free = match self.mode {
                Mode::Stream => !receiving.is_busy() && !self.changes().is_posted(),
                Mode::Messages => !receiving.is_begun(),
            };
            if !free {
                return Err(INVALID);
            }
            let shut = [receiving.shut, sending.shut];
            let common = if self.mode == Mode::Stream { self.in_common(shut)? } else { None };
            let state = State { bytes: self.state(shut), common };
            let stage = self.life().stage.clone();
            let claim = self.hand_over(&stage, to_process, &state)?;
            if self.mode == Mode::Messages {
                // What is posted has an end without data, and its memory is free again.
                receiving.end_all(End::Moved(Moved::default()), &mut ended);
                receiving.connection = None;
            }
            claim
        };
        if self.mode == Mode::Messages {
            self.sending().connection = None;
            self.life().stage = Stage::Open;
            // The host deregisters nothing of it any more.
            self.transfers().registrations.clear();
            let _signalling = self.signalling();
            self.end_events();
        }
        self.tell(ended);
        Ok(ffi::WSAPROTOCOL_INFOW { dwProviderReserved: claim, ..self.info })
    }

    fn hand_over(&self, stage: &Stage<T>, to_process: u32, state: &State) -> Result<u32, Code> {
        let shared = self.mode == Mode::Stream;
        let parcel = match stage {
            Stage::Open => Parcel::Bare,
            Stage::Listening(listening) => Parcel::Listener(&listening.listener),
            Stage::Connecting(_) => return Err(INVALID),
            Stage::Connected(connection) => Parcel::Connection { connection: &**connection, shared },
        };
        Ok(self.home.transport.give(parcel, to_process, state)?)
    }

    fn state(&self, shut: [bool; 2]) -> Vec<u8> {
        let mut state = vec![VERSION, u8::from(self.mode == Mode::Messages)];
        state.extend(shut.map(u8::from));
        state.extend(self.life().options.words().iter().flat_map(|word| word.to_le_bytes()));
        state
    }
}

impl<T: Transport> Home<T> {
    /// Takes a socket that another process has given.
    ///
    /// # Errors
    /// `WSAEINVAL` for a claim that is not good, or one of another profile.
    pub(super) fn take(self: &Arc<Self>, info: ffi::WSAPROTOCOL_INFOW, mode: Mode) -> Result<Arc<Endpoint<T>>, Code> {
        let (taken, state) = self.transport.take(info.dwProviderReserved)?;
        let State { bytes, common } = state;
        let state: [u8; STATE] = bytes.try_into().map_err(|_| INVALID)?;
        if state[0] != VERSION || state[1] != u8::from(mode == Mode::Messages) {
            return Err(INVALID);
        }
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(state[4..].as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let options = Options::from_words(words);
        // The claim is used up: the socket is like any other.
        let info = ffi::WSAPROTOCOL_INFOW { dwProviderReserved: 0, ..info };
        let endpoint = match taken {
            Taken::Bare => Endpoint::new(self, info, mode, None, options),
            Taken::Connection(connection) => {
                let endpoint = Endpoint::new(self, info, mode, Some(connection), options);
                endpoint.receiving().shut = state[2] != 0;
                endpoint.sending().shut = state[3] != 0;
                endpoint
            }
            Taken::Listener(listener, bound) => {
                let endpoint = Endpoint::new(self, info, mode, None, options);
                let listening = Listening { listener, deferred: Default::default() };
                endpoint.life().stage = Stage::Listening(Arc::new(listening));
                endpoint.life().bound = Some(Arc::new(Bound { address: bound.address, lease: bound.lease }));
                endpoint
            }
        };
        if let Some(common) = common {
            endpoint.common.get_or_init(|| common);
        }
        Ok(endpoint)
    }
}
