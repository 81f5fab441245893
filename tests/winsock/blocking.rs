//! Blocking hooks of programs for version 1, and what is allowed in them.

use std::cell::Cell;
use std::rc::Rc;

use wsp::code;
use wsp_host::winsock::{Stack, last_error};

use crate::support::{code, refused, tcp};

over_each!(
    a_hook_runs_while_a_call_waits_and_can_cancel_it,
    a_hook_that_has_more_to_do_is_called_again,
    hooks_are_for_programs_of_version_one,
);

/// The same host for a program of version 1. The other start-up is undone.
fn version_one(stack: &Stack) -> Stack {
    stack.cleanup().unwrap();
    stack.ws2().startup(0x0101).unwrap()
}

fn a_hook_runs_while_a_call_waits_and_can_cancel_it(stack: &Stack) {
    let stack = version_one(stack);
    let (client, _server) = stack.connected_pair().unwrap();
    let answers = Rc::new(Cell::new(None));
    let (seen, ws2, raw) = (Rc::clone(&answers), stack.ws2().clone(), client.raw());
    assert_eq!(refused(ws2.calls().cancel_blocking_call()), code::WSAEINVAL, "nothing waits");
    stack
        .ws2()
        .calls()
        .set_blocking_hook(move || {
            let calls = ws2.calls();
            let other = code(calls.send(raw, b"x", 0));
            let clean_up = code(ws2.cleanup());
            seen.set(Some((calls.is_blocking(), other, clean_up)));
            calls.cancel_blocking_call().unwrap();
            false
        })
        .unwrap();
    assert!(!stack.ws2().calls().is_blocking());
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAEINTR);
    assert_eq!(last_error(), code::WSAEINTR);
    assert_eq!(answers.get(), Some((true, code::WSAEINPROGRESS, code::WSAEINPROGRESS)));
    stack.ws2().calls().unhook_blocking_hook().unwrap();
}

fn a_hook_that_has_more_to_do_is_called_again(stack: &Stack) {
    let stack = version_one(stack);
    let (client, server) = stack.connected_pair().unwrap();
    let rounds = Rc::new(Cell::new(0));
    let counting = Rc::clone(&rounds);
    let send = Cell::new(Some(client));
    stack
        .ws2()
        .calls()
        .set_blocking_hook(move || {
            counting.set(counting.get() + 1);
            if counting.get() == 3 {
                // Not on this thread: in the hook no other call is allowed.
                let client = send.take().unwrap();
                std::thread::spawn(move || client.send(b"x").unwrap()).join().unwrap();
            }
            counting.get() < 3
        })
        .unwrap();
    assert_eq!(server.recv(&mut [0; 1]), Ok(1), "the call goes on");
    assert!(rounds.get() >= 3);
    stack.ws2().calls().unhook_blocking_hook().unwrap();
    let before = rounds.get();
    code(server.recv(&mut [0; 1]).and_then(|_| tcp(&stack).unwrap().recv(&mut [0; 1])));
    assert_eq!(rounds.get(), before, "no hook any more");
}

fn hooks_are_for_programs_of_version_one(stack: &Stack) {
    let calls = stack.ws2().calls();
    assert_eq!(refused(calls.set_blocking_hook(|| false)), code::WSAEOPNOTSUPP);
    assert_eq!(refused(calls.unhook_blocking_hook()), code::WSAEOPNOTSUPP);
    assert_eq!(refused(calls.cancel_blocking_call()), code::WSAEOPNOTSUPP);
}
