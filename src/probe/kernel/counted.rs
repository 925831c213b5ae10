//! What is the value of an option, or what a call returned, as a number?

use nix::sys::socket::TimestampingFlag;

pub(super) trait Counted {
    fn count(&self) -> i64;
}

impl Counted for bool {
    fn count(&self) -> i64 {
        (*self).into()
    }
}

impl Counted for u32 {
    fn count(&self) -> i64 {
        (*self).into()
    }
}

impl Counted for usize {
    fn count(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl Counted for TimestampingFlag {
    fn count(&self) -> i64 {
        self.bits().into()
    }
}
