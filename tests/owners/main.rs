//! Whose socket is it, really? Sockets on the loopback, and processes that hold them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use nix::sys::socket::sockopt::ReuseAddr;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, setsockopt, socket};
use wiretale::capture::owners::{Answer, Asked, Owners, Protocol, Question};
use wiretale::timeline::{Owner, Timestamp};

mod elsewhere;
mod questions;

use Protocol::{Tcp, Udp};

/// A user without rights.
const NOBODY: u32 = 65_534;

fn owners() -> Owners {
    let mut owners = Owners::open().expect("the kernel answers");
    owners.begin().expect("a thread");
    owners
}

/// The last answer, within a second.
fn last(owners: &mut Owners) -> Option<Arc<Owner>> {
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        match owners.heard() {
            Some(Answer { owner, is_last: true, .. }) => return owner,
            Some(_) => {}
            None => sleep(Duration::from_millis(1)),
        }
    }
    panic!("no last answer came");
}

fn owner(protocol: Protocol, local: SocketAddr, remote: SocketAddr) -> Option<Arc<Owner>> {
    let mut owners = owners();
    let question = Question::new(7, protocol, local, remote);
    match owners.ask(question, Timestamp(0)) {
        Asked::Yes => last(&mut owners),
        other => panic!("{other:?}"),
    }
}

fn is_me(owner: Option<Arc<Owner>>) {
    let owner = owner.expect("an owner");
    let process = owner.process.as_ref().expect("a process");
    assert_eq!(process.pid, process::id());
    let name = fs::read("/proc/self/comm").expect("a name");
    assert_eq!(*process.name, *name.trim_ascii_end());
    let executable = env::current_exe().expect("a path");
    let executable = executable.file_name().expect("a name").as_encoded_bytes();
    assert_eq!(process.executable.as_deref(), Some(executable));
}

/// The client's and the server's end of a connection to where `listener` listens, and `to` is.
fn connected(listener: &TcpListener, to: SocketAddr) -> (TcpStream, TcpStream) {
    let to = SocketAddr::new(to.ip(), listener.local_addr().expect("an address").port());
    let client = TcpStream::connect(to).expect("a connection");
    (client, listener.accept().expect("the other end").0)
}

fn ends(stream: &TcpStream) -> (SocketAddr, SocketAddr) {
    let canonical = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
    let local = stream.local_addr().expect("an address");
    (canonical(local), canonical(stream.peer_addr().expect("an address")))
}

fn is_root(what: &str) -> bool {
    let is_root = fs::metadata("/proc/self").expect("ourselves").uid() == 0;
    if !is_root {
        eprintln!("skipped: only root can {what}");
    }
    is_root
}

/// One test at a time: a process that another test begins holds all our sockets for a moment.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ended with the test, whatever happens.
struct Other(Child);

impl Drop for Other {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

const V4: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

const V6: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0);

#[test]
fn both_ends_of_a_connection_are_found_over_ipv4_and_ipv6() {
    let _alone = alone();
    for to in [V4, V6] {
        let listener = TcpListener::bind(to).expect("a port");
        let (client, server) = connected(&listener, to);
        for (local, remote) in [ends(&client), ends(&server)] {
            is_me(owner(Tcp, local, remote));
        }
    }
}

#[test]
fn an_ipv4_connection_is_found_in_an_ipv6_socket() {
    let _alone = alone();
    let anywhere = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0);
    let listener = TcpListener::bind(anywhere).expect("a port");
    let (_client, server) = connected(&listener, V4);
    assert!(server.local_addr().expect("an address").is_ipv6());
    let (local, remote) = ends(&server);
    assert!(local.is_ipv4());
    is_me(owner(Tcp, local, remote));
}

#[test]
fn whoever_only_listens_owns_no_connection() {
    let _alone = alone();
    let listener = TcpListener::bind(V4).expect("a port");
    let local = listener.local_addr().expect("an address");
    assert_eq!(owner(Tcp, local, SocketAddr::new(local.ip(), 1)), None);
}

#[test]
fn a_connection_has_an_owner_only_once_it_was_accepted() {
    let _alone = alone();
    let listener = TcpListener::bind(V4).expect("a port");
    let to = listener.local_addr().expect("an address");
    let client = TcpStream::connect(to).expect("a connection");
    let (remote, local) = ends(&client);
    let mut owners = owners();
    assert_eq!(owners.ask(Question::new(1, Tcp, local, remote), Timestamp(0)), Asked::Yes);
    sleep(Duration::from_millis(50));
    assert!(owners.heard().is_none(), "nobody has it yet");
    let _server = listener.accept().expect("the other end");
    is_me(last(&mut owners));
    // One that nobody accepts has no owner, and that is said in the end.
    let client = TcpStream::connect(to).expect("a connection");
    let (remote, local) = ends(&client);
    assert_eq!(owner(Tcp, local, remote), None);
}

