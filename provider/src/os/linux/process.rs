//! Other processes: copying from and to their memory, and whether they live; and the addresses of the machine.

use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use wsp::transport::{Fault, Region};

use super::pieces::Pieces;
pub use crate::os::common::Direction;

/// Who is at the other end of a local socket, by the kernel's word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The process; 0 if it cannot be named here.
    pub process: i32,
    /// Its user.
    pub user: u32,
}

/// Who called `connect`, `listen` or `socketpair` for the other end.
pub fn credentials(socket: impl AsFd) -> Result<Credentials, Fault> {
    let mut raw = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut size = size_of::<libc::ucred>() as libc::socklen_t;
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the pointers are to locals of the sizes stated.
    let answer = unsafe {
        libc::getsockopt(descriptor, libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut raw).cast(), &raw mut size)
    };
    if answer == 0 {
        Ok(Credentials { process: raw.pid, user: raw.uid })
    } else {
        Err(Fault::from(std::io::Error::last_os_error()))
    }
}

/// This process.
pub fn own() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// A number that is not easily met again. Nothing secret depends on it.
pub fn random() -> u64 {
    RandomState::new().hash_one(own())
}

impl Credentials {
    /// May it give us something? It is of our user or the system's.
    pub fn may_give(&self) -> bool {
        self.user == 0 || self.is_our_user()
    }

    fn is_our_user(&self) -> bool {
        self.user == rustix::process::geteuid().as_raw()
    }
}

/// Does the process live? One that has ended does not, though its parent may not have asked for its end yet.
pub fn alive(process: i32) -> bool {
    let Some(process) = rustix::process::Pid::from_raw(process) else { return false };
    match rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty()) {
        Ok(descriptor) => !super::socket::readable(descriptor, Duration::ZERO),
        Err(rustix::io::Errno::SRCH) => false,
        // No descriptor to be had: then only whether it has a number still. Not allowed to signal it is alive, too.
        Err(_) => rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH),
    }
}

/// The memory of another process, or of this one.
#[derive(Debug, Clone)]
pub struct Memory(i32);

impl Memory {
    /// The memory of a process of our user.
    pub fn of(who: &Credentials) -> Option<Self> {
        who.is_our_user().then_some(Self(who.process))
    }

    /// Copies between pieces of our memory and one run of the other process's. Returns how many bytes were copied, which is
    /// fewer than the pieces have if some memory is not there.
    ///
    /// # Errors
    /// The system does not allow it, or the process or the first byte is not there.
    pub fn copy(&self, direction: Direction, ours: impl Iterator<Item = Region>, theirs: u64) -> Result<usize, Fault> {
        let mut ours = ours.peekable();
        let (mut address, mut copied) = (theirs, 0);
        while ours.peek().is_some() {
            let mut local = Pieces::default();
            while let Some(region) = ours.next_if(|_| !local.full()) {
                local.push(region.as_ptr().cast(), region.len());
            }
            let mut remote = Pieces::default();
            remote.push(address as *mut libc::c_void, local.len());
            let moved = vector(self.0, direction, &local, &remote)?;
            copied += moved;
            address = address.wrapping_add(moved as u64);
            if moved < local.len() {
                break;
            }
        }
        Ok(copied)
    }

    /// Reads from the other process into pieces of our memory, if the process is the one that has `known.1` at address `known.0`.
    /// The answer is as for [`copy`](Self::copy).
    ///
    /// # Errors
    /// As for [`copy`](Self::copy), or it is another process.
    pub fn copy_known(
        &self,
        known: (u64, u64),
        ours: impl Iterator<Item = Region>,
        theirs: u64,
    ) -> Result<usize, Fault> {
        let mut ours = ours.peekable();
        let mut word = 0_u64;
        let mut local = Pieces::default();
        local.push((&raw mut word).cast(), 8);
        while let Some(region) = ours.next_if(|_| !local.full()) {
            local.push(region.as_ptr().cast(), region.len());
        }
        let wanted = local.len() - 8;
        let mut remote = Pieces::default();
        remote.push(known.0 as *mut libc::c_void, 8);
        remote.push(theirs as *mut libc::c_void, wanted);
        let moved = vector(self.0, Direction::Read, &local, &remote)?;
        if moved < 8 || word != known.1 {
            return Err(Fault::Access);
        }
        match moved - 8 {
            all if all == wanted => Ok(all + self.copy(Direction::Read, ours, theirs.wrapping_add(all as u64))?),
            some => Ok(some),
        }
    }

    /// Reads one word of the other process.
    pub fn read_word(&self, address: u64) -> Result<u64, Fault> {
        let mut word = 0_u64;
        let (mut local, mut remote) = (Pieces::default(), Pieces::default());
        local.push((&raw mut word).cast(), 8);
        remote.push(address as *mut libc::c_void, 8);
        match vector(self.0, Direction::Read, &local, &remote)? {
            8 => Ok(word),
            _ => Err(Fault::Access),
        }
    }
}

fn vector(process: i32, direction: Direction, local: &Pieces, remote: &Pieces) -> Result<usize, Fault> {
    let call = match direction {
        Direction::Read => libc::process_vm_readv,
        Direction::Write => libc::process_vm_writev,
    };
    let (ours, theirs) = (local.as_slice(), remote.as_slice());
    let (our_count, their_count) = (ours.len() as libc::c_ulong, theirs.len() as libc::c_ulong);
    // SAFETY: the local pieces are regions, which are good for the access by their maker's word, or a local of the caller's. The
    // kernel checks the addresses of the other process; a wrong one is an error and no access.
    let moved = unsafe { call(process, ours.as_ptr(), our_count, theirs.as_ptr(), their_count, 0) };
    usize::try_from(moved).map_err(|_| Fault::Access)
}

/// The IPv4 addresses of the machine's interfaces.
pub fn addresses() -> Vec<Ipv4Addr> {
    let mut first: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: the pointer is to a local.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return vec![Ipv4Addr::LOCALHOST];
    }
    let mut found = Vec::new();
    let mut entry = first;
    while !entry.is_null() {
        // SAFETY: an entry of the list that the system made, which is freed below only.
        let (address, next) = unsafe { ((*entry).ifa_addr, (*entry).ifa_next) };
        // SAFETY: a socket address says its family first.
        if !address.is_null() && i32::from(unsafe { (*address).sa_family }) == libc::AF_INET {
            // SAFETY: an address of that family is so large; it need not be aligned.
            let inet = unsafe { address.cast::<libc::sockaddr_in>().read_unaligned() };
            found.push(Ipv4Addr::from(u32::from_be(inet.sin_addr.s_addr)));
        }
        entry = next;
    }
    // SAFETY: the list that `getifaddrs` made, whose entries are not used any more.
    unsafe { libc::freeifaddrs(first) };
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_has_ended_lives_no_more_though_nobody_has_asked() {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let process = i32::try_from(child.id()).unwrap();
        // Ended, and its number still its own.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_raw(process).unwrap()), options).unwrap();
        assert!(!alive(process));
        assert!(alive(own()));
        child.wait().unwrap();
        assert!(!alive(process));
    }
}
