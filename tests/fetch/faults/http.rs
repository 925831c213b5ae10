//! Which rules of HTTP are broken on port 80?

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{linger, reset};

/// How a connection ends after an answer.
enum End {
    /// By FIN.
    Fin,
    Reset,
    /// Not at all, until the client ends it.
    Never,
    /// It does not: the next request may come.
    Another,
}

const FLOOD: usize = 12_000_000;
pub(crate) const FLOOD_PAUSES: [Duration; 2] =
    [Duration::from_millis(1200), Duration::from_millis(1800)];

const HALF: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n";
const CHUNKED: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";

pub(super) fn answer(mut stream: TcpStream) {
    _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    _ = stream.set_nodelay(true);
    while let Some(head) = request(&mut stream) {
        // An error is that the client has had enough.
        match respond(&mut stream, &head).unwrap_or(End::Fin) {
            End::Another => continue,
            End::Reset => reset(&stream),
            End::Never => linger(stream),
            End::Fin => {
                _ = stream.shutdown(Shutdown::Write);
                linger(stream);
            }
        }
        return;
    }
}

/// The head of the next request; `None` when there is none.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        if head.len() > 1 << 16 || stream.read(&mut octet).ok()? == 0 {
            return None;
        }
        head.push(octet[0]);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// What stands behind the head of a request.
fn rest(stream: &mut TcpStream, head: &str) -> io::Result<Vec<u8>> {
    let len = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; len.and_then(|len| len.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// All of a request, its body too.
fn echo(stream: &mut TcpStream, head: &str) -> io::Result<End> {
    let body = rest(stream, head)?;
    whole(stream, "Content-Type: text/plain\r\n", &[head.as_bytes(), &body].concat())
}

/// A body of that many octets.
fn body(count: usize) -> Vec<u8> {
    (0..count).map(|at| if at % 64 == 63 { b'\n' } else { b'a' + (at % 26) as u8 }).collect()
}

fn whole(stream: &mut TcpStream, headers: &str, body: &[u8]) -> io::Result<End> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())?;
    Ok(End::Another)
}

/// Half of a body that was promised.
fn half(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(&[HALF, &body(500)].concat())
}

/// More than a capture holds that nobody empties; then twice a while nothing, and a little more.
fn flood(stream: &mut TcpStream) -> io::Result<End> {
    let (begun, len) = (Instant::now(), FLOOD + 100_000);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
    let all = [head.as_bytes(), &body(FLOOD)].concat();
    sleep(Duration::from_millis(400).saturating_sub(begun.elapsed()));
    stream.write_all(&all)?;
    for pause in FLOOD_PAUSES {
        sleep(pause);
        stream.write_all(&body(50_000))?;
    }
    Ok(End::Another)
}

