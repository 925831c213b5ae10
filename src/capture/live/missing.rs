//! Why can an interface not be listened to?

use std::io;

use crate::capture::{interfaces, rights};
use crate::ink::safe;

/// One sentence that names the interface and the cause, and what to do about it.
pub(super) fn sentence(name: &str, error: &pcap::Error) -> String {
    let shown = shown(name);
    let said = match error {
        pcap::Error::PcapError(sentence) => sentence.clone(),
        pcap::Error::ErrnoError(errno) => io::Error::from_raw_os_error(errno.0).to_string(),
        other => other.to_string(),
    };
    if said.contains("No such device") || said.contains("SIOCGIFHWADDR") {
        return interfaces::unknown(name, &interfaces::all());
    }
    if said.contains("not up") {
        return format!("{shown}: the interface is down");
    }
    if let Some(sentence) = rights::missing(name, &said) {
        return sentence;
    }
    format!("{shown}: {}", plain(&said))
}

/// The interface went away, or cannot be read any more; its name is safe to show.
pub(super) fn lost(name: &str, error: &pcap::Error) -> String {
    let said = match error {
        pcap::Error::PcapError(sentence) => plain(sentence),
        other => other.to_string(),
    };
    let cause = if said.contains("disappeared") { "the interface went away" } else { &said };
    format!("{name}: {cause}")
}

/// The name of an interface as people may be shown it.
pub(super) fn shown(name: &str) -> String {
    safe(name.as_bytes())
}

/// libpcap's words without the name of its function and in our case.
fn plain(said: &str) -> String {
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
