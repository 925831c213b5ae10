//! Which system calls does a question take, and when was each?

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{self, AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType};
use nix::sys::socket::{SockaddrStorage, sockopt};

use super::lookup::{Called, Data, Event, Record, Step, Trouble};
use crate::probe::now;
use crate::timeline::Timestamp;

/// Tells every step to whoever wants to hear it.
pub(super) struct Teller<'t> {
    tell: &'t mut dyn FnMut(Step),
    /// When the last call began and ended.
    last: (Timestamp, Timestamp),
    /// How many questions were sent.
    pub(super) asked: usize,
    /// Aliases that were told, each once: more than one answer has them.
    aliases: Vec<Record>,
}

impl<'t> Teller<'t> {
    pub(super) fn new(tell: &'t mut dyn FnMut(Step)) -> Self {
        Self { tell, last: (Timestamp(0), Timestamp(0)), asked: 0, aliases: Vec::new() }
    }

    /// Tells what took no time.
    pub(super) fn say(&mut self, event: Event) {
        let now = now();
        (self.tell)(Step { began: now, ended: now, event });
    }

    /// Tells what the last call brought.
    pub(super) fn brought(&mut self, event: Event) {
        let (began, ended) = self.last;
        (self.tell)(Step { began, ended, event });
    }

    /// Tells of aliases, the last of which may be followed.
    pub(super) fn aliases(&mut self, aliases: &[Record], is_followed: bool) {
        for (at, alias) in aliases.iter().enumerate() {
            let Data::Name(to) = &alias.data else { continue };
            let is_same = |told: &Record| (&told.owner, &told.data) == (&alias.owner, &alias.data);
            if !self.aliases.iter().any(is_same) {
                self.aliases.push(alias.clone());
                let (from, to) = (alias.owner.clone(), to.clone());
                let is_followed = is_followed && at + 1 == aliases.len();
                self.say(Event::Alias { from, to, is_followed });
            }
        }
    }

    /// Notes when something that counts as a call was done, which is told next.
    pub(super) fn timed<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let began = now();
        let result = act();
        self.last = (began, now());
        result
    }

    /// When the last call began.
    pub(super) fn began(&self) -> Timestamp {
        self.last.0
    }

    /// Makes a call and tells it, with what it gave in words.
    fn call<T>(
        &mut self,
        name: &'static str,
        descriptor: Option<&OwnedFd>,
        with: String,
        act: impl FnOnce() -> nix::Result<T>,
        words: impl FnOnce(&T) -> String,
    ) -> nix::Result<T> {
        let descriptor = descriptor.map(AsRawFd::as_raw_fd);
        let began = now();
        let result = act();
        let ended = now();
        self.last = (began, ended);
        let told = result.as_ref().map(words).map_err(|errno| *errno as i32);
        self.brought(Event::Called(Called { name, descriptor, with, result: told }));
        result
    }
}

impl From<Errno> for Trouble {
    fn from(errno: Errno) -> Self {
        Self::Network { errno: errno as i32, by: None }
    }
}

/// A socket and the calls on it.
pub(super) struct Socket(OwnedFd);

/// What can be done with a socket now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ready {
    Yes,
    /// An error came in; it may stand in the error queue.
    Error,
    /// Nothing until the end of the time.
    No,
}

/// What calls give that give nothing else.
fn zero<T>(_: &T) -> String {
    "0".into()
}

impl Socket {
    /// A socket that never waits, for the family of the server's address.
    fn open(server: SocketAddr, kind: SockType, teller: &mut Teller<'_>) -> Result<Self, Trouble> {
        let (family, name) = if server.is_ipv4() {
            (AddressFamily::Inet, "INET")
        } else {
            (AddressFamily::Inet6, "INET6")
        };
        let with =
            format!("{name}, {}", if kind == SockType::Datagram { "DGRAM" } else { "STREAM" });
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let open = || socket::socket(family, kind, flags, None);
        Ok(Self(
            teller.call("socket", None, with, open, |descriptor| {
                descriptor.as_raw_fd().to_string()
            })?,
        ))
    }

