//! `WSAPROTOCOL_INFOW` as bytes: little-endian, without padding, 628 of them on every target.

use uuid::Uuid;
use wsp::ffi;

/// Bytes of the structure.
pub const SIZE: usize = 628;
/// Characters of the name, its zero included.
const NAME: usize = 256;

const _: () = assert!(size_of::<ffi::WSAPROTOCOL_INFOW>() == SIZE);

/// Walks the members, in their order.
trait Walk {
    fn word(&mut self, value: &mut u32);
    fn half(&mut self, value: &mut u16);
    fn bytes(&mut self, value: &mut [u8; 8]);

    fn int(&mut self, value: &mut i32) {
        let mut word = value.cast_unsigned();
        self.word(&mut word);
        *value = word.cast_signed();
    }
}

fn walk(info: &mut ffi::WSAPROTOCOL_INFOW, walk: &mut impl Walk) {
    walk.word(&mut info.dwServiceFlags1);
    walk.word(&mut info.dwServiceFlags2);
    walk.word(&mut info.dwServiceFlags3);
    walk.word(&mut info.dwServiceFlags4);
    walk.word(&mut info.dwProviderFlags);
    walk.word(&mut info.ProviderId.Data1);
    walk.half(&mut info.ProviderId.Data2);
    walk.half(&mut info.ProviderId.Data3);
    walk.bytes(&mut info.ProviderId.Data4);
    walk.word(&mut info.dwCatalogEntryId);
    walk.int(&mut info.ProtocolChain.ChainLen);
    info.ProtocolChain.ChainEntries.iter_mut().for_each(|id| walk.word(id));
    walk.int(&mut info.iVersion);
    walk.int(&mut info.iAddressFamily);
    walk.int(&mut info.iMaxSockAddr);
    walk.int(&mut info.iMinSockAddr);
    walk.int(&mut info.iSocketType);
    walk.int(&mut info.iProtocol);
    walk.int(&mut info.iProtocolMaxOffset);
    walk.int(&mut info.iNetworkByteOrder);
    walk.int(&mut info.iSecurityScheme);
    walk.word(&mut info.dwMessageSize);
    walk.word(&mut info.dwProviderReserved);
    info.szProtocol.iter_mut().for_each(|unit| walk.half(unit));
}

/// Takes the members from bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (first, rest) = self.0.split_first_chunk().expect("the structure is as long as its members");
        self.0 = rest;
        *first
    }
}

impl Walk for Reader<'_> {
    fn word(&mut self, value: &mut u32) {
        *value = u32::from_le_bytes(self.take());
    }
    fn half(&mut self, value: &mut u16) {
        *value = u16::from_le_bytes(self.take());
    }
    fn bytes(&mut self, value: &mut [u8; 8]) {
        *value = self.take();
    }
}

/// Puts the members into bytes.
struct Writer(Vec<u8>);

impl Walk for Writer {
    fn word(&mut self, value: &mut u32) {
        self.0.extend(value.to_le_bytes());
    }
    fn half(&mut self, value: &mut u16) {
        self.0.extend(value.to_le_bytes());
    }
    fn bytes(&mut self, value: &mut [u8; 8]) {
        self.0.extend(*value);
    }
}

/// The structure of these bytes.
pub fn decode(bytes: &[u8; SIZE]) -> ffi::WSAPROTOCOL_INFOW {
    let mut info = empty();
    walk(&mut info, &mut Reader(bytes));
    info
}

/// The bytes of this structure.
pub fn encode(info: &ffi::WSAPROTOCOL_INFOW) -> [u8; SIZE] {
    let mut writer = Writer(Vec::with_capacity(SIZE));
    walk(&mut { *info }, &mut writer);
    writer.0.try_into().expect("the structure is as long as its members")
}

