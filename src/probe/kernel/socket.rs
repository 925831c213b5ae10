//! One socket; each method is one system call, and tells it.

use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::errno::Errno as Number;
use nix::sys::socket::{
    self, AddressFamily, ControlMessageOwned, GetSockOpt, MsgFlags, SetSockOpt, Shutdown, SockFlag,
    SockProtocol, SockType, SockaddrStorage, TimestampingFlag, recvmsg, sockopt,
};

use super::counted::Counted;
use super::{Options, Tracer, control, diag, info};
use crate::ink::safe;
use crate::probe::{clock, netlink};
use crate::timeline::{Call, Evidence, Purpose, Refusal, SocketState, TcpInfo};

/// An open socket, or one that was.
pub(super) struct Socket {
    descriptor: Option<OwnedFd>,
    pub(super) number: u32,
    pub(super) tracer: Tracer,
    pub(super) local: Option<SocketAddr>,
    pub(super) remote: SocketAddr,
    /// Octets, or datagrams, written and read so far.
    pub(super) written: u64,
    pub(super) read: u64,
    pub(super) refusals: Vec<Refusal>,
}

/// Refusals kept of one socket; the call tells of all.
const KEPT: usize = 64;

/// Messages taken from the error queue in one go.
const QUEUED: usize = 256;

impl Socket {
    /// `what` is `SOCK_STREAM` or `SOCK_DGRAM`.
    pub(super) fn open(
        remote: SocketAddr,
        what: SockType,
        tracer: &Tracer,
    ) -> Result<Self, Number> {
        let (family, inet) = if remote.is_ipv4() {
            (AddressFamily::Inet, "INET")
        } else {
            (AddressFamily::Inet6, "INET6")
        };
        let (protocol, words) = match what {
            SockType::Stream => (SockProtocol::Tcp, "STREAM | NONBLOCK | CLOEXEC, TCP"),
            _ => (SockProtocol::Udp, "DGRAM | NONBLOCK | CLOEXEC, UDP"),
        };
        let mut socket = Self {
            descriptor: None,
            number: tracer.number(),
            tracer: tracer.clone(),
            local: None,
            remote,
            written: 0,
            read: 0,
            refusals: Vec::new(),
        };
        let mut call = socket.enter("socket", Purpose::Fetch, format!("{inet}, {words}"));
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let opened = socket::socket(family, what, flags, protocol);
        leave(&mut call);
        let returned = opened.as_ref().map(|fd| i64::from(fd.as_raw_fd())).map_err(|&error| error);
        socket.tell(call, returned);
        socket.descriptor = Some(opened?);
        Ok(socket)
    }

    /// The call as it is entered.
    pub(super) fn enter(
        &self,
        name: &'static str,
        purpose: Purpose,
        arguments: impl Into<Box<str>>,
    ) -> Call {
        let mut call = Call {
            name,
            purpose,
            socket: self.number,
            descriptor: self.descriptor.as_ref().map(AsRawFd::as_raw_fd),
            arguments: arguments.into(),
            result: Ok(0),
            entered: clock::now(),
            left: clock::now(),
            local: self.local,
            remote: Some(self.remote),
            octets: None,
            evidence: Vec::new(),
        };
        call.entered = clock::now();
        call
    }

    pub(super) fn tell(&self, mut call: Call, returned: Result<i64, Number>) {
        call.result = returned.map_err(|error| netlink::errno(error as i32));
        self.tracer.tell(call);
    }

    /// A call without more to say than what it returned.
    fn plain(
        &self,
        name: &'static str,
        purpose: Purpose,
        arguments: impl Into<Box<str>>,
        make: impl FnOnce(RawFd) -> Result<(), Number>,
    ) -> Result<(), Number> {
        let mut call = self.enter(name, purpose, arguments);
        let result = make(self.raw());
        leave(&mut call);
        self.tell(call, result.map(|()| 0));
        result
    }

