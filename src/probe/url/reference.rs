//! Where does a link or a redirect lead, seen from the URL it stands at? (RFC 3986 §5)

use super::{Fault, Malformed, Url, read, scheme};

impl Url {
    /// Resolves a reference such as the value of a `Location` field. Spaces, which servers write
    /// there though they may not, are escaped. A fragment is handed on (RFC 9110 §10.2.2).
    pub fn join(&self, reference: &str) -> Result<Self, Malformed> {
        let text = reference.trim_matches(|c: char| c.is_ascii_whitespace()).replace(' ', "%20");
        let mut url = self.resolve(&text).map_err(|fault| Malformed::new(&text, fault))?;
        if url.fragment.is_none() {
            url.fragment.clone_from(&self.fragment);
        }
        Ok(url)
    }

    fn resolve(&self, text: &str) -> Result<Self, Fault> {
        if let Some(word) = scheme::word(text) {
            // Without a known word or slashes it would be taken for a host and its port.
            let known = scheme::split(text).is_ok_and(|(_, said, _)| said);
            let unknown = || (word.len() + 1, format!("{word}: is not known here"));
            return if known || text[word.len()..].starts_with("://") {
                read(text)
            } else {
                Err(scheme_fault(text, unknown()))
            };
        }
        let mut before = format!("{}:", self.scheme.name());
        if !text.starts_with("//") {
            if self.host.is_none() {
                return Err((0, format!("nothing is relative to {}:", self.scheme.name())));
            }
            before.push_str("//");
            before.push_str(&self.authority);
            match text.chars().next() {
                Some('/') => {}
                Some('?') => before.push_str(&self.path),
                Some('#') | None => before.push_str(&self.target()),
                Some(_) => {
                    let folder = self.path.rfind('/').map_or("/", |at| &self.path[..=at]);
                    before.push_str(folder);
                }
            }
        }
        let whole = format!("{before}{text}");
        read(&whole).map_err(|(at, why)| (at.saturating_sub(before.len()), why))
    }
}

/// What is wrong with a reference that begins with a word and a colon.
fn scheme_fault(text: &str, otherwise: Fault) -> Fault {
    scheme::split(text).err().unwrap_or(otherwise)
}

/// Takes `.` and `..` out of a path: RFC 3986 §5.2.4.
pub(super) fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => _ = kept.pop(),
            other => {
                kept.push(other);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}
