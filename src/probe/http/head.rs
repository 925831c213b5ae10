//! What does the head of an answer say? (RFC 9112 §4 to §6)

use memchr::memchr;

use crate::timeline::http::{Field, Framing, Persistence, Problem, Request, Response, Version};

/// What of the request decides how the answer is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    kind: Kind,
    closes: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Head,
    Connect,
    Other,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        let kind = match request.method.as_str() {
            "HEAD" => Kind::Head,
            "CONNECT" => Kind::Connect,
            _ => Kind::Other,
        };
        let fields = request.fields.iter().filter(|field| field.is("connection"));
        let closes =
            fields.flat_map(|field| field.value.split(|octet| *octet == b',')).any(is_close);
        Self { kind, closes }
    }
}

fn is_close(option: &[u8]) -> bool {
    option.trim_ascii().eq_ignore_ascii_case(b"close")
}

/// What the first octets of an answer are that is not HTTP/1.
pub(super) fn looks(first: &[u8]) -> Option<&'static str> {
    Some(match first {
        [0x15, 3, ..] => "a TLS alert: this port speaks TLS, so the URL should begin with https",
        [0x16, 3, ..] => "a TLS handshake: this port speaks TLS",
        [_, _, _, 4, _, 0, 0, 0, 0, ..] => "an HTTP/2 SETTINGS frame: this port speaks HTTP/2 only",
        [b'H', b'T', b'T', b'P', b'/', ..] => "HTTP of another version than 1",
        [b'S', b'S', b'H', b'-', ..] => "SSH",
        [b'2', b'2', b'0', b' ' | b'-', ..] => "the greeting of an FTP or SMTP server",
        [b'+', b'O', b'K', ..] => "the greeting of a POP3 server",
        [b'*', b' ', b'O', b'K', ..] => "the greeting of an IMAP server",
        [b'R', b'F', b'B', b' ', ..] => "VNC",
        [b'<', ..] => "a page without a head, as in HTTP/0.9",
        _ => return None,
    })
}

/// Reads a whole head, its empty line included; with it the transfer codings except a last `chunked`.
pub(super) fn read(octets: &[u8], asked: Asked) -> Result<(Response, Vec<String>), Problem> {
    let mut flaws = Vec::new();
    let end = memchr(b'\n', octets).map_or(octets.len(), |at| at + 1);
    let (version, status, reason) = start(line(&octets[..end], &mut flaws), &mut flaws)?;
    let fields = fields(&octets[end..], &mut flaws)?;
    let mut response = Response {
        version,
        status,
        reason: reason.into(),
        fields,
        head: octets.len() as u64,
        framing: Framing::UntilClose,
        persistence: Persistence::Closes(""),
        flaws,
    };
    let codings = transfer_codings(&response);
    let (framing, codings) = frame(&mut response, asked, codings)?;
    response.framing = framing;
    response.persistence = persistence(&response, asked);
    Ok((response, codings))
}

/// A line without its end.
fn line<'a>(line: &'a [u8], flaws: &mut Vec<&'static str>) -> &'a [u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or_else(|| {
        note(flaws, "lines end with LF alone (RFC 9112 §2.2)");
        line
    })
}

fn note(flaws: &mut Vec<&'static str>, flaw: &'static str) {
    if !flaws.contains(&flaw) {
        flaws.push(flaw);
    }
}

fn bad<T>(line: &[u8], why: &'static str) -> Result<T, Problem> {
    /// More of a line is not kept.
    const KEPT: usize = 256;
    Err(Problem::BadLine { line: line.get(..KEPT).unwrap_or(line).into(), why })
}

