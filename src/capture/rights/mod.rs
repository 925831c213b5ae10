//! What may we do, and how is it given up for good?
//!
//! An interface is opened with a right that whatever comes in through it must never meet. So all that
//! needs a right is opened first; then everything is given up, in one step that cannot be taken back;
//! only then is the first packet looked at.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use caps::{CapSet, Capability, CapsHashSet};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Uid, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid, setuid};

mod fence;
mod missing;
mod user;

pub use fence::Fence;
pub use missing::missing;
use user::Identity;

/// What shall still be possible when everything else is given up.
#[derive(Debug)]
pub struct Rights {
    who: Identity,
    writes: Vec<PathBuf>,
    reads: Vec<PathBuf>,
    commands: bool,
    connections: bool,
    processes: bool,
}

/// What is left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Left {
    pub uid: u32,
    pub gid: u32,
    /// Whether there are capabilities that a program we start could get from its file, were it not for
    /// `no_new_privs`. In a container this set may be out of our hands.
    pub bounding: bool,
    /// How far files, connections and other processes are out of reach.
    pub fence: Fence,
}

impl Rights {
    /// Finds who we shall be: `user` if it is given; run as root who asked root for it, by
    /// `SUDO_UID` and `SUDO_GID`; otherwise who we are.
    ///
    /// To be called before anything is opened: an error means that the command line, or what sudo
    /// says, cannot be meant.
    pub fn of(user: Option<&str>) -> anyhow::Result<Self> {
        let who = user::find(user)?;
        let (writes, reads) = (Vec::new(), Vec::new());
        Ok(Self { who, writes, reads, commands: false, connections: false, processes: false })
    }

    /// In this folder, and below it, files may be created, written, cut, renamed and removed, but not
    /// read; of what is no folder only the content may be written. What does not exist is left out.
    #[must_use]
    pub fn may_write(mut self, place: impl Into<PathBuf>) -> Self {
        self.writes.push(place.into());
        self
    }

    /// This file, or what is in this folder, may be read. What does not exist is left out.
    #[must_use]
    pub fn may_read(mut self, place: impl Into<PathBuf>) -> Self {
        self.reads.push(place.into());
        self
    }

    /// How many frames this interface lost may be asked: libpcap reads it from files.
    #[must_use]
    pub fn may_count(self, interface: &str) -> Self {
        // A name with a slash is none.
        let known = !interface.contains('/') && interface != "any";
        let place = known.then(|| format!("/sys/class/net/{interface}/statistics"));
        place.into_iter().fold(self, Self::may_read)
    }

    /// Commands may be run. They inherit all that is given up but the fence around files and
    /// connections, which is not built then: a command may want to move a file elsewhere or send it
    /// away, and nobody can climb out of a fence.
    #[must_use]
    pub fn may_run_commands(self) -> Self {
        Self { commands: true, ..self }
    }

    /// Connections may be made, and files be read to make them: the fence would keep from both.
    #[must_use]
    pub fn may_connect(self) -> Self {
        Self { connections: true, ..self }
    }

    /// The processes of others may be looked into, as far as they may be now. Keeps the two capabilities
    /// for it, which a thread of its own should have alone: see [`leave_processes`]. The fence is not
    /// built then; no process outside of it could be looked into.
    #[must_use]
    pub fn may_see_processes(self) -> Self {
        Self { processes: true, ..self }
    }

