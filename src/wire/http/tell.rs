//! A message's fields, part by part.

use arrayvec::ArrayVec;

use super::super::field::{Field, Listener, Value};
use super::body::{self, Body, Piece};
use super::head::{Header, flaws};
use super::start::{Part, Side, Start};
use super::told::{
    AMBIGUOUS, CHUNK_BOUNDARY, CHUNK_DATA, CHUNK_SIZE, CODE, CODE_DESC, CONTENT_LENGTH,
    CONTENT_LENGTH_LINE, COOKIE, COOKIE_PAIR, FILE_DATA, FULL_URI, METHOD, NOTIFICATION, PARAMETER,
    PATH, PHRASE, QUERY, REQUEST, REQUEST_LINE, REQUEST_VERSION, RESPONSE, RESPONSE_LINE,
    RESPONSE_VERSION, TRAILER, URI, named,
};

pub(super) fn start(start: &Start<'_>, at: usize, listener: &mut dyn Listener) {
    let [first, second, third] = match start.side {
        Side::Request => [&METHOD, &URI, &REQUEST_VERSION],
        Side::Response => [&RESPONSE_VERSION, &CODE, &PHRASE],
    };
    let which = match (start.side, start.first.word) {
        (Side::Response, _) => &RESPONSE,
        (_, b"NOTIFY") => &NOTIFICATION,
        _ => &REQUEST,
    };
    listener.field(which, at..at, Value::Flag(true));
    part(first, start.first, at, listener);
    if start.side == Side::Request {
        uri(second, start.second, start.first.end, listener);
    } else if let Some(code) = start.code().filter(|_| start.second.is_whole) {
        let end = start.second.end;
        listener.field(second, start.first.end..end, Value::Number(code.into()));
        listener.field(&CODE_DESC, end..end, Value::Words(meaning(code)));
    }
    part(third, start.third, start.second.end, listener);
}

fn part(field: &'static Field, part: Part<'_>, at: usize, listener: &mut dyn Listener) {
    if part.is_whole && part.end > at {
        listener.field(field, at..part.end, Value::Text(part.word));
    }
}

fn uri(field: &'static Field, uri: Part<'_>, at: usize, listener: &mut dyn Listener) {
    if !uri.is_whole {
        return;
    }
    let Some(mark) = memchr::memchr(b'?', uri.word) else {
        return part(field, uri, at, listener);
    };
    listener.open(field, at..uri.end, Value::Text(uri.word));
    let query = mark + 1;
    listener.field(&PATH, at..at + mark, Value::Text(&uri.word[..mark]));
    listener.open(&QUERY, at + query..at + uri.word.len(), Value::Text(&uri.word[query..]));
    items(&PARAMETER, &uri.word[query..], b'&', at + query, listener);
    listener.close();
    listener.close();
}

/// Tells what separators part.
fn items(
    field: &'static Field,
    list: &[u8],
    separator: u8,
    mut at: usize,
    listener: &mut dyn Listener,
) {
    for item in list.split(|octet| *octet == separator) {
        let space = item.len() - item.trim_ascii_start().len();
        let text = item.trim_ascii();
        if !text.is_empty() {
            listener.field(field, at + space..at + space + text.len(), Value::Text(text));
        }
        at += item.len() + 1;
    }
}

/// Tells a header field: by the name it has in filters, or else as a whole line.
pub(super) fn header(side: Side, header: &Header<'_>, listener: &mut dyn Listener) {
    let Some(field) = named(header.name) else {
        let line = if side == Side::Request { &REQUEST_LINE } else { &RESPONSE_LINE };
        return listener.field(line, header.octets(), Value::Text(header.line));
    };
    listener.open(field, header.octets(), Value::Text(header.value));
    if std::ptr::eq(field, &raw const CONTENT_LENGTH_LINE) {
        let value = header.value_at..header.value_at + header.value.len();
        if let Ok(length) = body::length(header.value) {
            listener.field(&CONTENT_LENGTH, value, Value::Number(length));
        }
    } else if std::ptr::eq(field, &raw const COOKIE) {
        items(&COOKIE_PAIR, header.value, b';', header.value_at, listener);
    }
    listener.close();
}

/// A longer full URI is not told.
const FULL: usize = 20_000;

/// The URI with the host in front, unless it has it already.
pub(super) fn full_uri(
    scheme: &str,
    [host, uri]: [&[u8]; 2],
    at: usize,
    listener: &mut dyn Listener,
) {
    let is_full = [&b"http://"[..], b"https://"].iter().any(|scheme| {
        uri.get(..scheme.len()).is_some_and(|front| front.eq_ignore_ascii_case(scheme))
    });
    if is_full {
        return listener.field(&FULL_URI, at..at, Value::Text(uri));
    }
    let mut full = ArrayVec::<u8, FULL>::new_const();
    let parts = [scheme.as_bytes(), host, uri];
    if parts.into_iter().try_for_each(|part| full.try_extend_from_slice(part)).is_ok() {
        listener.field(&FULL_URI, at..at, Value::Text(&full));
    }
}

/// Tells flaws behind the line that shows them.
pub(super) fn ambiguous(shown: u8, at: usize, listener: &mut dyn Listener) {
    for flaw in flaws(shown) {
        listener.field(&AMBIGUOUS, at..at, Value::Words(flaw));
    }
}

/// Tells a body that is all there, from `at` to the end of `octets`.
pub(super) fn body(body: Body, octets: &[u8], at: usize, listener: &mut dyn Listener) {
    match body {
        Body::Length(_) if at < octets.len() => {
            listener.field(&FILE_DATA, at..octets.len(), Value::Octets(&octets[at..]));
        }
        Body::Chunked if at < octets.len() => {
            body::chunks(octets, at, |piece, range| {
                let content = &octets[range.clone()];
                match piece {
                    Piece::Size(size) => listener.field(&CHUNK_SIZE, range, Value::Number(size)),
                    Piece::Data => listener.field(&CHUNK_DATA, range, Value::Octets(content)),
                    Piece::Boundary => {
                        listener.field(&CHUNK_BOUNDARY, range, Value::Octets(content));
                    }
                    Piece::Trailer => listener.field(&TRAILER, range, Value::Text(content)),
                }
            });
        }
        _ => {}
    }
}

/// The registered meaning of a status code (RFC 9110 §15).
fn meaning(code: u16) -> &'static str {
    match code {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        _ => "Unknown",
    }
}
