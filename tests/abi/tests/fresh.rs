//! The committed metadata is what the refresh command makes, lies in memory as computed, and is as complete as it claims.

use wsp_abi::compare::Witness;
use wsp_abi::facts::Target;
use wsp_abi::generate;
use wsp_abi::known::{FILE, Known, Verdict};

#[test]
fn metadata_is_what_refresh_makes() {
    let committed = wsp_abi::read(generate::METADATA).unwrap().replace("\r\n", "\n");
    let made = generate::metadata().unwrap();
    let line = committed.lines().zip(made.lines()).position(|(committed, made)| committed != made);
    assert_eq!(line, None, "first line that differs, from 0; run `cargo run -p wsp-abi -- refresh`");
    assert!(committed == made, "one text is longer; run `cargo run -p wsp-abi -- refresh`");
}

#[test]
fn absent_items_are_absent_from_whole_namespaces() {
    let all = generate::everything().unwrap();
    let known = Known::parse(&wsp_abi::read(FILE).unwrap()).unwrap();
    let absent = known.entries().iter().filter(|entry| entry.verdict == Verdict::Absent);
    let found: Vec<&str> = absent.map(|entry| entry.item.as_str()).filter(|item| all.contains(*item)).collect();
    assert_eq!(
        found,
        Vec::<&str>::new(),
        "listed as absent, yet Windows metadata has them: take them in through filter.txt"
    );
    assert!(all.contains("WSPPROC_TABLE") && all.contains("WSAEFAULT"), "nothing was read");
}

/// The metadata as Rust code: the compiler lays it out.
#[cfg(target_pointer_width = "64")]
#[allow(
    dead_code,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    missing_docs,
    clippy::all,
    clippy::undocumented_unsafe_blocks
)]
mod metadata {
    include!("../metadata.rs");
}

#[cfg(target_pointer_width = "64")]
#[test]
fn layouts_are_the_compilers() {
    let witness = Witness::read(&wsp_abi::read(generate::METADATA).unwrap()).unwrap();
    let records = &witness.on(Target::X64).records;
    macro_rules! compare {
        ($($name:ident { $($field:ident)* })*) => {$(
            let record = &records[stringify!($name)];
            assert_eq!(record.size, size_of::<metadata::$name>() as u64, stringify!($name));
            assert_eq!(record.align, align_of::<metadata::$name>() as u64, stringify!($name));
            $(
                let field = record.fields.iter().find(|field| field.name == stringify!($field)).unwrap();
                assert_eq!(field.offset, std::mem::offset_of!(metadata::$name, $field) as u64, stringify!($name.$field));
            )*
        )*};
    }
    compare! {
        FD_SET { fd_array }
        OVERLAPPED { hEvent }
        QOS { ReceivingFlowspec ProviderSpecific }
        SOCKADDR { sa_data }
        SOCKADDR_IN6 { sin6_addr }
        SOCKADDR_STORAGE { __ss_align }
        SOCKET_ADDRESS_LIST { Address }
        WSABUF { len buf }
        WSADATA { iMaxSockets lpVendorInfo szDescription }
        WSANETWORKEVENTS { iErrorCode }
        WSAPROTOCOL_INFOW { ProviderId ProtocolChain szProtocol }
        WSATHREADID { Reserved }
        WSPDATA { szDescription }
        WSPPROC_TABLE { lpWSPAccept lpWSPStringToAddress }
        WSPUPCALLTABLE { lpWPUCloseThread }
    }
}
