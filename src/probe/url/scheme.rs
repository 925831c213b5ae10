//! Which protocol does a URL mean, on which port, and does it use a network at all?

use super::Fault;

/// The word before the first colon, and what is known of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scheme {
    /// In small letters.
    name: String,
    known: Option<&'static Known>,
}

#[derive(Debug, Eq, PartialEq)]
struct Known {
    name: &'static str,
    port: Option<u16>,
    form: Form,
    words: &'static str,
}

/// What follows the scheme.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// `//host/path`.
    Host,
    /// Anything, as in `mailto:somebody@example.com`.
    Free,
}

const fn host(name: &'static str, port: u16, words: &'static str) -> Known {
    Known { name, port: Some(port), form: Form::Host, words }
}

const fn free(name: &'static str, words: &'static str) -> Known {
    Known { name, port: None, form: Form::Free, words }
}

const KNOWN: [Known; 38] = [
    host("http", 80, "HTTP over TCP: the web, in the clear"),
    host("https", 443, "HTTP over TLS over TCP: the web, encrypted"),
    host(
        "ftp",
        21,
        "the file transfer protocol (FTP): commands on one TCP connection, files on others",
    ),
    host("ftps", 990, "FTP over TLS"),
    host("sftp", 22, "file transfer over SSH"),
    host("scp", 22, "file copy over SSH"),
    host("ssh", 22, "a remote shell over SSH"),
    host("tftp", 69, "the trivial file transfer protocol, over UDP"),
    host("telnet", 23, "a remote terminal (TELNET), in the clear"),
    host("gopher", 70, "the Gopher menu protocol"),
    host("nntp", 119, "articles from a news server (NNTP)"),
    host("ldap", 389, "a directory (LDAP)"),
    host("ldaps", 636, "a directory (LDAP over TLS)"),
    host("imap", 143, "mail on a server (IMAP)"),
    host("imaps", 993, "mail on a server (IMAP over TLS)"),
    host("pop3", 110, "mail fetched from a server (POP3)"),
    host("pop3s", 995, "mail fetched from a server (POP3 over TLS)"),
    host("smtp", 25, "mail handed to a server (SMTP)"),
    host("smtps", 465, "mail handed to a server (SMTP over TLS)"),
    host("ws", 80, "WebSocket, begun as HTTP"),
    host("wss", 443, "WebSocket over TLS, begun as HTTP"),
    host("rtsp", 554, "control of a media stream (RTSP)"),
    host("irc", 6667, "chat (IRC)"),
    host("dict", 2628, "a dictionary server (DICT)"),
    host("git", 9418, "a Git repository"),
    host("rsync", 873, "file synchronisation (rsync)"),
    host("smb", 445, "a Windows file share (SMB)"),
    host("mqtt", 1883, "messages of things (MQTT)"),
    Known {
        name: "file",
        port: None,
        form: Form::Host,
        words: "a file of this computer: no network is used",
    },
    Known {
        name: "mailto",
        port: Some(25),
        form: Form::Free,
        words: "a letter to write: the mail program sends it later, by SMTP",
    },
    Known {
        name: "news",
        port: Some(119),
        form: Form::Free,
        words: "a newsgroup or article on the configured news server (NNTP)",
    },
    free("sip", "a call to place (SIP)"),
    free("data", "the content itself: no network is used"),
    free("about", "a page that the browser makes itself: no network is used"),
    free("javascript", "a program for the page: no network is used by itself"),
    free("tel", "a telephone number: no network of ours is used"),
    free("urn", "a name that says nothing of where to find it"),
    free("magnet", "a file by its hash, to be found among peers"),
];

impl Scheme {
    fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let known = KNOWN.iter().find(|known| known.name == name);
        Self { name, known }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port where such servers listen; `None` if no server is asked, or it is not known.
    pub fn port(&self) -> Option<u16> {
        self.known.and_then(|known| known.port)
    }

    /// Which protocol it is, in words.
    pub fn words(&self) -> &'static str {
        self.known.map_or("a protocol that is not known here", |known| known.words)
    }

    /// Whether it is one that can be fetched here.
    pub fn is_web(&self) -> bool {
        matches!(self.name.as_str(), "http" | "https")
    }

    /// Whether following it sends anything over a network; `None` if that is not known.
    pub fn uses_network(&self) -> Option<bool> {
        let none = ["file", "data", "about", "javascript", "tel", "urn"];
        self.known.map(|known| !none.contains(&known.name))
    }

    pub(super) fn has_host(&self) -> bool {
        // What is not known has come with two slashes.
        self.known.is_none_or(|known| known.form == Form::Host)
    }
}

/// The word that stands before a colon, as RFC 3986 §3.1 has it.
pub(super) fn word(text: &str) -> Option<&str> {
    let (word, _) = text.split_once(':')?;
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(is_of_scheme))
        .then_some(word)
}

/// Takes the scheme off the front: it, whether it was said, and where the rest begins.
///
/// `example.com:8080` has none, though it looks like one: known schemes and two slashes tell.
pub(super) fn split(text: &str) -> Result<(Scheme, bool, usize), Fault> {
    let unsaid = |at| Ok((Scheme::of("http"), false, at));
    if text.is_empty() {
        return Err((0, "nothing is there".into()));
    }
    if let Some(at) =
        text.find("://").filter(|at| !text[..*at].contains(['/', '?', '#', '@', '.', '[']))
    {
        let Some(word) = word(text) else {
            return Err((
                0,
                "a scheme has letters, digits, plus, minus and dots, and begins with a letter"
                    .into(),
            ));
        };
        let scheme = Scheme::of(word);
        // In `mailto://somebody` the slashes belong to what follows.
        return Ok(if scheme.has_host() { (scheme, true, at + 3) } else { (scheme, true, at + 1) });
    }
    if let Some(word) = word(text) {
        let (scheme, after) = (Scheme::of(word), word.len() + 1);
        match scheme.known.map(|known| known.form) {
            Some(Form::Free) => return Ok((scheme, true, after)),
            // As in `http:/example.com`; but `ftp:21` may be a host and its port.
            Some(Form::Host) if !text[after..].starts_with(|c: char| c.is_ascii_digit()) => {
                if scheme.name == "file" && text[after..].starts_with('/') {
                    return Ok((scheme, true, after));
                }
                return Err((after, format!("two slashes must follow {}:", scheme.name)));
            }
            _ => {}
        }
    }
    // A link without its scheme.
    unsaid(if text.starts_with("//") { 2 } else { 0 })
}
