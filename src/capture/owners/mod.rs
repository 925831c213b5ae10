//! Whose socket is it?
//!
//! The kernel is asked for the socket at one end of a conversation (`sock_diag(7)`), and `/proc` for the
//! processes that hold it. Nothing is guessed: a connection that no process has yet or any more has no
//! owner. Nobody waits for an answer either: questions go to a thread, and answers are fetched later.
//!
//! What it needs: [`Owners::open`] opens a netlink socket, which needs no right and tells of every socket
//! of our network namespace, and whose user it is; and a handle on all interfaces, if there is the right to
//! listen. To look into a process of another user, or of our own user with capabilities that we have not,
//! takes `CAP_SYS_PTRACE`, and `CAP_DAC_READ_SEARCH` to open its list of files: the thread that
//! [`Owners::begin`] starts has what its caller has at that moment. The thread of [`Owners::look_out`] needs
//! neither. Landlock must not be in force: within it no process may be looked into, whatever the rights.
//! Where a process may not be seen, its user is still told.
//!
//! What it does not find: processes in other network namespaces, and sockets that the kernel holds itself
//! (NFS, MPTCP, whose processes have another socket).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use crate::timeline::{Owner, Timestamp};

mod desk;
mod here;
mod kernel;
mod processes;
mod scout;

use desk::{Desk, Note};
use here::Here;
use kernel::Kernel;
use scout::Scout;

/// Asks whose the ends of conversations are.
pub struct Owners {
    /// Until the threads have them.
    kernel: Option<Kernel>,
    scout: Option<Scout>,
    thread: Option<(Sender<Note>, Receiver<Answer>)>,
    /// Whether nothing is asked any more.
    is_over: Arc<AtomicBool>,
    here: Here,
    /// Questions without a last answer.
    open: usize,
}

/// Whose is the local end of this conversation?
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The asker's, and the answer's.
    pub id: u64,
    pub protocol: Protocol,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// Whether the local end is the client's.
    pub begins: bool,
    /// The number of the interface that has the local address.
    interface: u32,
    /// Whether the remote end stands for many.
    is_for_many: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    Tcp,
    Udp,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// An [`Answer`] will come.
    Yes,
    /// The end is not on this machine.
    NotHere,
    /// Too many questions are open.
    Busy,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub id: u64,
    pub owner: Option<Arc<Owner>>,
    /// Whether nothing better will come.
    pub is_last: bool,
}

/// Questions that may be open at once.
const OPEN: usize = 2048;
/// How long the last answers are waited for.
const PATIENCE: Duration = Duration::from_millis(150);

impl Question {
    /// As of a client.
    pub fn new(id: u64, protocol: Protocol, local: SocketAddr, remote: SocketAddr) -> Self {
        let (begins, interface, is_for_many) = (true, 0, false);
        Self { id, protocol, local, remote, begins, interface, is_for_many }
    }
}

impl Owners {
    /// Opens the way to the kernel, and tries it.
    pub fn open() -> anyhow::Result<Self> {
        let cannot = "the kernel cannot be asked whose sockets are";
        let mut kernel = Kernel::open().context(cannot)?;
        kernel.listening().map_err(|error| match error.raw_os_error() {
            Some(libc::ENOENT) => anyhow!("{cannot}: it was built without inet_diag"),
            _ => anyhow!("{cannot}: {error}"),
        })?;
        let (kernel, scout) = (Some(kernel), Scout::open());
        let (is_over, here) = (Arc::default(), Here::default());
        Ok(Self { kernel, scout, thread: None, is_over, here, open: 0 })
    }

    /// Begins to answer, with the rights that the caller has by now.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        let Some(kernel) = self.kernel.take() else { return Ok(()) };
        let (notes, asked) = channel();
        let (answers, heard) = channel();
        begin("owners", move || Desk::new(kernel, answers).serve(&asked))?;
        self.thread = Some((notes, heard));
        Ok(())
    }

    /// Begins to look out for connections as they begin, if they can be heard; reads what comes from the
    /// wire, with the rights that the caller has by now.
    pub fn look_out(&mut self) -> anyhow::Result<()> {
        let (Some(scout), Some((notes, _))) = (self.scout.take(), &self.thread) else {
            return Ok(());
        };
        let (notes, is_over) = (notes.clone(), Arc::clone(&self.is_over));
        begin("scout", move || {
            scout.tell(&is_over, |beginning| _ = notes.send(Note::Begins(beginning)));
        })
    }

    /// Asks, without waiting. `now` is the time of the packet that gave rise to the question.
    pub fn ask(&mut self, question: Question, now: Timestamp) -> Asked {
        let Some(interface) = self.here.interface(question.local.ip(), now) else {
            return Asked::NotHere;
        };
        let is_for_many = self.here.is_for_many(question.remote.ip());
        let question = Question { interface, is_for_many, ..question };
        if self.open < OPEN
            && let Some((notes, _)) = &self.thread
            && notes.send(Note::Asked(question)).is_ok()
        {
            self.open += 1;
            return Asked::Yes;
        }
        Asked::Busy
    }

    /// The next answer, if there is one.
    #[inline]
    pub fn heard(&mut self) -> Option<Answer> {
        if self.open == 0 {
            return None;
        }
        let answer = self.thread.as_ref()?.1.try_recv().ok()?;
        self.open -= usize::from(answer.is_last);
        Some(answer)
    }

    /// Ends asking, and waits a little for what was asked.
    pub fn end(&mut self) -> Vec<Answer> {
        let Some((notes, answers)) = self.thread.take() else { return Vec::new() };
        _ = notes.send(Note::End);
        let mut last = Vec::new();
        let until = Instant::now() + PATIENCE;
        while self.open > 0
            && let Ok(answer) =
                answers.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            self.open -= usize::from(answer.is_last);
            last.push(answer);
        }
        last
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        if let Some((notes, _)) = &self.thread {
            _ = notes.send(Note::End);
        }
    }
}

fn begin(name: &str, work: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map(|_| ()).context("processes cannot be looked up")
}
