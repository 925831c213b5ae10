//! Who answers questions about sockets, without anybody waiting? A thread of its own.
//!
//! It asks the kernel at once, and again a few times where a connection is so young that no process has
//! it yet. Then it looks for the process where it is most probably found, and later everywhere, which
//! takes at most a tenth of its time: only then is it certain who else holds the same socket.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use hashbrown::{HashMap, HashSet};

use super::kernel::{Kernel, Standing};
use super::processes::{Holders, Processes, describe};
use super::scout::Beginning;
use super::{Answer, Question};
use crate::timeline::Owner;

pub(super) struct Desk {
    kernel: Kernel,
    processes: Processes,
    answers: Sender<Answer>,
    /// What is asked again, by the time it is due, and how often it was asked.
    again: BTreeMap<(Instant, u64), (Aim, usize)>,
    /// Tells apart what is due at the same instant.
    serial: u64,
    /// Sockets whose holders are sought everywhere the next time.
    sought: Vec<Sought>,
    next_look: Instant,
    turn: Turn,
    /// What was found at ends that nobody has asked about yet, by the local and the remote end.
    foreseen: HashMap<(SocketAddr, SocketAddr), Foreseen>,
    /// The same in the order in which it is forgotten.
    order: VecDeque<(Instant, (SocketAddr, SocketAddr))>,
    /// What was answered lately: most connections are those of a few.
    latest: VecDeque<Arc<Owner>>,
}

/// What the desk is told.
pub(super) enum Note {
    Asked(Question),
    Begins(Beginning),
    /// Nothing more is asked.
    End,
}

/// What the kernel is asked for.
#[derive(Clone, Copy)]
enum Aim {
    /// An answer.
    Answer(Question),
    /// Before anybody has asked, because it may be too late then.
    Foresight(Question),
}

/// A socket that somebody may ask about.
struct Foreseen {
    inode: u32,
    uid: u32,
    owner: Option<Arc<Owner>>,
}

struct Sought {
    id: u64,
    inode: u32,
    uid: u32,
    /// What was answered so far.
    answered: Option<Arc<Owner>>,
}

/// What was done in the current stretch of time.
struct Turn {
    begun: Instant,
    questions: u32,
    looking: Duration,
}

/// How long after the question a connection that is too young is asked about again.
const EARLY: [Duration; 5] = [
    Duration::from_millis(1),
    Duration::from_millis(4),
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(500),
];
/// The same where there is no socket: the segment may have been captured before it had arrived.
const ABSENT: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(10)];

/// But not while there are so many.
const MANY: usize = 256;

/// The same before anybody has asked: a server accepts at once what comes from its own machine.
const SOON: [Duration; 4] = [
    Duration::from_micros(100),
    Duration::from_micros(300),
    Duration::from_millis(1),
    Duration::from_millis(5),
];
/// For so long, and so much, it is kept what was found before anybody asked.
const FORESEEN: Duration = Duration::from_secs(2);
const MOST_FORESEEN: usize = 1024;

/// Between two full looks, at least; and so many times what the last one took.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
const REST: u32 = 9;

/// A full look takes time: those who are asked about meanwhile might be gone.
const FIRST_QUICK: Duration = Duration::from_millis(20);

/// In each stretch of time so many questions are put to the kernel, and so much is spent on quick looks.
const TURN: Duration = Duration::from_millis(50);
const QUESTIONS: u32 = 200;
const LOOKING: Duration = Duration::from_millis(10);

/// So many owners are kept to be told again.
const LATEST: usize = 64;

impl Desk {
    pub(super) fn new(kernel: Kernel, answers: Sender<Answer>) -> Self {
        let now = Instant::now();
        Self {
            kernel,
            processes: Processes::default(),
            answers,
            again: BTreeMap::new(),
            serial: 0,
            sought: Vec::new(),
            next_look: now,
            turn: Turn { begun: now, questions: 0, looking: Duration::ZERO },
            foreseen: HashMap::new(),
            order: VecDeque::new(),
            latest: VecDeque::new(),
        }
    }

