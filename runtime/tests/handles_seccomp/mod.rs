//! Makes the kernel refuse membarrier, as old kernels and sandboxes do.

/// From now on, membarrier fails with ENOSYS on the calling thread and on those that it starts.
pub fn refuse_membarrier() {
    use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
    let op = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut program = [
        // The system call's number is the first field of what the filter sees.
        op(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0),
        op(BPF_JMP | BPF_JEQ | BPF_K, libc::SYS_membarrier as u32, 0, 1),
        op(BPF_RET | BPF_K, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32, 0, 0),
        op(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the first call takes integers only; the second reads the filter, which lives until it returns.
    let result = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            | libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter)
    };
    assert_eq!(result, 0, "cannot install the filter: {}", std::io::Error::last_os_error());
    // SAFETY: membarrier touches no memory of the caller; 0 is its query command.
    let refused = unsafe { libc::syscall(libc::SYS_membarrier, 0, 0, 0) };
    assert_eq!(refused, -1, "the filter has no effect");
}
