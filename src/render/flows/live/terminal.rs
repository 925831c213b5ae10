//! The terminal: taken, put back whatever happens, written to, and asked what is typed.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::panic;
use std::sync::{Mutex, Once, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, raise};
use nix::sys::termios::{
    FlushArg, InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcflush, tcgetattr,
    tcsetattr,
};
use terminal_size::terminal_size_of;

/// Where a view that lives is drawn.
pub trait Terminal {
    /// Columns and lines.
    fn size(&self) -> (u16, u16);

    /// Takes the whole screen.
    fn open(&mut self) -> io::Result<()>;

    /// Puts everything back as it was.
    fn close(&mut self) -> io::Result<()>;

    fn write(&mut self, octets: &[u8]) -> io::Result<()>;

    /// What was typed since the last time. Never waits.
    fn typed(&mut self) -> Vec<u8>;

    /// Ends the program as Control-C would, if the terminal still made a signal of it.
    fn interrupt(&mut self);

    /// Stops the program until it is called to the foreground again.
    fn suspend(&mut self);
}

/// The terminal that standard output is.
#[derive(Debug)]
pub struct Tty {
    /// Nothing where nobody can type.
    keyboard: Option<File>,
}

/// What a terminal was before it was taken: here, so that a panic can put it back, too.
static BEFORE: Mutex<Option<Before>> = Mutex::new(None);

struct Before {
    /// Nothing where keys cannot be read one by one.
    modes: Option<(File, Termios)>,
}

/// The other screen, no cursor, and what is too long is cut off.
const OPEN: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l";
const CLOSE: &[u8] = b"\x1b[0m\x1b[?2026l\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Where nobody knows the size.
const SIZE: (u16, u16) = (80, 24);

impl Tty {
    /// Finds the keyboard: later, when rights were given up, it might be out of reach.
    pub fn find() -> Self {
        Self { keyboard: keyboard() }
    }
}

impl Terminal for Tty {
    fn size(&self) -> (u16, u16) {
        let size = terminal_size_of(io::stdout()).map(|(width, height)| (width.0, height.0));
        size.unwrap_or(SIZE)
    }

    fn open(&mut self) -> io::Result<()> {
        put_back_after_a_panic();
        let modes = self.keyboard.as_ref().and_then(|keyboard| {
            let modes = tcgetattr(keyboard).ok()?;
            let kept = keyboard.try_clone().ok()?;
            tcsetattr(keyboard, SetArg::TCSANOW, &key_by_key(&modes)).ok()?;
            Some((kept, modes))
        });
        *before() = Some(Before { modes });
        self.write(OPEN)
    }

    fn close(&mut self) -> io::Result<()> {
        put_back()
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(octets)?;
        out.flush()
    }

    fn typed(&mut self) -> Vec<u8> {
        let Some(keyboard) = &mut self.keyboard else { return Vec::new() };
        // Asked first: a shell that stopped us may have left a keyboard that makes readers wait.
        let mut handles = [PollFd::new(keyboard.as_fd(), PollFlags::POLLIN)];
        let mut typed = [0; 256];
        let count = match poll(&mut handles, PollTimeout::ZERO) {
            Ok(1..) => keyboard.read(&mut typed).unwrap_or(0),
            _ => 0,
        };
        typed[..count].to_vec()
    }

    fn interrupt(&mut self) {
        _ = raise(Signal::SIGINT);
    }

    fn suspend(&mut self) {
        _ = raise(Signal::SIGTSTP);
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        _ = put_back();
    }
}

/// Standard input if somebody types there, and else the terminal that controls us, if any.
fn keyboard() -> Option<File> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return stdin.as_fd().try_clone_to_owned().ok().map(File::from);
    }
    File::options().read(true).write(true).open("/dev/tty").ok()
}

/// Each key at once and unseen, none of them a signal (POSIX.1 §11.1.7).
fn key_by_key(modes: &Termios) -> Termios {
    let mut modes = modes.clone();
    modes.local_flags -=
        LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG | LocalFlags::IEXTEN;
    modes.input_flags -= InputFlags::IXON | InputFlags::ICRNL;
    modes.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
    modes.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
    modes
}

fn before() -> std::sync::MutexGuard<'static, Option<Before>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts the terminal back if it is taken.
fn put_back() -> io::Result<()> {
    let Some(before) = before().take() else { return Ok(()) };
    if let Some((keyboard, modes)) = before.modes {
        // What was typed for us is not for the shell.
        _ = tcflush(&keyboard, FlushArg::TCIFLUSH);
        _ = tcsetattr(&keyboard, SetArg::TCSANOW, &modes);
    }
    let mut out = io::stdout().lock();
    out.write_all(CLOSE)?;
    out.flush()
}

/// What a panic says would be lost with the other screen.
fn put_back_after_a_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            _ = put_back();
            tell(panic);
        }));
    });
}