    /// Answers until nobody asks any more, and what was asked until then.
    pub(super) fn serve(mut self, notes: &Receiver<Note>) {
        // Before anybody asks: who listens, and who is new from now on.
        self.look();
        self.next_look = Instant::now();
        loop {
            let note = match self.due() {
                Some(due) => notes.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => notes.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match note {
                Ok(Note::Asked(question)) => self.question(question),
                Ok(Note::Begins(beginning)) => self.begins(beginning),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Note::End) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.ask_again();
            if !self.sought.is_empty() && Instant::now() >= self.next_look {
                self.look();
            }
        }
        for (_, (aim, _)) in mem::take(&mut self.again) {
            self.ask(aim, usize::MAX);
        }
        if !self.sought.is_empty() {
            self.look();
        }
    }

    /// When there will be something to do, asked or not.
    fn due(&self) -> Option<Instant> {
        let again = self.again.first_key_value().map(|((due, _), _)| *due);
        again.into_iter().chain((!self.sought.is_empty()).then_some(self.next_look)).min()
    }

    fn ask_again(&mut self) {
        while let Some(first) = self.again.first_entry()
            && first.key().0 <= Instant::now()
        {
            let (aim, times) = first.remove();
            self.ask(aim, times);
        }
    }

    fn question(&mut self, question: Question) {
        match self.foreseen.remove(&(question.local, question.remote)) {
            Some(Foreseen { inode, uid, owner }) => self.seek(&question, inode, uid, owner),
            None => self.ask(Aim::Answer(question), 0),
        }
    }

    /// A connection begins: somebody will ask whose its ends are.
    fn begins(&mut self, beginning: Beginning) {
        self.forget();
        let Beginning { protocol, client, server, stays } = beginning;
        let both = [(client, server), (server, client)];
        for (local, remote) in both.into_iter().take(1 + usize::from(stays)) {
            // What is asked comes first.
            if self.turn.questions < QUESTIONS / 2 && self.again.len() < MOST_FORESEEN {
                let begins = local == client;
                let question = Question { begins, ..Question::new(0, protocol, local, remote) };
                self.ask(Aim::Foresight(question), 0);
            }
        }
        // Whoever serves is known as a rule, and soon looked into.
        for ends in both.into_iter().rev() {
            self.foresee(ends, ends.0 == client);
        }
    }

    /// Looks for the process of a socket that somebody may ask about.
    fn foresee(&mut self, ends: (SocketAddr, SocketAddr), begins: bool) {
        let Some(Foreseen { inode, uid, owner: None }) = self.foreseen.get(&ends) else { return };
        let owner = self.quick(*inode, *uid, begins);
        self.foreseen.entry(ends).and_modify(|one| one.owner = owner);
    }

    /// Forgets what nobody has asked about for too long.
    fn forget(&mut self) {
        while let Some((found, ends)) = self.order.front()
            && (self.order.len() >= MOST_FORESEEN || found.elapsed() > FORESEEN)
        {
            self.foreseen.remove(ends);
            self.order.pop_front();
        }
    }

    /// Asks the kernel, after it was asked so many times.
    fn ask(&mut self, aim: Aim, times: usize) {
        self.turn.take();
        let (Aim::Answer(question) | Aim::Foresight(question)) = &aim;
        let standing = self.kernel.find(question).unwrap_or(Standing::Nothing);
        let delays = match (standing, aim) {
            (Standing::Held { inode, uid }, Aim::Answer(question)) => {
                return self.seek(&question, inode, uid, None);
            }
            (Standing::Held { inode, uid }, Aim::Foresight(question)) => {
                let ends = (question.local, question.remote);
                self.foreseen.insert(ends, Foreseen { inode, uid, owner: None });
                self.order.push_back((Instant::now(), ends));
                if times > 0 {
                    self.foresee(ends, question.begins);
                }
                return;
            }
            (Standing::Orphaned, _) => &[],
            (_, Aim::Foresight(_)) => &SOON[..],
            (Standing::Early, _) => &EARLY,
            // A scan or a flood, which shall not keep others waiting.
            (Standing::Nothing, _) if self.again.len() >= MANY => &[],
            (Standing::Nothing, _) => &ABSENT,
        };
        match (delays.get(times), aim) {
            (Some(delay), _) => {
                self.serial += 1;
                self.again.insert((Instant::now() + *delay, self.serial), (aim, times + 1));
            }
            (None, Aim::Answer(question)) => self.answer(question.id, None, true),
            (None, Aim::Foresight(_)) => {}
        }
    }

    /// Answers as far as it is known by now, and notes a socket for the next full look.
    fn seek(&mut self, question: &Question, inode: u32, uid: u32, foreseen: Option<Arc<Owner>>) {
        let id = question.id;
        let answered = foreseen.or_else(|| self.quick(inode, uid, question.begins));
        if let Some(owner) = &answered {
            self.answer(id, Some(Arc::clone(owner)), false);
        }
        if self.sought.is_empty() {
            self.next_look = self.next_look.max(Instant::now() + FIRST_QUICK);
        }
        self.sought.push(Sought { id, inode, uid, answered });
    }

    /// Looks for a socket's process where it is most probably found, if there is time.
    fn quick(&mut self, inode: u32, uid: u32, begins: bool) -> Option<Arc<Owner>> {
        if self.turn.looking >= LOOKING {
            return None;
        }
        let begun = Instant::now();
        let found = self.processes.quick(inode, begins);
        self.turn.looking += begun.elapsed();
        Some(self.owner(uid, Some(Holders { lowest: found?, others: None })))
    }

    /// Looks for everything that is sought in all processes.
    fn look(&mut self) {
        let begun = Instant::now();
        let listening: HashSet<u32> =
            self.kernel.listening().unwrap_or_default().into_iter().collect();
        let wanted: HashSet<u32> = self.sought.iter().map(|sought| sought.inode).collect();
        let found = self.processes.everywhere(&wanted, &listening);
        for sought in mem::take(&mut self.sought) {
            let holders = found.get(&sought.inode).copied();
            let now = self.owner(sought.uid, holders);
            // Who is not found any more has closed the socket since.
            let owner = sought.answered.filter(|_| now.process.is_none()).unwrap_or(now);
            self.answer(sought.id, Some(owner), true);
        }
        self.next_look = Instant::now() + BETWEEN_LOOKS.max(begun.elapsed() * REST);
    }

    fn owner(&mut self, uid: u32, holders: Option<Holders>) -> Arc<Owner> {
        let owner = Owner { uid, process: holders.and_then(describe) };
        if let Some(known) = self.latest.iter().find(|known| ***known == owner) {
            return Arc::clone(known);
        }
        let owner = Arc::new(owner);
        self.latest.push_front(Arc::clone(&owner));
        self.latest.truncate(LATEST);
        owner
    }

    fn answer(&self, id: u64, owner: Option<Arc<Owner>>, is_last: bool) {
        // Nobody may want to hear it any more.
        _ = self.answers.send(Answer { id, owner, is_last });
    }
}

impl Turn {
    /// Takes a question's place in this stretch of time, or waits for the next one.
    fn take(&mut self) {
        if self.questions >= QUESTIONS {
            thread::sleep(TURN.saturating_sub(self.begun.elapsed()));
        }
        if self.begun.elapsed() >= TURN {
            *self = Self { begun: Instant::now(), questions: 0, looking: Duration::ZERO };
        }
        self.questions += 1;
    }
}