#[test]
fn a_connection_that_was_closed_has_no_owner() {
    let _alone = alone();
    let listener = TcpListener::bind(V4).expect("a port");
    let (client, server) = connected(&listener, V4);
    let (near, far) = ends(&client);
    // The one waits for the other to close, too; its process has nothing to do with it any more.
    drop(client);
    assert_eq!(owner(Tcp, near, far), None);
    is_me(owner(Tcp, far, near));
    drop(server);
    assert_eq!(owner(Tcp, far, near), None);
}

#[test]
fn datagrams_are_found_whether_their_socket_is_connected_or_only_bound() {
    let _alone = alone();
    for address in [V4, V6] {
        let [one, other] = [(), ()].map(|()| UdpSocket::bind(address).expect("a port"));
        let [near, far] = [&one, &other].map(|socket| socket.local_addr().expect("an address"));
        one.connect(far).expect("connected");
        is_me(owner(Udp, near, far));
        is_me(owner(Udp, far, near));
    }
    let bound = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).expect("a port");
    let port = bound.local_addr().expect("an address").port();
    let far = SocketAddr::new(V4.ip(), 9);
    is_me(owner(Udp, SocketAddr::new(V4.ip(), port), far));
    drop(bound);
    assert_eq!(owner(Udp, SocketAddr::new(V4.ip(), port), far), None);
}

#[test]
fn an_end_elsewhere_is_not_taken_for_a_socket_that_hears_everything() {
    let _alone = alone();
    let bound = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
    let near = bound.local_addr().expect("an address");
    // RFC 5737: nobody has this address.
    let far = SocketAddr::new(Ipv4Addr::new(192, 0, 2, 1).into(), near.port());
    let near = SocketAddr::new(V4.ip(), near.port());
    assert_eq!(owners().ask(Question::new(1, Udp, far, near), Timestamp(0)), Asked::NotHere);
}

#[test]
fn who_spoke_to_a_group_is_told_only_if_nobody_else_can_have() {
    let _alone = alone();
    let group = "224.0.0.251:5353".parse().expect("an address");
    let one = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
    let near = SocketAddr::new(V4.ip(), one.local_addr().expect("an address").port());
    is_me(owner(Udp, near, group));
    let other = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::empty(), None);
    let other = other.expect("a socket");
    setsockopt(&one, ReuseAddr, &true).expect("to be set");
    setsockopt(&other, ReuseAddr, &true).expect("to be set");
    let anywhere = SockaddrIn::new(0, 0, 0, 0, near.port());
    bind(other.as_raw_fd(), &anywhere).expect("the same port");
    assert_eq!(owner(Udp, near, group), None, "two are bound alike");
}

#[test]
fn of_those_who_share_a_socket_the_lowest_is_told_and_the_others_are_counted() {
    let _alone = alone();
    let listener = TcpListener::bind(V4).expect("a port");
    let (client, server) = connected(&listener, V4);
    let shared = || Stdio::from(OwnedFd::from(server.try_clone().expect("a socket")));
    let children = [(), ()].map(|()| {
        // Twice in each of them, which makes no two of it.
        let child = Command::new("sleep").arg("60").stdin(shared()).stdout(shared()).spawn();
        Other(child.expect("sleep"))
    });
    let lowest = children.iter().map(|child| child.0.id()).chain([process::id()]).min();
    let (local, remote) = ends(&server);
    let told = owner(Tcp, local, remote).expect("an owner");
    let process = told.process.as_ref().expect("a process");
    assert_eq!((Some(process.pid), process.others), (lowest, Some(2)));
    // And when only the children are left.
    drop(server);
    let told = owner(Tcp, local, remote).expect("an owner");
    let process = told.process.as_ref().expect("a process");
    assert_eq!((&*process.name, process.others), (&b"sleep"[..], Some(1)));
    drop(client);
}

#[test]
fn a_connection_of_another_user_is_told_with_its_process() {
    let _alone = alone();
    if !is_root("become another user, and look into his processes") {
        return;
    }
    let listener = TcpListener::bind(V4).expect("a port");
    let to = listener.local_addr().expect("an address");
    let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{}; read -u 3 line", to.port());
    let child = Command::new("bash").args(["-c", &connect]).uid(NOBODY).gid(NOBODY).spawn();
    let child = Other(child.expect("bash"));
    let (server, _) = listener.accept().expect("a connection");
    let (remote, local) = ends(&server);
    let told = owner(Tcp, local, remote).expect("an owner");
    let process = told.process.as_ref().expect("a process");
    assert_eq!((told.uid, process.pid), (NOBODY, child.0.id()));
    assert_eq!((&*process.name, process.executable.as_deref()), (&b"bash"[..], Some(&b"bash"[..])));
}