    /// The descriptor's number; that of a closed socket is none, and every call says so.
    pub(super) fn raw(&self) -> RawFd {
        self.descriptor.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    pub(super) fn borrow(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_ref().map(AsFd::as_fd)
    }

    /// Asks for an option, then asks what it is.
    pub(super) fn set<O>(
        &self,
        option: O,
        name: &'static str,
        asked: &<O as SetSockOpt>::Val,
        purpose: Purpose,
    ) -> Result<(), Number>
    where
        O: SetSockOpt + GetSockOpt<Val = <O as SetSockOpt>::Val> + Copy,
        <O as SetSockOpt>::Val: Counted + Sized,
    {
        let Some(fd) = &self.descriptor else { return Err(Number::EBADF) };
        let number = asked.count();
        self.plain("setsockopt", purpose, format!("{name}, {number}"), |_| option.set(fd, asked))?;
        let mut call = self.enter("getsockopt", Purpose::Evidence, name);
        let got = option.get(fd);
        leave(&mut call);
        let count = got.as_ref().ok().map(Counted::count);
        call.evidence.push(Evidence::Set { option: name, asked: number, got: count });
        self.tell(call, got.map(|_| 0));
        Ok(())
    }

    /// What the options ask of any socket, and `bind` where they name a source.
    pub(super) fn prepare(&mut self, options: &Options) -> Result<(), Number> {
        if let Some(device) = &options.device {
            let Some(fd) = &self.descriptor else { return Err(Number::EBADF) };
            let words = format!("SO_BINDTODEVICE, {}", safe(device.as_bytes()));
            self.plain("setsockopt", Purpose::Fetch, words, |_| {
                sockopt::BindToDevice.set(fd, &device.into())
            })?;
        }
        if self.remote.is_ipv4() {
            self.set(sockopt::Ipv4RecvErr, "IP_RECVERR", &true, Purpose::Evidence)?;
        } else {
            self.set(sockopt::Ipv6RecvErr, "IPV6_RECVERR", &true, Purpose::Evidence)?;
        }
        if let Some(size) = &options.receive_buffer {
            self.set(sockopt::RcvBuf, "SO_RCVBUF", size, Purpose::Fetch)?;
        }
        if options.source.is_none() && options.source_port == 0 {
            return Ok(());
        }
        let any = if self.remote.is_ipv4() {
            std::net::Ipv4Addr::UNSPECIFIED.into()
        } else {
            std::net::Ipv6Addr::UNSPECIFIED.into()
        };
        let source = SocketAddr::new(options.source.unwrap_or(any), options.source_port);
        self.plain("bind", Purpose::Fetch, source.to_string(), |fd| {
            socket::bind(fd, &SockaddrStorage::from(source))
        })
    }

    /// Which stamps are asked for. Bits that nix has no names for are the kernel's all the same.
    pub(super) fn stamps(&self, bits: u32) -> Result<(), Number> {
        let flags = TimestampingFlag::from_bits_retain(bits);
        self.set(sockopt::Timestamping, "SO_TIMESTAMPING", &flags, Purpose::Evidence)
    }

    /// `Err(EINPROGRESS)` when an answer is awaited.
    pub(super) fn connect(&mut self) -> Result<(), Number> {
        let to = SockaddrStorage::from(self.remote);
        let connected = self.plain("connect", Purpose::Fetch, self.remote.to_string(), |fd| {
            socket::connect(fd, &to)
        });
        if matches!(connected, Ok(()) | Err(Number::EINPROGRESS)) {
            self.name();
        }
        connected
    }

    /// Which end the kernel chose for us.
    fn name(&mut self) {
        let mut call = self.enter("getsockname", Purpose::Evidence, "");
        let name = socket::getsockname::<SockaddrStorage>(self.raw());
        leave(&mut call);
        self.local = name.as_ref().ok().and_then(address);
        call.local = self.local;
        self.tell(call, name.map(|_| 0));
    }

    /// How the `connect` that was under way has ended.
    pub(super) fn outcome(&self) -> Result<(), Number> {
        let Some(fd) = &self.descriptor else { return Err(Number::EBADF) };
        let mut call = self.enter("getsockopt", Purpose::Fetch, "SO_ERROR");
        let got = sockopt::SocketError.get(fd);
        leave(&mut call);
        let ended = got.and_then(|error| match error {
            0 => Ok(()),
            error => Err(Number::from_raw(error)),
        });
        if got.is_ok() {
            let told = ended.map_err(|error| netlink::errno(error as i32));
            call.evidence.push(Evidence::Connected(told));
        }
        self.tell(call, got.map(|_| 0));
        ended
    }

    pub(super) fn write(&mut self, octets: &[u8]) -> Result<usize, Number> {
        let Some(fd) = &self.descriptor else { return Err(Number::EBADF) };
        let mut call = self.enter("write", Purpose::Fetch, format!("length {}", octets.len()));
        // A peer that has gone is an error and no signal: Rust's programs ignore SIGPIPE.
        let result = nix::unistd::write(fd, octets);
        leave(&mut call);
        if let Ok(count) = result {
            call.octets = Some(self.written..self.written + count as u64);
            self.written += count as u64;
        }
        self.tell(call, result.map(|count| count.count()));
        result
    }

    /// One datagram.
    pub(super) fn send(&mut self, octets: &[u8]) -> Result<usize, Number> {
        let mut call = self.enter("sendto", Purpose::Fetch, format!("length {}", octets.len()));
        let result = socket::send(self.raw(), octets, MsgFlags::MSG_NOSIGNAL);
        leave(&mut call);
        self.written += u64::from(result.is_ok());
        self.tell(call, result.map(|count| count.count()));
        result
    }

    /// What there is to read; `counts` says what of it counts in [`Socket::read`].
    pub(super) fn receive(
        &mut self,
        room: &mut [u8],
        counts: fn(usize) -> u64,
    ) -> Result<usize, Number> {
        let mut call = self.enter("recvmsg", Purpose::Fetch, format!("room for {}", room.len()));
        let mut control = vec![0; control::ROOM];
        let mut slices = [IoSliceMut::new(room)];
        let result = self.message(&mut call, &mut slices, &mut control, MsgFlags::empty());
        let result = result.map(|(count, messages)| {
            call.evidence = control::received(messages.into_iter());
            let moved = counts(count);
            call.octets = Some(self.read..self.read + moved);
            self.read += moved;
            count
        });
        self.tell(call, result.map(|count| count.count()));
        result
    }

    /// One `recvmsg`, which leaves the call.
    fn message(
        &self,
        call: &mut Call,
        slices: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: MsgFlags,
    ) -> Result<(usize, Vec<ControlMessageOwned>), Number> {
        let got = recvmsg::<()>(self.raw(), slices, Some(control), flags);
        leave(call);
        // Messages that had no room are lost, and what was read is not.
        got.map(|got| (got.bytes, got.cmsgs().map(Iterator::collect).unwrap_or_default()))
    }

    /// Takes what waits in the error queue: how much it was.
    pub(super) fn drain(&mut self) -> usize {
        for taken in 0..QUEUED {
            let mut call = self.enter("recvmsg", Purpose::Evidence, "ERRQUEUE");
            let (mut room, mut control) = ([0; 576], vec![0; control::ROOM]);
            let mut slices = [IoSliceMut::new(&mut room)];
            let result = self.message(&mut call, &mut slices, &mut control, MsgFlags::MSG_ERRQUEUE);
            if let Ok((_, messages)) = &result {
                let evidence = control::queued(messages.iter().cloned());
                if let Some(Evidence::Refusal(refusal)) = &evidence
                    && self.refusals.len() < KEPT
                {
                    self.refusals.push(refusal.clone());
                }
                call.evidence.extend(evidence);
            }
            let is_empty = result.is_err();
            self.tell(call, result.map(|(count, _)| count.count()));
            if is_empty {
                return taken;
            }
        }
        QUEUED
    }

    /// `TCP_INFO`, now.
    pub(super) fn info(&self) -> Option<TcpInfo> {
        let mut call = self.enter("getsockopt", Purpose::Evidence, "TCP_INFO");
        let got = info::tcp_info(self.borrow()?);
        leave(&mut call);
        let info = got.as_deref().ok().map(TcpInfo::new);
        call.evidence.extend(info.clone().map(|info| Evidence::Info(Box::new(info))));
        self.tell(call, got.map(|_| 0));
        info
    }

    pub(super) fn shutdown(&self) -> Result<(), Number> {
        self.plain("shutdown", Purpose::Fetch, "WR", |fd| socket::shutdown(fd, Shutdown::Write))
    }

    /// Once; later calls do nothing.
    pub(super) fn close(&mut self) -> Result<(), Number> {
        let Some(fd) = self.descriptor.take() else { return Ok(()) };
        let mut call = self.enter("close", Purpose::Fetch, "");
        call.descriptor = Some(fd.as_raw_fd());
        call.entered = clock::now();
        let result = nix::unistd::close(fd);
        leave(&mut call);
        self.tell(call, result.map(|()| 0));
        result
    }

    /// What the kernel remembers of the destination; nothing is told where it remembers nothing.
    pub(super) fn remembered(&self) {
        let mut call = self.enter("tcp_metrics", Purpose::Evidence, self.remote.ip().to_string());
        let remembered = diag::remembered(self.remote.ip());
        leave(&mut call);
        if let Ok(Some((metrics, age))) = remembered {
            call.evidence.push(Evidence::Remembered { metrics, age });
            self.tell(call, Ok(0));
        }
    }

    /// How the kernel keeps it, open or closed.
    pub(super) fn state(&self) -> Option<SocketState> {
        let mut call = self.enter("sock_diag", Purpose::Evidence, "");
        let state = diag::state(self.local?, self.remote);
        leave(&mut call);
        call.evidence.extend(state.as_ref().ok().cloned().map(Evidence::Socket));
        let returned = state
            .as_ref()
            .map(|_| 0)
            .map_err(|error| Number::from_raw(netlink::errno_of(error).number));
        self.tell(call, returned);
        state.ok()
    }
}

/// The call as it is left.
pub(super) fn leave(call: &mut Call) {
    call.left = clock::now();
}

fn address(name: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = name.as_sockaddr_in() {
        return Some(SocketAddr::V4((*v4).into()));
    }
    name.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into()))
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.close();
    }
}
