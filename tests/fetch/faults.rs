//! Servers that break the rules, each in one way.
//!
//! On port 80 the path says which rule of HTTP is broken; ports of their own break what comes before HTTP.
//! Of the name servers each has an address of its own. All are threads of this program.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use crate::lab::Lab;

pub(crate) mod http;
pub(crate) mod names;

pub(crate) const HOST: &str = "198.51.100.66";

/// What is done on a port that never gets as far as HTTP.
const PORTS: [(u16, fn(TcpStream)); 9] = [
    // Says nothing, and then no more.
    (4440, |stream| answer_hello(stream, b"")),
    // TLS alerts: handshake failure, protocol version, unrecognized name.
    (4441, |stream| answer_hello(stream, &[21, 3, 3, 0, 2, 2, 40])),
    (4442, |stream| answer_hello(stream, &[21, 3, 3, 0, 2, 2, 70])),
    (4443, |stream| answer_hello(stream, &[21, 3, 3, 0, 2, 2, 112])),
    // A record that is none.
    (4444, |stream| answer_hello(stream, b"\x16\x03\x03\xff\xff\x02\x00\x00garbage")),
    // Listens for ever.
    (4445, linger),
    (4446, |mut stream| {
        listen(&mut stream);
        reset(&stream);
    }),
    // Never reads.
    (8081, |stream| {
        thread::sleep(Duration::from_secs(30));
        drop(stream);
    }),
    // Resets whoever connects, once the handshake is over for both and the question is under way.
    (8080, |stream| {
        thread::sleep(Duration::from_millis(50));
        reset(&stream);
    }),
];

pub(crate) fn serve(lab: &Lab) {
    let space = lab.space("fault");
    accept(space.on(|| TcpListener::bind((HOST, 80))).expect("port 80"), http::answer);
    for (port, answer) in PORTS {
        accept(space.on(|| TcpListener::bind((HOST, port))).expect("a port"), answer);
    }
    names::serve(space);
}

/// Each connection has a thread of its own, for as long as this program lives.
fn accept(listener: TcpListener, answer: fn(TcpStream)) {
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            thread::spawn(move || answer(stream));
        }
    });
}

/// Reads what has come, once.
fn listen(stream: &mut TcpStream) -> Vec<u8> {
    let mut room = vec![0; 1 << 14];
    let count = stream.read(&mut room).unwrap_or(0);
    room.truncate(count);
    room
}

fn answer_hello(mut stream: TcpStream, octets: &[u8]) {
    listen(&mut stream);
    _ = stream.write_all(octets);
    _ = stream.shutdown(Shutdown::Write);
    linger(stream);
}

/// Hears until the other side ends, so that our own end is no reset.
fn linger(mut stream: TcpStream) {
    _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
}

/// The next close is a reset.
fn reset(stream: &TcpStream) {
    let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
    setsockopt(stream, sockopt::Linger, &at_once).expect("SO_LINGER");
}
