// Windows metadata, as windows-bindgen 0.66.0 gives it. Made by `cargo run -p wsp-abi -- refresh`; edit filter.txt instead.

unsafe extern "system" {
    pub fn WPUCompleteOverlappedRequest(
        s: SOCKET,
        lpoverlapped: *mut OVERLAPPED,
        dwerror: u32,
        cbtransferred: u32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAEnumNameSpaceProvidersA(
        lpdwbufferlength: *mut u32,
        lpnspbuffer: *mut WSANAMESPACE_INFOA,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAEnumNameSpaceProvidersExA(
        lpdwbufferlength: *mut u32,
        lpnspbuffer: *mut WSANAMESPACE_INFOEXA,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAEnumNameSpaceProvidersExW(
        lpdwbufferlength: *mut u32,
        lpnspbuffer: *mut WSANAMESPACE_INFOEXW,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAEnumNameSpaceProvidersW(
        lpdwbufferlength: *mut u32,
        lpnspbuffer: *mut WSANAMESPACE_INFOW,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAEnumNetworkEvents(
        s: SOCKET,
        heventobject: WSAEVENT,
        lpnetworkevents: *mut WSANETWORKEVENTS,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAEnumProtocolsA(
        lpiprotocols: *const i32,
        lpprotocolbuffer: *mut WSAPROTOCOL_INFOA,
        lpdwbufferlength: *mut u32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAEnumProtocolsW(
        lpiprotocols: *const i32,
        lpprotocolbuffer: *mut WSAPROTOCOL_INFOW,
        lpdwbufferlength: *mut u32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAEventSelect(s: SOCKET, heventobject: WSAEVENT, lnetworkevents: i32) -> i32;
}
unsafe extern "system" {
    pub fn WSASend(
        s: SOCKET,
        lpbuffers: *const WSABUF,
        dwbuffercount: u32,
        lpnumberofbytessent: *mut u32,
        dwflags: u32,
        lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSASendDisconnect(s: SOCKET, lpoutbounddisconnectdata: *const WSABUF) -> i32;
}
unsafe extern "system" {
    pub fn WSASendMsg(
        handle: SOCKET,
        lpmsg: *const WSAMSG,
        dwflags: u32,
        lpnumberofbytessent: *mut u32,
        lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSASendTo(
        s: SOCKET,
        lpbuffers: *const WSABUF,
        dwbuffercount: u32,
        lpnumberofbytessent: *mut u32,
        dwflags: u32,
        lpto: *const SOCKADDR,
        itolen: i32,
        lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSASetBlockingHook(lpblockfunc: FARPROC) -> FARPROC;
}
unsafe extern "system" {
    pub fn WSASetEvent(hevent: WSAEVENT) -> BOOL;
}
unsafe extern "system" {
    pub fn WSASetLastError(ierror: i32);
}
unsafe extern "system" {
    pub fn WSASetServiceA(
        lpqsreginfo: *const WSAQUERYSETA,
        essoperation: WSAESETSERVICEOP,
        dwcontrolflags: u32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSASetServiceW(
        lpqsreginfo: *const WSAQUERYSETW,
        essoperation: WSAESETSERVICEOP,
        dwcontrolflags: u32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSASetSocketPeerTargetName(
        socket: SOCKET,
        peertargetname: *const SOCKET_PEER_TARGET_NAME,
        peertargetnamelen: u32,
        overlapped: *const OVERLAPPED,
        completionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSASetSocketSecurity(
        socket: SOCKET,
        securitysettings: *const SOCKET_SECURITY_SETTINGS,
        securitysettingslen: u32,
        overlapped: *const OVERLAPPED,
        completionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSASocketA(
        af: i32,
        r#type: i32,
        protocol: i32,
        lpprotocolinfo: *const WSAPROTOCOL_INFOA,
        g: u32,
        dwflags: u32,
    ) -> SOCKET;
}
unsafe extern "system" {
    pub fn WSASocketW(
        af: i32,
        r#type: i32,
        protocol: i32,
        lpprotocolinfo: *const WSAPROTOCOL_INFOW,
        g: u32,
        dwflags: u32,
    ) -> SOCKET;
}
unsafe extern "system" {
    pub fn WSAStartup(wversionrequested: u16, lpwsadata: *mut WSADATA) -> i32;
}
unsafe extern "system" {
    pub fn WSAStringToAddressA(
        addressstring: PCSTR,
        addressfamily: i32,
        lpprotocolinfo: *const WSAPROTOCOL_INFOA,
        lpaddress: *mut SOCKADDR,
        lpaddresslength: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSAStringToAddressW(
        addressstring: PCWSTR,
        addressfamily: i32,
        lpprotocolinfo: *const WSAPROTOCOL_INFOW,
        lpaddress: *mut SOCKADDR,
        lpaddresslength: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCDeinstallProvider(lpproviderid: *const GUID, lperrno: *mut i32) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCDeinstallProvider32(lpproviderid: *const GUID, lperrno: *mut i32) -> i32;
}
unsafe extern "system" {
    pub fn WSCEnableNSProvider(lpproviderid: *const GUID, fenable: BOOL) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCEnableNSProvider32(lpproviderid: *const GUID, fenable: BOOL) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCEnumNameSpaceProviders32(
        lpdwbufferlength: *mut u32,
        lpnspbuffer: *mut WSANAMESPACE_INFOW,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCEnumNameSpaceProvidersEx32(
        lpdwbufferlength: *mut u32,
        lpnspbuffer: *mut WSANAMESPACE_INFOEXW,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCEnumProtocols(
        lpiprotocols: *const i32,
        lpprotocolbuffer: *mut WSAPROTOCOL_INFOW,
        lpdwbufferlength: *mut u32,
        lperrno: *mut i32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCEnumProtocols32(
        lpiprotocols: *const i32,
        lpprotocolbuffer: *mut WSAPROTOCOL_INFOW,
        lpdwbufferlength: *mut u32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCGetApplicationCategory(
        path: PCWSTR,
        pathlength: u32,
        extra: PCWSTR,
        extralength: u32,
        ppermittedlspcategories: *mut u32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCGetProviderInfo(
        lpproviderid: *const GUID,
        infotype: WSC_PROVIDER_INFO_TYPE,
        info: *mut u8,
        infosize: *mut usize,
        flags: u32,
        lperrno: *mut i32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCGetProviderInfo32(
        lpproviderid: *const GUID,
        infotype: WSC_PROVIDER_INFO_TYPE,
        info: *mut u8,
        infosize: *mut usize,
        flags: u32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCGetProviderPath(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PWSTR,
        lpproviderdllpathlen: *mut i32,
        lperrno: *mut i32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCGetProviderPath32(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PWSTR,
        lpproviderdllpathlen: *mut i32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCInstallNameSpace(
        lpszidentifier: PCWSTR,
        lpszpathname: PCWSTR,
        dwnamespace: u32,
        dwversion: u32,
        lpproviderid: *const GUID,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCInstallNameSpace32(
        lpszidentifier: PCWSTR,
        lpszpathname: PCWSTR,
        dwnamespace: u32,
        dwversion: u32,
        lpproviderid: *const GUID,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCInstallNameSpaceEx(
        lpszidentifier: PCWSTR,
        lpszpathname: PCWSTR,
        dwnamespace: u32,
        dwversion: u32,
        lpproviderid: *const GUID,
        lpproviderspecific: *const BLOB,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCInstallNameSpaceEx32(
        lpszidentifier: PCWSTR,
        lpszpathname: PCWSTR,
        dwnamespace: u32,
        dwversion: u32,
        lpproviderid: *const GUID,
        lpproviderspecific: *const BLOB,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCInstallProvider(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PCWSTR,
        lpprotocolinfolist: *const WSAPROTOCOL_INFOW,
        dwnumberofentries: u32,
        lperrno: *mut i32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCInstallProvider64_32(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PCWSTR,
        lpprotocolinfolist: *const WSAPROTOCOL_INFOW,
        dwnumberofentries: u32,
        lperrno: *mut i32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCInstallProviderAndChains64_32(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PCWSTR,
        lpszproviderdllpath32: PCWSTR,
        lpszlspname: PCWSTR,
        dwserviceflags: u32,
        lpprotocolinfolist: *mut WSAPROTOCOL_INFOW,
        dwnumberofentries: u32,
        lpdwcatalogentryid: *mut u32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCSetApplicationCategory(
        path: PCWSTR,
        pathlength: u32,
        extra: PCWSTR,
        extralength: u32,
        permittedlspcategories: u32,
        pprevpermlspcat: *mut u32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCSetProviderInfo(
        lpproviderid: *const GUID,
        infotype: WSC_PROVIDER_INFO_TYPE,
        info: *const u8,
        infosize: usize,
        flags: u32,
        lperrno: *mut i32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCSetProviderInfo32(
        lpproviderid: *const GUID,
        infotype: WSC_PROVIDER_INFO_TYPE,
        info: *const u8,
        infosize: usize,
        flags: u32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCUnInstallNameSpace(lpproviderid: *const GUID) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCUnInstallNameSpace32(lpproviderid: *const GUID) -> i32;
}
unsafe extern "system" {
    pub fn WSCUpdateProvider(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PCWSTR,
        lpprotocolinfolist: *const WSAPROTOCOL_INFOW,
        dwnumberofentries: u32,
        lperrno: *mut i32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCUpdateProvider32(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PCWSTR,
        lpprotocolinfolist: *const WSAPROTOCOL_INFOW,
        dwnumberofentries: u32,
        lperrno: *mut i32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCWriteNameSpaceOrder(
        lpproviderid: *mut GUID,
        dwnumberofentries: u32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCWriteNameSpaceOrder32(
        lpproviderid: *mut GUID,
        dwnumberofentries: u32,
    ) -> i32;
}
unsafe extern "system" {
    pub fn WSCWriteProviderOrder(
        lpwdcatalogentryid: *mut u32,
        dwnumberofentries: u32,
    ) -> i32;
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
unsafe extern "system" {
    pub fn WSCWriteProviderOrder32(
        lpwdcatalogentryid: *mut u32,
        dwnumberofentries: u32,
    ) -> i32;
}
pub type ADDRESS_FAMILY = u16;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct AFPROTOCOLS {
    pub iAddressFamily: i32,
    pub iProtocol: i32,
}
pub const AF_12844: u16 = 25u16;
pub const AF_APPLETALK: u16 = 16u16;
pub const AF_ATM: u16 = 22u16;
pub const AF_BAN: u16 = 21u16;
pub const AF_CCITT: u16 = 10u16;
pub const AF_CHAOS: u16 = 5u16;
pub const AF_CLUSTER: u16 = 24u16;
pub const AF_DATAKIT: u16 = 9u16;
pub const AF_DECnet: u16 = 12u16;
pub const AF_DLI: u16 = 13u16;
pub const AF_ECMA: u16 = 8u16;
pub const AF_FIREFOX: u16 = 19u16;
pub const AF_HYLINK: u16 = 15u16;
pub const AF_HYPERV: u16 = 34u16;
pub const AF_ICLFXBM: u16 = 31u16;
pub const AF_IMPLINK: u16 = 3u16;
pub const AF_INET: ADDRESS_FAMILY = 2u16;
pub const AF_INET6: ADDRESS_FAMILY = 23u16;
pub const AF_IPX: u16 = 6u16;
pub const AF_IRDA: u16 = 26u16;
pub const AF_ISO: u16 = 7u16;
pub const AF_LAT: u16 = 14u16;
pub const AF_LINK: u16 = 33u16;
pub const AF_MAX: u16 = 29u16;
pub const AF_NETBIOS: u16 = 17u16;
pub const AF_NETDES: u16 = 28u16;
pub const AF_NS: u16 = 6u16;
pub const AF_OSI: u16 = 7u16;
pub const AF_PUP: u16 = 4u16;
pub const AF_SNA: u16 = 11u16;
pub const AF_TCNMESSAGE: u16 = 30u16;
pub const AF_TCNPROCESS: u16 = 29u16;
pub const AF_UNIX: u16 = 1u16;
pub const AF_UNKNOWN1: u16 = 20u16;
pub const AF_UNSPEC: ADDRESS_FAMILY = 0u16;
pub const AF_VOICEVIEW: u16 = 18u16;
pub const BASE_PROTOCOL: u32 = 1u32;
pub const BIGENDIAN: u32 = 0u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct BLOB {
    pub cbSize: u32,
    pub pBlobData: *mut u8,
}
impl Default for BLOB {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub type BOOL = i32;
pub const CF_ACCEPT: u32 = 0u32;
pub const CF_DEFER: u32 = 2u32;
pub const CF_REJECT: u32 = 1u32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct CSADDR_INFO {
    pub LocalAddr: SOCKET_ADDRESS,
    pub RemoteAddr: SOCKET_ADDRESS,
    pub iSocketType: i32,
    pub iProtocol: i32,
}
pub const ERROR_CALL_NOT_IMPLEMENTED: WIN32_ERROR = 120u32;
pub const ERROR_INVALID_HANDLE: WIN32_ERROR = 6u32;
pub const ERROR_IO_PENDING: WIN32_ERROR = 997u32;
pub const ERROR_SUCCESS: WIN32_ERROR = 0u32;
pub const FALSE: BOOL = 0i32;
pub type FARPROC = Option<unsafe extern "system" fn() -> isize>;
pub const FD_ACCEPT: u32 = 8u32;
pub const FD_ACCEPT_BIT: u32 = 3u32;
pub const FD_ADDRESS_LIST_CHANGE_BIT: u32 = 9u32;
pub const FD_CLOSE: u32 = 32u32;
pub const FD_CLOSE_BIT: u32 = 5u32;
pub const FD_CONNECT: u32 = 16u32;
pub const FD_CONNECT_BIT: u32 = 4u32;
pub const FD_GROUP_QOS_BIT: u32 = 7u32;
pub const FD_MAX_EVENTS: u32 = 10u32;
pub const FD_OOB: u32 = 4u32;
pub const FD_OOB_BIT: u32 = 2u32;
pub const FD_QOS_BIT: u32 = 6u32;
pub const FD_READ: u32 = 1u32;
pub const FD_READ_BIT: u32 = 0u32;
pub const FD_ROUTING_INTERFACE_CHANGE_BIT: u32 = 8u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FD_SET {
    pub fd_count: u32,
    pub fd_array: [SOCKET; 64],
}
impl Default for FD_SET {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const FD_SETSIZE: u32 = 64u32;
pub const FD_WRITE: u32 = 2u32;
pub const FD_WRITE_BIT: u32 = 1u32;
pub const FIOASYNC: i32 = -2147195267i32;
pub const FIONBIO: i32 = -2147195266i32;
pub const FIONREAD: i32 = 1074030207i32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct FLOWSPEC {
    pub TokenRate: u32,
    pub TokenBucketSize: u32,
    pub PeakBandwidth: u32,
    pub Latency: u32,
    pub DelayVariation: u32,
    pub ServiceType: u32,
    pub MaxSduSize: u32,
    pub MinimumPolicedSize: u32,
}
pub const FROM_PROTOCOL_INFO: i32 = -1i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct GUID {
    pub data1: u32,
    pub data2: u16,
    pub data3: u16,
    pub data4: [u8; 8],
}
impl GUID {
    pub const fn from_u128(uuid: u128) -> Self {
        Self {
            data1: (uuid >> 96) as u32,
            data2: (uuid >> 80 & 0xffff) as u16,
            data3: (uuid >> 64 & 0xffff) as u16,
            data4: (uuid as u64).to_be_bytes(),
        }
    }
}
pub type HANDLE = *mut core::ffi::c_void;
pub type HWND = *mut core::ffi::c_void;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IN6_ADDR {
    pub u: IN6_ADDR_0,
}
impl Default for IN6_ADDR {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union IN6_ADDR_0 {
    pub Byte: [u8; 16],
    pub Word: [u16; 8],
}
impl Default for IN6_ADDR_0 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const INADDR_ANY: u32 = 0u32;
pub const INADDR_BROADCAST: u32 = 4294967295u32;
pub const INADDR_LOOPBACK: u32 = 2130706433u32;
pub const INADDR_NONE: u32 = 4294967295u32;
pub const INVALID_SOCKET: SOCKET = -1i32 as _;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IN_ADDR {
    pub S_un: IN_ADDR_0,
}
impl Default for IN_ADDR {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union IN_ADDR_0 {
    pub S_un_b: IN_ADDR_0_0,
    pub S_un_w: IN_ADDR_0_1,
    pub S_addr: u32,
}
impl Default for IN_ADDR_0 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct IN_ADDR_0_0 {
    pub s_b1: u8,
    pub s_b2: u8,
    pub s_b3: u8,
    pub s_b4: u8,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct IN_ADDR_0_1 {
    pub s_w1: u16,
    pub s_w2: u16,
}
pub const IOC_IN: u32 = 2147483648u32;
pub const IOC_INOUT: u32 = 3221225472u32;
pub const IOC_OUT: u32 = 1073741824u32;
pub const IOC_PROTOCOL: u32 = 268435456u32;
pub const IOC_UNIX: u32 = 0u32;
pub const IOC_VENDOR: u32 = 402653184u32;
pub const IOC_VOID: u32 = 536870912u32;
pub const IOC_WS2: u32 = 134217728u32;
pub type IPPROTO = i32;
pub const IPPROTO_AH: IPPROTO = 51i32;
pub const IPPROTO_CBT: IPPROTO = 7i32;
pub const IPPROTO_DSTOPTS: IPPROTO = 60i32;
pub const IPPROTO_EGP: IPPROTO = 8i32;
pub const IPPROTO_ESP: IPPROTO = 50i32;
pub const IPPROTO_FRAGMENT: IPPROTO = 44i32;
pub const IPPROTO_GGP: IPPROTO = 3i32;
pub const IPPROTO_HOPOPTS: IPPROTO = 0i32;
pub const IPPROTO_ICLFXBM: IPPROTO = 78i32;
pub const IPPROTO_ICMP: IPPROTO = 1i32;
pub const IPPROTO_ICMPV6: IPPROTO = 58i32;
pub const IPPROTO_IDP: IPPROTO = 22i32;
pub const IPPROTO_IGMP: IPPROTO = 2i32;
pub const IPPROTO_IGP: IPPROTO = 9i32;
pub const IPPROTO_IP: IPPROTO = 0i32;
pub const IPPROTO_IPV4: IPPROTO = 4i32;
pub const IPPROTO_IPV6: IPPROTO = 41i32;
pub const IPPROTO_L2TP: IPPROTO = 115i32;
pub const IPPROTO_MAX: IPPROTO = 256i32;
pub const IPPROTO_ND: IPPROTO = 77i32;
pub const IPPROTO_NONE: IPPROTO = 59i32;
pub const IPPROTO_PGM: IPPROTO = 113i32;
pub const IPPROTO_PIM: IPPROTO = 103i32;
pub const IPPROTO_PUP: IPPROTO = 12i32;
pub const IPPROTO_RAW: IPPROTO = 255i32;
pub const IPPROTO_RDP: IPPROTO = 27i32;
pub const IPPROTO_RESERVED_IPSEC: IPPROTO = 258i32;
pub const IPPROTO_RESERVED_IPSECOFFLOAD: IPPROTO = 259i32;
pub const IPPROTO_RESERVED_MAX: IPPROTO = 261i32;
pub const IPPROTO_RESERVED_RAW: IPPROTO = 257i32;
pub const IPPROTO_RESERVED_WNV: IPPROTO = 260i32;
pub const IPPROTO_RM: IPPROTO = 113i32;
pub const IPPROTO_ROUTING: IPPROTO = 43i32;
pub const IPPROTO_SCTP: IPPROTO = 132i32;
pub const IPPROTO_ST: IPPROTO = 5i32;
pub const IPPROTO_TCP: IPPROTO = 6i32;
pub const IPPROTO_UDP: IPPROTO = 17i32;
pub type IPV4_OPTION_TYPE = i32;
pub const IPV6_ADD_IFLIST: i32 = 29i32;
pub const IPV6_ADD_MEMBERSHIP: i32 = 12i32;
pub const IPV6_CHECKSUM: i32 = 26i32;
pub const IPV6_DEL_IFLIST: i32 = 30i32;
pub const IPV6_DONTFRAG: i32 = 14i32;
pub const IPV6_DROP_MEMBERSHIP: i32 = 13i32;
pub const IPV6_ECN: i32 = 50i32;
pub const IPV6_ECN_MASK: u32 = 12288u32;
pub const IPV6_ECN_SHIFT: u32 = 12u32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct IPV6_EXTENSION_HEADER {
    pub NextHeader: u8,
    pub Length: u8,
}
pub const IPV6_FLOW_LABEL_MASK: u32 = 4294905600u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IPV6_FRAGMENT_HEADER {
    pub NextHeader: u8,
    pub Reserved: u8,
    pub Anonymous: IPV6_FRAGMENT_HEADER_0,
    pub Id: u32,
}
impl Default for IPV6_FRAGMENT_HEADER {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union IPV6_FRAGMENT_HEADER_0 {
    pub Anonymous: IPV6_FRAGMENT_HEADER_0_0,
    pub OffsetAndFlags: u16,
}
impl Default for IPV6_FRAGMENT_HEADER_0 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct IPV6_FRAGMENT_HEADER_0_0 {
    pub _bitfield: u16,
}
pub const IPV6_FULL_TRAFFIC_CLASS_MASK: u32 = 61455u32;
pub const IPV6_GET_IFLIST: i32 = 33i32;
pub const IPV6_HDRINCL: i32 = 2i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IPV6_HEADER {
    pub Anonymous: IPV6_HEADER_0,
    pub PayloadLength: u16,
    pub NextHeader: u8,
    pub HopLimit: u8,
    pub SourceAddress: IN6_ADDR,
    pub DestinationAddress: IN6_ADDR,
}
impl Default for IPV6_HEADER {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union IPV6_HEADER_0 {
    pub VersionClassFlow: u32,
    pub Anonymous: IPV6_HEADER_0_0,
}
impl Default for IPV6_HEADER_0 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct IPV6_HEADER_0_0 {
    pub _bitfield: u32,
}
pub const IPV6_HOPLIMIT: i32 = 21i32;
pub const IPV6_HOPOPTS: i32 = 1i32;
pub const IPV6_IFLIST: i32 = 28i32;
pub const IPV6_JOIN_GROUP: i32 = 12i32;
pub const IPV6_LEAVE_GROUP: i32 = 13i32;
pub const IPV6_MINIMUM_MTU: u32 = 1280u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IPV6_MREQ {
    pub ipv6mr_multiaddr: IN6_ADDR,
    pub ipv6mr_interface: u32,
}
impl Default for IPV6_MREQ {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const IPV6_MTU: i32 = 72i32;
pub const IPV6_MTU_DISCOVER: i32 = 71i32;
pub const IPV6_MULTICAST_HOPS: i32 = 10i32;
pub const IPV6_MULTICAST_IF: i32 = 9i32;
pub const IPV6_MULTICAST_LOOP: i32 = 11i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub union IPV6_NEIGHBOR_ADVERTISEMENT_FLAGS {
    pub Anonymous: IPV6_NEIGHBOR_ADVERTISEMENT_FLAGS_0,
    pub Value: u32,
}
impl Default for IPV6_NEIGHBOR_ADVERTISEMENT_FLAGS {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IPV6_NEIGHBOR_ADVERTISEMENT_FLAGS_0 {
    pub _bitfield: u8,
    pub Reserved2: [u8; 3],
}
impl Default for IPV6_NEIGHBOR_ADVERTISEMENT_FLAGS_0 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const IPV6_NRT_INTERFACE: i32 = 74i32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct IPV6_OPTION_HEADER {
    pub Type: u8,
    pub DataLength: u8,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IPV6_OPTION_JUMBOGRAM {
    pub Header: IPV6_OPTION_HEADER,
    pub JumbogramLength: [u8; 4],
}
impl Default for IPV6_OPTION_JUMBOGRAM {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IPV6_OPTION_ROUTER_ALERT {
    pub Header: IPV6_OPTION_HEADER,
    pub Value: [u8; 2],
}
impl Default for IPV6_OPTION_ROUTER_ALERT {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub type IPV6_OPTION_TYPE = i32;
pub const IPV6_PKTINFO: i32 = 19i32;
pub const IPV6_PKTINFO_EX: i32 = 51i32;
pub const IPV6_PROTECTION_LEVEL: i32 = 23i32;
pub const IPV6_RECVDSTADDR: i32 = 25i32;
pub const IPV6_RECVECN: i32 = 50i32;
pub const IPV6_RECVERR: i32 = 75i32;
pub const IPV6_RECVIF: i32 = 24i32;
pub const IPV6_RECVRTHDR: i32 = 38i32;
pub const IPV6_RECVTCLASS: i32 = 40i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub union IPV6_ROUTER_ADVERTISEMENT_FLAGS {
    pub Anonymous: IPV6_ROUTER_ADVERTISEMENT_FLAGS_0,
    pub Value: u8,
}
impl Default for IPV6_ROUTER_ADVERTISEMENT_FLAGS {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct IPV6_ROUTER_ADVERTISEMENT_FLAGS_0 {
    pub _bitfield: u8,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IPV6_ROUTING_HEADER {
    pub NextHeader: u8,
    pub Length: u8,
    pub RoutingType: u8,
    pub SegmentsLeft: u8,
    pub Reserved: [u8; 4],
}
impl Default for IPV6_ROUTING_HEADER {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const IPV6_RTHDR: i32 = 32i32;
pub const IPV6_TCLASS: i32 = 39i32;
pub const IPV6_TRAFFIC_CLASS_MASK: u32 = 49167u32;
pub const IPV6_UNICAST_HOPS: i32 = 4i32;
pub const IPV6_UNICAST_IF: i32 = 31i32;
pub const IPV6_USER_MTU: i32 = 76i32;
pub const IPV6_V6ONLY: i32 = 27i32;
pub const IPV6_VERSION: u32 = 96u32;
pub const IPV6_WFP_REDIRECT_CONTEXT: i32 = 70i32;
pub const IPV6_WFP_REDIRECT_RECORDS: i32 = 60i32;
pub const IP_ADD_IFLIST: i32 = 29i32;
pub const IP_ADD_MEMBERSHIP: i32 = 12i32;
pub const IP_ADD_SOURCE_MEMBERSHIP: i32 = 15i32;
pub const IP_BLOCK_SOURCE: i32 = 17i32;
pub const IP_DEFAULT_MULTICAST_LOOP: u32 = 1u32;
pub const IP_DEFAULT_MULTICAST_TTL: u32 = 1u32;
pub const IP_DEL_IFLIST: i32 = 30i32;
pub const IP_DONTFRAGMENT: i32 = 14i32;
pub const IP_DROP_MEMBERSHIP: i32 = 13i32;
pub const IP_DROP_SOURCE_MEMBERSHIP: i32 = 16i32;
pub const IP_ECN: i32 = 50i32;
pub const IP_GET_IFLIST: i32 = 33i32;
pub const IP_HDRINCL: i32 = 2i32;
pub const IP_HOPLIMIT: i32 = 21i32;
pub const IP_IFLIST: i32 = 28i32;
pub const IP_MAX_MEMBERSHIPS: u32 = 20u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IP_MREQ {
    pub imr_multiaddr: IN_ADDR,
    pub imr_interface: IN_ADDR,
}
impl Default for IP_MREQ {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IP_MREQ_SOURCE {
    pub imr_multiaddr: IN_ADDR,
    pub imr_sourceaddr: IN_ADDR,
    pub imr_interface: IN_ADDR,
}
impl Default for IP_MREQ_SOURCE {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IP_MSFILTER {
    pub imsf_multiaddr: IN_ADDR,
    pub imsf_interface: IN_ADDR,
    pub imsf_fmode: MULTICAST_MODE_TYPE,
    pub imsf_numsrc: u32,
    pub imsf_slist: [IN_ADDR; 1],
}
impl Default for IP_MSFILTER {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const IP_MTU: i32 = 73i32;
pub const IP_MTU_DISCOVER: i32 = 71i32;
pub const IP_MULTICAST_IF: i32 = 9i32;
pub const IP_MULTICAST_LOOP: i32 = 11i32;
pub const IP_MULTICAST_TTL: i32 = 10i32;
pub const IP_NRT_INTERFACE: i32 = 74i32;
pub const IP_OPTIONS: i32 = 1i32;
pub const IP_OPTION_TIMESTAMP_ADDRESS: IP_OPTION_TIMESTAMP_FLAGS = 1i32;
pub type IP_OPTION_TIMESTAMP_FLAGS = i32;
pub const IP_OPTION_TIMESTAMP_ONLY: IP_OPTION_TIMESTAMP_FLAGS = 0i32;
pub const IP_OPTION_TIMESTAMP_SPECIFIC_ADDRESS: IP_OPTION_TIMESTAMP_FLAGS = 3i32;
pub const IP_OPT_EOL: IPV4_OPTION_TYPE = 0i32;
pub const IP_OPT_LSRR: IPV4_OPTION_TYPE = 131i32;
pub const IP_OPT_MULTIDEST: IPV4_OPTION_TYPE = 149i32;
pub const IP_OPT_NOP: IPV4_OPTION_TYPE = 1i32;
pub const IP_OPT_ROUTER_ALERT: IPV4_OPTION_TYPE = 148i32;
pub const IP_OPT_RR: IPV4_OPTION_TYPE = 7i32;
pub const IP_OPT_SECURITY: IPV4_OPTION_TYPE = 130i32;
pub const IP_OPT_SID: IPV4_OPTION_TYPE = 136i32;
pub const IP_OPT_SSRR: IPV4_OPTION_TYPE = 137i32;
pub const IP_OPT_TS: IPV4_OPTION_TYPE = 68i32;
pub const IP_ORIGINAL_ARRIVAL_IF: i32 = 47i32;
pub const IP_PKTINFO: i32 = 19i32;
pub const IP_PKTINFO_EX: i32 = 51i32;
pub const IP_PMTUDISC_DO: PMTUD_STATE = 1i32;
pub const IP_PMTUDISC_DONT: PMTUD_STATE = 2i32;
pub const IP_PMTUDISC_MAX: PMTUD_STATE = 4i32;
pub const IP_PMTUDISC_NOT_SET: PMTUD_STATE = 0i32;
pub const IP_PMTUDISC_PROBE: PMTUD_STATE = 3i32;
pub const IP_PROTECTION_LEVEL: i32 = 23i32;
pub const IP_RECEIVE_BROADCAST: i32 = 22i32;
pub const IP_RECVDSTADDR: i32 = 25i32;
pub const IP_RECVECN: i32 = 50i32;
pub const IP_RECVERR: i32 = 75i32;
pub const IP_RECVIF: i32 = 24i32;
pub const IP_RECVRTHDR: i32 = 38i32;
pub const IP_RECVTCLASS: i32 = 40i32;
pub const IP_RECVTOS: i32 = 40i32;
pub const IP_RECVTTL: i32 = 21i32;
pub const IP_RTHDR: i32 = 32i32;
pub const IP_TCLASS: i32 = 39i32;
pub const IP_TOS: i32 = 3i32;
pub const IP_TTL: i32 = 4i32;
pub const IP_UNBLOCK_SOURCE: i32 = 18i32;
pub const IP_UNICAST_IF: i32 = 31i32;
pub const IP_UNSPECIFIED_HOP_LIMIT: i32 = -1i32;
pub const IP_UNSPECIFIED_TYPE_OF_SERVICE: i32 = -1i32;
pub const IP_UNSPECIFIED_USER_MTU: u32 = 4294967295u32;
pub const IP_USER_MTU: i32 = 76i32;
pub const IP_VER_MASK: u32 = 240u32;
pub const IP_WFP_REDIRECT_CONTEXT: i32 = 70i32;
pub const IP_WFP_REDIRECT_RECORDS: i32 = 60i32;
pub const JL_BOTH: u32 = 4u32;
pub const JL_RECEIVER_ONLY: u32 = 2u32;
pub const JL_SENDER_ONLY: u32 = 1u32;
pub const LAYERED_PROTOCOL: u32 = 0u32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct LINGER {
    pub l_onoff: u16,
    pub l_linger: u16,
}
pub const LITTLEENDIAN: u32 = 1u32;
pub type LPARAM = isize;
pub type LPBLOCKINGCALLBACK = Option<
    unsafe extern "system" fn(dwcontext: usize) -> BOOL,
>;
pub type LPCONDITIONPROC = Option<
    unsafe extern "system" fn(
        lpcallerid: *mut WSABUF,
        lpcallerdata: *mut WSABUF,
        lpsqos: *mut QOS,
        lpgqos: *mut QOS,
        lpcalleeid: *mut WSABUF,
        lpcalleedata: *mut WSABUF,
        g: *mut u32,
        dwcallbackdata: usize,
    ) -> i32,
>;
pub type LPFN_ACCEPTEX = Option<
    unsafe extern "system" fn(
        slistensocket: SOCKET,
        sacceptsocket: SOCKET,
        lpoutputbuffer: *mut core::ffi::c_void,
        dwreceivedatalength: u32,
        dwlocaladdresslength: u32,
        dwremoteaddresslength: u32,
        lpdwbytesreceived: *mut u32,
        lpoverlapped: *mut OVERLAPPED,
    ) -> BOOL,
>;
pub type LPFN_CONNECTEX = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        name: *const SOCKADDR,
        namelen: i32,
        lpsendbuffer: *const core::ffi::c_void,
        dwsenddatalength: u32,
        lpdwbytessent: *mut u32,
        lpoverlapped: *mut OVERLAPPED,
    ) -> BOOL,
>;
pub type LPFN_DISCONNECTEX = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpoverlapped: *mut OVERLAPPED,
        dwflags: u32,
        dwreserved: u32,
    ) -> BOOL,
>;
pub type LPFN_GETACCEPTEXSOCKADDRS = Option<
    unsafe extern "system" fn(
        lpoutputbuffer: *const core::ffi::c_void,
        dwreceivedatalength: u32,
        dwlocaladdresslength: u32,
        dwremoteaddresslength: u32,
        localsockaddr: *mut *mut SOCKADDR,
        localsockaddrlength: *mut i32,
        remotesockaddr: *mut *mut SOCKADDR,
        remotesockaddrlength: *mut i32,
    ),
>;
pub type LPWPUCLOSEEVENT = Option<
    unsafe extern "system" fn(hevent: WSAEVENT, lperrno: *mut i32) -> BOOL,
>;
pub type LPWPUCLOSESOCKETHANDLE = Option<
    unsafe extern "system" fn(s: SOCKET, lperrno: *mut i32) -> i32,
>;
pub type LPWPUCLOSETHREAD = Option<
    unsafe extern "system" fn(lpthreadid: *const WSATHREADID, lperrno: *mut i32) -> i32,
>;
pub type LPWPUCOMPLETEOVERLAPPEDREQUEST = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpoverlapped: *mut OVERLAPPED,
        dwerror: u32,
        cbtransferred: u32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWPUCREATEEVENT = Option<
    unsafe extern "system" fn(lperrno: *mut i32) -> WSAEVENT,
>;
pub type LPWPUCREATESOCKETHANDLE = Option<
    unsafe extern "system" fn(
        dwcatalogentryid: u32,
        dwcontext: usize,
        lperrno: *mut i32,
    ) -> SOCKET,
>;
pub type LPWPUFDISSET = Option<
    unsafe extern "system" fn(s: SOCKET, fdset: *const FD_SET) -> i32,
>;
pub type LPWPUGETPROVIDERPATH = Option<
    unsafe extern "system" fn(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PWSTR,
        lpproviderdllpathlen: *mut i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWPUMODIFYIFSHANDLE = Option<
    unsafe extern "system" fn(
        dwcatalogentryid: u32,
        proposedhandle: SOCKET,
        lperrno: *mut i32,
    ) -> SOCKET,
>;
pub type LPWPUOPENCURRENTTHREAD = Option<
    unsafe extern "system" fn(lpthreadid: *mut WSATHREADID, lperrno: *mut i32) -> i32,
>;
pub type LPWPUPOSTMESSAGE = Option<
    unsafe extern "system" fn(
        hwnd: HWND,
        msg: u32,
        wparam: WPARAM,
        lparam: LPARAM,
    ) -> BOOL,
>;
pub type LPWPUQUERYBLOCKINGCALLBACK = Option<
    unsafe extern "system" fn(
        dwcatalogentryid: u32,
        lplpfncallback: *mut LPBLOCKINGCALLBACK,
        lpdwcontext: *mut usize,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWPUQUERYSOCKETHANDLECONTEXT = Option<
    unsafe extern "system" fn(s: SOCKET, lpcontext: *mut usize, lperrno: *mut i32) -> i32,
>;
pub type LPWPUQUEUEAPC = Option<
    unsafe extern "system" fn(
        lpthreadid: *const WSATHREADID,
        lpfnuserapc: LPWSAUSERAPC,
        dwcontext: usize,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWPURESETEVENT = Option<
    unsafe extern "system" fn(hevent: WSAEVENT, lperrno: *mut i32) -> BOOL,
>;
pub type LPWPUSETEVENT = Option<
    unsafe extern "system" fn(hevent: WSAEVENT, lperrno: *mut i32) -> BOOL,
>;
pub type LPWSAOVERLAPPED_COMPLETION_ROUTINE = Option<
    unsafe extern "system" fn(
        dwerror: u32,
        cbtransferred: u32,
        lpoverlapped: *mut OVERLAPPED,
        dwflags: u32,
    ),
>;
pub type LPWSAUSERAPC = Option<unsafe extern "system" fn(dwcontext: usize)>;
pub type LPWSCDEINSTALLPROVIDER = Option<
    unsafe extern "system" fn(lpproviderid: *const GUID, lperrno: *mut i32) -> i32,
>;
pub type LPWSCENABLENSPROVIDER = Option<
    unsafe extern "system" fn(lpproviderid: *const GUID, fenable: BOOL) -> i32,
>;
pub type LPWSCENUMPROTOCOLS = Option<
    unsafe extern "system" fn(
        lpiprotocols: *const i32,
        lpprotocolbuffer: *mut WSAPROTOCOL_INFOW,
        lpdwbufferlength: *mut u32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSCGETPROVIDERPATH = Option<
    unsafe extern "system" fn(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PWSTR,
        lpproviderdllpathlen: *mut i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSCINSTALLNAMESPACE = Option<
    unsafe extern "system" fn(
        lpszidentifier: PCWSTR,
        lpszpathname: PCWSTR,
        dwnamespace: u32,
        dwversion: u32,
        lpproviderid: *const GUID,
    ) -> i32,
>;
pub type LPWSCINSTALLPROVIDER = Option<
    unsafe extern "system" fn(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PCWSTR,
        lpprotocolinfolist: *const WSAPROTOCOL_INFOW,
        dwnumberofentries: u32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSCUNINSTALLNAMESPACE = Option<
    unsafe extern "system" fn(lpproviderid: *const GUID) -> i32,
>;
pub type LPWSCUPDATEPROVIDER = Option<
    unsafe extern "system" fn(
        lpproviderid: *const GUID,
        lpszproviderdllpath: PCWSTR,
        lpprotocolinfolist: *const WSAPROTOCOL_INFOW,
        dwnumberofentries: u32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSCWRITENAMESPACEORDER = Option<
    unsafe extern "system" fn(lpproviderid: *mut GUID, dwnumberofentries: u32) -> i32,
>;
pub type LPWSCWRITEPROVIDERORDER = Option<
    unsafe extern "system" fn(
        lpwdcatalogentryid: *mut u32,
        dwnumberofentries: u32,
    ) -> i32,
>;
pub type LPWSPACCEPT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        addr: *mut SOCKADDR,
        addrlen: *mut i32,
        lpfncondition: LPCONDITIONPROC,
        dwcallbackdata: usize,
        lperrno: *mut i32,
    ) -> SOCKET,
>;
pub type LPWSPADDRESSTOSTRING = Option<
    unsafe extern "system" fn(
        lpsaaddress: *const SOCKADDR,
        dwaddresslength: u32,
        lpprotocolinfo: *const WSAPROTOCOL_INFOW,
        lpszaddressstring: PWSTR,
        lpdwaddressstringlength: *mut u32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPASYNCSELECT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        hwnd: HWND,
        wmsg: u32,
        levent: i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPBIND = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        name: *const SOCKADDR,
        namelen: i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPCANCELBLOCKINGCALL = Option<
    unsafe extern "system" fn(lperrno: *mut i32) -> i32,
>;
pub type LPWSPCLEANUP = Option<unsafe extern "system" fn(lperrno: *mut i32) -> i32>;
pub type LPWSPCLOSESOCKET = Option<
    unsafe extern "system" fn(s: SOCKET, lperrno: *mut i32) -> i32,
>;
pub type LPWSPCONNECT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        name: *const SOCKADDR,
        namelen: i32,
        lpcallerdata: *const WSABUF,
        lpcalleedata: *mut WSABUF,
        lpsqos: *const QOS,
        lpgqos: *const QOS,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPDUPLICATESOCKET = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        dwprocessid: u32,
        lpprotocolinfo: *mut WSAPROTOCOL_INFOW,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPENUMNETWORKEVENTS = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        heventobject: HANDLE,
        lpnetworkevents: *mut WSANETWORKEVENTS,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPEVENTSELECT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        heventobject: WSAEVENT,
        lnetworkevents: i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPGETOVERLAPPEDRESULT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpoverlapped: *const OVERLAPPED,
        lpcbtransfer: *mut u32,
        fwait: BOOL,
        lpdwflags: *mut u32,
        lperrno: *mut i32,
    ) -> BOOL,
>;
pub type LPWSPGETPEERNAME = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        name: *mut SOCKADDR,
        namelen: *mut i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPGETQOSBYNAME = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpqosname: *const WSABUF,
        lpqos: *mut QOS,
        lperrno: *mut i32,
    ) -> BOOL,
>;
pub type LPWSPGETSOCKNAME = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        name: *mut SOCKADDR,
        namelen: *mut i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPGETSOCKOPT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        level: i32,
        optname: i32,
        optval: PSTR,
        optlen: *mut i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPIOCTL = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        dwiocontrolcode: u32,
        lpvinbuffer: *const core::ffi::c_void,
        cbinbuffer: u32,
        lpvoutbuffer: *mut core::ffi::c_void,
        cboutbuffer: u32,
        lpcbbytesreturned: *mut u32,
        lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
        lpthreadid: *const WSATHREADID,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPJOINLEAF = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        name: *const SOCKADDR,
        namelen: i32,
        lpcallerdata: *const WSABUF,
        lpcalleedata: *mut WSABUF,
        lpsqos: *const QOS,
        lpgqos: *const QOS,
        dwflags: u32,
        lperrno: *mut i32,
    ) -> SOCKET,
>;
pub type LPWSPLISTEN = Option<
    unsafe extern "system" fn(s: SOCKET, backlog: i32, lperrno: *mut i32) -> i32,
>;
pub type LPWSPRECV = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpbuffers: *const WSABUF,
        dwbuffercount: u32,
        lpnumberofbytesrecvd: *mut u32,
        lpflags: *mut u32,
        lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
        lpthreadid: *const WSATHREADID,
        lperrno: *const i32,
    ) -> i32,
>;
pub type LPWSPRECVDISCONNECT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpinbounddisconnectdata: *const WSABUF,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPRECVFROM = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpbuffers: *const WSABUF,
        dwbuffercount: u32,
        lpnumberofbytesrecvd: *mut u32,
        lpflags: *mut u32,
        lpfrom: *mut SOCKADDR,
        lpfromlen: *mut i32,
        lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
        lpthreadid: *const WSATHREADID,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPSELECT = Option<
    unsafe extern "system" fn(
        nfds: i32,
        readfds: *mut FD_SET,
        writefds: *mut FD_SET,
        exceptfds: *mut FD_SET,
        timeout: *const TIMEVAL,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPSEND = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpbuffers: *const WSABUF,
        dwbuffercount: u32,
        lpnumberofbytessent: *mut u32,
        dwflags: u32,
        lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
        lpthreadid: *const WSATHREADID,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPSENDDISCONNECT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpoutbounddisconnectdata: *const WSABUF,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPSENDTO = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        lpbuffers: *const WSABUF,
        dwbuffercount: u32,
        lpnumberofbytessent: *mut u32,
        dwflags: u32,
        lpto: *const SOCKADDR,
        itolen: i32,
        lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
        lpthreadid: *const WSATHREADID,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPSETSOCKOPT = Option<
    unsafe extern "system" fn(
        s: SOCKET,
        level: i32,
        optname: i32,
        optval: PCSTR,
        optlen: i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub type LPWSPSHUTDOWN = Option<
    unsafe extern "system" fn(s: SOCKET, how: i32, lperrno: *mut i32) -> i32,
>;
pub type LPWSPSOCKET = Option<
    unsafe extern "system" fn(
        af: i32,
        r#type: i32,
        protocol: i32,
        lpprotocolinfo: *const WSAPROTOCOL_INFOW,
        g: u32,
        dwflags: u32,
        lperrno: *mut i32,
    ) -> SOCKET,
>;
pub type LPWSPSTARTUP = Option<
    unsafe extern "system" fn(
        wversionrequested: u16,
        lpwspdata: *const WSPDATA,
        lpprotocolinfo: *const WSAPROTOCOL_INFOW,
        upcalltable: WSPUPCALLTABLE,
        lpproctable: *mut WSPPROC_TABLE,
    ) -> i32,
>;
pub type LPWSPSTRINGTOADDRESS = Option<
    unsafe extern "system" fn(
        addressstring: PCWSTR,
        addressfamily: i32,
        lpprotocolinfo: *const WSAPROTOCOL_INFOW,
        lpaddress: *mut SOCKADDR,
        lpaddresslength: *mut i32,
        lperrno: *mut i32,
    ) -> i32,
>;
pub const LSP_CRYPTO_COMPRESS: u32 = 64u32;
pub const LSP_FIREWALL: u32 = 8u32;
pub const LSP_INBOUND_MODIFY: u32 = 16u32;
pub const LSP_INSPECTOR: u32 = 1u32;
pub const LSP_LOCAL_CACHE: u32 = 128u32;
pub const LSP_OUTBOUND_MODIFY: u32 = 32u32;
pub const LSP_PROXY: u32 = 4u32;
pub const LSP_REDIRECTOR: u32 = 2u32;
pub const LSP_SYSTEM: u32 = 2147483648u32;
pub const MAX_PATH: u32 = 260u32;
pub const MAX_PROTOCOL_CHAIN: u32 = 7u32;
pub const MSG_BCAST: u32 = 1024u32;
pub const MSG_CTRUNC: u32 = 512u32;
pub const MSG_DONTROUTE: SEND_RECV_FLAGS = 4i32;
pub const MSG_ERRQUEUE: u32 = 4096u32;
pub const MSG_INTERRUPT: u32 = 16u32;
pub const MSG_MAXIOVLEN: u32 = 16u32;
pub const MSG_MCAST: u32 = 2048u32;
pub const MSG_OOB: SEND_RECV_FLAGS = 1i32;
pub const MSG_PARTIAL: u32 = 32768u32;
pub const MSG_PEEK: SEND_RECV_FLAGS = 2i32;
pub const MSG_PUSH_IMMEDIATE: SEND_RECV_FLAGS = 32i32;
pub const MSG_TRUNC: u32 = 256u32;
pub const MSG_WAITALL: SEND_RECV_FLAGS = 8i32;
pub type MULTICAST_MODE_TYPE = i32;
pub type NTSTATUS = i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct OVERLAPPED {
    pub Internal: usize,
    pub InternalHigh: usize,
    pub Anonymous: OVERLAPPED_0,
    pub hEvent: HANDLE,
}
impl Default for OVERLAPPED {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union OVERLAPPED_0 {
    pub Anonymous: OVERLAPPED_0_0,
    pub Pointer: *mut core::ffi::c_void,
}
impl Default for OVERLAPPED_0 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct OVERLAPPED_0_0 {
    pub Offset: u32,
    pub OffsetHigh: u32,
}
pub type PCSTR = *const u8;
pub type PCWSTR = *const u16;
pub const PFL_HIDDEN: u32 = 4u32;
pub const PFL_MATCHES_PROTOCOL_ZERO: u32 = 8u32;
pub const PFL_MULTIPLE_PROTO_ENTRIES: u32 = 1u32;
pub const PFL_NETWORKDIRECT_PROVIDER: u32 = 16u32;
pub const PFL_RECOMMENDED_PROTO_ENTRY: u32 = 2u32;
pub type PMTUD_STATE = i32;
pub const POSITIVE_INFINITY_RATE: u32 = 4294967294u32;
pub type PSTR = *mut u8;
pub const PVD_CONFIG: i32 = 12289i32;
pub type PWSTR = *mut u16;
pub const ProviderInfoAudit: WSC_PROVIDER_INFO_TYPE = 1i32;
pub const ProviderInfoLspCategories: WSC_PROVIDER_INFO_TYPE = 0i32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct QOS {
    pub SendingFlowspec: FLOWSPEC,
    pub ReceivingFlowspec: FLOWSPEC,
    pub ProviderSpecific: WSABUF,
}
pub const QOS_NOT_SPECIFIED: u32 = 4294967295u32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct RCVALL_IF {
    pub Mode: RCVALL_VALUE,
    pub Interface: u32,
}
pub const RCVALL_IPLEVEL: RCVALL_VALUE = 3i32;
pub const RCVALL_OFF: RCVALL_VALUE = 0i32;
pub const RCVALL_ON: RCVALL_VALUE = 1i32;
pub const RCVALL_SOCKETLEVELONLY: RCVALL_VALUE = 2i32;
pub type RCVALL_VALUE = i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SCOPE_ID {
    pub Anonymous: SCOPE_ID_0,
}
impl Default for SCOPE_ID {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union SCOPE_ID_0 {
    pub Anonymous: SCOPE_ID_0_0,
    pub Value: u32,
}
impl Default for SCOPE_ID_0 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct SCOPE_ID_0_0 {
    pub _bitfield: u32,
}
pub const SD_BOTH: WINSOCK_SHUTDOWN_HOW = 2i32;
pub const SD_RECEIVE: WINSOCK_SHUTDOWN_HOW = 0i32;
pub const SD_SEND: WINSOCK_SHUTDOWN_HOW = 1i32;
pub const SECURITY_PROTOCOL_NONE: u32 = 0u32;
pub type SEND_RECV_FLAGS = i32;
pub const SERVICETYPE_BESTEFFORT: u32 = 1u32;
pub const SERVICETYPE_CONTROLLEDLOAD: u32 = 2u32;
pub const SERVICETYPE_GENERAL_INFORMATION: u32 = 5u32;
pub const SERVICETYPE_GUARANTEED: u32 = 3u32;
pub const SERVICETYPE_NETWORK_CONTROL: u32 = 10u32;
pub const SERVICETYPE_NETWORK_UNAVAILABLE: u32 = 4u32;
pub const SERVICETYPE_NOCHANGE: u32 = 6u32;
pub const SERVICETYPE_NONCONFORMING: u32 = 9u32;
pub const SERVICETYPE_NOTRAFFIC: u32 = 0u32;
pub const SERVICETYPE_QUALITATIVE: u32 = 13u32;
pub const SG_CONSTRAINED_GROUP: u32 = 2u32;
pub const SG_UNCONSTRAINED_GROUP: u32 = 1u32;
pub const SIOCATMARK: i32 = 1074033415i32;
pub const SIOCGHIWAT: i32 = 1074033409i32;
pub const SIOCGLOWAT: i32 = 1074033411i32;
pub const SIOCSHIWAT: i32 = -2147192064i32;
pub const SIOCSLOWAT: i32 = -2147192062i32;
pub const SIO_ABSORB_RTRALERT: u32 = 2550136837u32;
pub const SIO_ACQUIRE_PORT_RESERVATION: u32 = 2550136932u32;
pub const SIO_ADDRESS_LIST_CHANGE: u32 = 671088663u32;
pub const SIO_ADDRESS_LIST_QUERY: u32 = 1207959574u32;
pub const SIO_ADDRESS_LIST_SORT: u32 = 3355443225u32;
pub const SIO_AF_UNIX_GETPEERPID: u32 = 1476395264u32;
pub const SIO_AF_UNIX_SETBINDPARENTPATH: u32 = 2550137089u32;
pub const SIO_AF_UNIX_SETCONNPARENTPATH: u32 = 2550137090u32;
pub const SIO_APPLY_TRANSPORT_SETTING: u32 = 2550136851u32;
pub const SIO_ASSOCIATE_HANDLE: u32 = 2281701377u32;
pub const SIO_ASSOCIATE_PORT_RESERVATION: u32 = 2550136934u32;
pub const SIO_ASSOCIATE_PVC: u32 = 2417360899u32;
pub const SIO_BASE_HANDLE: u32 = 1207959586u32;
pub const SIO_BSP_HANDLE: u32 = 1207959579u32;
pub const SIO_BSP_HANDLE_POLL: u32 = 1207959581u32;
pub const SIO_BSP_HANDLE_SELECT: u32 = 1207959580u32;
pub const SIO_CPU_AFFINITY: u32 = 2550136853u32;
pub const SIO_DELETE_PEER_TARGET_NAME: u32 = 2550137035u32;
pub const SIO_ENABLE_CIRCULAR_QUEUEING: u32 = 671088642u32;
pub const SIO_EXT_POLL: u32 = 3355443231u32;
pub const SIO_EXT_SELECT: u32 = 3355443230u32;
pub const SIO_EXT_SENDMSG: u32 = 3355443232u32;
pub const SIO_FIND_ROUTE: u32 = 1207959555u32;
pub const SIO_FLUSH: u32 = 671088644u32;
pub const SIO_GET_ATM_ADDRESS: u32 = 3491102722u32;
pub const SIO_GET_ATM_CONNECTION_ID: u32 = 1343619076u32;
pub const SIO_GET_BROADCAST_ADDRESS: u32 = 1207959557u32;
pub const SIO_GET_EXTENSION_FUNCTION_POINTER: u32 = 3355443206u32;
pub const SIO_GET_GROUP_QOS: u32 = 3355443208u32;
pub const SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER: u32 = 3355443236u32;
pub const SIO_GET_NUMBER_OF_ATM_DEVICES: u32 = 1343619073u32;
pub const SIO_GET_QOS: u32 = 3355443207u32;
pub const SIO_GET_TX_TIMESTAMP: u32 = 2550137066u32;
pub const SIO_INDEX_ADD_MCAST: u32 = 2550136842u32;
pub const SIO_INDEX_BIND: u32 = 2550136840u32;
pub const SIO_INDEX_DEL_MCAST: u32 = 2550136843u32;
pub const SIO_INDEX_MCASTIF: u32 = 2550136841u32;
pub const SIO_KEEPALIVE_VALS: u32 = 2550136836u32;
pub const SIO_LIMIT_BROADCASTS: u32 = 2550136839u32;
pub const SIO_LOOPBACK_FAST_PATH: u32 = 2550136848u32;
pub const SIO_MULTICAST_SCOPE: u32 = 2281701386u32;
pub const SIO_MULTIPOINT_LOOPBACK: u32 = 2281701385u32;
pub const SIO_NSP_NOTIFY_CHANGE: u32 = 2281701401u32;
pub const SIO_PRIORITY_HINT: u32 = 2550136856u32;
pub const SIO_QUERY_RSS_PROCESSOR_INFO: u32 = 1207959589u32;
pub const SIO_QUERY_RSS_SCALABILITY_INFO: u32 = 1476395218u32;
pub const SIO_QUERY_SECURITY: u32 = 3623878857u32;
pub const SIO_QUERY_TARGET_PNP_HANDLE: u32 = 1207959576u32;
pub const SIO_QUERY_TRANSPORT_SETTING: u32 = 2550136852u32;
pub const SIO_QUERY_WFP_ALE_ENDPOINT_HANDLE: u32 = 1476395213u32;
pub const SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT: u32 = 2550137053u32;
pub const SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS: u32 = 2550137052u32;
pub const SIO_RCVALL: u32 = 2550136833u32;
pub const SIO_RCVALL_IF: u32 = 2550136846u32;
pub const SIO_RCVALL_IGMPMCAST: u32 = 2550136835u32;
pub const SIO_RCVALL_MCAST: u32 = 2550136834u32;
pub const SIO_RCVALL_MCAST_IF: u32 = 2550136845u32;
pub const SIO_RELEASE_PORT_RESERVATION: u32 = 2550136933u32;
pub const SIO_RESERVED_1: u32 = 2281701402u32;
pub const SIO_RESERVED_2: u32 = 2281701409u32;
pub const SIO_ROUTING_INTERFACE_CHANGE: u32 = 2281701397u32;
pub const SIO_ROUTING_INTERFACE_QUERY: u32 = 3355443220u32;
pub const SIO_SET_COMPATIBILITY_MODE: u32 = 2550137132u32;
pub const SIO_SET_GROUP_QOS: u32 = 2281701388u32;
pub const SIO_SET_PEER_TARGET_NAME: u32 = 2550137034u32;
pub const SIO_SET_PRIORITY_HINT: u32 = 2550136856u32;
pub const SIO_SET_QOS: u32 = 2281701387u32;
pub const SIO_SET_SECURITY: u32 = 2550137032u32;
pub const SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS: u32 = 2550137054u32;
pub const SIO_SOCKET_CLOSE_NOTIFY: u32 = 2550136845u32;
pub const SIO_SOCKET_USAGE_NOTIFICATION: u32 = 2550137036u32;
pub const SIO_TCP_INFO: u32 = 3623878695u32;
pub const SIO_TCP_INITIAL_RTO: u32 = 2550136849u32;
pub const SIO_TCP_SET_ACK_FREQUENCY: u32 = 2550136855u32;
pub const SIO_TCP_SET_ICW: u32 = 2550136854u32;
pub const SIO_TIMESTAMPING: u32 = 2550137067u32;
pub const SIO_TRANSLATE_HANDLE: u32 = 3355443213u32;
pub const SIO_UCAST_IF: u32 = 2550136838u32;
pub const SIO_UDP_CONNRESET: u32 = 2550136844u32;
pub const SIO_UDP_NETRESET: u32 = 2550136847u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SOCKADDR {
    pub sa_family: ADDRESS_FAMILY,
    pub sa_data: [i8; 14],
}
impl Default for SOCKADDR {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SOCKADDR_IN {
    pub sin_family: ADDRESS_FAMILY,
    pub sin_port: u16,
    pub sin_addr: IN_ADDR,
    pub sin_zero: [i8; 8],
}
impl Default for SOCKADDR_IN {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SOCKADDR_IN6 {
    pub sin6_family: ADDRESS_FAMILY,
    pub sin6_port: u16,
    pub sin6_flowinfo: u32,
    pub sin6_addr: IN6_ADDR,
    pub Anonymous: SOCKADDR_IN6_0,
}
impl Default for SOCKADDR_IN6 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub union SOCKADDR_IN6_0 {
    pub sin6_scope_id: u32,
    pub sin6_scope_struct: SCOPE_ID,
}
impl Default for SOCKADDR_IN6_0 {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SOCKADDR_STORAGE {
    pub ss_family: ADDRESS_FAMILY,
    pub __ss_pad1: [i8; 6],
    pub __ss_align: i64,
    pub __ss_pad2: [i8; 112],
}
impl Default for SOCKADDR_STORAGE {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub type SOCKET = usize;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SOCKET_ADDRESS {
    pub lpSockaddr: *mut SOCKADDR,
    pub iSockaddrLength: i32,
}
impl Default for SOCKET_ADDRESS {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SOCKET_ADDRESS_LIST {
    pub iAddressCount: i32,
    pub Address: [SOCKET_ADDRESS; 1],
}
impl Default for SOCKET_ADDRESS_LIST {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const SOCKET_ERROR: i32 = -1i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SOCKET_PEER_TARGET_NAME {
    pub SecurityProtocol: SOCKET_SECURITY_PROTOCOL,
    pub PeerAddress: SOCKADDR_STORAGE,
    pub PeerTargetNameStringLen: u32,
    pub AllStrings: [u16; 1],
}
impl Default for SOCKET_PEER_TARGET_NAME {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub type SOCKET_SECURITY_PROTOCOL = i32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct SOCKET_SECURITY_SETTINGS {
    pub SecurityProtocol: SOCKET_SECURITY_PROTOCOL,
    pub SecurityFlags: u32,
}
pub const SOCK_DGRAM: WINSOCK_SOCKET_TYPE = 2i32;
pub const SOCK_NOTIFY_EVENT_ERR: u32 = 64u32;
pub const SOCK_NOTIFY_EVENT_HANGUP: u32 = 4u32;
pub const SOCK_NOTIFY_EVENT_IN: u32 = 1u32;
pub const SOCK_NOTIFY_EVENT_OUT: u32 = 2u32;
pub const SOCK_NOTIFY_EVENT_REMOVE: u32 = 128u32;
pub const SOCK_NOTIFY_OP_DISABLE: u32 = 2u32;
pub const SOCK_NOTIFY_OP_ENABLE: u32 = 1u32;
pub const SOCK_NOTIFY_OP_NONE: u32 = 0u32;
pub const SOCK_NOTIFY_OP_REMOVE: u32 = 4u32;
pub const SOCK_NOTIFY_REGISTER_EVENT_HANGUP: u32 = 4u32;
pub const SOCK_NOTIFY_REGISTER_EVENT_IN: u32 = 1u32;
pub const SOCK_NOTIFY_REGISTER_EVENT_NONE: u32 = 0u32;
pub const SOCK_NOTIFY_REGISTER_EVENT_OUT: u32 = 2u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SOCK_NOTIFY_REGISTRATION {
    pub socket: SOCKET,
    pub completionKey: *mut core::ffi::c_void,
    pub eventFilter: u16,
    pub operation: u8,
    pub triggerFlags: u8,
    pub registrationResult: u32,
}
impl Default for SOCK_NOTIFY_REGISTRATION {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const SOCK_NOTIFY_TRIGGER_EDGE: u32 = 8u32;
pub const SOCK_NOTIFY_TRIGGER_LEVEL: u32 = 4u32;
pub const SOCK_NOTIFY_TRIGGER_ONESHOT: u32 = 1u32;
pub const SOCK_NOTIFY_TRIGGER_PERSISTENT: u32 = 2u32;
pub const SOCK_RAW: WINSOCK_SOCKET_TYPE = 3i32;
pub const SOCK_RDM: WINSOCK_SOCKET_TYPE = 4i32;
pub const SOCK_SEQPACKET: WINSOCK_SOCKET_TYPE = 5i32;
pub const SOCK_STREAM: WINSOCK_SOCKET_TYPE = 1i32;
pub const SOL_IP: u32 = 65531u32;
pub const SOL_IPV6: u32 = 65530u32;
pub const SOL_IRLMP: i32 = 255i32;
pub const SOL_SOCKET: i32 = 65535i32;
pub const SOMAXCONN: u32 = 5u32;
pub const SO_ACCEPTCONN: i32 = 2i32;
pub const SO_BROADCAST: i32 = 32i32;
pub const SO_BSP_STATE: i32 = 4105i32;
pub const SO_COMPARTMENT_ID: u32 = 12292u32;
pub const SO_CONDITIONAL_ACCEPT: i32 = 12290i32;
pub const SO_CONNDATA: i32 = 28672i32;
pub const SO_CONNDATALEN: i32 = 28676i32;
pub const SO_CONNECT_TIME: i32 = 28684i32;
pub const SO_CONNOPT: i32 = 28673i32;
pub const SO_CONNOPTLEN: i32 = 28677i32;
pub const SO_DEBUG: i32 = 1i32;
pub const SO_DISCDATA: i32 = 28674i32;
pub const SO_DISCDATALEN: i32 = 28678i32;
pub const SO_DISCOPT: i32 = 28675i32;
pub const SO_DISCOPTLEN: i32 = 28679i32;
pub const SO_DONTLINGER: i32 = -129i32;
pub const SO_DONTROUTE: i32 = 16i32;
pub const SO_ERROR: i32 = 4103i32;
pub const SO_EXCLUSIVEADDRUSE: i32 = -5i32;
pub const SO_GROUP_ID: i32 = 8193i32;
pub const SO_GROUP_PRIORITY: i32 = 8194i32;
pub const SO_KEEPALIVE: i32 = 8i32;
pub const SO_LINGER: i32 = 128i32;
pub const SO_MAXDG: i32 = 28681i32;
pub const SO_MAXPATHDG: i32 = 28682i32;
pub const SO_MAX_MSG_SIZE: i32 = 8195i32;
pub const SO_OOBINLINE: i32 = 256i32;
pub const SO_OPENTYPE: i32 = 28680i32;
pub const SO_ORIGINAL_DST: u32 = 12303u32;
pub const SO_PAUSE_ACCEPT: u32 = 12291u32;
pub const SO_PORT_SCALABILITY: i32 = 12294i32;
pub const SO_PROTOCOL_INFO: i32 = 8197i32;
pub const SO_PROTOCOL_INFOA: i32 = 8196i32;
pub const SO_PROTOCOL_INFOW: i32 = 8197i32;
pub const SO_RANDOMIZE_PORT: i32 = 12293i32;
pub const SO_RCVBUF: i32 = 4098i32;
pub const SO_RCVLOWAT: i32 = 4100i32;
pub const SO_RCVTIMEO: i32 = 4102i32;
pub const SO_REUSEADDR: i32 = 4i32;
pub const SO_REUSE_MULTICASTPORT: i32 = 12296i32;
pub const SO_REUSE_UNICASTPORT: i32 = 12295i32;
pub const SO_SNDBUF: i32 = 4097i32;
pub const SO_SNDLOWAT: i32 = 4099i32;
pub const SO_SNDTIMEO: i32 = 4101i32;
pub const SO_SYNCHRONOUS_ALERT: u32 = 16u32;
pub const SO_SYNCHRONOUS_NONALERT: u32 = 32u32;
pub const SO_TIMESTAMP: u32 = 12298u32;
pub const SO_TIMESTAMP_ID: u32 = 12299u32;
pub const SO_TYPE: i32 = 4104i32;
pub const SO_UPDATE_ACCEPT_CONTEXT: i32 = 28683i32;
pub const SO_UPDATE_CONNECT_CONTEXT: i32 = 28688i32;
pub const SO_USELOOPBACK: i32 = 64i32;
pub const STATUS_PENDING: NTSTATUS = 0x103_u32 as _;
pub const STATUS_SUCCESS: NTSTATUS = 0x0_u32 as _;
pub type TCPSTATE = i32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct TCP_ACK_FREQUENCY_PARAMETERS {
    pub TcpDelayedAckFrequency: u8,
}
pub const TCP_ATMARK: i32 = 8i32;
pub const TCP_BSDURGENT: i32 = 28672i32;
pub const TCP_CONGESTION_ALGORITHM: i32 = 12i32;
pub const TCP_DELAY_FIN_ACK: i32 = 13i32;
pub const TCP_EXPEDITED_1122: i32 = 2i32;
pub const TCP_FAIL_CONNECT_ON_ICMP_ERROR: i32 = 18i32;
pub const TCP_FASTOPEN: i32 = 15i32;
#[repr(C, packed(1))]
#[derive(Clone, Copy, Default)]
pub struct TCP_HDR {
    pub th_sport: u16,
    pub th_dport: u16,
    pub th_seq: u32,
    pub th_ack: u32,
    pub _bitfield: u8,
    pub th_flags: u8,
    pub th_win: u16,
    pub th_sum: u16,
    pub th_urp: u16,
}
pub const TCP_ICMP_ERROR_INFO: i32 = 19i32;
pub type TCP_ICW_LEVEL = i32;
pub const TCP_ICW_LEVEL_AGGRESSIVE: TCP_ICW_LEVEL = 3i32;
pub const TCP_ICW_LEVEL_COMPAT: TCP_ICW_LEVEL = 254i32;
pub const TCP_ICW_LEVEL_DEFAULT: TCP_ICW_LEVEL = 0i32;
pub const TCP_ICW_LEVEL_EXPERIMENTAL: TCP_ICW_LEVEL = 4i32;
pub const TCP_ICW_LEVEL_HIGH: TCP_ICW_LEVEL = 1i32;
pub const TCP_ICW_LEVEL_MAX: TCP_ICW_LEVEL = 255i32;
pub const TCP_ICW_LEVEL_VERY_HIGH: TCP_ICW_LEVEL = 2i32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct TCP_ICW_PARAMETERS {
    pub Level: TCP_ICW_LEVEL,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct TCP_INFO_v0 {
    pub State: TCPSTATE,
    pub Mss: u32,
    pub ConnectionTimeMs: u64,
    pub TimestampsEnabled: bool,
    pub RttUs: u32,
    pub MinRttUs: u32,
    pub BytesInFlight: u32,
    pub Cwnd: u32,
    pub SndWnd: u32,
    pub RcvWnd: u32,
    pub RcvBuf: u32,
    pub BytesOut: u64,
    pub BytesIn: u64,
    pub BytesReordered: u32,
    pub BytesRetrans: u32,
    pub FastRetrans: u32,
    pub DupAcksIn: u32,
    pub TimeoutEpisodes: u32,
    pub SynRetrans: u8,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct TCP_INFO_v1 {
    pub State: TCPSTATE,
    pub Mss: u32,
    pub ConnectionTimeMs: u64,
    pub TimestampsEnabled: bool,
    pub RttUs: u32,
    pub MinRttUs: u32,
    pub BytesInFlight: u32,
    pub Cwnd: u32,
    pub SndWnd: u32,
    pub RcvWnd: u32,
    pub RcvBuf: u32,
    pub BytesOut: u64,
    pub BytesIn: u64,
    pub BytesReordered: u32,
    pub BytesRetrans: u32,
    pub FastRetrans: u32,
    pub DupAcksIn: u32,
    pub TimeoutEpisodes: u32,
    pub SynRetrans: u8,
    pub SndLimTransRwin: u32,
    pub SndLimTimeRwin: u32,
    pub SndLimBytesRwin: u64,
    pub SndLimTransCwnd: u32,
    pub SndLimTimeCwnd: u32,
    pub SndLimBytesCwnd: u64,
    pub SndLimTransSnd: u32,
    pub SndLimTimeSnd: u32,
    pub SndLimBytesSnd: u64,
}
pub const TCP_INITIAL_RTO_DEFAULT_MAX_SYN_RETRANSMISSIONS: u32 = 0u32;
pub const TCP_INITIAL_RTO_DEFAULT_RTT: u32 = 0u32;
pub const TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS: u16 = 65534u16;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct TCP_INITIAL_RTO_PARAMETERS {
    pub Rtt: u16,
    pub MaxSynRetransmissions: u8,
}
pub const TCP_INITIAL_RTO_UNSPECIFIED_MAX_SYN_RETRANSMISSIONS: u16 = 65535u16;
pub const TCP_KEEPALIVE: i32 = 3i32;
pub const TCP_KEEPCNT: i32 = 16i32;
pub const TCP_KEEPIDLE: i32 = 3i32;
pub const TCP_KEEPINTVL: i32 = 17i32;
pub const TCP_MAXRT: i32 = 5i32;
pub const TCP_MAXRTMS: i32 = 14i32;
pub const TCP_MAXSEG: i32 = 4i32;
pub const TCP_NODELAY: i32 = 1i32;
pub const TCP_NOSYNRETRIES: i32 = 9i32;
pub const TCP_NOURG: i32 = 7i32;
pub const TCP_OFFLOAD_NOT_PREFERRED: i32 = 1i32;
pub const TCP_OFFLOAD_NO_PREFERENCE: i32 = 0i32;
pub const TCP_OFFLOAD_PREFERENCE: i32 = 11i32;
pub const TCP_OFFLOAD_PREFERRED: i32 = 2i32;
#[repr(C, packed(1))]
#[derive(Clone, Copy)]
pub struct TCP_OPT_FASTOPEN {
    pub Kind: u8,
    pub Length: u8,
    pub Cookie: [u8; 1],
}
impl Default for TCP_OPT_FASTOPEN {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C, packed(1))]
#[derive(Clone, Copy, Default)]
pub struct TCP_OPT_MSS {
    pub Kind: u8,
    pub Length: u8,
    pub Mss: u16,
}
#[repr(C, packed(1))]
#[derive(Clone, Copy)]
pub struct TCP_OPT_SACK {
    pub Kind: u8,
    pub Length: u8,
    pub Block: [TCP_OPT_SACK_0; 1],
}
impl Default for TCP_OPT_SACK {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C, packed(1))]
#[derive(Clone, Copy, Default)]
pub struct TCP_OPT_SACK_0 {
    pub Left: u32,
    pub Right: u32,
}
#[repr(C, packed(1))]
#[derive(Clone, Copy, Default)]
pub struct TCP_OPT_SACK_PERMITTED {
    pub Kind: u8,
    pub Length: u8,
}
#[repr(C, packed(1))]
#[derive(Clone, Copy, Default)]
pub struct TCP_OPT_TS {
    pub Kind: u8,
    pub Length: u8,
    pub Val: u32,
    pub EcR: u32,
}
#[repr(C, packed(1))]
#[derive(Clone, Copy, Default)]
pub struct TCP_OPT_UNKNOWN {
    pub Kind: u8,
    pub Length: u8,
}
#[repr(C, packed(1))]
#[derive(Clone, Copy, Default)]
pub struct TCP_OPT_WS {
    pub Kind: u8,
    pub Length: u8,
    pub ShiftCnt: u8,
}
pub const TCP_STDURG: i32 = 6i32;
pub const TCP_TIMESTAMPS: i32 = 10i32;
pub const TF_REUSE_SOCKET: u32 = 2u32;
pub const TH_ACK: u32 = 16u32;
pub const TH_CWR: u32 = 128u32;
pub const TH_ECE: u32 = 64u32;
pub const TH_FIN: u32 = 1u32;
pub const TH_NETDEV: u32 = 1u32;
pub const TH_OPT_EOL: u32 = 0u32;
pub const TH_OPT_FASTOPEN: u32 = 34u32;
pub const TH_OPT_MSS: u32 = 2u32;
pub const TH_OPT_NOP: u32 = 1u32;
pub const TH_OPT_SACK: u32 = 5u32;
pub const TH_OPT_SACK_PERMITTED: u32 = 4u32;
pub const TH_OPT_TS: u32 = 8u32;
pub const TH_OPT_WS: u32 = 3u32;
pub const TH_PSH: u32 = 8u32;
pub const TH_RST: u32 = 4u32;
pub const TH_SYN: u32 = 2u32;
pub const TH_TAPI: u32 = 2u32;
pub const TH_URG: u32 = 32u32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct TIMEVAL {
    pub tv_sec: i32,
    pub tv_usec: i32,
}
pub const TRUE: BOOL = 1i32;
pub type WAIT_EVENT = u32;
pub const WAIT_FAILED: WAIT_EVENT = 4294967295u32;
pub const WAIT_IO_COMPLETION: WAIT_EVENT = 192u32;
pub const WAIT_OBJECT_0: WAIT_EVENT = 0u32;
pub const WAIT_TIMEOUT: WAIT_EVENT = 258u32;
pub type WIN32_ERROR = u32;
pub type WINSOCK_SHUTDOWN_HOW = i32;
pub type WINSOCK_SOCKET_TYPE = i32;
pub type WPARAM = usize;
pub const WSABASEERR: WSA_ERROR = 10000i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSABUF {
    pub len: u32,
    pub buf: PSTR,
}
impl Default for WSABUF {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[cfg(target_arch = "x86")]
#[derive(Clone, Copy)]
pub struct WSADATA {
    pub wVersion: u16,
    pub wHighVersion: u16,
    pub szDescription: [i8; 257],
    pub szSystemStatus: [i8; 129],
    pub iMaxSockets: u16,
    pub iMaxUdpDg: u16,
    pub lpVendorInfo: PSTR,
}
#[cfg(target_arch = "x86")]
impl Default for WSADATA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
#[derive(Clone, Copy)]
pub struct WSADATA {
    pub wVersion: u16,
    pub wHighVersion: u16,
    pub iMaxSockets: u16,
    pub iMaxUdpDg: u16,
    pub lpVendorInfo: PSTR,
    pub szDescription: [i8; 257],
    pub szSystemStatus: [i8; 129],
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm64ec", target_arch = "x86_64"))]
impl Default for WSADATA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const WSADESCRIPTION_LEN: u32 = 256u32;
pub const WSAEACCES: WSA_ERROR = 10013i32;
pub const WSAEADDRINUSE: WSA_ERROR = 10048i32;
pub const WSAEADDRNOTAVAIL: WSA_ERROR = 10049i32;
pub const WSAEAFNOSUPPORT: WSA_ERROR = 10047i32;
pub const WSAEALREADY: WSA_ERROR = 10037i32;
pub const WSAEBADF: WSA_ERROR = 10009i32;
pub const WSAECANCELLED: WSA_ERROR = 10103i32;
pub type WSAECOMPARATOR = i32;
pub const WSAECONNABORTED: WSA_ERROR = 10053i32;
pub const WSAECONNREFUSED: WSA_ERROR = 10061i32;
pub const WSAECONNRESET: WSA_ERROR = 10054i32;
pub const WSAEDESTADDRREQ: WSA_ERROR = 10039i32;
pub const WSAEDISCON: WSA_ERROR = 10101i32;
pub const WSAEDQUOT: WSA_ERROR = 10069i32;
pub const WSAEFAULT: WSA_ERROR = 10014i32;
pub const WSAEHOSTDOWN: WSA_ERROR = 10064i32;
pub const WSAEHOSTUNREACH: WSA_ERROR = 10065i32;
pub const WSAEINPROGRESS: WSA_ERROR = 10036i32;
pub const WSAEINTR: WSA_ERROR = 10004i32;
pub const WSAEINVAL: WSA_ERROR = 10022i32;
pub const WSAEINVALIDPROCTABLE: WSA_ERROR = 10104i32;
pub const WSAEINVALIDPROVIDER: WSA_ERROR = 10105i32;
pub const WSAEISCONN: WSA_ERROR = 10056i32;
pub const WSAELOOP: WSA_ERROR = 10062i32;
pub const WSAEMFILE: WSA_ERROR = 10024i32;
pub const WSAEMSGSIZE: WSA_ERROR = 10040i32;
pub const WSAENAMETOOLONG: WSA_ERROR = 10063i32;
pub const WSAENETDOWN: WSA_ERROR = 10050i32;
pub const WSAENETRESET: WSA_ERROR = 10052i32;
pub const WSAENETUNREACH: WSA_ERROR = 10051i32;
pub const WSAENOBUFS: WSA_ERROR = 10055i32;
pub const WSAENOMORE: WSA_ERROR = 10102i32;
pub const WSAENOPROTOOPT: WSA_ERROR = 10042i32;
pub const WSAENOTCONN: WSA_ERROR = 10057i32;
pub const WSAENOTEMPTY: WSA_ERROR = 10066i32;
pub const WSAENOTSOCK: WSA_ERROR = 10038i32;
pub const WSAEOPNOTSUPP: WSA_ERROR = 10045i32;
pub const WSAEPFNOSUPPORT: WSA_ERROR = 10046i32;
pub const WSAEPROCLIM: WSA_ERROR = 10067i32;
pub const WSAEPROTONOSUPPORT: WSA_ERROR = 10043i32;
pub const WSAEPROTOTYPE: WSA_ERROR = 10041i32;
pub const WSAEPROVIDERFAILEDINIT: WSA_ERROR = 10106i32;
pub const WSAEREFUSED: WSA_ERROR = 10112i32;
pub const WSAEREMOTE: WSA_ERROR = 10071i32;
pub type WSAESETSERVICEOP = i32;
pub const WSAESHUTDOWN: WSA_ERROR = 10058i32;
pub const WSAESOCKTNOSUPPORT: WSA_ERROR = 10044i32;
pub const WSAESTALE: WSA_ERROR = 10070i32;
pub const WSAETIMEDOUT: WSA_ERROR = 10060i32;
pub const WSAETOOMANYREFS: WSA_ERROR = 10059i32;
pub const WSAEUSERS: WSA_ERROR = 10068i32;
pub type WSAEVENT = isize;
pub const WSAEWOULDBLOCK: WSA_ERROR = 10035i32;
pub const WSAHOST_NOT_FOUND: WSA_ERROR = 11001i32;
pub const WSAID_ACCEPTEX: GUID = GUID::from_u128(0xb5367df1_cbac_11cf_95ca_00805f48a192);
pub const WSAID_CONNECTEX: GUID = GUID::from_u128(
    0x25a207b9_ddf3_4660_8ee9_76e58c74063e,
);
pub const WSAID_DISCONNECTEX: GUID = GUID::from_u128(
    0x7fda2e11_8630_436f_a031_f536a6eec157,
);
pub const WSAID_GETACCEPTEXSOCKADDRS: GUID = GUID::from_u128(
    0xb5367df2_cbac_11cf_95ca_00805f48a192,
);
pub const WSAID_MULTIPLE_RIO: GUID = GUID::from_u128(
    0x8509e081_96dd_4005_b165_9e2ee8c79e3f,
);
pub const WSAID_TRANSMITFILE: GUID = GUID::from_u128(
    0xb5367df0_cbac_11cf_95ca_00805f48a192,
);
pub const WSAID_TRANSMITPACKETS: GUID = GUID::from_u128(
    0xd9689da0_1f90_11d3_9971_00c04f68c876,
);
pub const WSAID_WSAPOLL: GUID = GUID::from_u128(0x18c76f85_dc66_4964_972e_23c27238312b);
pub const WSAID_WSARECVMSG: GUID = GUID::from_u128(
    0xf689d7c8_6f1f_436b_8a53_e54fe351c322,
);
pub const WSAID_WSASENDMSG: GUID = GUID::from_u128(
    0xa441e712_754f_43ca_84a7_0dee44cf606d,
);
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSAMSG {
    pub name: *mut SOCKADDR,
    pub namelen: i32,
    pub lpBuffers: *mut WSABUF,
    pub dwBufferCount: u32,
    pub Control: WSABUF,
    pub dwFlags: u32,
}
impl Default for WSAMSG {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSANAMESPACE_INFOA {
    pub NSProviderId: GUID,
    pub dwNameSpace: u32,
    pub fActive: BOOL,
    pub dwVersion: u32,
    pub lpszIdentifier: PSTR,
}
impl Default for WSANAMESPACE_INFOA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSANAMESPACE_INFOEXA {
    pub NSProviderId: GUID,
    pub dwNameSpace: u32,
    pub fActive: BOOL,
    pub dwVersion: u32,
    pub lpszIdentifier: PSTR,
    pub ProviderSpecific: BLOB,
}
impl Default for WSANAMESPACE_INFOEXA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSANAMESPACE_INFOEXW {
    pub NSProviderId: GUID,
    pub dwNameSpace: u32,
    pub fActive: BOOL,
    pub dwVersion: u32,
    pub lpszIdentifier: PWSTR,
    pub ProviderSpecific: BLOB,
}
impl Default for WSANAMESPACE_INFOEXW {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSANAMESPACE_INFOW {
    pub NSProviderId: GUID,
    pub dwNameSpace: u32,
    pub fActive: BOOL,
    pub dwVersion: u32,
    pub lpszIdentifier: PWSTR,
}
impl Default for WSANAMESPACE_INFOW {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSANETWORKEVENTS {
    pub lNetworkEvents: i32,
    pub iErrorCode: [i32; 10],
}
impl Default for WSANETWORKEVENTS {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const WSANOTINITIALISED: WSA_ERROR = 10093i32;
pub const WSANO_DATA: WSA_ERROR = 11004i32;
pub const WSANO_RECOVERY: WSA_ERROR = 11003i32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSANSCLASSINFOA {
    pub lpszName: PSTR,
    pub dwNameSpace: u32,
    pub dwValueType: u32,
    pub dwValueSize: u32,
    pub lpValue: *mut core::ffi::c_void,
}
impl Default for WSANSCLASSINFOA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSANSCLASSINFOW {
    pub lpszName: PWSTR,
    pub dwNameSpace: u32,
    pub dwValueType: u32,
    pub dwValueSize: u32,
    pub lpValue: *mut core::ffi::c_void,
}
impl Default for WSANSCLASSINFOW {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSAPROTOCOLCHAIN {
    pub ChainLen: i32,
    pub ChainEntries: [u32; 7],
}
impl Default for WSAPROTOCOLCHAIN {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSAPROTOCOL_INFOA {
    pub dwServiceFlags1: u32,
    pub dwServiceFlags2: u32,
    pub dwServiceFlags3: u32,
    pub dwServiceFlags4: u32,
    pub dwProviderFlags: u32,
    pub ProviderId: GUID,
    pub dwCatalogEntryId: u32,
    pub ProtocolChain: WSAPROTOCOLCHAIN,
    pub iVersion: i32,
    pub iAddressFamily: i32,
    pub iMaxSockAddr: i32,
    pub iMinSockAddr: i32,
    pub iSocketType: i32,
    pub iProtocol: i32,
    pub iProtocolMaxOffset: i32,
    pub iNetworkByteOrder: i32,
    pub iSecurityScheme: i32,
    pub dwMessageSize: u32,
    pub dwProviderReserved: u32,
    pub szProtocol: [i8; 256],
}
impl Default for WSAPROTOCOL_INFOA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSAPROTOCOL_INFOW {
    pub dwServiceFlags1: u32,
    pub dwServiceFlags2: u32,
    pub dwServiceFlags3: u32,
    pub dwServiceFlags4: u32,
    pub dwProviderFlags: u32,
    pub ProviderId: GUID,
    pub dwCatalogEntryId: u32,
    pub ProtocolChain: WSAPROTOCOLCHAIN,
    pub iVersion: i32,
    pub iAddressFamily: i32,
    pub iMaxSockAddr: i32,
    pub iMinSockAddr: i32,
    pub iSocketType: i32,
    pub iProtocol: i32,
    pub iProtocolMaxOffset: i32,
    pub iNetworkByteOrder: i32,
    pub iSecurityScheme: i32,
    pub dwMessageSize: u32,
    pub dwProviderReserved: u32,
    pub szProtocol: [u16; 256],
}
impl Default for WSAPROTOCOL_INFOW {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const WSAPROTOCOL_LEN: u32 = 255u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSAQUERYSETA {
    pub dwSize: u32,
    pub lpszServiceInstanceName: PSTR,
    pub lpServiceClassId: *mut GUID,
    pub lpVersion: *mut WSAVERSION,
    pub lpszComment: PSTR,
    pub dwNameSpace: u32,
    pub lpNSProviderId: *mut GUID,
    pub lpszContext: PSTR,
    pub dwNumberOfProtocols: u32,
    pub lpafpProtocols: *mut AFPROTOCOLS,
    pub lpszQueryString: PSTR,
    pub dwNumberOfCsAddrs: u32,
    pub lpcsaBuffer: *mut CSADDR_INFO,
    pub dwOutputFlags: u32,
    pub lpBlob: *mut BLOB,
}
impl Default for WSAQUERYSETA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSAQUERYSETW {
    pub dwSize: u32,
    pub lpszServiceInstanceName: PWSTR,
    pub lpServiceClassId: *mut GUID,
    pub lpVersion: *mut WSAVERSION,
    pub lpszComment: PWSTR,
    pub dwNameSpace: u32,
    pub lpNSProviderId: *mut GUID,
    pub lpszContext: PWSTR,
    pub dwNumberOfProtocols: u32,
    pub lpafpProtocols: *mut AFPROTOCOLS,
    pub lpszQueryString: PWSTR,
    pub dwNumberOfCsAddrs: u32,
    pub lpcsaBuffer: *mut CSADDR_INFO,
    pub dwOutputFlags: u32,
    pub lpBlob: *mut BLOB,
}
impl Default for WSAQUERYSETW {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSASENDMSG {
    pub lpMsg: *mut WSAMSG,
    pub dwFlags: u32,
    pub lpNumberOfBytesSent: *mut u32,
    pub lpOverlapped: *mut OVERLAPPED,
    pub lpCompletionRoutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
}
impl Default for WSASENDMSG {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSASERVICECLASSINFOA {
    pub lpServiceClassId: *mut GUID,
    pub lpszServiceClassName: PSTR,
    pub dwCount: u32,
    pub lpClassInfos: *mut WSANSCLASSINFOA,
}
impl Default for WSASERVICECLASSINFOA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSASERVICECLASSINFOW {
    pub lpServiceClassId: *mut GUID,
    pub lpszServiceClassName: PWSTR,
    pub dwCount: u32,
    pub lpClassInfos: *mut WSANSCLASSINFOW,
}
impl Default for WSASERVICECLASSINFOW {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const WSASERVICE_NOT_FOUND: WSA_ERROR = 10108i32;
pub const WSASYSCALLFAILURE: WSA_ERROR = 10107i32;
pub const WSASYSNOTREADY: WSA_ERROR = 10091i32;
pub const WSASYS_STATUS_LEN: u32 = 128u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSATHREADID {
    pub ThreadHandle: HANDLE,
    pub Reserved: usize,
}
impl Default for WSATHREADID {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const WSATRY_AGAIN: WSA_ERROR = 11002i32;
pub const WSATYPE_NOT_FOUND: WSA_ERROR = 10109i32;
pub const WSAVERNOTSUPPORTED: WSA_ERROR = 10092i32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct WSAVERSION {
    pub dwVersion: u32,
    pub ecHow: WSAECOMPARATOR,
}
pub type WSA_COMPATIBILITY_BEHAVIOR_ID = i32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct WSA_COMPATIBILITY_MODE {
    pub BehaviorId: WSA_COMPATIBILITY_BEHAVIOR_ID,
    pub TargetOsVersion: u32,
}
pub type WSA_ERROR = i32;
pub const WSA_E_CANCELLED: WSA_ERROR = 10111i32;
pub const WSA_E_NO_MORE: WSA_ERROR = 10110i32;
pub const WSA_FLAG_ACCESS_SYSTEM_SECURITY: u32 = 64u32;
pub const WSA_FLAG_MULTIPOINT_C_LEAF: u32 = 4u32;
pub const WSA_FLAG_MULTIPOINT_C_ROOT: u32 = 2u32;
pub const WSA_FLAG_MULTIPOINT_D_LEAF: u32 = 16u32;
pub const WSA_FLAG_MULTIPOINT_D_ROOT: u32 = 8u32;
pub const WSA_FLAG_NO_HANDLE_INHERIT: u32 = 128u32;
pub const WSA_FLAG_OVERLAPPED: u32 = 1u32;
pub const WSA_FLAG_REGISTERED_IO: u32 = 256u32;
pub const WSA_INFINITE: u32 = 4294967295u32;
pub const WSA_INVALID_EVENT: WSAEVENT = 0i32 as _;
pub const WSA_INVALID_HANDLE: WSA_ERROR = 6i32;
pub const WSA_INVALID_PARAMETER: WSA_ERROR = 87i32;
pub const WSA_IO_INCOMPLETE: WSA_ERROR = 996i32;
pub const WSA_IO_PENDING: WSA_ERROR = 997i32;
pub const WSA_IPSEC_NAME_POLICY_ERROR: WSA_ERROR = 11033i32;
pub const WSA_MAXIMUM_WAIT_EVENTS: u32 = 64u32;
pub const WSA_NOT_ENOUGH_MEMORY: WSA_ERROR = 8i32;
pub const WSA_OPERATION_ABORTED: WSA_ERROR = 995i32;
pub const WSA_QOS_ADMISSION_FAILURE: WSA_ERROR = 11010i32;
pub const WSA_QOS_BAD_OBJECT: WSA_ERROR = 11013i32;
pub const WSA_QOS_BAD_STYLE: WSA_ERROR = 11012i32;
pub const WSA_QOS_EFILTERCOUNT: WSA_ERROR = 11021i32;
pub const WSA_QOS_EFILTERSTYLE: WSA_ERROR = 11019i32;
pub const WSA_QOS_EFILTERTYPE: WSA_ERROR = 11020i32;
pub const WSA_QOS_EFLOWCOUNT: WSA_ERROR = 11023i32;
pub const WSA_QOS_EFLOWDESC: WSA_ERROR = 11026i32;
pub const WSA_QOS_EFLOWSPEC: WSA_ERROR = 11017i32;
pub const WSA_QOS_EOBJLENGTH: WSA_ERROR = 11022i32;
pub const WSA_QOS_EPOLICYOBJ: WSA_ERROR = 11025i32;
pub const WSA_QOS_EPROVSPECBUF: WSA_ERROR = 11018i32;
pub const WSA_QOS_EPSFILTERSPEC: WSA_ERROR = 11028i32;
pub const WSA_QOS_EPSFLOWSPEC: WSA_ERROR = 11027i32;
pub const WSA_QOS_ESDMODEOBJ: WSA_ERROR = 11029i32;
pub const WSA_QOS_ESERVICETYPE: WSA_ERROR = 11016i32;
pub const WSA_QOS_ESHAPERATEOBJ: WSA_ERROR = 11030i32;
pub const WSA_QOS_EUNKOWNPSOBJ: WSA_ERROR = 11024i32;
pub const WSA_QOS_GENERIC_ERROR: WSA_ERROR = 11015i32;
pub const WSA_QOS_NO_RECEIVERS: WSA_ERROR = 11008i32;
pub const WSA_QOS_NO_SENDERS: WSA_ERROR = 11007i32;
pub const WSA_QOS_POLICY_FAILURE: WSA_ERROR = 11011i32;
pub const WSA_QOS_RECEIVERS: WSA_ERROR = 11005i32;
pub const WSA_QOS_REQUEST_CONFIRMED: WSA_ERROR = 11009i32;
pub const WSA_QOS_RESERVED_PETYPE: WSA_ERROR = 11031i32;
pub const WSA_QOS_SENDERS: WSA_ERROR = 11006i32;
pub const WSA_QOS_TRAFFIC_CTRL_ERROR: WSA_ERROR = 11014i32;
pub const WSA_SECURE_HOST_NOT_FOUND: WSA_ERROR = 11032i32;
pub const WSA_WAIT_EVENT_0: WSA_ERROR = 0i32;
pub const WSA_WAIT_FAILED: u32 = 4294967295u32;
pub const WSA_WAIT_IO_COMPLETION: WSA_ERROR = 192i32;
pub const WSA_WAIT_TIMEOUT: u32 = 258u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSC_PROVIDER_AUDIT_INFO {
    pub RecordSize: u32,
    pub Reserved: *mut core::ffi::c_void,
}
impl Default for WSC_PROVIDER_AUDIT_INFO {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub type WSC_PROVIDER_INFO_TYPE = i32;
pub const WSK_SO_BASE: u32 = 16384u32;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WSPDATA {
    pub wVersion: u16,
    pub wHighVersion: u16,
    pub szDescription: [u16; 256],
}
impl Default for WSPDATA {
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}
pub const WSPDESCRIPTION_LEN: u32 = 255u32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct WSPPROC_TABLE {
    pub lpWSPAccept: LPWSPACCEPT,
    pub lpWSPAddressToString: LPWSPADDRESSTOSTRING,
    pub lpWSPAsyncSelect: LPWSPASYNCSELECT,
    pub lpWSPBind: LPWSPBIND,
    pub lpWSPCancelBlockingCall: LPWSPCANCELBLOCKINGCALL,
    pub lpWSPCleanup: LPWSPCLEANUP,
    pub lpWSPCloseSocket: LPWSPCLOSESOCKET,
    pub lpWSPConnect: LPWSPCONNECT,
    pub lpWSPDuplicateSocket: LPWSPDUPLICATESOCKET,
    pub lpWSPEnumNetworkEvents: LPWSPENUMNETWORKEVENTS,
    pub lpWSPEventSelect: LPWSPEVENTSELECT,
    pub lpWSPGetOverlappedResult: LPWSPGETOVERLAPPEDRESULT,
    pub lpWSPGetPeerName: LPWSPGETPEERNAME,
    pub lpWSPGetSockName: LPWSPGETSOCKNAME,
    pub lpWSPGetSockOpt: LPWSPGETSOCKOPT,
    pub lpWSPGetQOSByName: LPWSPGETQOSBYNAME,
    pub lpWSPIoctl: LPWSPIOCTL,
    pub lpWSPJoinLeaf: LPWSPJOINLEAF,
    pub lpWSPListen: LPWSPLISTEN,
    pub lpWSPRecv: LPWSPRECV,
    pub lpWSPRecvDisconnect: LPWSPRECVDISCONNECT,
    pub lpWSPRecvFrom: LPWSPRECVFROM,
    pub lpWSPSelect: LPWSPSELECT,
    pub lpWSPSend: LPWSPSEND,
    pub lpWSPSendDisconnect: LPWSPSENDDISCONNECT,
    pub lpWSPSendTo: LPWSPSENDTO,
    pub lpWSPSetSockOpt: LPWSPSETSOCKOPT,
    pub lpWSPShutdown: LPWSPSHUTDOWN,
    pub lpWSPSocket: LPWSPSOCKET,
    pub lpWSPStringToAddress: LPWSPSTRINGTOADDRESS,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct WSPUPCALLTABLE {
    pub lpWPUCloseEvent: LPWPUCLOSEEVENT,
    pub lpWPUCloseSocketHandle: LPWPUCLOSESOCKETHANDLE,
    pub lpWPUCreateEvent: LPWPUCREATEEVENT,
    pub lpWPUCreateSocketHandle: LPWPUCREATESOCKETHANDLE,
    pub lpWPUFDIsSet: LPWPUFDISSET,
    pub lpWPUGetProviderPath: LPWPUGETPROVIDERPATH,
    pub lpWPUModifyIFSHandle: LPWPUMODIFYIFSHANDLE,
    pub lpWPUPostMessage: LPWPUPOSTMESSAGE,
    pub lpWPUQueryBlockingCallback: LPWPUQUERYBLOCKINGCALLBACK,
    pub lpWPUQuerySocketHandleContext: LPWPUQUERYSOCKETHANDLECONTEXT,
    pub lpWPUQueueApc: LPWPUQUEUEAPC,
    pub lpWPUResetEvent: LPWPURESETEVENT,
    pub lpWPUSetEvent: LPWPUSETEVENT,
    pub lpWPUOpenCurrentThread: LPWPUOPENCURRENTTHREAD,
    pub lpWPUCloseThread: LPWPUCLOSETHREAD,
}
pub const WSS_OPERATION_IN_PROGRESS: i32 = 259i32;
pub const XP1_CONNECTIONLESS: u32 = 1u32;
pub const XP1_CONNECT_DATA: u32 = 128u32;
pub const XP1_DISCONNECT_DATA: u32 = 256u32;
pub const XP1_EXPEDITED_DATA: u32 = 64u32;
pub const XP1_GRACEFUL_CLOSE: u32 = 32u32;
pub const XP1_GUARANTEED_DELIVERY: u32 = 2u32;
pub const XP1_GUARANTEED_ORDER: u32 = 4u32;
pub const XP1_IFS_HANDLES: u32 = 131072u32;
pub const XP1_INTERRUPT: u32 = 16384u32;
pub const XP1_MESSAGE_ORIENTED: u32 = 8u32;
pub const XP1_MULTIPOINT_CONTROL_PLANE: u32 = 2048u32;
pub const XP1_MULTIPOINT_DATA_PLANE: u32 = 4096u32;
pub const XP1_PARTIAL_MESSAGE: u32 = 262144u32;
pub const XP1_PSEUDO_STREAM: u32 = 16u32;
pub const XP1_QOS_SUPPORTED: u32 = 8192u32;
pub const XP1_SAN_SUPPORT_SDP: u32 = 524288u32;
pub const XP1_SUPPORT_BROADCAST: u32 = 512u32;
pub const XP1_SUPPORT_MULTIPOINT: u32 = 1024u32;
pub const XP1_UNI_RECV: u32 = 65536u32;
pub const XP1_UNI_SEND: u32 = 32768u32;
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct tcp_keepalive {
    pub onoff: u32,
    pub keepalivetime: u32,
    pub keepaliveinterval: u32,
}
