//! What was called to look a name up?

/// A system call; or that of the system's own resolver function, of whose inside nothing is seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Called {
    pub name: &'static str,
    /// The descriptor it is about; none before there is one.
    pub descriptor: Option<i32>,
    /// The other arguments, in words.
    pub with: String,
    /// What it gave, in words, or the error's number.
    pub result: Result<String, i32>,
}

impl Called {
    /// The C library's function that finds addresses.
    pub const SYSTEM: &'static str = "getaddrinfo";

    /// Whether it is no system call but a whole lookup.
    pub fn is_lookup(&self) -> bool {
        self.name == Self::SYSTEM
    }
}
