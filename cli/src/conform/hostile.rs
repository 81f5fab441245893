//! What a provider has to refuse without harm.

use std::path::Path;
use std::ptr;

use wsp::code::*;
use wsp::ffi;
use wsp::rt::Code;
use wsp_host::{Provider, to_sockaddr};

use super::cases::{ANY, Tried, holds, ok, pair, refused, socket, start};

/// Addresses that are no program's, NULL among them.
const IMPOSSIBLE: [usize; 4] = [0, 1, 0xFFFF, usize::MAX - 0xFFF];

/// A raw call that has to fail with one of these codes.
fn fails(what: &str, codes: &[i32], call: impl FnOnce(ffi::LPINT) -> i32) -> Tried {
    let mut errno = -1;
    let returned = call(&raw mut errno);
    holds(&format!("{what} succeeded"), returned == ffi::SOCKET_ERROR)?;
    holds(&format!("{what} failed with {}", Code(errno)), codes.contains(&errno))
}

/// After a refusal the provider still works.
fn usable(provider: &Provider) -> Tried {
    let (client, server) = pair(provider)?;
    ok("send afterwards", client.send(b"x"))?;
    ok("recv afterwards", server.recv(&mut [0; 1])).map(drop)
}

pub fn forged(library: &Path) -> Tried {
    let provider = start(library)?;
    let one = socket(&provider)?;
    for forged in [0, 4, one.raw() + 4, one.raw() ^ 1, one.raw() | 1 << 30, ffi::INVALID_SOCKET] {
        let table = provider.table();
        let what = |function: &str| format!("{function} on {forged:#x}");
        refused(&what("listen"), table.listen(forged, 1).map_err(Into::into), &[WSAENOTSOCK])?;
        let named = table.bind(forged, &to_sockaddr(ANY)).map_err(Into::into);
        refused(&what("bind"), named, &[WSAENOTSOCK])?;
        refused(&what("shutdown"), table.shutdown(forged, 2).map_err(Into::into), &[WSAENOTSOCK])?;
        refused(&what("closesocket"), table.close_socket(forged).map_err(Into::into), &[WSAENOTSOCK])?;
    }
    ok("the real one afterwards", one.bind(ANY))
}

pub fn no_errno(library: &Path) -> Tried {
    let provider = start(library)?;
    let one = socket(&provider)?;
    let table = provider.table().raw();
    let (Some(bind), Some(close), Some(listen)) = (table.lpWSPBind, table.lpWSPCloseSocket, table.lpWSPListen) else {
        return Err("an entry of the table is NULL".to_owned());
    };
    let name = to_sockaddr(ANY);
    // SAFETY: good arguments but for the place of the code, which a provider has to survive.
    unsafe {
        bind(one.raw(), name.as_ptr().cast(), 16, ptr::null_mut());
        bind(0, name.as_ptr().cast(), 16, ptr::null_mut());
        listen(0, 1, ptr::null_mut());
        close(0, ptr::null_mut());
    }
    usable(&provider)
}

pub fn bad_buffers(library: &Path) -> Tried {
    let provider = start(library)?;
    let (client, server) = pair(&provider)?;
    let table = provider.table().raw();
    let (Some(send), Some(recv)) = (table.lpWSPSend, table.lpWSPRecv) else {
        return Err("an entry of the table is NULL".to_owned());
    };
    ok("send", server.send(b"waiting"))?;
    let (mut count, mut flags) = (0, 0);
    for address in IMPOSSIBLE {
        let mut buffer = ffi::WSABUF { len: 8, buf: address as *mut _ };
        let null = ptr::null_mut();
        for buffers in [address as ffi::LPWSABUF, &raw mut buffer] {
            fails(&format!("send from {address:#x}"), &[WSAEFAULT, WSAEINVAL], |errno| {
                // SAFETY: all is good but where the buffers are, which is to be refused without being used.
                unsafe { send(client.raw(), buffers, 1, &raw mut count, 0, null, None, ptr::null_mut(), errno) }
            })?;
            fails(&format!("recv into {address:#x}"), &[WSAEFAULT, WSAEINVAL], |errno| {
                let places = (&raw mut count, &raw mut flags);
                // SAFETY: as above.
                unsafe { recv(client.raw(), buffers, 1, places.0, places.1, null, None, ptr::null_mut(), errno) }
            })?;
        }
    }
    holds("a refused receive took data", ok("recv", client.recv(&mut [0; 9]))? == 7)?;
    usable(&provider)
}

pub fn bad_names(library: &Path) -> Tried {
    let provider = start(library)?;
    let one = socket(&provider)?;
    let table = provider.table().raw();
    let (Some(bind), Some(connect)) = (table.lpWSPBind, table.lpWSPConnect) else {
        return Err("an entry of the table is NULL".to_owned());
    };
    let name = to_sockaddr(ANY);
    for length in [0, 1, 15, -1] {
        // SAFETY: the name is long enough for what is said of it.
        fails(&format!("bind to a name of {length} bytes"), &[WSAEFAULT, WSAEINVAL], |errno| unsafe {
            bind(one.raw(), name.as_ptr().cast(), length, errno)
        })?;
    }
    let null = ptr::null_mut();
    for address in IMPOSSIBLE {
        // SAFETY: what is no memory is to be refused without being used.
        fails(&format!("bind to a name at {address:#x}"), &[WSAEFAULT, WSAEINVAL], |errno| unsafe {
            bind(one.raw(), address as *const _, 16, errno)
        })?;
        // SAFETY: as above.
        fails(&format!("connect to a name at {address:#x}"), &[WSAEFAULT, WSAEINVAL], |errno| unsafe {
            connect(one.raw(), address as *const _, 16, null, null, ptr::null_mut(), ptr::null_mut(), errno)
        })?;
    }
    ok("a good bind afterwards", one.bind(ANY))
}

pub fn little_room(library: &Path) -> Tried {
    let provider = start(library)?;
    let one = socket(&provider)?;
    ok("bind", one.bind(ANY))?;
    let Some(name_of) = provider.table().raw().lpWSPGetSockName else {
        return Err("an entry of the table is NULL".to_owned());
    };
    let mut room = [0xAA_u8; 16];
    let mut length = 3;
    // SAFETY: more room than is told.
    fails("getsockname into 3 bytes", &[WSAEFAULT], |errno| unsafe {
        name_of(one.raw(), room.as_mut_ptr().cast(), &raw mut length, errno)
    })?;
    holds("getsockname wrote beyond its room", room[3..] == [0xAA; 13])?;
    for address in IMPOSSIBLE {
        let mut length = 16;
        // SAFETY: what is no memory is to be refused without being used.
        fails(&format!("getsockname to {address:#x}"), &[WSAEFAULT], |errno| unsafe {
            name_of(one.raw(), address as *mut _, &raw mut length, errno)
        })?;
    }
    Ok(())
}

pub fn bad_arguments(library: &Path) -> Tried {
    let provider = start(library)?;
    let one = socket(&provider)?;
    let table = provider.table().raw();
    let Some(ioctl) = table.lpWSPIoctl else { return Err("an entry of the table is NULL".to_owned()) };
    let mut bytes = 0;
    for address in IMPOSSIBLE {
        let null = ptr::null_mut();
        // SAFETY: what is no memory is to be refused without being used.
        fails(&format!("FIONBIO from {address:#x}"), &[WSAEFAULT, WSAEINVAL], |errno| unsafe {
            let (input, count) = (address as *mut _, &raw mut bytes);
            ioctl(one.raw(), ffi::FIONBIO, input, 4, input, 4, count, ptr::null_mut(), None, null, errno)
        })?;
    }
    usable(&provider)
}
