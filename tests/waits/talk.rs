//! What do the programs at both ends do, and what do they know of it themselves?

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket::sockopt::{Linger, RcvBuf, ReuseAddr, SndBuf, TcpCongestion};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, connect, listen, setsockopt,
    socket,
};
use wiretale::probe::kernel::tcp_info;
use wiretale::timeline::TcpInfo;

/// What one side sets before it connects or listens, in octets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Buffers {
    pub(crate) receive: Option<usize>,
    pub(crate) send: Option<usize>,
}

/// One side of a connection, and what it wrote down.
pub(crate) struct Talk {
    pub(crate) stream: TcpStream,
    pub(crate) diary: Diary,
}

/// What one side knows.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    /// Into which bucket each pause belongs that was made, and how long it really was.
    pub(crate) pauses: Vec<(&'static str, Duration)>,
    /// What the kernel said once all that was sent had been acknowledged.
    pub(crate) kernel: Option<TcpInfo>,
}

impl Diary {
    /// Writes down what took so long.
    pub(crate) fn note(&mut self, bucket: &'static str, time: Duration) {
        self.pauses.push((bucket, time));
    }

    /// All the time that belongs into a bucket.
    pub(crate) fn time(&self, bucket: &str) -> Duration {
        self.pauses.iter().filter(|pause| pause.0 == bucket).map(|pause| pause.1).sum()
    }

    /// What the kernel counted.
    pub(crate) fn kernel(&self, field: &str) -> u64 {
        let info = self.kernel.as_ref().expect("the kernel was asked");
        info.get(field).unwrap_or_else(|| panic!("this kernel tells no {field}"))
    }
}

fn prepared(address: SocketAddr, buffers: Buffers) -> OwnedFd {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
    setsockopt(&socket, ReuseAddr, &true).expect("an option");
    // Linux' usual one, whatever this computer prefers.
    setsockopt(&socket, TcpCongestion, &OsString::from("cubic")).expect("an option");
    if let Some(octets) = buffers.receive {
        setsockopt(&socket, RcvBuf, &octets).expect("an option");
    }
    if let Some(octets) = buffers.send {
        setsockopt(&socket, SndBuf, &octets).expect("an option");
    }
    socket
}

/// Listens; what is accepted inherits the buffers.
pub(crate) fn listens(address: SocketAddr, buffers: Buffers) -> TcpListener {
    let socket = prepared(address, buffers);
    bind(std::os::fd::AsRawFd::as_raw_fd(&socket), &SockaddrStorage::from(address))
        .expect("an address");
    listen(&socket, Backlog::new(8).expect("a number")).expect("to listen");
    socket.into()
}

pub(crate) fn connects(address: SocketAddr, buffers: Buffers) -> nix::Result<TcpStream> {
    let socket = prepared(address, buffers);
    connect(std::os::fd::AsRawFd::as_raw_fd(&socket), &SockaddrStorage::from(address))?;
    Ok(socket.into())
}

impl Talk {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("an option");
        Self { stream, diary: Diary::default() }
    }

    /// Does nothing for so many milliseconds, which belong into this bucket.
    pub(crate) fn pause(&mut self, bucket: &'static str, millis: u64) {
        let begun = Instant::now();
        thread::sleep(Duration::from_millis(millis));
        self.diary.note(bucket, begun.elapsed());
    }

    pub(crate) fn nodelay(&self) {
        self.stream.set_nodelay(true).expect("an option");
    }

    /// One write.
    pub(crate) fn say(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).expect("to be sent");
    }

    pub(crate) fn hear(&mut self, octets: usize) {
        self.stream.read_exact(&mut vec![0; octets]).expect("to be read");
    }

    /// Everything until the other side ends.
    pub(crate) fn hear_all(&mut self) -> usize {
        let mut all = Vec::new();
        self.stream.read_to_end(&mut all).expect("to be read");
        all.len()
    }

    /// Waits until something is there to be read.
    pub(crate) fn hear_at_all(&self) {
        assert_ne!(self.stream.peek(&mut [0]).expect("to be read"), 0, "not the end");
    }

    /// Reads until the other side breaks the connection off.
    pub(crate) fn breaks_off(&mut self) {
        let ended = self.stream.read_to_end(&mut Vec::new());
        let kind = ended.expect_err("no usual end").kind();
        assert_eq!(kind, ErrorKind::ConnectionReset);
    }

    /// The head of a request or an answer, without a look beyond it.
    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            self.stream.read_exact(&mut octet).expect("to be read");
            head.push(octet[0]);
        }
        String::from_utf8(head).expect("text")
    }

    /// Asks for something.
    pub(crate) fn ask(&mut self) {
        self.say("GET /thing HTTP/1.1\r\nHost: www.lab.example\r\n\r\n");
    }

    /// Sends something, and says how long it is beforehand.
    pub(crate) fn put(&mut self, octets: usize) {
        let head = format!(
            "POST /thing HTTP/1.1\r\nHost: www.lab.example\r\nContent-Length: {octets}\r\n\r\n"
        );
        self.say([head.as_bytes(), &vec![b'p'; octets]].concat());
    }

    /// Answers with so many octets, in one write.
    pub(crate) fn answer(&mut self, octets: usize) {
        self.say([announced(octets).as_bytes(), &vec![b'a'; octets]].concat());
    }

    /// Reads one answer to its end.
    pub(crate) fn answered(&mut self) {
        let octets = self.length();
        self.hear(octets);
    }

    /// Reads a head; gives how much it announces.
    pub(crate) fn length(&mut self) -> usize {
        let head = self.head();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        length.map_or(0, |length| length.parse().expect("a number"))
    }

    /// No more will be sent.
    pub(crate) fn end(&self) {
        self.stream.shutdown(Shutdown::Write).expect("to be open");
    }

    /// Closes at once, and breaks off whatever is under way.
    pub(crate) fn reset(&self) {
        let linger = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&self.stream, Linger, &linger).expect("an option");
    }

    /// Asks the kernel, as soon as all that was sent has arrived.
    pub(crate) fn settle(&mut self) {
        let late = Instant::now() + Duration::from_secs(10);
        loop {
            let info = TcpInfo::new(&tcp_info(self.stream.as_fd()).expect("what the kernel knows"));
            let left = info.get("unacked").unwrap_or(0) + info.get("notsent_bytes").unwrap_or(0);
            if left == 0 {
                self.diary.kernel = Some(info);
                return;
            }
            assert!(Instant::now() < late, "all that was sent arrives");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The head of an answer of so many octets.
pub(crate) fn announced(octets: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {octets}\r\n\r\n")
}
