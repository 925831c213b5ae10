//! Who asked for this, and who shall we be?

use std::env;
use std::fs;

use anyhow::{anyhow, bail};
use caps::{CapSet, Capability};
use nix::unistd::{Gid, Uid, User, geteuid, getgid, getuid};

use crate::ink::safe;

/// A user and the group that goes with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Identity {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

impl Identity {
    /// Whoever started us, whatever the file of the program is marked as.
    fn own() -> Self {
        Self { uid: getuid(), gid: getgid() }
    }

    /// Whether this is somebody else than who started us.
    pub(super) fn is_another(self) -> bool {
        self.uid != Self::own().uid || self.uid != geteuid()
    }
}

pub(super) fn find(wanted: Option<&str>) -> anyhow::Result<Identity> {
    let own = Identity::own();
    match wanted {
        Some(name) => named(name, own),
        None if is_changeable(own) => sudo(own),
        None => Ok(own),
    }
}

/// Only root may choose, and not who merely runs a file that is marked to run as root: then anybody could
/// become anybody. Root in a container may lack the right.
fn is_changeable(own: Identity) -> bool {
    let has = |right| caps::has_cap(None, CapSet::Effective, right).unwrap_or(false);
    own.uid.is_root() && has(Capability::CAP_SETUID) && has(Capability::CAP_SETGID)
}

/// The user of `-Z`: a name, or a number that belongs to somebody.
fn named(name: &str, own: Identity) -> anyhow::Result<Identity> {
    let shown = safe(name.as_bytes());
    let found = match User::from_name(name) {
        Ok(None) => name.parse().map_or(Ok(None), |number| User::from_uid(Uid::from_raw(number))),
        found => found,
    };
    let user = match found {
        Ok(Some(user)) => Identity { uid: user.uid, gid: user.gid },
        Ok(None) => bail!("-Z {shown}: there is no such user"),
        Err(error) => bail!("-Z {shown}: {}", error.desc().to_lowercase()),
    };
    if user.uid == own.uid {
        // Whoever has changed the group since the login keeps it.
        return Ok(own);
    }
    if !is_changeable(own) {
        bail!("-Z {shown}: only root becomes another user, with cap_setuid and cap_setgid");
    }
    if !is_mapped(user) {
        bail!("-Z {shown}: this user has no place in our user namespace");
    }
    Ok(user)
}

/// Who asked root for it; root itself when nobody did.
fn sudo(own: Identity) -> anyhow::Result<Identity> {
    let Some(uid) = number("SUDO_UID")? else { return Ok(own) };
    let uid = Uid::from_raw(uid);
    let gid = match number("SUDO_GID")? {
        Some(gid) => Gid::from_raw(gid),
        None => match User::from_uid(uid) {
            Ok(Some(user)) => user.gid,
            _ => bail!("SUDO_UID is {uid}, and SUDO_GID is not set"),
        },
    };
    let asker = Identity { uid, gid };
    // Who began a user namespace is root in it, whatever sudo said outside.
    Ok(if is_mapped(asker) { asker } else { own })
}

/// The number in a variable, if it is set.
fn number(variable: &str) -> anyhow::Result<Option<u32>> {
    let Some(value) = env::var_os(variable) else { return Ok(None) };
    read(&value.to_string_lossy()).map(Some).ok_or_else(|| {
        anyhow!("{variable}: {:?} is no number of a user", safe(value.to_string_lossy().as_bytes()))
    })
}

/// A number as sudo writes it: digits only. The greatest of all stands for nobody, and would change
/// nothing.
fn read(number: &str) -> Option<u32> {
    let is_plain = number.bytes().all(|octet| octet.is_ascii_digit());
    number.parse().ok().filter(|number| is_plain && *number != u32::MAX)
}

/// Whether our user namespace knows both numbers; where /proc is not mounted nobody knows.
fn is_mapped(who: Identity) -> bool {
    let known = |map, number| {
        fs::read_to_string(map).map_or(true, |map| map.lines().any(|line| covers(line, number)))
    };
    known("/proc/self/uid_map", who.uid.as_raw()) && known("/proc/self/gid_map", who.gid.as_raw())
}

/// Whether a number is in a line of a map: the first number inside, the first outside, how many.
fn covers(line: &str, number: u32) -> bool {
    let mut numbers = line.split_ascii_whitespace().map_while(|number| number.parse().ok());
    let (Some(first), Some(_), Some(count)) = (numbers.next(), numbers.next(), numbers.next())
    else {
        return false;
    };
    let first: u32 = first;
    number.checked_sub(first).is_some_and(|beyond| beyond < count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_a_user_has_digits_only_and_is_not_the_one_that_changes_nothing() {
        for (text, number) in
            [("0", Some(0)), ("1000", Some(1000)), ("4294967294", Some(u32::MAX - 1))]
        {
            assert_eq!(read(text), number);
        }
        for text in ["", "+1", "-1", " 1", "1 ", "0x10", "root", "4294967295", "4294967296"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_map_covers_the_numbers_inside_the_namespace() {
        assert!(covers("         0       1000          1", 0));
        assert!(!covers("         0       1000          1", 1000));
        assert!(covers("0 0 4294967295", 65534));
        assert!(covers("1000 0 10", 1009));
        assert!(!covers("1000 0 10", 1010));
        assert!(!covers("1000 0 10", 999));
        assert!(!covers("not a map", 0));
    }
}
