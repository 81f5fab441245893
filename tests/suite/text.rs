//! Addresses as text and back.

use wsp::rt::Room;
use wsp::{code, ffi};
use wsp_host::{Provider, to_sockaddr};

over_each!(
    addresses_are_told_as_numbers,
    texts_name_addresses_with_or_without_a_port,
    too_little_room_is_told_with_what_is_needed,
    texts_of_foreign_entries_and_families_are_refused,
);

fn text(provider: &Provider, address: &[u8], size: usize) -> (Result<(), Option<i32>>, Vec<u16>, u32) {
    let mut raw = vec![0xAAAA; size];
    let mut room = Room::new(&mut raw);
    let done = provider.table().address_to_string(address, provider.protocol_info(), &mut room);
    let size = room.size as u32;
    (done.map_err(|error| error.code()), raw, size)
}

fn addresses_are_told_as_numbers(provider: &Provider) {
    for written in ["10.1.2.3:80", "127.0.0.1:65535", "0.0.0.0:1", "255.255.255.255:80"] {
        let (done, raw, size) = text(provider, &to_sockaddr(written.parse().unwrap()), 40);
        assert_eq!((done, size as usize), (Ok(()), written.len() + 1), "{written}: with its zero");
        assert_eq!(String::from_utf16_lossy(&raw[..written.len()]), written);
        assert_eq!(raw[written.len()], 0);
        assert!(raw[written.len() + 1..].iter().all(|unit| *unit == 0xAAAA), "nothing beyond");
    }
}

fn address(provider: &Provider, text: &str, size: usize) -> (Result<(), Option<i32>>, Vec<u8>, u32) {
    let mut raw = vec![0xAA; size];
    let mut room = Room::new(&mut raw);
    let done = provider.table().string_to_address(text, ffi::AF_INET, provider.protocol_info(), &mut room);
    let size = room.size as u32;
    (done.map_err(|error| error.code()), raw, size)
}

fn texts_name_addresses_with_or_without_a_port(provider: &Provider) {
    for (text, meant) in [("10.1.2.3:80", "10.1.2.3:80"), ("10.1.2.3", "10.1.2.3:0"), ("0.0.0.0:9", "0.0.0.0:9")] {
        let (done, raw, size) = address(provider, text, 20);
        assert_eq!((done, size), (Ok(()), 16), "{text}");
        assert_eq!(raw[..16], to_sockaddr(meant.parse().unwrap()));
        assert_eq!(raw[16..], [0xAA; 4]);
    }
    for none in ["", "10.1.2", "10.1.2.3.4", "10.1.2.3:", "10.1.2.3:70000", "name:80"] {
        assert_eq!(address(provider, none, 20).0, Err(Some(code::WSAEINVAL)), "{none:?}");
    }
}

fn too_little_room_is_told_with_what_is_needed(provider: &Provider) {
    let written = "10.1.2.3:80";
    for size in [1, 5, written.len()] {
        let (refused, _, needed) = text(provider, &to_sockaddr(written.parse().unwrap()), size);
        assert_eq!((refused, needed as usize), (Err(Some(code::WSAEFAULT)), written.len() + 1), "{size}");
    }
    assert_eq!(text(provider, &to_sockaddr(written.parse().unwrap()), written.len() + 1).0, Ok(()));
    for size in [1, 15] {
        let (refused, raw, needed) = address(provider, written, size);
        assert_eq!((refused, needed), (Err(Some(code::WSAEFAULT)), 16), "{size}");
        assert!(raw.iter().all(|byte| *byte == 0xAA));
    }
}

fn texts_of_foreign_entries_and_families_are_refused(provider: &Provider) {
    let mut raw = [0; 32];
    let refused = |family, info: &ffi::WSAPROTOCOL_INFOW, room: &mut Room<'_, u8>| {
        let done = provider.table().string_to_address("10.1.2.3", family, info, room);
        done.map_err(|error| error.code())
    };
    let ours = *provider.protocol_info();
    assert_eq!(refused(ffi::AF_INET, &ours, &mut Room::new(&mut raw)), Ok(()));
    assert_eq!(refused(23, &ours, &mut Room::new(&mut raw)), Err(Some(code::WSAEINVAL)));
    for foreign in [
        ffi::WSAPROTOCOL_INFOW { iAddressFamily: 23, ..ours },
        ffi::WSAPROTOCOL_INFOW { iSocketType: 2, ..ours },
        ffi::WSAPROTOCOL_INFOW { iProtocol: 17, ..ours },
    ] {
        // A program's host chooses the entry itself, by the number in it.
        if provider.description().is_empty() {
            continue;
        }
        assert_eq!(refused(ffi::AF_INET, &foreign, &mut Room::new(&mut raw)), Err(Some(code::WSAEINVAL)));
    }
}