    /// A socket for datagrams on a port that the kernel chooses at random; says which.
    ///
    /// It is not connected: what others send to it shall be seen. The kernel then tells of ICMP
    /// errors only who asks for them.
    pub(super) fn udp(server: SocketAddr, teller: &mut Teller<'_>) -> Result<(Self, u16), Trouble> {
        let socket = Self::open(server, SockType::Datagram, teller)?;
        let descriptor = &socket.0;
        let any: IpAddr = if server.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        if server.is_ipv4() {
            let set = || socket::setsockopt(descriptor, sockopt::Ipv4RecvErr, &true);
            teller.call("setsockopt", Some(descriptor), "IP_RECVERR, 1".into(), set, zero)?;
        } else {
            let set = || socket::setsockopt(descriptor, sockopt::Ipv6RecvErr, &true);
            teller.call("setsockopt", Some(descriptor), "IPV6_RECVERR, 1".into(), set, zero)?;
        }
        let any = SocketAddr::new(any, 0);
        let bind = || socket::bind(descriptor.as_raw_fd(), &SockaddrStorage::from(any));
        teller.call("bind", Some(descriptor), any.to_string(), bind, zero)?;
        let port = socket.port(teller)?;
        Ok((socket, port))
    }

    /// A connection.
    pub(super) fn tcp(
        server: SocketAddr,
        until: Instant,
        teller: &mut Teller<'_>,
    ) -> Result<(Self, u16), Trouble> {
        let socket = Self::open(server, SockType::Stream, teller)?;
        let descriptor = &socket.0;
        let connect = || socket::connect(descriptor.as_raw_fd(), &SockaddrStorage::from(server));
        match teller.call("connect", Some(descriptor), server.to_string(), connect, zero) {
            Ok(()) => {}
            Err(Errno::EINPROGRESS) => {
                if socket.wait(PollFlags::POLLOUT, until, teller)? == Ready::No {
                    return Err(Trouble::Timeout { waited: Duration::ZERO, attempts: 1 });
                }
                let get = || socket::getsockopt(descriptor, sockopt::SocketError);
                let words = |errno: &i32| errno.to_string();
                let errno =
                    teller.call("getsockopt", Some(descriptor), "SO_ERROR".into(), get, words)?;
                if errno != 0 {
                    return Err(Errno::from_raw(errno).into());
                }
            }
            Err(errno) => return Err(errno.into()),
        }
        let port = socket.port(teller)?;
        Ok((socket, port))
    }

    /// Our own port.
    fn port(&self, teller: &mut Teller<'_>) -> Result<u16, Trouble> {
        let descriptor = &self.0;
        let name = || socket::getsockname::<SockaddrStorage>(descriptor.as_raw_fd());
        let own = teller.call(
            "getsockname",
            Some(descriptor),
            String::new(),
            name,
            ToString::to_string,
        )?;
        Ok(address(&own).map_or(0, |own| own.port()))
    }

