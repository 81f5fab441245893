//! Whom this process trusts: processes of its user that can do at least as much. Such a process could reach into this one anyway.

use std::os::windows::io::{AsRawHandle as _, OwnedHandle};
use std::ptr;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetSidSubAuthority, GetSidSubAuthorityCount, GetTokenInformation, PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES,
    TOKEN_INFORMATION_CLASS, TOKEN_MANDATORY_LABEL, TOKEN_QUERY, TOKEN_USER, TokenIntegrityLevel, TokenUser,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};
use wsp::transport::Fault;

use super::{last, made, wide};

/// Whose a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    /// Its user, as text.
    user: String,
    /// How much it can do: its integrity level.
    level: u32,
}

/// This process's.
fn own() -> Result<&'static Identity, Fault> {
    static OWN: OnceLock<Result<Identity, Fault>> = OnceLock::new();
    // SAFETY: the handle of this process, which needs not be closed.
    OWN.get_or_init(|| unsafe { identity(GetCurrentProcess()) }).as_ref().map_err(|fault| *fault)
}

/// Is it a process that this one trusts?
pub fn trusts(process: u32) -> bool {
    if process == std::process::id() {
        return true;
    }
    // SAFETY: the handle is new, and ours alone.
    let other = unsafe { made(OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, process)) };
    // SAFETY: a good handle with the right to ask.
    let other = other.and_then(|other| unsafe { identity(other.as_raw_handle()) });
    match (own(), other) {
        (Ok(own), Ok(other)) => own.user == other.user && own.level <= other.level,
        _ => false,
    }
}

/// Lets only processes open a pipe that this one trusts.
///
/// # Errors
/// This process's user cannot be found out.
pub fn attributes() -> Result<SECURITY_ATTRIBUTES, Fault> {
    static DESCRIPTOR: OnceLock<Result<usize, Fault>> = OnceLock::new();
    let descriptor = (*DESCRIPTOR.get_or_init(|| {
        let Identity { user, level } = own()?;
        // The user may do everything, and nobody else anything; less trusted processes of the user may not write.
        let text = wide(&format!("D:P(A;;GA;;;{user})S:(ML;;NW;;;S-1-16-{level})"));
        let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
        // SAFETY: the text ends with a zero, the pointer is to a local. What it makes is never freed.
        let made = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                ptr::null_mut(),
            )
        };
        if made == 0 { Err(last()) } else { Ok(descriptor as usize) }
    }))?;
    Ok(SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor as PSECURITY_DESCRIPTOR,
        bInheritHandle: 0,
    })
}

/// Whose a process is.
///
/// # Safety
/// A good handle, with the right to ask.
unsafe fn identity(process: HANDLE) -> Result<Identity, Fault> {
    let mut token = ptr::null_mut();
    // SAFETY: the handle is good by the caller's word, the pointer is to a local.
    let opened = unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) };
    if opened == 0 {
        return Err(last());
    }
    // SAFETY: the handle is new, and ours alone.
    let token = unsafe { made(token) }?;
    let (user, level) = (ask(&token, TokenUser)?, ask(&token, TokenIntegrityLevel)?);
    // SAFETY: the system has filled the buffers, which are aligned for these structures and large enough, with them; what they
    // point to lies in the same buffer.
    let (user, level) = unsafe {
        let (user, level) = (user.as_ptr().cast::<TOKEN_USER>(), level.as_ptr().cast::<TOKEN_MANDATORY_LABEL>());
        ((*user).User.Sid, last_number((*level).Label.Sid))
    };
    // SAFETY: the user's identifier lies in a buffer that is still there.
    Ok(Identity { user: unsafe { text(user) }?, level })
}

/// What a token says of something.
fn ask(token: &OwnedHandle, what: TOKEN_INFORMATION_CLASS) -> Result<Vec<u64>, Fault> {
    // An identifier has at most 68 bytes, and a pointer to it comes before.
    let mut buffer = vec![0_u64; 16];
    let (mut length, size) = (0, size_of_val(&buffer[..]) as u32);
    // SAFETY: the pointers are to a buffer of the size stated and to a local.
    let got =
        unsafe { GetTokenInformation(token.as_raw_handle(), what, buffer.as_mut_ptr().cast(), size, &raw mut length) };
    if got == 0 { Err(last()) } else { Ok(buffer) }
}

/// The last part of an identifier.
///
/// # Safety
/// A good identifier.
unsafe fn last_number(sid: PSID) -> u32 {
    // SAFETY: the identifier is good by the caller's word; it has at least one part.
    unsafe { *GetSidSubAuthority(sid, u32::from((*GetSidSubAuthorityCount(sid)).saturating_sub(1))) }
}

/// An identifier as text.
///
/// # Safety
/// A good identifier.
unsafe fn text(sid: PSID) -> Result<String, Fault> {
    let mut text: *mut u16 = ptr::null_mut();
    // SAFETY: the identifier is good by the caller's word, the pointer is to a local.
    if unsafe { ConvertSidToStringSidW(sid, &raw mut text) } == 0 {
        return Err(last());
    }
    // SAFETY: the system has made a text that ends with a zero, which is freed behind this and not used after.
    unsafe {
        let length = (0..).take_while(|&at| *text.add(at) != 0).count();
        let copied = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(copied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_trusts_itself_and_nobody_unknown() {
        assert!(trusts(std::process::id()));
        assert!(!trusts(0));
        assert!(attributes().is_ok_and(|attributes| !attributes.lpSecurityDescriptor.is_null()));
    }
}
