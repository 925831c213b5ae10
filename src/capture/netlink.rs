//! What does the kernel answer to one question over netlink?

use std::io;
use std::os::fd::AsFd;

use netlink_packet_core::{
    NetlinkDeserializable, NetlinkHeader, NetlinkSerializable, NlasIterator,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno as Number;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::timeline::Errno;

/// Everything of a kind, instead of one.
pub(crate) const DUMP: u16 = 0x300;
const REQUEST: u16 = 1;

const ERROR: u16 = 2;
const DONE: u16 = 3;
const HEADER: usize = 16;

/// How long the kernel may take, in milliseconds: it answers at once or not at all.
const PATIENCE: u16 = 2000;

/// Answers to one question; a machine with more rows than this has them cut off.
const ANSWERS: usize = 1 << 20;

/// Asks one question; each answer is its type and what follows the header.
pub(crate) fn ask(
    protocol: isize,
    kind: u16,
    flags: u16,
    payload: &[u8],
) -> io::Result<Vec<(u16, Vec<u8>)>> {
    let mut socket = Socket::new(protocol)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.set_non_blocking(true)?;
    let len = u32::try_from(HEADER + payload.len()).unwrap_or(u32::MAX);
    let mut question = Vec::with_capacity(HEADER + payload.len());
    question.extend(len.to_ne_bytes());
    question.extend(kind.to_ne_bytes());
    question.extend((REQUEST | flags).to_ne_bytes());
    question.extend([1_u32.to_ne_bytes(), [0; 4]].concat());
    question.extend(payload);
    socket.send(&question, 0)?;

    let mut answers = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while answers.len() < ANSWERS {
        let count = wait(&socket, &mut buffer)?;
        let mut rest = buffer.get(..count).unwrap_or_default();
        while let Some((kind, payload, behind)) = message(rest) {
            rest = behind;
            match kind {
                DONE => return Ok(answers),
                ERROR => match i32::from_ne_bytes(*payload.first_chunk().unwrap_or(&[0; 4])) {
                    0 => return Ok(answers),
                    error => return Err(io::Error::from_raw_os_error(error.wrapping_neg())),
                },
                _ => answers.push((kind, payload.to_vec())),
            }
        }
        if flags & DUMP == 0 && !answers.is_empty() {
            break;
        }
    }
    Ok(answers)
}

fn wait(socket: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match socket.recv(&mut &mut *buffer, 0) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            answer => return answer,
        }
        if !is_ready(socket, PATIENCE)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

/// Whether something came within so many milliseconds.
pub(crate) fn is_ready(socket: &Socket, milliseconds: u16) -> io::Result<bool> {
    let mut polled = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    match poll(&mut polled, PollTimeout::from(milliseconds)) {
        Ok(count) => Ok(count > 0),
        // A signal; whoever waits comes back.
        Err(Number::EINTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// The first message of several, and what is behind it.
pub(crate) fn message(octets: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let len = u32::from_ne_bytes(*octets.first_chunk()?) as usize;
    let kind = u16::from_ne_bytes(*octets.get(4..)?.first_chunk()?);
    let payload = octets.get(HEADER..len)?;
    Some((kind, payload, octets.get(len.next_multiple_of(4)..).unwrap_or_default()))
}

/// Asks rtnetlink. What this crate's reader of messages cannot read is left out.
pub(crate) fn route(
    question: &RouteNetlinkMessage,
    flags: u16,
) -> io::Result<Vec<RouteNetlinkMessage>> {
    let mut payload = vec![0; question.buffer_len()];
    question.serialize(&mut payload);
    let answers = ask(NETLINK_ROUTE, question.message_type(), flags, &payload)?;
    let read = |(kind, payload): &(u16, Vec<u8>)| read_route(*kind, payload);
    Ok(answers.iter().filter_map(read).collect())
}

/// A message of rtnetlink.
pub(crate) fn read_route(kind: u16, payload: &[u8]) -> Option<RouteNetlinkMessage> {
    let mut header = NetlinkHeader::default();
    header.message_type = kind;
    RouteNetlinkMessage::deserialize(&header, payload).ok()
}

/// The attributes that follow a fixed header: each its type and its octets.
pub(crate) fn attributes(octets: &[u8]) -> impl Iterator<Item = (u16, Vec<u8>)> {
    NlasIterator::new(octets)
        .map_while(Result::ok)
        .map(|attribute| (attribute.kind(), attribute.value().to_vec()))
}

/// An error by its number, in the kernel's names.
pub(crate) fn errno(number: i32) -> Errno {
    let known = Number::from_raw(number);
    Errno { number, name: format!("{known:?}").into(), sentence: known.desc() }
}

/// The same of an error that an ask gave.
pub(crate) fn errno_of(error: &io::Error) -> Errno {
    errno(error.raw_os_error().unwrap_or(Number::ETIMEDOUT as i32))
}
