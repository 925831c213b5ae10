//! What does the system's own function say, of whose inside nothing is seen?
//!
//! It cannot be interrupted, so it runs on a thread of its own, which is left alone when the time is over.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use super::lookup::{Called, Cause, Event, Name, Sources};
use super::socket::Teller;
use super::{Address, Addresses, Family, Whence};
use crate::ink::safe;

/// Asks for the addresses of a name: what it gives, as it gives it.
pub(super) fn addresses(
    name: &Name,
    family: Family,
    until: Option<Instant>,
    sources: &Sources,
    teller: &mut Teller<'_>,
) -> Result<Addresses, Cause> {
    // Which sources it asks is its own affair; what it was told to ask can be read.
    let (asked, passed_over) = (vec![Called::SYSTEM], Vec::new());
    teller.say(Event::Sources(Sources { asked, passed_over, ..sources.clone() }));
    let host = name.to_string();
    let asked = host.clone();
    let (sender, answer) = channel();
    let given = teller.timed(|| {
        let ask = move || {
            let found = (asked.as_str(), 0).to_socket_addrs().map(Iterator::collect);
            // Nobody listens any more if it took too long.
            let _ = sender.send(found);
        };
        thread::Builder::new().name(Called::SYSTEM.into()).spawn(ask)?;
        let late = |_| io::Error::from_raw_os_error(libc::ETIMEDOUT);
        match until {
            Some(until) => answer
                .recv_timeout(until.saturating_duration_since(Instant::now()))
                .map_err(late)?,
            None => answer.recv().map_err(|_| late(RecvTimeoutError::Disconnected))?,
        }
    });
    let given: io::Result<Vec<SocketAddr>> = given;
    let said = match &given {
        Ok(list) => Ok(list.iter().map(|it| it.ip().to_string()).collect::<Vec<_>>().join(", ")),
        Err(error) => error.raw_os_error().map_or_else(|| Ok(words(error)), Err),
    };
    let with = format!("\"{host}\", SOCK_STREAM");
    let called = Called { name: Called::SYSTEM, descriptor: None, with, result: said };
    teller.brought(Event::Called(called));
    let given = given.map_err(|error| match error.raw_os_error() {
        Some(libc::ETIMEDOUT) => Cause::System { said: None },
        _ => Cause::System { said: Some(words(&error)) },
    })?;
    let mut list: Vec<Address> = Vec::new();
    for ip in given.iter().map(SocketAddr::ip).filter(|ip| family.wants(*ip)) {
        if list.iter().all(|known| known.ip != ip) {
            list.push(Address { ip, ttl: None, whence: Whence::System });
        }
    }
    if list.is_empty() { Err(Cause::OtherFamily) } else { Ok(done(host, list)) }
}

fn done(canonical: String, list: Vec<Address>) -> Addresses {
    Addresses { canonical, list, missing: None }
}

/// What the C library says of an error (`gai_strerror`).
fn words(error: &io::Error) -> String {
    let said = error.to_string();
    let said = said.rsplit("information: ").next().unwrap_or_default();
    safe(said.to_lowercase().as_bytes())
}

/// For the order in which they are tried.
pub(in crate::probe) fn are_ordered(list: &[Address]) -> bool {
    list.iter().any(|address| address.whence == Whence::System)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::probe::resolve::Resolver;
    use crate::probe::resolve::config::Files;

    #[test]
    fn it_is_one_call_and_gives_what_the_function_gives() {
        let mut resolver = Resolver::new(Files::default());
        resolver.by_system = true;
        let mut told = Vec::new();
        let found = resolver.addresses("localhost", Family::Any, &mut |step| told.push(step.event));
        let given: Vec<SocketAddr> =
            ("localhost", 0).to_socket_addrs().expect("addresses").collect();
        let mut theirs: Vec<IpAddr> = given.iter().map(SocketAddr::ip).collect();
        theirs.dedup();
        let ours: Vec<IpAddr> = found.expect("found").list.iter().map(|it| it.ip).collect();
        assert_eq!(ours, theirs);
        let [Event::Sources(sources), Event::Called(called)] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!((&sources.asked[..], called.is_lookup()), (&["getaddrinfo"][..], true));
        assert_eq!(called.result.as_deref().ok(), Some(&*join(&theirs)));
    }

    fn join(list: &[IpAddr]) -> String {
        list.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
    }
}
