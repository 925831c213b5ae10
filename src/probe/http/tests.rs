use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;
use crate::probe::url::Url;
use crate::timeline::http::{
    Body, Chunk, Excess, Framing, Persistence, Problem, Request, Response,
};

mod asking;
mod decoding;
mod hostile;
mod leading;

fn request(options: &Options) -> Request {
    let url = Url::parse("http://example.com/").expect("a URL");
    options.prepare(&Leg::first(url)).expect("a request").request
}

fn get() -> Request {
    request(&Options::default())
}

/// What became of an answer.
#[derive(Debug, PartialEq)]
struct Told {
    facts: Vec<(u64, Fact)>,
    state: State,
    body: Body,
    content: Vec<u8>,
    at: u64,
    left: usize,
}

impl Told {
    fn head(&self) -> &Response {
        match self.facts.last() {
            Some((_, Fact::Head(head))) => head,
            other => panic!("no head: {other:?}"),
        }
    }

    fn problem(&self) -> &Problem {
        match &self.state {
            State::Failed(problem) => problem,
            state => panic!("nothing is wrong: {state:?}"),
        }
    }
}

/// Feeds pieces, and then the end of the stream.
fn fed<'a>(request: &Request, limits: Limits, pieces: impl Iterator<Item = &'a [u8]>) -> Told {
    let mut exchange = Exchange::new(request, Codings::Undone, limits, 0);
    let (mut facts, mut content, mut left) = (Vec::new(), Vec::new(), 0);
    for piece in pieces {
        let progress = exchange.feed(piece, &mut content);
        facts.extend(progress.facts);
        left += piece.len() - progress.used;
    }
    let state = exchange.ended_by_peer();
    let body = exchange.body().clone();
    Told { facts, state, body, content, at: exchange.at(), left }
}

fn read(octets: impl AsRef<[u8]>) -> Told {
    fed(&get(), Limits::default(), std::iter::once(octets.as_ref()))
}

fn sha256(octets: &[u8]) -> Option<[u8; 32]> {
    ring::digest::digest(&ring::digest::SHA256, octets).as_ref().try_into().ok()
}

#[test]
fn a_body_ends_where_its_length_says() {
    let told = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nhelloHTTP/1.1");
    assert_eq!((&told.state, told.at, told.left), (&State::Ended, 60, 8));
    let head = told.head();
    assert_eq!((head.status, &*head.reason, head.head), (200, &b"OK"[..], 55));
    assert_eq!((head.framing, head.framing.rule()), (Framing::Length(5), 6));
    assert!(head.persistence.persists() && head.flaws.is_empty());
    assert_eq!(head.field("SET-cookie").expect("a cookie").shown(), b"***");
    assert!(!format!("{head:?}").contains("a=b"));
    assert_eq!((told.body.raw, told.body.framed, told.body.decoded), (5, 5, 5));
    assert_eq!((told.body.sha256, &*told.content), (sha256(b"hello"), &b"hello"[..]));
    assert!(told.body.is_complete);
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let told = read("HTTP/1.0 200 OK\r\n\r\nall of it");
    assert_eq!((told.head().framing, &told.state), (Framing::UntilClose, &State::Ended));
    assert_eq!((&*told.content, told.left), (&b"all of it"[..], 0));
    assert!(!told.head().persistence.persists());
}

#[test]
fn chunks_are_counted_and_their_trailer_is_read() {
    let told = read(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
         5;why=not\r\nhello\r\n1 \r\n \r\n005\r\nworld\r\n0\r\nX-Sum: 7\r\n\r\nmore",
    );
    assert_eq!((&told.state, told.left), (&State::Ended, 4));
    assert_eq!(told.content, b"hello world");
    let chunks = told.body.chunks.as_ref().expect("chunks");
    assert_eq!((chunks.count, chunks.smallest, chunks.largest, chunks.extensions), (3, 1, 5, 1));
    let head = told.head().head;
    let at = [
        Chunk { at: head, size: 5 },
        Chunk { at: head + 18, size: 1 },
        Chunk { at: head + 25, size: 5 },
    ];
    assert_eq!(chunks.first, at);
    assert_eq!((told.body.raw, told.body.framed), (11, told.at - head));
    assert!(told.body.trailers[0].is("x-sum") && told.body.trailers.len() == 1);
}

