//! Which right is missing, and how is it given?

use std::env;
use std::ffi::OsStr;
use std::fmt::Write;

use caps::{CapSet, Capability};

use crate::ink::{Ink, is_safe};

/// The sentence for an interface that may not be listened to: what is missing, and the command that
/// gives it. `None` when what libpcap said has another cause.
pub fn missing(interface: &str, cause: &str) -> Option<String> {
    let cause = cause.to_ascii_lowercase();
    let is_right = ["operation not permitted", "permission", "cap_net_raw"];
    if !is_right.iter().any(|words| cause.contains(words)) {
        return None;
    }
    let has = |set| caps::has_cap(None, set, Capability::CAP_NET_RAW).unwrap_or(true);
    let mut ink = Ink::default();
    ink.wire(interface.as_bytes()).text(": listening needs the right cap_net_raw");
    if has(CapSet::Effective) {
        // Over the interfaces of another user namespace: ours gives none over them.
        ink.text(", and the one we have does not reach this network namespace");
    } else if has(CapSet::Bounding) {
        let program = env::current_exe();
        let program = program.as_ref().map_or(OsStr::new("wiretale"), |path| path.as_os_str());
        ink.text("; this gives it to wiretale, once: sudo setcap cap_net_raw=ep ");
        ink.text(&quoted(program));
    } else {
        ink.text(
            ", which is kept from all that runs here; a container gets it by --cap-add NET_RAW",
        );
    }
    Some(String::from_utf8_lossy(ink.as_bytes()).into_owned())
}

/// A path as a shell reads it, safe to show.
fn quoted(path: &OsStr) -> String {
    let octets = path.as_encoded_bytes();
    let is_plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"/._-+,:@%=".contains(octet);
    match path.to_str() {
        Some(text) if octets.iter().all(is_plain) => text.to_owned(),
        Some(text) if text.chars().all(is_safe) => format!("'{}'", text.replace('\'', r"'\''")),
        // As bash, zsh and newer shells read it.
        _ => {
            let mut text = "$'".to_owned();
            for octet in octets {
                match octet {
                    b'\'' | b'\\' => _ = write!(text, "\\{}", char::from(*octet)),
                    b' '..=b'~' => text.push(char::from(*octet)),
                    _ => _ = write!(text, "\\x{octet:02x}"),
                }
            }
            text + "'"
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_the_path_as_it_is() {
        let hard: [&[u8]; 6] = [
            b"/usr/bin/wiretale",
            b"/home/a b/wiretale",
            b"/it's/$HOME/`x`\"",
            "/한국/wiretale".as_bytes(),
            b"/a\x1b[31m\nb/it's\\",
            b"/\xff/ab",
        ];
        for path in hard {
            let typed = quoted(OsStr::from_bytes(path));
            assert!(typed.chars().all(is_safe), "{typed:?}");
            let script = format!("printf %s {typed}");
            let output = Command::new("bash").args(["-c", &script]).output().expect("a shell");
            assert_eq!(output.stdout, path, "{typed}");
        }
        assert_eq!(quoted(OsStr::new("/usr/bin/wiretale")), "/usr/bin/wiretale");
    }

    #[test]
    fn only_a_missing_right_is_told_as_one() {
        for cause in [
            "libpcap error: socket: Operation not permitted",
            "You don't have permission to perform this capture on that device",
            "Attempt to create packet socket failed - CAP_NET_RAW may be required",
            "You don't have permission to capture on that device (socket: Operation not permitted)",
        ] {
            let told = missing("eth0\x1b", cause).expect("a missing right");
            assert!(told.starts_with(r"eth0\x1b: listening needs the right cap_net_raw"), "{told}");
            assert!(!told.contains('\n'));
        }
        for cause in ["libpcap error: No such device exists", "That device is not up"] {
            assert_eq!(missing("eth0", cause), None);
        }
    }
}
