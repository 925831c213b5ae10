//! Which rules do name servers break?

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::lab::Space;

pub(crate) const WRONG_ID: &str = "198.51.100.70";
pub(crate) const WRONG_QUESTION: &str = "198.51.100.71";
pub(crate) const REFUSES: &str = "198.51.100.72";
/// Fails, and says why (RFC 8914).
pub(crate) const FAILS: &str = "198.51.100.73";
pub(crate) const SILENT: &str = "198.51.100.74";
/// Always says that there is more over TCP, where nobody listens.
pub(crate) const CUT: &str = "198.51.100.75";
/// Says that there is more over TCP, and answers there.
pub(crate) const OVER_TCP: &str = "198.51.100.76";
/// Answers as it should, a while later.
pub(crate) const SLOW: &str = "198.51.100.77";
pub(crate) const SLOWNESS: Duration = Duration::from_millis(300);
/// Nobody listens on port 53 there.
pub(crate) const NOBODY: &str = "198.51.100.80";

/// What is answered to a question, given without what follows it (EDNS).
type Answer = fn(&[u8]) -> Vec<u8>;

const SERVERS: [(&str, Answer); 8] = [
    (WRONG_ID, |question| {
        let mut answer = address(question);
        answer[0] ^= 0x55;
        answer
    }),
    (WRONG_QUESTION, |question| {
        let mut answer = address(question);
        // The first letter of the name is another.
        answer[13] = if answer[13] == b'q' { b'z' } else { b'q' };
        answer
    }),
    (REFUSES, |question| reply(question, 0, 5)),
    (FAILS, |question| {
        let mut answer = reply(question, 0, 2);
        let text = b"the zone's signatures ran out";
        answer[11] = 1;
        // OPT with one option, EDE 7: signature expired.
        answer.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 6 + text.len() as u8]);
        answer.extend([0, 15, 0, 2 + text.len() as u8, 0, 7]);
        answer.extend(text);
        answer
    }),
    (SILENT, |_| Vec::new()),
    (CUT, |question| reply(question, 0x02, 0)),
    (OVER_TCP, |question| reply(question, 0x02, 0)),
    (SLOW, address),
];

pub(super) fn serve(space: &Space) {
    for (at, answer) in SERVERS {
        let socket = space.on(|| UdpSocket::bind((at, 53))).expect("port 53");
        thread::spawn(move || {
            let mut room = [0; 1500];
            while let Ok((count, from)) = socket.recv_from(&mut room) {
                let answer = answered(&room[..count], answer);
                let socket = socket.try_clone().expect("a handle");
                // Each has a thread: one that is slow does not keep the next from being heard.
                thread::spawn(move || {
                    thread::sleep(if at == SLOW { SLOWNESS } else { Duration::ZERO });
                    send(&socket, from, &answer);
                });
            }
        });
    }
    let listener = space.on(|| TcpListener::bind((OVER_TCP, 53))).expect("port 53");
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut len = [0; 2];
            while stream.read_exact(&mut len).is_ok() {
                let mut question = vec![0; usize::from(u16::from_be_bytes(len))];
                if stream.read_exact(&mut question).is_err() {
                    break;
                }
                let answer = answered(&question, address);
                let len = (answer.len() as u16).to_be_bytes();
                if stream.write_all(&[&len[..], &answer].concat()).is_err() {
                    break;
                }
            }
        }
    });
}

fn send(socket: &UdpSocket, to: SocketAddr, answer: &[u8]) {
    if !answer.is_empty() {
        _ = socket.send_to(answer, to);
    }
}

/// Nothing for what is no question.
fn answered(message: &[u8], answer: Answer) -> Vec<u8> {
    let Some(name) = message.get(12..) else { return Vec::new() };
    let mut end = 0;
    while let Some(&len) = name.get(end)
        && len > 0
    {
        end += usize::from(len) + 1;
    }
    message.get(..12 + end + 5).map(answer).unwrap_or_default()
}

/// The question again, as an answer with these flags (of the third octet) and code.
fn reply(question: &[u8], flags: u8, code: u8) -> Vec<u8> {
    let mut answer = question.to_vec();
    answer[2] = 0x80 | flags | question[2] & 1;
    answer[3] = 0x80 | code;
    answer[6..12].fill(0);
    answer
}

/// The web server's address for A, nothing for anything else.
fn address(question: &[u8]) -> Vec<u8> {
    let mut answer = reply(question, 0, 0);
    if question[question.len() - 4..] == [0, 1, 0, 1] {
        answer[7] = 1;
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 80]);
    }
    answer
}
