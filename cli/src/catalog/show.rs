//! `wsp catalog list` and `show`.

use serde_json::{Value, json};
use wsp::ffi;
use wsp_catalog::wanted::Pick;
use wsp_catalog::{Catalog, Entry, Store, View, category};

use super::print_json;
use crate::text::{BOLD, PLAIN, Table};
use crate::{Failure, Format, note, print};

/// Reads the catalog, and says on the way what is wrong with it.
pub fn read(store: &mut dyn Store) -> Result<Catalog, Failure> {
    let catalog = store.read().map_err(Failure::new)?;
    for damage in catalog.damage() {
        note(format_args!("warning: {damage}; `wsp catalog doctor` says more"));
    }
    if let Some(backup) = wsp_catalog::interrupted(store) {
        let backup = backup.display();
        note(format_args!(
            "warning: a change is under way or was interrupted; `wsp catalog restore {backup}` takes it back"
        ));
    }
    Ok(catalog)
}

/// Lists the entries of these views.
pub fn list(store: &mut dyn Store, views: &[View], format: Format) -> Result<(), Failure> {
    let catalog = read(store)?;
    let views: Vec<View> = catalog.views().filter(|view| views.contains(view)).collect();
    if format == Format::Json {
        let entries: Vec<Value> = views
            .iter()
            .flat_map(|view| catalog.entries(*view).enumerate().map(|(at, entry)| describe(&catalog, *view, at, entry)))
            .collect();
        return print_json(&json!({ "catalog": store.name(), "entries": entries, "san": names(&catalog) }));
    }
    let mut out = String::new();
    for view in views {
        let count = catalog.entries(view).len();
        out.push_str(&format!("{BOLD}{view}{PLAIN}, {count} {}\n", if count == 1 { "entry" } else { "entries" }));
        if count == 0 {
            continue;
        }
        let mut table = Table::new(&[">id", "kind", "", "family", "type", "protocol", "name", "library"]);
        for entry in catalog.entries(view) {
            let info = entry.info();
            table.row([
                entry.id().to_string(),
                kind(entry),
                if info.dwProviderFlags & ffi::PFL_HIDDEN == 0 { String::new() } else { "hidden".to_owned() },
                family(info.iAddressFamily),
                socket_type(info.iSocketType),
                protocol(info.iProtocol),
                entry.name(),
                entry.path(),
            ]);
        }
        out.push_str(&table.text());
        out.push('\n');
    }
    print(&out)
}

fn names(catalog: &Catalog) -> Vec<String> {
    catalog.san().iter().map(ToString::to_string).collect()
}

/// Shows everything about what is picked.
pub fn show(store: &mut dyn Store, entry: &str, format: Format) -> Result<(), Failure> {
    let catalog = read(store)?;
    let pick = Pick::parse(entry);
    let found: Vec<(View, usize, &Entry)> = catalog
        .views()
        .flat_map(|view| catalog.entries(view).enumerate().map(move |(at, entry)| (view, at, entry)))
        .filter(|(_, _, entry)| pick.is(entry))
        .collect();
    if found.is_empty() {
        return Err(Failure::new(format!("there is no entry `{entry}`; `wsp catalog list` shows all")));
    }
    let found: Vec<Value> = found.into_iter().map(|(view, at, entry)| describe(&catalog, view, at, entry)).collect();
    if format == Format::Json {
        return print_json(&Value::Array(found));
    }
    let mut out = String::new();
    for entry in found {
        let Value::Object(facts) = entry else { continue };
        let mut table = Table::new(&["", ""]);
        for (name, value) in facts {
            table.row([name.replace('_', " "), plain(&value)]);
        }
        // The headings are empty.
        out.push_str(table.text().split_once('\n').map_or("", |(_, rest)| rest));
        out.push('\n');
    }
    print(&out)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Null => "not set".to_owned(),
        other => other.to_string(),
    }
}

fn describe(catalog: &Catalog, view: View, at: usize, entry: &Entry) -> Value {
    let info = entry.info();
    json!({
        "view": view.bits(),
        "place": at + 1,
        "id": entry.id(),
        "provider": entry.provider().to_string(),
        "name": entry.name(),
        "path": entry.path(),
        "kind": kind(entry),
        "chain": entry.chain(),
        "hidden": info.dwProviderFlags & ffi::PFL_HIDDEN != 0,
        "san": catalog.san().contains(&entry.provider()),
        "family": family(info.iAddressFamily),
        "socket_type": socket_type(info.iSocketType),
        "protocol": protocol(info.iProtocol),
        "protocol_offset": info.iProtocolMaxOffset,
        "version": info.iVersion,
        "service_flags": flags(info.dwServiceFlags1, &SERVICE),
        "provider_flags": flags(info.dwProviderFlags, &PROVIDER),
        "address_bytes": [info.iMinSockAddr, info.iMaxSockAddr],
        "message_size": info.dwMessageSize,
        "categories": catalog.categories(view, entry.provider()).map(category::describe),
    })
}