/// RFC 9112 §4: version, status code and reason.
fn start<'a>(
    line: &'a [u8],
    flaws: &mut Vec<&'static str>,
) -> Result<(Version, u16, &'a [u8]), Problem> {
    let [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', rest @ ..] =
        line
    else {
        return Err(Problem::NotHttp { first: line.into(), looks: looks(line) });
    };
    let version = Version { major: major - b'0', minor: minor - b'0' };
    if version.major != 1 {
        return Err(Problem::NotHttp { first: line.into(), looks: looks(line) });
    }
    let [b' ', a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', reason @ ..] = rest else {
        return Err(Problem::NotHttp { first: line.into(), looks: NO_CODE });
    };
    let status = [a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(**digit - b'0'));
    match reason {
        [] => {
            note(flaws, "no space stands behind the status code (RFC 9112 §4)");
            Ok((version, status, reason))
        }
        [b' ', reason @ ..] => Ok((version, status, reason)),
        _ => Err(Problem::NotHttp { first: line.into(), looks: NO_CODE }),
    }
}

const NO_CODE: Option<&str> = Some("behind the version stands no status code of three digits");

/// The fields up to an empty line or the end.
pub(super) fn fields(octets: &[u8], flaws: &mut Vec<&'static str>) -> Result<Vec<Field>, Problem> {
    // Values grow by folded lines, of which there may be many.
    let mut fields: Vec<(&[u8], Vec<u8>)> = Vec::new();
    for whole in octets.split_inclusive(|octet| *octet == b'\n') {
        let line = line(whole, flaws);
        if line.is_empty() {
            break;
        }
        if line.contains(&0) {
            return bad(line, "it has a NUL");
        }
        if line.iter().any(|octet| octet.is_ascii_control() && *octet != b'\t') {
            note(flaws, "a field has a control character (RFC 9110 §5.5)");
        }
        // RFC 9112 §5.2: what begins with white space goes on with the value before.
        if let [b' ' | b'\t', ..] = line {
            note(flaws, "a value goes on in the next line (RFC 9112 §5.2)");
            let Some((_, value)) = fields.last_mut() else {
                return bad(line, "it goes on with a field, but there is none");
            };
            let more = line.trim_ascii();
            if !value.is_empty() && !more.is_empty() {
                value.push(b' ');
            }
            value.extend_from_slice(more);
            continue;
        }
        let Some(colon) = memchr(b':', line) else { return bad(line, "a field has no colon") };
        let (name, value) = (line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii());
        if name.len() < colon {
            note(flaws, "white space stands in front of a colon (RFC 9112 §5.1)");
        }
        if name.is_empty() {
            return bad(line, "a field has no name");
        }
        fields.push((name, value.to_vec()));
    }
    Ok(fields.into_iter().map(|(name, value)| Field::new(name, value)).collect())
}

/// In the order they were applied, as sent, in small letters.
fn transfer_codings(response: &Response) -> Vec<String> {
    let names = response.list("transfer-encoding").map(coding_name);
    names.filter(|name| name != "identity").collect()
}

/// A coding's name, without its parameters, safe to show.
pub(super) fn coding_name(coding: &[u8]) -> String {
    let name = coding.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
    let name = name.get(..32).unwrap_or(name).to_ascii_lowercase();
    name.escape_ascii().to_string()
}

/// RFC 9112 §6.3, rule by rule.
fn frame(
    response: &mut Response,
    asked: Asked,
    mut codings: Vec<String>,
) -> Result<(Framing, Vec<String>), Problem> {
    let none = match (response.status, asked.kind) {
        (101, _) => Some("the connection goes over to another protocol"),
        (100..200, _) => Some("an interim answer has no body"),
        (204, _) => Some("204 says that there is no body"),
        (304, _) => Some("304 says that the body is known already"),
        (_, Kind::Head) => Some("the answer to a HEAD has no body"),
        (200..300, Kind::Connect) => Some("behind the head a tunnel begins"),
        _ => None,
    };
    if let Some(why) = none {
        return Ok((Framing::None(why), Vec::new()));
    }
    let mut flaws = std::mem::take(&mut response.flaws);
    let framing = match codings.last().map(String::as_str) {
        Some("chunked") => {
            codings.pop();
            Some(Framing::Chunked)
        }
        Some(_) => {
            note(&mut flaws, "the last transfer coding is not chunked (RFC 9112 §6.3)");
            Some(Framing::UntilClose)
        }
        None => None,
    };
    let has_length = response.field("content-length").is_some();
    if framing.is_some() && has_length {
        note(&mut flaws, BOTH);
    }
    if framing.is_some() && response.version == Version::HTTP_1_0 {
        note(&mut flaws, "HTTP/1.0 knows no transfer codings (RFC 9112 §6.1)");
    }
    let framing = match framing {
        Some(framing) => framing,
        None if has_length => Framing::Length(length(response, &mut flaws)?),
        None => Framing::UntilClose,
    };
    response.flaws = flaws;
    Ok((framing, codings))
}

const BOTH: &str = "Content-Length stands beside Transfer-Encoding (RFC 9112 §6.1)";

/// Digits, or several times the same (RFC 9110 §8.6).
fn length(response: &Response, flaws: &mut Vec<&'static str>) -> Result<u64, Problem> {
    let mut told = None;
    let mut fields = response.fields.iter().filter(|field| field.is("content-length"));
    let sound = fields.all(|field| {
        field.value.split(|octet| *octet == b',').all(|item| {
            let number = number(item.trim_ascii());
            let is_again = told.is_some();
            if is_again {
                note(flaws, "Content-Length stands several times (RFC 9110 §8.6)");
            }
            let agrees = number.is_some() && (!is_again || told == number);
            told = number;
            agrees
        })
    });
    told.filter(|_| sound).ok_or_else(|| {
        let fields = response.fields.iter().filter(|field| field.is("content-length"));
        let values: Vec<&[u8]> = fields.map(|field| &*field.value).collect();
        Problem::Length(values.join(&b", "[..]).into())
    })
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// RFC 9112 §9.3.
fn persistence(response: &Response, asked: Asked) -> Persistence {
    let mut options = response.list("connection");
    let is_kept = |option: &[u8]| option.eq_ignore_ascii_case(b"keep-alive");
    if response.status == 101 {
        Persistence::Closes("the connection goes over to another protocol")
    } else if response.framing == Framing::UntilClose {
        Persistence::Closes("the end of the connection is the end of the body")
    } else if response.list("connection").any(is_close) {
        Persistence::Closes("the server says Connection: close")
    } else if asked.closes {
        Persistence::Closes("the request said Connection: close")
    } else if response.flaws.contains(&BOTH) {
        Persistence::Closes("it is not sure where the body ends (RFC 9112 §6.1)")
    } else if response.version.minor > 0 {
        Persistence::Persists("HTTP/1.1 keeps a connection that nobody asks to close")
    } else if options.any(is_kept) {
        Persistence::Persists("the server says Connection: keep-alive")
    } else {
        Persistence::Closes("HTTP/1.0 closes a connection that nobody asks to keep")
    }
}