#[test]
fn interim_answers_come_before_the_answer() {
    let told = read(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n\
         HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n",
    );
    let codes: Vec<(u64, u16)> = told
        .facts
        .iter()
        .map(|(at, fact)| match fact {
            Fact::Interim(head) => (*at, head.status),
            Fact::Head(head) => (*at, head.status + 1000),
        })
        .collect();
    assert_eq!(codes, [(25, 100), (69, 103), (115, 1204)]);
    assert_eq!((told.state, told.at), (State::Ended, 115));
}

#[test]
fn what_answers_a_head_has_no_body() {
    let asked = request(&Options { head: true, ..Options::default() });
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Encoding: x\r\n\r\n";
    let told = fed(&asked, Limits::default(), std::iter::once(&head[..]));
    assert_eq!(told.state, State::Ended);
    assert_eq!(told.head().framing, Framing::None("the answer to a HEAD has no body"));
    for code in [101, 204, 304] {
        let told = read(format!("HTTP/1.1 {code} \r\nTransfer-Encoding: chunked\r\n\r\nrest"));
        assert!(matches!(told.head().framing, Framing::None(_)), "{code}");
        assert_eq!((told.state, told.left), (State::Ended, 4), "{code}");
    }
}

#[test]
fn whether_a_connection_persists_is_told_with_the_reason() {
    let persistence =
        |head: &str| read(format!("HTTP/1.{head}\r\nContent-Length: 0\r\n\r\n")).head().persistence;
    let why = "HTTP/1.1 keeps a connection that nobody asks to close";
    assert_eq!(persistence("1 200 OK"), Persistence::Persists(why));
    let why = "the server says Connection: close";
    assert_eq!(persistence("1 200 OK\r\nConnection: x, Close"), Persistence::Closes(why));
    let why = "the server says Connection: keep-alive";
    assert_eq!(persistence("0 200 OK\r\nConnection: keep-alive"), Persistence::Persists(why));
    assert!(!persistence("0 200 OK").persists());
    let asked = request(&Options { keep_alive: false, ..Options::default() });
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let told = fed(&asked, Limits::default(), std::iter::once(&head[..]));
    let why = "the request said Connection: close";
    assert_eq!(told.head().persistence, Persistence::Closes(why));
}

#[test]
fn transfer_codings_override_a_length() {
    let told = read(
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    );
    assert_eq!((told.head().framing, &told.state), (Framing::Chunked, &State::Ended));
    assert_eq!(told.head().flaws.len(), 1);
    assert!(!told.head().persistence.persists());
    let told = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxyz");
    assert_eq!(told.head().framing, Framing::UntilClose);
    assert_eq!(told.problem().code(), "http.encoding");
}

#[test]
fn lengths_that_agree_are_one_and_others_are_none() {
    let told = read("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab");
    assert_eq!((told.head().framing, &told.state), (Framing::Length(2), &State::Ended));
    assert_eq!(told.head().flaws.len(), 1);
    for value in ["2, 3", "", "-1", "2 2", "0x2", "18446744073709551616", "2,", "two"] {
        let told = read(format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\nab"));
        assert_eq!(*told.problem(), Problem::Length(value.as_bytes().into()), "{value}");
        assert_eq!(told.problem().exit(), 8);
    }
}

#[test]
fn an_early_end_is_told_with_what_came() {
    for (octets, problem, exit) in [
        ("", Problem::Empty, 52),
        ("HTTP/1.1 200 OK\r\nA", Problem::HeadCut(18), 52),
        ("HTTP/1.1 100 Continue\r\n\r\n", Problem::HeadCut(0), 52),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
            Problem::Truncated { had: 5, of: 10 },
            18,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo",
            Problem::LastChunkMissing { had: 7, chunks: 1 },
            18,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
            Problem::TrailerCut,
            18,
        ),
    ] {
        let told = read(octets);
        assert_eq!((told.problem(), told.problem().exit()), (&problem, exit), "{octets}");
        assert!(problem.is_early_end() && !told.body.is_complete);
    }
}

#[test]
fn a_bad_size_line_is_shown() {
    for (chunks, line) in [
        ("zz\r\nhello\r\n", "zz\r\n"),
        ("\r\nhello", "\r\n"),
        ("-5\r\nhello", "-5\r\n"),
        ("5 5\r\nhello", "5 5\r\n"),
        ("10000000000000000\r\n", "10000000000000000\r\n"),
        ("0x5\r\nhello", "0x5\r\n"),
        ("<html>", "<html>"),
    ] {
        let told = read(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n{chunks}"
        ));
        let problem = Problem::ChunkSize { chunk: 2, line: line.as_bytes().into() };
        assert_eq!((told.problem(), problem.exit()), (&problem, 56));
        assert_eq!((problem.code(), &*told.content), ("http.chunk", &b"a"[..]));
    }
    let told = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\x1b\r\n");
    assert_eq!(
        told.problem().to_string(),
        "chunk 1 is longer than its size, no line end follows it: \"llo\\x1b\\r\\n\""
    );
}