    /// Waits until something can be done, or the time is over.
    pub(super) fn wait(
        &self,
        wanted: PollFlags,
        until: Instant,
        teller: &mut Teller<'_>,
    ) -> Result<Ready, Trouble> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            // Rounded up, so as not to come back just before the time.
            let millis = i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
            let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
            let what = if wanted == PollFlags::POLLIN { "to read" } else { "to write" };
            let mut watched = [PollFd::new(self.0.as_fd(), wanted)];
            let result = teller.call(
                "poll",
                Some(&self.0),
                format!("{what}, at most {millis} ms"),
                || poll(&mut watched, timeout),
                |ready| if *ready == 0 { "nothing".into() } else { "ready".into() },
            );
            match result {
                Ok(0) => return Ok(Ready::No),
                Ok(_) => {
                    let found = watched[0].revents().unwrap_or(PollFlags::empty());
                    return Ok(if found.contains(PollFlags::POLLERR) {
                        Ready::Error
                    } else {
                        Ready::Yes
                    });
                }
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    pub(super) fn send_to(
        &self,
        octets: &[u8],
        server: SocketAddr,
        what: &str,
        teller: &mut Teller<'_>,
    ) -> Result<(), Trouble> {
        let with = format!("{what}, {} octets, to {server}", octets.len());
        let send = || {
            let to = SockaddrStorage::from(server);
            socket::sendto(self.0.as_raw_fd(), octets, &to, MsgFlags::MSG_NOSIGNAL)
        };
        teller.call("sendto", Some(&self.0), with, send, usize::to_string)?;
        Ok(())
    }

    /// The next datagram and its sender; `None` if none is there after all.
    pub(super) fn receive_from(
        &self,
        octets: &mut [u8],
        teller: &mut Teller<'_>,
    ) -> Result<Option<(usize, SocketAddr)>, Trouble> {
        let with = format!("at most {} octets", octets.len());
        let receive = || socket::recvfrom::<SockaddrStorage>(self.0.as_raw_fd(), octets);
        let words = |(count, from): &(usize, Option<SockaddrStorage>)| match from {
            Some(from) => format!("{count}, from {from}"),
            None => count.to_string(),
        };
        match teller.call("recvfrom", Some(&self.0), with, receive, words) {
            Ok((count, from)) => Ok(from.as_ref().and_then(address).map(|from| (count, from))),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The next error in the error queue, with who sent the ICMP message.
    pub(super) fn error(&self, teller: &mut Teller<'_>) -> Option<Trouble> {
        let (mut octets, mut control) = ([0; 512], nix::cmsg_space!([u8; 128]));
        let receive = || {
            let mut into = [IoSliceMut::new(&mut octets)];
            let descriptor = self.0.as_raw_fd();
            let flags = MsgFlags::MSG_ERRQUEUE;
            let message = socket::recvmsg::<SockaddrStorage>(
                descriptor,
                &mut into,
                Some(&mut control),
                flags,
            )?;
            for control in message.cmsgs()? {
                let (error, by) = match control {
                    ControlMessageOwned::Ipv4RecvErr(error, by) => (
                        error,
                        by.map(|by| u32::from_be(by.sin_addr.s_addr))
                            .map(|by| Ipv4Addr::from(by).into()),
                    ),
                    ControlMessageOwned::Ipv6RecvErr(error, by) => {
                        (error, by.map(|by| Ipv6Addr::from(by.sin6_addr.s6_addr).into()))
                    }
                    _ => continue,
                };
                return Ok((error.ee_errno.cast_signed(), by, error.ee_type, error.ee_code));
            }
            Err(Errno::ENOMSG)
        };
        let words = |(_, by, kind, code): &(i32, Option<IpAddr>, u8, u8)| match by {
            Some(by) => format!("ICMP type {kind} code {code} from {by}"),
            None => "an error of this machine".into(),
        };
        let result =
            teller.call("recvmsg", Some(&self.0), "the error queue".into(), receive, words);
        result.ok().map(|(errno, by, ..)| Trouble::Network { errno, by })
    }

    /// Writes all to a connection.
    pub(super) fn write(
        &self,
        mut octets: &[u8],
        what: &str,
        until: Instant,
        teller: &mut Teller<'_>,
    ) -> Result<(), Trouble> {
        while !octets.is_empty() {
            let with = format!("{what}, {} octets", octets.len());
            let send = || socket::send(self.0.as_raw_fd(), octets, MsgFlags::MSG_NOSIGNAL);
            match teller.call("sendto", Some(&self.0), with, send, usize::to_string) {
                Ok(count) => octets = octets.get(count..).unwrap_or_default(),
                Err(Errno::EAGAIN) => {
                    if self.wait(PollFlags::POLLOUT, until, teller)? == Ready::No {
                        return Err(Trouble::Timeout { waited: Duration::ZERO, attempts: 1 });
                    }
                }
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Reads from a connection until `octets` is full.
    pub(super) fn read(
        &self,
        mut octets: &mut [u8],
        until: Instant,
        teller: &mut Teller<'_>,
    ) -> Result<(), Trouble> {
        while !octets.is_empty() {
            if self.wait(PollFlags::POLLIN, until, teller)? == Ready::No {
                return Err(Trouble::Timeout { waited: Duration::ZERO, attempts: 1 });
            }
            let with = format!("at most {} octets", octets.len());
            let receive = || socket::recv(self.0.as_raw_fd(), octets, MsgFlags::empty());
            match teller.call("recvfrom", Some(&self.0), with, receive, usize::to_string) {
                Ok(0) => return Err(Trouble::Closed),
                Ok(count) => octets = octets.get_mut(count..).unwrap_or_default(),
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    pub(super) fn close(self, teller: &mut Teller<'_>) {
        let descriptor = self.0.as_raw_fd();
        let began = now();
        let result = nix::unistd::close(self.0);
        teller.last = (began, now());
        let result = result.map(|()| "0".into()).map_err(|errno| errno as i32);
        let (name, descriptor, with) = ("close", Some(descriptor), String::new());
        teller.brought(Event::Called(Called { name, descriptor, with, result }));
    }
}

fn address(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = || address.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
    v4().or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())))
}
