//! Where redirects lead.

use super::*;
use crate::timeline::http::Astray;

fn answer(status: u16, location: &str) -> Response {
    let text = format!("HTTP/1.1 {status} x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    read(text).head().clone()
}

/// What is asked after an answer, with which octets.
fn led(options: &Options, from: &str, status: u16, location: &str) -> (String, String) {
    let leg = Leg::first(Url::parse(from).expect("a URL"));
    let redirects = Redirects::new(leg.url.clone(), 5);
    let mut redirects =
        if options.method.is_some() { redirects.keeping_method() } else { redirects };
    let request = options.prepare(&leg).expect("a request").request;
    let next = redirects.follow(&leg, &request, &answer(status, location));
    let (leg, redirect) = next.expect("a redirect").expect("it leads on");
    let octets = options.prepare(&leg).expect("a request").octets;
    (redirect.to, String::from_utf8(octets).expect("text"))
}

fn post() -> Options {
    Options { body: Some(b"a=b".to_vec()), ..Options::default() }
}

#[test]
fn the_method_changes_as_the_status_says() {
    let begins = |options: &Options, status: u16| {
        let (_, octets) = led(options, "http://a.example/", status, "/x");
        let word = octets.split(' ').next().expect("a method").to_owned();
        (word, octets.ends_with("\r\n\r\na=b"))
    };
    for (status, method, keeps) in [
        (301, "GET", false),
        (302, "GET", false),
        (303, "GET", false),
        (307, "POST", true),
        (308, "POST", true),
    ] {
        assert_eq!(begins(&post(), status), (method.into(), keeps), "{status}");
    }
    // What was typed stays, without the body that would not have stayed either.
    for method in ["PUT", "POST", "GET"] {
        let typed = Options { method: Some(method.into()), ..post() };
        for (status, keeps) in [(301, false), (302, false), (303, false), (307, true), (308, true)]
        {
            assert_eq!(begins(&typed, status), (method.into(), keeps), "{method} {status}");
        }
        let bare = Options { body: None, ..typed };
        assert_eq!(begins(&bare, 303), (method.into(), false), "{method}");
    }
    let head = Options { head: true, ..Options::default() };
    assert_eq!(begins(&head, 303).0, "HEAD");
}

#[test]
fn a_location_is_seen_from_where_it_was_told() {
    for (location, to) in [
        ("/b", "http://a.example/b#part"),
        ("c?d#e", "http://a.example/x/c?d#e"),
        ("//b.example", "http://b.example/#part"),
        ("https://b.example:444/x y", "https://b.example:444/x%20y#part"),
        ("?\u{fc}", "http://a.example/x/y?%C3%BC#part"),
    ] {
        assert_eq!(led(&Options::default(), "http://a.example/x/y#part", 302, location).0, to);
    }
    let told = read(b"HTTP/1.1 302 x\r\nLocation: /\xfc\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(text(&told.head().field("location").expect("one").value), "/%FC");
}

#[test]
fn secrets_go_only_to_the_first_server() {
    let options = Options { fields: vec!["Cookie: a=b".into()], ..Options::default() };
    let (_, octets) = led(&options, "http://me:s3cret@a.example/", 302, "http://A.example:80/x");
    assert!(octets.contains("Cookie: a=b\r\n") && octets.contains("Authorization: Basic "));
    for elsewhere in
        ["http://b.example/", "https://a.example/", "http://a.example:81/", "//b.example/"]
    {
        let (to, octets) = led(&options, "http://me:s3cret@a.example/", 302, elsewhere);
        assert!(!octets.contains("Cookie") && !octets.contains("Authorization"), "{elsewhere}");
        assert!(!to.contains("me"), "{to}");
    }
    let (to, octets) = led(&options, "http://a.example/", 302, "http://you:word@b.example/");
    assert!(
        octets.contains("Authorization: Basic eW91OndvcmQ=") && to == "http://you:***@b.example/"
    );
}

#[test]
fn what_leads_nowhere_is_told() {
    let options = Options::default();
    let astray = |from: &str, location: &str, limit: u32| {
        let leg = Leg::first(Url::parse(from).expect("a URL"));
        let request = options.prepare(&leg).expect("a request").request;
        let mut redirects = Redirects::new(leg.url.clone(), limit);
        let next = redirects.follow(&leg, &request, &answer(301, location));
        next.expect("a redirect").expect_err("it leads nowhere")
    };
    for (location, limit, code, exit, sentence) in [
        (
            "/",
            5,
            "http.redirects",
            47,
            "the redirects lead in a circle: http://a.example/ was asked for before; \
          a server may wait for a cookie, and none are kept here",
        ),
        (
            "#x",
            5,
            "http.redirects",
            47,
            "the redirects lead in a circle: http://a.example/#x was asked for before; \
          a server may wait for a cookie, and none are kept here",
        ),
        ("/x", 0, "http.redirects", 47, "a redirect is not followed: none was allowed"),
        (
            "http://[x/",
            5,
            "http.location",
            3,
            "the redirect leads nowhere: \"http://[x/\": the bracket is never closed",
        ),
        (
            "ftp://b.example/x",
            5,
            "http.location",
            1,
            "the redirect to ftp://b.example/x is not followed: ftp is not fetched here",
        ),
        (
            "file:///etc/passwd",
            5,
            "http.location",
            1,
            "the redirect to file:/etc/passwd is not followed: file is not fetched here",
        ),
        (
            "javascript:alert(1)",
            5,
            "http.location",
            1,
            "the redirect to javascript:alert(1) is not followed: javascript is not fetched here",
        ),
    ] {
        let astray = astray("http://a.example/", location, limit);
        assert_eq!((astray.code(), astray.exit()), (code, exit), "{location}");
        assert_eq!(astray.to_string(), sentence);
    }
}

#[test]
fn a_circle_is_found_however_long_and_post_may_come_back_as_get() {
    let options = post();
    let mut leg = Leg::first(Url::parse("http://a.example/1").expect("a URL"));
    let mut redirects = Redirects::new(leg.url.clone(), 10);
    let mut numbers = Vec::new();
    let astray = loop {
        let request = options.prepare(&leg).expect("a request").request;
        let to = match leg.url.path.as_str() {
            "/1" if request.method == "POST" => "/1",
            "/1" => "/2",
            _ => "/1",
        };
        match redirects.follow(&leg, &request, &answer(302, to)).expect("a redirect") {
            Ok((next, redirect)) => {
                numbers.push((redirect.number, redirect.drops_body));
                leg = next;
            }
            Err(astray) => break astray,
        }
    };
    assert_eq!(numbers, [(1, true), (2, false)]);
    assert_eq!(astray, Astray::Loop { to: "http://a.example/1".into() });
}

#[test]
fn other_answers_lead_nowhere() {
    let leg = Leg::first(Url::parse("https://a.example/").expect("a URL"));
    let mut redirects = Redirects::new(leg.url.clone(), 5);
    for status in [200, 201, 300, 304, 305, 404] {
        assert_eq!(redirects.follow(&leg, &get(), &answer(status, "/x")), None, "{status}");
    }
    let bare = read("HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n").head().clone();
    assert_eq!(redirects.follow(&leg, &get(), &bare), None);
    let next = redirects.follow(&leg, &get(), &answer(302, "http://a.example/"));
    let (_, redirect) = next.expect("a redirect").expect("it leads on");
    assert!(redirect.is_downgrade && !redirect.is_first_origin);
}
