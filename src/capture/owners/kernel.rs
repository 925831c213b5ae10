//! Which socket is at this end? Asked of the kernel, by `sock_diag(7)`.

use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{
    AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP, TCP_CLOSE_WAIT, TCP_ESTABLISHED, TCP_LISTEN,
    TCP_SYN_RECV,
};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags,
};
use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::{Protocol, Question};

/// A way to ask the kernel, of the network namespace in which it was opened. Needs no right.
pub(super) struct Kernel {
    socket: Socket,
    sequence: u32,
    request: Vec<u8>,
    reply: Vec<u8>,
}

/// What stands at an end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// A socket that some process holds.
    Held { inode: u32, uid: u32 },
    /// A connection that was not handed to any process yet.
    Early,
    /// A connection whose process has closed it.
    Orphaned,
    /// No socket, or several of which nobody can say which it is.
    Nothing,
}

/// What a dump hands over at a time.
const PAGE: usize = 32 << 10;
/// What a dump hands over at most: then whoever fills it shall not fill our time.
const PAGES: usize = 256;

impl Kernel {
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.bind_auto()?;
        socket.connect(&netlink_sys::SocketAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0, request: Vec::new(), reply: vec![0; PAGE] })
    }

    /// The socket at the local end of a conversation.
    pub(super) fn find(&mut self, question: &Question) -> io::Result<Standing> {
        let Question { protocol, local, remote, interface, .. } = *question;
        if protocol == Protocol::Udp && question.is_for_many {
            // The kernel tells who would hear an answer; who spoke is certain only if there is one.
            return self.only_bound(local);
        }
        // Of UDP it looks for whoever would receive, "swapped for historical reasons".
        let (from, to) = match protocol {
            Protocol::Tcp => (local, remote),
            Protocol::Udp => (remote, local),
        };
        let id = SocketId {
            source_port: from.port(),
            destination_port: to.port(),
            source_address: from.ip(),
            destination_address: to.ip(),
            interface_id: interface,
            // Any.
            cookie: [0xff; 8],
        };
        let request = InetRequest {
            family: family(local.ip()),
            protocol: number(protocol),
            extensions: ExtensionFlags::empty(),
            states: StateFlags::all(),
            socket_id: id,
        };
        let mut standing = Standing::Nothing;
        match self.ask(request, 0, |found| standing = self::standing(protocol, found)) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(Standing::Nothing),
            Err(error) => Err(error),
            Ok(()) => Ok(standing),
        }
    }

    /// The only UDP socket from which this end can have sent to many.
    fn only_bound(&mut self, local: SocketAddr) -> io::Result<Standing> {
        let mut found = Vec::new();
        for nowhere in [SocketId::new_v4(), SocketId::new_v6()] {
            if nowhere.source_address.is_ipv4() && local.is_ipv6() {
                continue;
            }
            let id = SocketId { source_port: local.port(), ..nowhere };
            let request = dump(Protocol::Udp, StateFlags::all(), id);
            self.ask(request, NLM_F_DUMP, |one| {
                let bound = one.header.socket_id.source_address.to_canonical();
                let is_any = bound.is_unspecified();
                if one.header.socket_id.source_port == local.port()
                    && (is_any || bound == local.ip())
                {
                    found.push(standing(Protocol::Udp, one));
                }
            })?;
        }
        match found[..] {
            [only] => Ok(only),
            _ => Ok(Standing::Nothing),
        }
    }

    /// The inodes of the TCP sockets that wait for connections. Fails where the kernel answers no
    /// questions.
    pub(super) fn listening(&mut self) -> io::Result<Vec<u32>> {
        let mut inodes = Vec::new();
        for id in [SocketId::new_v4(), SocketId::new_v6()] {
            let request = dump(Protocol::Tcp, StateFlags::LISTEN, id);
            self.ask(request, NLM_F_DUMP, |one| inodes.push(one.header.inode))?;
        }
        Ok(inodes)
    }

    /// Sends one question and hands over whatever sockets come back.
    fn ask(
        &mut self,
        request: InetRequest,
        flags: u16,
        mut hear: impl FnMut(&InetResponse),
    ) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let payload = SockDiagMessage::InetRequest(request).into();
        let mut message = NetlinkMessage::new(header, payload);
        message.finalize();
        self.request.resize(message.buffer_len(), 0);
        message.serialize(&mut self.request);
        self.socket.send(&self.request, 0)?;
        for _ in 0..PAGES {
            let length = self.socket.recv(&mut &mut self.reply[..], 0)?;
            let mut rest = self.reply.get(..length).ok_or(io::ErrorKind::InvalidData)?;
            while !rest.is_empty() {
                let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest)
                    .map_err(io::Error::other)?;
                let long = (message.header.length as usize).next_multiple_of(4).max(16);
                rest = rest.get(long..).unwrap_or_default();
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                match message.payload {
                    NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => {
                        hear(&found);
                        if flags & NLM_F_DUMP == 0 {
                            return Ok(());
                        }
                    }
                    NetlinkPayload::Error(error) => return Err(error.to_io()),
                    NetlinkPayload::Done(_) => return Ok(()),
                    _ => {}
                }
            }
        }
        // What still comes belongs to no question any more.
        *self = Self::open()?;
        Ok(())
    }
}

fn dump(protocol: Protocol, states: StateFlags, socket_id: SocketId) -> InetRequest {
    InetRequest {
        family: family(socket_id.source_address),
        protocol: number(protocol),
        extensions: ExtensionFlags::empty(),
        states,
        socket_id,
    }
}

fn standing(protocol: Protocol, found: &InetResponse) -> Standing {
    let header = &found.header;
    match (protocol, header.state) {
        // The kernel tells who listens when there is no such connection.
        (Protocol::Tcp, TCP_LISTEN) => Standing::Nothing,
        (Protocol::Tcp, TCP_SYN_RECV) => Standing::Early,
        (Protocol::Tcp, TCP_ESTABLISHED | TCP_CLOSE_WAIT) if header.inode == 0 => Standing::Early,
        _ if header.inode == 0 => Standing::Orphaned,
        _ => Standing::Held { inode: header.inode, uid: header.uid },
    }
}

fn family(address: IpAddr) -> u8 {
    if address.is_ipv4() { AF_INET } else { AF_INET6 }
}

fn number(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Tcp => IPPROTO_TCP,
        Protocol::Udp => IPPROTO_UDP,
    }
}