fn respond(stream: &mut TcpStream, head: &str) -> io::Result<End> {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let mut say = |octets: &[u8]| stream.write_all(octets);
    match path {
        "/echo" => return echo(stream, head),
        "/fine" => return whole(stream, "Content-Type: text/plain\r\n", &body(1000)),
        "/empty" => {}
        "/reset" => return Ok(End::Reset),
        "/half" => half(stream)?,
        "/half-reset" => {
            half(stream)?;
            // What is not yet acknowledged would be taken back by a reset.
            sleep(Duration::from_millis(100));
            return Ok(End::Reset);
        }
        "/half-stalled" => {
            half(stream)?;
            return Ok(End::Never);
        }
        "/stalled" => return Ok(End::Never),
        "/late" => {
            sleep(Duration::from_millis(400));
            return whole(stream, "", b"late, but here\n");
        }
        "/flood" => return flood(stream),
        "/head-cut" => say(b"HTTP/1.1 200 OK\r\nContent-Ty")?,
        "/chunk-line" => say(&[CHUNKED, b"5\r\nwhole\r\nxyz\r\nhalf\r\n"].concat())?,
        "/chunk-size" => say(&[CHUNKED, b"ffffffffffffffffff\r\nx\r\n0\r\n\r\n"].concat())?,
        "/chunk-end" => say(&[CHUNKED, b"5\r\nwholeNOT-CRLF0\r\n\r\n"].concat())?,
        "/chunk-last" => say(&[CHUNKED, b"5\r\nwhole\r\n"].concat())?,
        "/chunks" => {
            say(CHUNKED)?;
            for chunk in ["6;x=1\r\nsome, \r\n", "5\r\nthen \r\n", "5\r\nmore\n\r\n", "0\r\n\r\n"] {
                say(chunk.as_bytes())?;
            }
            return Ok(End::Another);
        }
        "/chunks-forever" => {
            say(CHUNKED)?;
            let chunk = [b"1000\r\n", &body(4096)[..], b"\r\n"].concat();
            loop {
                say(&chunk)?;
                // Others want to be seen, too.
                sleep(Duration::from_millis(2));
            }
        }
        "/huge" => {
            say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")?;
            let piece = body(1 << 16);
            loop {
                say(&piece)?;
                sleep(Duration::from_millis(10));
            }
        }
        "/lengths" => {
            say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nwhole!")?;
        }
        "/length" => say(b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nwhole")?,
        "/gzip" => return whole(stream, "Content-Encoding: gzip\r\n", GZIP),
        "/gzip-bad" => {
            let bad = [&GZIP[..10], b"this is not what deflate makes"].concat();
            return whole(stream, "Content-Encoding: gzip\r\n", &bad);
        }
        "/gzip-cut" => return whole(stream, "Content-Encoding: gzip\r\n", &GZIP[..20]),
        "/encoding" => return whole(stream, "Content-Encoding: rot13\r\n", b"jung vf guvf\n"),
        "/drip" => {
            for octet in [HALF, &body(1000)].concat() {
                say(&[octet])?;
                sleep(Duration::from_millis(100));
            }
        }
        "/headers" => {
            say(b"HTTP/1.1 200 OK\r\n")?;
            for number in 0..100_000 {
                say(format!("X-{number}: one of very many headers\r\n").as_bytes())?;
            }
            say(b"Content-Length: 0\r\n\r\n")?;
        }
        "/controls" => {
            say(b"HTTP/1.1 200 \x1b[31mred\x07\r\nServer: \x1b]0;owned\x07\x1b[2J\r\nX-\x9b: \xc2\x9b31m\r\n\
                  Content-Type: text/plain\x0b\r\nContent-Length: 3\r\n\r\nok\n")?;
            return Ok(End::Another);
        }
        "/noise" => say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")?,
        "/old-style" => say(&[b"HTTP/1.0 200 OK\r\n\r\n", &body(300)[..]].concat())?,
        "/hints" => {
            say(b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n")?;
            sleep(Duration::from_millis(50));
            return whole(stream, "", b"after the hints\n");
        }
        path => {
            if let Some(location) = leads_to(path) {
                rest(stream, head)?;
                return redirect(stream, path.strip_prefix("/moved/").unwrap_or("302"), &location);
            }
            say(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
            return Ok(End::Another);
        }
    }
    Ok(End::Fin)
}

/// Where a path leads on to, if it does.
fn leads_to(path: &str) -> Option<String> {
    let elsewhere = match path {
        "/to-file" => "file:///etc/passwd",
        "/to-bad" => "http://[::1",
        "/to-itself" => "/to-itself",
        path if path.starts_with("/moved/") => "/echo",
        path => {
            let number: u64 = path.strip_prefix("/maze/")?.parse().ok()?;
            return Some(format!("/maze/{}", number + 1));
        }
    };
    Some(elsewhere.to_owned())
}

fn redirect(stream: &mut TcpStream, status: &str, location: &str) -> io::Result<End> {
    let answer =
        format!("HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes())?;
    Ok(End::Another)
}

/// "packed well\n" three times.
const GZIP: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0x48, 0x4c, 0xce, 0x4e, 0x4d,
    0x51, 0x28, 0x4f, 0xcd, 0xc9, 0xe1, 0x2a, 0xc0, 0xc1, 0x06, 0x00, 0x40, 0xb3, 0xaa, 0x2f, 0x24,
    0x00, 0x00, 0x00,
];
