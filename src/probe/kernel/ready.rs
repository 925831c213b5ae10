//! Which of several sockets is ready?

use std::time::Instant;

use nix::errno::Errno as Number;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::socket::{Socket, leave};
use crate::timeline::Purpose;

/// Waits until one of several sockets is ready or the time has come: what each is ready for.
pub(super) fn wait(
    sockets: &[&Socket],
    awaited: PollFlags,
    until: Option<Instant>,
) -> Result<Vec<PollFlags>, Number> {
    let Some(first) = sockets.first() else { return Ok(Vec::new()) };
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    // Whole milliseconds, rounded up: who waits till just before the time comes waits again.
    let left =
        left.map(|left| i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX));
    let timeout =
        left.and_then(|left| PollTimeout::try_from(left).ok()).unwrap_or(PollTimeout::NONE);
    let numbers: Vec<String> = sockets.iter().map(|socket| socket.raw().to_string()).collect();
    let what = if awaited == PollFlags::POLLIN { "POLLIN" } else { "POLLOUT" };
    let limit = left.map_or("no limit".to_owned(), |left| format!("{left} ms"));
    let words = format!("{} for {what}, {limit}", numbers.join(" and "));
    let mut polled: Vec<PollFd<'_>> =
        sockets.iter().filter_map(|it| it.borrow()).map(|fd| PollFd::new(fd, awaited)).collect();
    let mut call = first.enter("poll", Purpose::Fetch, words);
    if sockets.len() > 1 {
        (call.descriptor, call.local, call.remote) = (None, None, None);
    }
    let result = match poll(&mut polled, timeout) {
        // A signal for somebody else: nobody is ready, and whoever waits comes back.
        Err(Number::EINTR) => Ok(0),
        result => result,
    };
    leave(&mut call);
    first.tell(call, result.map(i64::from));
    result?;
    let ready = |it: &PollFd<'_>| it.revents().unwrap_or(PollFlags::empty());
    Ok(polled.iter().map(ready).collect())
}
