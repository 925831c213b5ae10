//! `getsockopt(TCP_INFO)`, of which every kernel gives as many octets as it knows.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno as Number;

/// More than any kernel gives: 280 octets in Linux 6.18.
const ROOM: usize = 512;

/// The octets of `struct tcp_info` that this kernel has.
///
/// No crate offers it: nix's `getsockopt` wants a length known beforehand and panics at another, and
/// `sock_diag` no longer knows a socket that was reset.
#[expect(
    unsafe_code,
    reason = "the only call that no crate makes with a length that the kernel chooses"
)]
pub fn tcp_info(descriptor: BorrowedFd<'_>) -> Result<Vec<u8>, Number> {
    let mut octets = vec![0_u8; ROOM];
    let mut len = ROOM as libc::socklen_t;
    // SAFETY: the descriptor is open while it is borrowed; the kernel writes at most `len` octets to a buffer
    // that has as many, all initialized, and puts into `len` how many it wrote. Both outlive the call.
    let result = unsafe {
        libc::getsockopt(
            descriptor.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            octets.as_mut_ptr().cast(),
            &raw mut len,
        )
    };
    Number::result(result)?;
    octets.truncate(len as usize);
    Ok(octets)
}
