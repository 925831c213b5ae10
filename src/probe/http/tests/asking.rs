//! What is sent.

use super::*;
use crate::probe::url::Secret;

fn sent(options: &Options, url: &str) -> String {
    let leg = Leg::first(Url::parse(url).expect("a URL"));
    String::from_utf8(options.prepare(&leg).expect("a request").octets).expect("text")
}

fn with(fields: &[&str]) -> Options {
    Options { fields: fields.iter().map(ToString::to_string).collect(), ..Options::default() }
}

const AGENT: &str = concat!("User-Agent: wiretale/", env!("CARGO_PKG_VERSION"));

#[test]
fn a_plain_request_says_little() {
    let prepared = Options::default()
        .prepare(&Leg::first(Url::parse("http://example.com:8080/a?b#c").expect("a URL")))
        .expect("a request");
    let expected =
        format!("GET /a?b HTTP/1.1\r\nHost: example.com:8080\r\n{AGENT}\r\nAccept: */*\r\n\r\n");
    assert_eq!(prepared.octets, expected.as_bytes());
    let request = prepared.request;
    assert_eq!((request.head, request.body), (expected.len() as u64, 0));
    assert_eq!((&*request.method, &*request.target, request.fields.len()), ("GET", "/a?b", 3));
}

#[test]
fn every_option_has_its_field() {
    let options = Options {
        body: Some(b"a=1&b=2".to_vec()),
        agent: Some("curl/8".into()),
        credentials: Some((b"me".to_vec(), Secret::new("s3cret"))),
        compressed: true,
        range: Some("0-499,-5".into()),
        version: crate::timeline::http::Version::HTTP_1_0,
        keep_alive: false,
        ..with(&["X-One: 1"])
    };
    assert_eq!(
        sent(&options, "http://you:other@example.com/"),
        "POST / HTTP/1.0\r\nHost: example.com\r\nAuthorization: Basic bWU6czNjcmV0\r\n\
         Range: bytes=0-499,-5\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\nConnection: close\r\nX-One: 1\r\n\
         Content-Length: 7\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\na=1&b=2"
    );
    let prepared = options.prepare(&Leg::first(Url::parse("http://example.com/").expect("a URL")));
    assert!(!format!("{prepared:?}").contains("bWU6czNjcmV0"));
    let head = sent(&Options { head: true, ..Options::default() }, "http://example.com/");
    assert!(head.starts_with("HEAD / "));
    let other =
        sent(&Options { method: Some("PURGE".into()), ..Options::default() }, "http://[::1%25lo]/");
    assert!(other.starts_with("PURGE / HTTP/1.1\r\nHost: [::1]\r\n"), "{other}");
}

#[test]
fn the_user_of_the_url_is_told_without_options() {
    let text = sent(&Options::default(), "http://us%3aer:p%40w@example.com/");
    // "us:er:p@w"
    assert!(text.contains("\r\nAuthorization: Basic dXM6ZXI6cEB3\r\n"), "{text}");
    let text = sent(&Options::default(), "http://user@example.com/");
    assert!(text.contains("\r\nAuthorization: Basic dXNlcjo=\r\n"), "{text}");
}

#[test]
fn typed_fields_replace_remove_and_add() {
    let text = sent(
        &with(&["accept:text/html", "User-Agent:", "X-Empty;", "HOST: other", "A: 1", "A: ünï"]),
        "http://example.com/",
    );
    assert_eq!(
        text,
        "GET / HTTP/1.1\r\nHOST: other\r\naccept: text/html\r\nX-Empty:\r\nA: 1\r\nA: ünï\r\n\r\n"
    );
    assert!(!sent(&with(&["Host:"]), "http://example.com/").contains("Host"));
    assert!(
        !sent(&Options { agent: Some(String::new()), ..with(&[]) }, "http://a/").contains("Agent")
    );
}

#[test]
fn what_may_not_be_sent_is_refused_with_a_sentence() {
    for (typed, why) in [
        ("X: a\r\nY: b", "the value of the header field X has a carriage return (CR) in it"),
        ("X: a\nb", "the value of the header field X has a line feed (LF) in it"),
        ("X: a\0b", "the value of the header field X has a NUL in it"),
        ("X: a\u{1b}b", "the value of the header field X has a control character in it"),
        ("X\r\nY: b", "the header field X\\r\\nY has no name that may be sent"),
        ("X Y: b", "the header field X Y has no name that may be sent"),
        (": b", "the header field  has no name that may be sent"),
        ("X", "the header field X lacks a colon behind its name"),
        ("X;y", "the header field X lacks a colon behind its name"),
        (
            "Transfer-Encoding: chunked",
            "the header field Transfer-Encoding cannot be set: a body is sent with its length",
        ),
    ] {
        assert_eq!(with(&[typed]).check(), Err(BadRequest(why.into())), "{typed}");
    }
    let bad = |options: Options| options.check().expect_err("refused").to_string();
    assert!(
        bad(Options { method: Some("GET /x".into()), ..with(&[]) })
            .starts_with("the method GET /x has")
    );
    assert!(
        bad(Options { range: Some("5".into()), ..with(&[]) }).starts_with("the range 5 is not")
    );
    assert!(bad(Options { agent: Some("a\r\nX: y".into()), ..with(&[]) }).contains("user agent"));
    let both = Options { head: true, body: Some(Vec::new()), ..with(&[]) };
    assert_eq!(bad(both), "a body cannot go with a request for the head only");
}

#[test]
fn secrets_do_not_follow_elsewhere() {
    let options = Options {
        credentials: Some((b"me".to_vec(), Secret::new("s3cret"))),
        body: Some(b"x".to_vec()),
        ..with(&[
            "Cookie: a=b",
            "authorization: Bearer x",
            "Host: inner",
            "Content-Type: text/plain",
            "X: y",
        ])
    };
    let url = Url::parse("http://other.example/").expect("a URL");
    let leg = Leg { url, method: Some("GET"), trust: Trust::Elsewhere, is_embedded: false };
    let octets = options.prepare(&leg).expect("a request").octets;
    let text = String::from_utf8(octets).expect("text");
    assert_eq!(
        text,
        format!("GET / HTTP/1.1\r\nHost: other.example\r\n{AGENT}\r\nAccept: */*\r\nX: y\r\n\r\n")
    );
}

#[test]
fn of_what_a_page_embeds_all_is_asked_for() {
    let options = Options {
        range: Some("0-9".into()),
        body: Some(b"x".to_vec()),
        ..with(&["If-None-Match: \"a\"", "Cookie: a=b"])
    };
    let leg = Leg::embedded(Url::parse("http://a.example/b.png").expect("a URL"), Trust::Asked);
    let octets = options.prepare(&leg).expect("a request").octets;
    let text = String::from_utf8(octets).expect("text");
    let expected = format!(
        "GET /b.png HTTP/1.1\r\nHost: a.example\r\n{AGENT}\r\nAccept: */*\r\nCookie: a=b\r\n\r\n"
    );
    assert_eq!(text, expected);
}