fn kind(entry: &Entry) -> String {
    match entry.info().ProtocolChain.ChainLen {
        0 => "layered".to_owned(),
        1 => "base".to_owned(),
        _ => format!("chain {}", entry.chain().iter().map(ToString::to_string).collect::<Vec<_>>().join(">")),
    }
}

fn named(value: i32, names: &[(i32, &str)]) -> String {
    names.iter().find(|(known, _)| *known == value).map_or_else(|| value.to_string(), |(_, name)| (*name).to_owned())
}

fn family(value: i32) -> String {
    named(value, &[(ffi::AF_INET, "AF_INET"), (ffi::AF_INET6, "AF_INET6"), (ffi::AF_UNIX, "AF_UNIX")])
}

fn socket_type(value: i32) -> String {
    let names = [
        (ffi::SOCK_STREAM, "SOCK_STREAM"),
        (ffi::SOCK_DGRAM, "SOCK_DGRAM"),
        (ffi::SOCK_RAW, "SOCK_RAW"),
        (ffi::SOCK_RDM, "SOCK_RDM"),
        (ffi::SOCK_SEQPACKET, "SOCK_SEQPACKET"),
    ];
    named(value, &names)
}

fn protocol(value: i32) -> String {
    named(value, &[(ffi::IPPROTO_TCP, "TCP"), (ffi::IPPROTO_UDP, "UDP")])
}

const SERVICE: [(u32, &str); 19] = [
    (ffi::XP1_CONNECTIONLESS, "CONNECTIONLESS"),
    (ffi::XP1_GUARANTEED_DELIVERY, "GUARANTEED_DELIVERY"),
    (ffi::XP1_GUARANTEED_ORDER, "GUARANTEED_ORDER"),
    (ffi::XP1_MESSAGE_ORIENTED, "MESSAGE_ORIENTED"),
    (ffi::XP1_PSEUDO_STREAM, "PSEUDO_STREAM"),
    (ffi::XP1_GRACEFUL_CLOSE, "GRACEFUL_CLOSE"),
    (ffi::XP1_EXPEDITED_DATA, "EXPEDITED_DATA"),
    (ffi::XP1_CONNECT_DATA, "CONNECT_DATA"),
    (ffi::XP1_DISCONNECT_DATA, "DISCONNECT_DATA"),
    (ffi::XP1_SUPPORT_BROADCAST, "SUPPORT_BROADCAST"),
    (ffi::XP1_SUPPORT_MULTIPOINT, "SUPPORT_MULTIPOINT"),
    (ffi::XP1_MULTIPOINT_CONTROL_PLANE, "MULTIPOINT_CONTROL_PLANE"),
    (ffi::XP1_MULTIPOINT_DATA_PLANE, "MULTIPOINT_DATA_PLANE"),
    (ffi::XP1_QOS_SUPPORTED, "QOS_SUPPORTED"),
    (ffi::XP1_UNI_SEND, "UNI_SEND"),
    (ffi::XP1_UNI_RECV, "UNI_RECV"),
    (ffi::XP1_IFS_HANDLES, "IFS_HANDLES"),
    (ffi::XP1_PARTIAL_MESSAGE, "PARTIAL_MESSAGE"),
    (ffi::XP1_SAN_SUPPORT_SDP, "SAN_SUPPORT_SDP"),
];

const PROVIDER: [(u32, &str); 5] = [
    (ffi::PFL_MULTIPLE_PROTO_ENTRIES, "MULTIPLE_PROTO_ENTRIES"),
    (ffi::PFL_RECOMMENDED_PROTO_ENTRY, "RECOMMENDED_PROTO_ENTRY"),
    (ffi::PFL_HIDDEN, "HIDDEN"),
    (ffi::PFL_MATCHES_PROTOCOL_ZERO, "MATCHES_PROTOCOL_ZERO"),
    (ffi::PFL_NETWORKDIRECT_PROVIDER, "NETWORKDIRECT_PROVIDER"),
];

fn flags(value: u32, names: &[(u32, &str)]) -> Vec<String> {
    let mut out: Vec<String> =
        names.iter().filter(|(bit, _)| value & bit != 0).map(|(_, name)| (*name).to_owned()).collect();
    let rest = names.iter().fold(value, |rest, (bit, _)| rest & !bit);
    if rest != 0 {
        out.push(format!("{rest:#x}"));
    }
    out
}
