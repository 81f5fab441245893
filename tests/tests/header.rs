//! The C header compiles on its own and beside the Windows headers, and lays everything out as the Rust side does.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use wsp_codegen::emit::EMITTERS;
use wsp_codegen::model::{Aggregate, CType, ConstantValue, TypeKind, TypeRef, Width};
use wsp_probe::model;

/// Everything that a careful program's build turns on.
const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"];

/// The C compiler that Rust links with, so it is there where these tests are.
const C: &str = "cc";

/// A folder of its own with the header in it.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("header-{name}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("wsp.h"), header()).unwrap();
    folder
}

fn header() -> String {
    let emitter = EMITTERS.iter().find(|emitter| emitter.name == "header").unwrap();
    let mut outputs = emitter.run(model(), Default::default()).unwrap();
    assert_eq!(outputs.len(), 1);
    outputs.remove(0).contents
}

fn compile(compiler: &str, folder: &Path, arguments: &[&str], source: &str) {
    fs::write(folder.join("test.c"), source).unwrap();
    let output = Command::new(compiler)
        .current_dir(folder)
        .args(WARNINGS)
        .args(arguments)
        .arg("test.c")
        .output()
        .unwrap_or_else(|problem| panic!("cannot run {compiler}, which these tests need: {problem}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    let head: Vec<_> = errors.lines().take(20).collect();
    assert!(output.status.success(), "{compiler} {arguments:?}:\n{}", head.join("\n"));
}

const USE: &str = "
int take(struct wsp_sockaddr *address, wsp_fd_set *set, wsp_long32 events, WSPPROC_TABLE *table);
int take(struct wsp_sockaddr *address, wsp_fd_set *set, wsp_long32 events, WSPPROC_TABLE *table)
{
    const GUID guid = WSAID_RDMAREAD;
    return address->sa_family == WSP_AF_INET && set->fd_count > 0 && (events & WSP_FD_READ) != 0
        && table->lpWSPSend != 0 && guid.Data1 != 0 ? WSAEFAULT : WSP_SOCKET_ERROR;
}
";

#[test]
fn compiles_alone_as_c() {
    let folder = folder("c");
    let source = format!("#include \"wsp.h\"\n{USE}");
    for standard in ["-std=c99", "-std=c11", "-std=c17"] {
        for plain in ["-DWSP_PREFIXED_ONLY", "-DWSP_PLAIN_NAMES"] {
            compile(C, &folder, &[standard, plain], &source);
        }
    }
}

#[test]
#[ignore = "needs g++, which a machine with Rust need not have: `cargo test -p wsp-tests --test header -- --ignored alone`"]
fn compiles_alone_as_cpp() {
    let folder = folder("cpp");
    let source = format!("#include \"wsp.h\"\n{USE}");
    for standard in ["-std=c++98", "-std=c++17"] {
        for plain in ["-DWSP_PREFIXED_ONLY", "-DWSP_PLAIN_NAMES"] {
            compile("g++", &folder, &["-x", "c++", standard, plain], &source);
        }
    }
}

#[cfg(unix)]
#[test]
fn compiles_beside_the_systems_own_sockets() {
    let folder = folder("system");
    let (before, after) =
        ("#include <stdlib.h>\n#include <sys/socket.h>\n", "#include <netinet/in.h>\n#include <netdb.h>\n");
    let numbers = "_Static_assert(WSP_AF_INET6 == 23 && WSP_SOL_SOCKET == 0xFFFF, \"Winsock's numbers\");\n";
    compile(C, &folder, &["-std=gnu11"], &format!("{before}#include \"wsp.h\"\n{after}{numbers}{USE}"));
}

/// The compilers for Windows, of both widths.
const FOR_WINDOWS: [&str; 2] = ["x86_64-w64-mingw32", "i686-w64-mingw32"];

/// What a program for Windows may include before the header.
const INCLUDED_BEFORE: [&str; 3] =
    ["", "#include <winsock2.h>\n#include <ws2spi.h>\n", "#include <ws2spi.h>\n#include <ddk/ws2san.h>\n"];

#[test]
#[ignore = "needs the compilers for Windows: `cargo run -p wsp-windows -- headers`"]
fn compiles_beside_the_windows_headers_as_c() {
    let folder = folder("windows");
    for compiler in FOR_WINDOWS.map(|tools| format!("{tools}-gcc")) {
        for first in INCLUDED_BEFORE {
            for standard in ["-std=c99", "-std=c17"] {
                compile(&compiler, &folder, &[standard], &format!("{first}#include \"wsp.h\"\n{USE}"));
            }
        }
    }
    let asserted = format!("#include \"wsp.h\"\n{}", assertions(false));
    compile(&format!("{}-gcc", FOR_WINDOWS[0]), &folder, &["-std=c11"], &asserted);
}

#[test]
#[ignore = "needs the compilers for Windows: `cargo run -p wsp-windows -- headers`"]
fn compiles_beside_the_windows_headers_as_cpp() {
    let folder = folder("windows-cpp");
    for compiler in FOR_WINDOWS.map(|tools| format!("{tools}-g++")) {
        for first in INCLUDED_BEFORE {
            for standard in ["-std=c++98", "-std=c++17"] {
                compile(&compiler, &folder, &["-x", "c++", standard], &format!("{first}#include \"wsp.h\"\n{USE}"));
            }
        }
    }
}

#[test]
fn sizes_offsets_and_values_are_those_of_the_rust_side() {
    let folder = folder("layout");
    compile(C, &folder, &["-std=c11"], &format!("#include \"wsp.h\"\n{}", assertions(true)));
    // The comparison can fail.
    let wrong = "#include \"wsp.h\"\n_Static_assert(sizeof(WSABUF) == 1, \"no\");\n";
    fs::write(folder.join("wrong.c"), wrong).unwrap();
    let status = Command::new(C).current_dir(&folder).args(WARNINGS).arg("wrong.c").stderr(Stdio::null()).status();
    assert!(!status.unwrap().success());
}

/// Assertions in C for what the Rust side has. `all`: also what the Windows headers spell otherwise.
fn assertions(all: bool) -> String {
    let mut text = String::new();
    for layout in layouts() {
        let c = spelled(model().type_named(layout.name));
        let _ = writeln!(text, "_Static_assert(sizeof({c}) == {}, \"size of {c}\");", layout.size);
        let _ = writeln!(text, "_Static_assert(_Alignof({c}) == {}, \"alignment of {c}\");", layout.align);
        for (field, offset) in layout.fields {
            let place = format!("_Static_assert(offsetof({c}, {field}) == {offset}, \"{c}.{field}\");");
            let _ = writeln!(text, "{place}");
        }
    }
    for table in &model().tables {
        let name = &table.name;
        let _ = writeln!(
            text,
            "_Static_assert(sizeof({name}) == {} * sizeof(void *), \"size of {name}\");",
            table.slots.len()
        );
        for (at, slot) in table.slots.iter().enumerate() {
            let _ = writeln!(text, "_Static_assert(offsetof({name}, lp{slot}) == {at} * sizeof(void *), \"{slot}\");");
        }
    }
    for code in &model().codes {
        let prefix = if code.name.starts_with("WS") { "" } else { "WSP_" };
        let _ = writeln!(text, "_Static_assert({prefix}{} == {}, \"{}\");", code.name, code.value, code.name);
    }
    if all {
        integers(&mut text);
    }
    text
}

/// Every constant that is a number, with the value in its type.
fn integers(text: &mut String) {
    for constant in model().groups.iter().flat_map(|group| &group.constants) {
        let ConstantValue::Integer(value) = constant.value else { continue };
        let name =
            if constant.name.starts_with("WS") { constant.name.clone() } else { format!("WSP_{}", constant.name) };
        let Some((bits, signed)) = integer(&constant.ty) else { panic!("{name} is no integer") };
        let low = value.rem_euclid(1 << bits);
        let value = if signed && low >= 1 << (bits - 1) { low - (1 << bits) } else { low };
        let expected = if value < 0 { format!("(-{}LL - 1)", -(value + 1)) } else { format!("{value}ULL") };
        let _ = writeln!(text, "_Static_assert({name} == {expected}, \"{name}\");");
        if value < 0 {
            let _ = writeln!(text, "_Static_assert({name} < 0, \"the sign of {name}\");");
        }
    }
}

fn integer(ty: &TypeRef) -> Option<(u32, bool)> {
    match &model().type_named(&ty.base)?.kind {
        TypeKind::Integer(scalar) | TypeKind::Handle(scalar) => match scalar.width {
            Width::Bits(bits) => Some((bits, scalar.signed)),
            Width::Pointer => Some((usize::BITS, scalar.signed)),
        },
        _ => None,
    }
}

/// The portable spelling: a small first letter has the prefix.
fn spelled(ty: Option<&CType>) -> String {
    let ty = ty.expect("a declared type");
    let prefix = if ty.name.starts_with(|letter: char| letter.is_ascii_lowercase()) { "wsp_" } else { "" };
    let tag = if ty.c.starts_with("struct ") { "struct " } else { "" };
    format!("{tag}{prefix}{}", ty.name)
}

/// How a type lies in memory on the Rust side.
struct Layout {
    name: &'static str,
    size: usize,
    align: usize,
    fields: Vec<(&'static str, usize)>,
}

macro_rules! layouts {
    ($($name:ident { $($field:ident),* })*) => {
        /// What `wsp::ffi` says.
        fn layouts() -> Vec<Layout> {
            vec![$(Layout {
                name: stringify!($name),
                size: size_of::<wsp::ffi::$name>(),
                align: align_of::<wsp::ffi::$name>(),
                fields: vec![$((stringify!($field), std::mem::offset_of!(wsp::ffi::$name, $field))),*],
            }),*]
        }
    };
}

layouts! {
    GUID { Data1, Data2, Data3, Data4 }
    sockaddr { sa_family, sa_data }
    in_addr { s_addr }
    in6_addr { s6_words }
    SOCKET_ADDRESS { lpSockaddr, iSockaddrLength }
    linger { l_onoff, l_linger }
    tcp_keepalive { onoff, keepalivetime, keepaliveinterval }
    timeval { tv_sec, tv_usec }
    fd_set { fd_count, fd_array }
    WSABUF { len, buf }
    WSABUFEX { len, buf, handle }
    FLOWSPEC { TokenRate, TokenBucketSize, PeakBandwidth, Latency, DelayVariation, ServiceType, MaxSduSize, MinimumPolicedSize }
    WSAOVERLAPPED { Internal, InternalHigh, Offset, OffsetHigh, hEvent }
    WSANETWORKEVENTS { lNetworkEvents, iErrorCode }
    WSATHREADID { ThreadHandle, Reserved }
    WSC_PROVIDER_AUDIT_INFO { RecordSize, Reserved }
    WSPDATA { wVersion, wHighVersion, szDescription }
    WSAPROTOCOLCHAIN { ChainLen, ChainEntries }
    sockaddr_in { sin_family, sin_port, sin_addr, sin_zero }
    sockaddr_in6 { sin6_family, sin6_port, sin6_flowinfo, sin6_addr, sin6_scope_id }
    SOCKET_ADDRESS_LIST { iAddressCount, Address }
    QOS { SendingFlowspec, ReceivingFlowspec, ProviderSpecific }
    WSAPROTOCOL_INFOW { dwServiceFlags1, dwServiceFlags2, dwServiceFlags3, dwServiceFlags4, dwProviderFlags, ProviderId, dwCatalogEntryId, ProtocolChain, iVersion, iAddressFamily, iMaxSockAddr, iMinSockAddr, iSocketType, iProtocol, iProtocolMaxOffset, iNetworkByteOrder, iSecurityScheme, dwMessageSize, dwProviderReserved, szProtocol }
}

#[test]
fn no_structure_is_left_out_of_the_comparison() {
    let compared = layouts();
    for ty in &model().types {
        if let TypeKind::Struct(Aggregate { fields, .. }) | TypeKind::Union(Aggregate { fields, .. }) = &ty.kind {
            let layout = compared.iter().find(|layout| layout.name == ty.name);
            let layout = layout.unwrap_or_else(|| panic!("add {} to `layouts!`", ty.name));
            let declared: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            let named: Vec<_> = layout.fields.iter().map(|(field, _)| *field).collect();
            assert_eq!(named, declared, "the members of {}", ty.name);
        }
    }
}