#[test]
fn what_is_not_http_is_told_by_its_first_octets() {
    for (octets, looks) in [
        (
            &b"\x15\x03\x01\x00\x02\x02\x46"[..],
            "a TLS alert: this port speaks TLS, so the URL should begin with https",
        ),
        (b"SSH-2.0-OpenSSH\r\n", "SSH"),
        (b"220 mail ESMTP\r\n", "the greeting of an FTP or SMTP server"),
        (b"\0\0\x12\x04\0\0\0\0\0\0\0", "an HTTP/2 SETTINGS frame: this port speaks HTTP/2 only"),
        (b"<html>", "a page without a head, as in HTTP/0.9"),
        (b"HTTP/2 200\r\n\r\n", "HTTP of another version than 1"),
    ] {
        let told = read(octets);
        let Problem::NotHttp { first, looks: told_looks } = told.problem() else {
            panic!("{told:?}");
        };
        assert_eq!((&**first, *told_looks), (octets, Some(looks)));
        assert_eq!((told.problem().exit(), told.problem().code()), (1, "http.not-http"));
    }
}

#[test]
fn a_head_is_read_with_its_flaws_or_refused() {
    let told = read("HTTP/1.1 200\nA : b\nC: d\n\te\nContent-Length: 0\n\n");
    let head = told.head();
    assert_eq!((head.fields.len(), head.flaws.len()), (3, 4), "{:?}", head.flaws);
    assert!(head.fields[0].is("a") && *head.fields[1].value == *b"d e");
    for line in ["no colon", ": no name", " folded"] {
        let told = read(format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n"));
        assert!(
            matches!(told.problem(), Problem::BadLine { line: it, .. } if **it == *line.as_bytes())
        );
        assert_eq!((told.problem().exit(), told.problem().code()), (8, "http.head"));
    }
    for start in
        ["HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 No", "HTTP/1.1OK", "HTTP/1.1  200"]
    {
        assert!(
            matches!(read(format!("{start}\r\n\r\n")).problem(), Problem::NotHttp { .. }),
            "{start}"
        );
    }
}

#[test]
fn heads_and_trailers_have_a_limit() {
    let limits = Limits { head: 100, body: 100 };
    let whole = |octets: String| fed(&get(), limits, std::iter::once(octets.as_bytes()));
    let told = whole(format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(100)));
    assert_eq!((told.problem(), told.problem().exit()), (&Problem::HeadTooLarge(100), 56));
    assert_eq!(told.at, 100);
    let told = whole("HTTP/1.1 100 Continue\r\n\r\n".repeat(5));
    assert_eq!((told.problem(), told.facts.len()), (&Problem::HeadTooLarge(100), 4));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let told = whole(format!("{chunked}0\r\n{}", "A: b\r\n".repeat(20)));
    assert_eq!(told.problem(), &Problem::HeadTooLarge(100));
}

#[test]
fn a_body_is_taken_up_to_its_limit() {
    let limits = Limits { head: 1000, body: 10 };
    let whole = |octets: &[u8]| fed(&get(), limits, std::iter::once(octets));
    let told = whole(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world");
    let what = Excess::Announced(11);
    assert_eq!(
        (told.problem(), told.problem().exit()),
        (&Problem::TooLarge { limit: 10, what }, 63)
    );
    assert!(told.content.is_empty() && told.head().status == 200);
    let told = whole(b"HTTP/1.1 200 OK\r\n\r\nhello world");
    assert_eq!(told.problem(), &Problem::TooLarge { limit: 10, what: Excess::Raw });
    assert_eq!((&*told.content, told.body.raw), (&b"hello worl"[..], 10));
    assert_eq!(whole(b"HTTP/1.1 200 OK\r\n\r\nhello worl").state, State::Ended);
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(octets).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(octets: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(octets).expect("memory");
    encoder.finish().expect("memory")
}

fn bare(octets: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(octets).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(octets, ruzstd::encoding::CompressionLevel::Fastest)
}

fn coded(codings: &str, octets: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Encoding: {codings}\r\n\r\n").as_bytes(), octets].concat()
}
