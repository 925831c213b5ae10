//! What is run on each file once it is finished?

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::setpriority_process;

use super::super::input::shown;
use super::super::tape::cause;

/// Runs a command on files, at the lowest priority and beside the capture, which never waits for it.
pub struct After {
    command: OsString,
    tell: fn(&str),
    /// Who starts the commands, once there is a file.
    starter: Option<(Sender<PathBuf>, JoinHandle<()>)>,
}

/// Commands that run at once; with more files they wait for one another.
const MOST: usize = 8;

/// How soon it is seen that a command is over.
const LOOK: Duration = Duration::from_millis(50);

impl After {
    /// `tell` is given one sentence should the command not start.
    pub fn new(command: OsString, tell: fn(&str)) -> Self {
        Self { command, tell, starter: None }
    }

    pub(super) fn finished(&mut self, path: &Path) {
        let (files, _) = self.starter.get_or_insert_with(|| {
            let (sender, receiver) = channel();
            let starter = Starter {
                command: self.command.clone(),
                running: Vec::new(),
                waiting: VecDeque::new(),
                tell: Some(self.tell),
            };
            (sender, thread::spawn(move || starter.run(&receiver)))
        });
        let _ = files.send(path.to_owned());
    }

    /// Nothing more will come: what still waits is started. Whatever runs then outlives us.
    pub(super) fn end(&mut self) {
        if let Some((files, thread)) = self.starter.take() {
            drop(files);
            let _ = thread.join();
        }
    }
}

/// Works on a thread of its own: starting a program takes time, and the priority of a thread is what the
/// programs that it starts begin with.
struct Starter {
    command: OsString,
    running: Vec<Child>,
    /// Files on which the command was not started yet.
    waiting: VecDeque<PathBuf>,
    /// Told once that it cannot be started.
    tell: Option<fn(&str)>,
}

impl Starter {
    fn run(mut self, files: &Receiver<PathBuf>) {
        // Nobody may forbid to be modest.
        let _ = setpriority_process(None, 19);
        loop {
            let file = if self.running.is_empty() {
                files.recv().map_err(RecvTimeoutError::from)
            } else {
                files.recv_timeout(LOOK)
            };
            match file {
                Ok(path) => self.waiting.push_back(path),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.running.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
            while self.running.len() < MOST
                && let Some(path) = self.waiting.pop_front()
            {
                self.start(&path);
            }
        }
        while let Some(path) = self.waiting.pop_front() {
            self.start(&path);
        }
    }

    fn start(&mut self, path: &Path) {
        // A name is no option of the command.
        let is_option = path.as_os_str().as_bytes().starts_with(b"-");
        let path = if is_option { &Path::new(".").join(path) } else { path };
        let mut command = Command::new(&self.command);
        // In a group of its own: Ctrl-C is for the capture.
        command.arg(path).stdin(Stdio::null()).process_group(0);
        match command.spawn() {
            Ok(child) => self.running.push(child),
            Err(error) => self.refused(path, &error),
        }
    }

    #[cold]
    fn refused(&mut self, path: &Path, error: &io::Error) {
        if let Some(tell) = self.tell.take() {
            let (command, path) = (shown(Path::new(&self.command)), shown(path));
            let cause = cause(error);
            tell(&format!(
                "{command}: cannot be run on {path}: {cause}; the files stay as they are"
            ));
        }
    }
}