/// The structure in hexadecimal digits, to hand it to another program.
pub fn info_to_hex(info: &ffi::WSAPROTOCOL_INFOW) -> String {
    encode(info).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The structure of these digits; nothing when they are not those of one.
pub fn info_from_hex(digits: &str) -> Option<ffi::WSAPROTOCOL_INFOW> {
    let pairs = digits.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    Some(decode(&bytes?.try_into().ok()?))
}

/// Where the provider's identification stands, and behind it the entry's number.
const PROVIDER: usize = 0x14;
const ID: usize = PROVIDER + 16;

/// The provider's identification alone.
pub fn provider(bytes: &[u8; SIZE]) -> Uuid {
    Uuid::from_bytes_le(*bytes[PROVIDER..].first_chunk().expect("the structure is longer"))
}

/// The entry's number alone.
pub fn id(bytes: &[u8; SIZE]) -> u32 {
    u32::from_le_bytes(*bytes[ID..].first_chunk().expect("the structure is longer"))
}

/// All members zero.
pub fn empty() -> ffi::WSAPROTOCOL_INFOW {
    ffi::WSAPROTOCOL_INFOW {
        dwServiceFlags1: 0,
        dwServiceFlags2: 0,
        dwServiceFlags3: 0,
        dwServiceFlags4: 0,
        dwProviderFlags: 0,
        ProviderId: ffi::GUID { Data1: 0, Data2: 0, Data3: 0, Data4: [0; 8] },
        dwCatalogEntryId: 0,
        ProtocolChain: ffi::WSAPROTOCOLCHAIN { ChainLen: 0, ChainEntries: [0; _] },
        iVersion: 0,
        iAddressFamily: 0,
        iMaxSockAddr: 0,
        iMinSockAddr: 0,
        iSocketType: 0,
        iProtocol: 0,
        iProtocolMaxOffset: 0,
        iNetworkByteOrder: 0,
        iSecurityScheme: 0,
        dwMessageSize: 0,
        dwProviderReserved: 0,
        szProtocol: [0; NAME],
    }
}

/// The description that a provider of TCP over IPv4 is installed with: hidden, so that it changes nothing for who does not ask for it.
pub fn stream_info(name: &str) -> ffi::WSAPROTOCOL_INFOW {
    let mut info = empty();
    info.dwServiceFlags1 = ffi::XP1_GUARANTEED_DELIVERY | ffi::XP1_GUARANTEED_ORDER | ffi::XP1_GRACEFUL_CLOSE;
    info.dwProviderFlags = ffi::PFL_HIDDEN;
    info.ProtocolChain.ChainLen = ffi::BASE_PROTOCOL;
    info.iVersion = 2;
    info.iAddressFamily = ffi::AF_INET;
    info.iMaxSockAddr = 16;
    info.iMinSockAddr = 16;
    info.iSocketType = ffi::SOCK_STREAM;
    info.iProtocol = ffi::IPPROTO_TCP;
    info.iNetworkByteOrder = ffi::BIGENDIAN;
    info.iSecurityScheme = ffi::SECURITY_PROTOCOL_NONE;
    for (unit, character) in info.szProtocol[..NAME - 1].iter_mut().zip(name.encode_utf16()) {
        *unit = character;
    }
    info
}

/// The identification as the library `uuid` has it.
pub fn uuid(guid: &ffi::GUID) -> Uuid {
    Uuid::from_fields(guid.Data1, guid.Data2, guid.Data3, &guid.Data4)
}

/// The identification as C has it.
pub fn guid(uuid: Uuid) -> ffi::GUID {
    let (first, second, third, last) = uuid.as_fields();
    ffi::GUID { Data1: first, Data2: second, Data3: third, Data4: *last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_place() {
        let bytes: [u8; SIZE] = std::array::from_fn(|at| (at % 251) as u8);
        let info = decode(&bytes);
        assert_eq!(encode(&info), bytes);
        assert_eq!(encode(&info_from_hex(&info_to_hex(&info)).unwrap()), bytes);
        assert!(info_from_hex("00ff").is_none() && info_from_hex("x").is_none());
        assert_eq!((id(&bytes), provider(&bytes)), (info.dwCatalogEntryId, super::uuid(&info.ProviderId)));
        assert_eq!(info.dwCatalogEntryId, u32::from_le_bytes([0x24, 0x25, 0x26, 0x27]));
        assert_eq!(info.iVersion, i32::from_le_bytes([0x48, 0x49, 0x4A, 0x4B]));
        assert_eq!(info.szProtocol[0], u16::from_le_bytes([0x74, 0x75]));
    }

    #[test]
    fn what_is_installed_is_hidden_and_bare_and_has_connections() {
        let info = stream_info("name");
        assert_eq!(info.dwProviderFlags & ffi::PFL_HIDDEN, ffi::PFL_HIDDEN);
        assert_eq!(info.dwServiceFlags1 & (ffi::XP1_IFS_HANDLES | ffi::XP1_CONNECTIONLESS), 0);
        assert_eq!(info.ProtocolChain.ChainLen, ffi::BASE_PROTOCOL, "a base provider");
        assert_eq!((info.iAddressFamily, info.iSocketType, info.iProtocol), (2, 1, 6), "TCP over IPv4");
    }

    #[test]
    fn identifications_keep_their_bytes() {
        let uuid = Uuid::parse_str("e70f1aa0-ab8b-11cf-8ca3-00805f48a192").unwrap();
        assert_eq!(super::uuid(&guid(uuid)), uuid);
        assert_eq!(guid(uuid).Data1, 0xe70f_1aa0);
    }
}
