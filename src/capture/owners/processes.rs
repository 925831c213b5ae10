//! Which process holds a socket? Read from `/proc`.

use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use hashbrown::{HashMap, HashSet};

use crate::timeline::Process;

/// What was learnt of processes: whom to ask first.
#[derive(Default)]
pub(super) struct Processes {
    /// All there were at the last full look, in order.
    known: Vec<u32>,
    /// Those that held what was sought lately, the latest first.
    recent: VecDeque<u32>,
    /// Those that had sockets at the last full look; first those that listened.
    usual: Vec<u32>,
}

/// Who holds a socket: the lowest number, and how many more, if all were looked into.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Holders {
    pub(super) lowest: u32,
    pub(super) others: Option<u32>,
}

/// So many that held a socket lately are remembered.
const RECENT: usize = 16;
/// In a quick look so many of these and of those with sockets are looked into, and of the new ones.
const QUICK: usize = 64;
const NEW: usize = 16;
/// So many files of each of them, and of all at a full look.
const FILES: usize = 512;
const ALL_FILES: usize = 1 << 20;

impl Processes {
    /// Looks for a socket where it is most probably found: with those that have come since the last full
    /// look, those that held one lately, and those that have others. Whoever began the connection may be new.
    pub(super) fn quick(&mut self, inode: u32, begins: bool) -> Option<u32> {
        let holds = |pid: &u32| sockets(*pid, &mut { FILES }).any(|one| one == inode);
        let new = || {
            let is_new = |pid: &u32| self.known.binary_search(pid).is_err();
            all().into_iter().rev().filter(is_new).take(NEW).find(holds)
        };
        let known = || self.recent.iter().chain(&self.usual).take(QUICK).copied().find(holds);
        let found = if begins { new().or_else(known) } else { known().or_else(new) }?;
        self.held(found);
        Some(found)
    }

    /// Looks for some sockets everywhere. `listening` are those that wait for connections.
    pub(super) fn everywhere(
        &mut self,
        wanted: &HashSet<u32>,
        listening: &HashSet<u32>,
    ) -> HashMap<u32, Holders> {
        let mut found: HashMap<u32, Holders> = HashMap::new();
        let mut left = ALL_FILES;
        let (mut servers, mut others) = (Vec::new(), Vec::new());
        self.known = all();
        for pid in &self.known {
            let mut mine = HashSet::new();
            let (mut listens, mut has_any) = (false, false);
            for inode in sockets(*pid, &mut left) {
                has_any = true;
                listens |= listening.contains(&inode);
                // One process may have several names for one socket.
                if wanted.contains(&inode) && mine.insert(inode) {
                    let none = Holders { lowest: *pid, others: None };
                    let holders = found.entry(inode).or_insert(none);
                    holders.others = Some(holders.others.map_or(0, |others| others + 1));
                }
            }
            match (has_any, listens) {
                (_, true) => servers.push(*pid),
                (true, false) => others.push(*pid),
                (false, false) => {}
            }
        }
        servers.append(&mut others);
        self.usual = servers;
        for holders in found.values() {
            self.held(holders.lowest);
        }
        found
    }

    fn held(&mut self, pid: u32) {
        self.recent.retain(|recent| *recent != pid);
        self.recent.push_front(pid);
        self.recent.truncate(RECENT);
    }
}

/// What a process is called; `None` when it has gone.
pub(super) fn describe(holders: Holders) -> Option<Process> {
    let pid = holders.lowest;
    let mut name = Vec::new();
    let file = fs::File::open(format!("/proc/{pid}/comm")).ok()?;
    // The kernel keeps fifteen octets.
    file.take(64).read_to_end(&mut name).ok()?;
    name.truncate(name.trim_ascii_end().len());
    let executable = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let executable = executable.as_deref().and_then(base);
    Some(Process { pid, name: name.into(), executable, others: holders.others })
}

/// The last part of a path, without what the kernel says of a file that is gone.
fn base(path: &Path) -> Option<Box<[u8]>> {
    let name = path.file_name()?.as_bytes();
    Some(name.strip_suffix(b" (deleted)").unwrap_or(name).into())
}

/// The numbers of all processes, in order.
fn all() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let name = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let mut all: Vec<u32> = entries.flatten().filter_map(name).collect();
    all.sort_unstable();
    all
}

/// The inodes of the sockets that a process has open. At most `left` of its files are looked at, and
/// taken off.
fn sockets(pid: u32, left: &mut usize) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let entries = entries.map_while(|entry| {
        *left = left.checked_sub(1)?;
        Some(entry)
    });
    entries.filter_map(|entry| inode(&fs::read_link(entry.path()).ok()?))
}

fn inode(link: &Path) -> Option<u32> {
    let number = link.as_os_str().as_bytes().strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_executable_keeps_its_name() {
        let named = |path: &str| base(Path::new(path)).map(<[u8]>::into_vec);
        assert_eq!(named("/usr/bin/curl"), Some(b"curl".to_vec()));
        assert_eq!(named("/usr/bin/curl (deleted)"), Some(b"curl".to_vec()));
        assert_eq!(named("/"), None);
    }

    #[test]
    fn only_sockets_have_an_inode_that_counts() {
        assert_eq!(inode(Path::new("socket:[4026]")), Some(4026));
        for other in ["pipe:[4026]", "/dev/null", "socket:[]", "socket:[x]", "socket:[1"] {
            assert_eq!(inode(Path::new(other)), None, "{other}");
        }
    }
}