    /// Gives up everything else, for this process and all that it starts.
    ///
    /// To be called once, after all is open that needs a right, before a packet is looked at and before
    /// a thread is started: capabilities belong to threads. An error means that something may be left,
    /// and that there must be no going on.
    pub fn give_up(self) -> anyhow::Result<Left> {
        let step = |what: &'static str| move || format!("giving up rights: {what}");
        alone().with_context(step("threads"))?;
        let is_another = self.who.is_another();
        let kept = if self.processes { seeing()? } else { CapsHashSet::new() };
        prctl::set_keepcaps(!kept.is_empty()).map_err(named).with_context(step("capabilities"))?;
        // Not before Linux 4.3, and the other not without a right of its own. What counts is what is
        // found to be left.
        _ = caps::clear(None, CapSet::Ambient);
        _ = caps::clear(None, CapSet::Bounding);
        match setgroups(&[]) {
            // Only with a right, and not in every user namespace; then they are our own groups.
            Ok(()) | Err(Errno::EPERM) => {}
            Err(error) => return Err(error).with_context(step("groups")),
        }
        let Identity { uid, gid } = self.who;
        setresgid(gid, gid, gid).map_err(named).with_context(step("group"))?;
        setresuid(uid, uid, uid).map_err(named).with_context(step("user"))?;
        prctl::set_keepcaps(false).map_err(named).with_context(step("capabilities"))?;
        keep(&kept).with_context(step("capabilities"))?;
        prctl::set_no_new_privs().map_err(named).with_context(step("new privileges"))?;
        // Memory holds what was captured, and perhaps keys.
        prctl::set_dumpable(false).map_err(named).with_context(step("dumps"))?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(named).with_context(step("dumps"))?;
        verify(self.who, is_another, &kept).with_context(step("not all are gone"))?;
        let bounding = !caps::read(None, CapSet::Bounding)?.is_empty();
        let fence = if self.commands || self.connections || self.processes {
            Fence::None
        } else {
            fence::build(&self.writes, &self.reads)
        };
        Ok(Left { uid: uid.as_raw(), gid: gid.as_raw(), bounding, fence })
    }
}

/// Whether this is the only thread; where /proc is not mounted nobody knows.
fn alone() -> anyhow::Result<()> {
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 { Err(anyhow!("{} were started before", threads - 1)) } else { Ok(()) }
}

/// Gives up, for this thread, what [`Rights::may_see_processes`] kept: once the thread has been started that
/// looks into them.
pub fn leave_processes() -> anyhow::Result<()> {
    keep(&CapsHashSet::new()).context("giving up rights: capabilities")
}

/// What it takes to look into the processes of others, as far as we have it: to open the list of their
/// files, and to see where it leads.
fn seeing() -> anyhow::Result<CapsHashSet> {
    let mut have = caps::read(None, CapSet::Permitted)?;
    have.retain(|one| matches!(one, Capability::CAP_SYS_PTRACE | Capability::CAP_DAC_READ_SEARCH));
    Ok(have)
}

/// Clears the capabilities of this thread but for these.
fn keep(kept: &CapsHashSet) -> anyhow::Result<()> {
    caps::clear(None, CapSet::Inheritable)?;
    caps::set(None, CapSet::Effective, kept)?;
    caps::set(None, CapSet::Permitted, kept)?;
    Ok(())
}

/// Reads back what is left.
fn verify(who: Identity, is_another: bool, kept: &CapsHashSet) -> anyhow::Result<()> {
    let (users, groups) = (getresuid().map_err(named)?, getresgid().map_err(named)?);
    if [users.real, users.effective, users.saved].iter().any(|uid| *uid != who.uid) {
        bail!("the user is still {}", users.effective);
    }
    if [groups.real, groups.effective, groups.saved].iter().any(|gid| *gid != who.gid) {
        bail!("the group is still {}", groups.effective);
    }
    if is_another && getgroups().map_err(named)?.iter().any(|gid| *gid != who.gid) {
        bail!("groups of the user before");
    }
    let mut left = &caps::read(None, CapSet::Effective)? | &caps::read(None, CapSet::Permitted)?;
    left.retain(|capability| !kept.contains(capability));
    left.extend(caps::read(None, CapSet::Inheritable)?);
    // Not known before Linux 4.3.
    left.extend(caps::read(None, CapSet::Ambient).unwrap_or_default());
    if let Some(capability) = left.iter().next() {
        bail!("{capability}");
    }
    if !prctl::get_no_new_privs().map_err(named)? {
        bail!("new privileges");
    }
    if prctl::get_dumpable().map_err(named)? {
        bail!("dumps");
    }
    if !who.uid.is_root() && setuid(Uid::from_raw(0)).is_ok() {
        bail!("the way back to root is open");
    }
    Ok(())
}

/// What the system says, as our sentences have it.
fn named(error: Errno) -> anyhow::Error {
    anyhow!("{}", error.desc().to_lowercase())
}
