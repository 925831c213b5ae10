use proptest::prelude::*;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn fault(text: &str) -> (usize, String) {
    let malformed = Url::parse(text).expect_err("no URL");
    (malformed.at, malformed.why)
}

fn name(ascii: &str) -> Host {
    Host::Name { ascii: ascii.into(), unicode: idna::domain_to_unicode(ascii).0 }
}

#[test]
fn every_piece_is_told_as_it_was_written() {
    let url = url("HTTP://us%40er:p%3aw@WWW.Example.com:8080/a/./b/../c.html?x=1&y=ü#part");
    assert_eq!((url.scheme.name(), url.scheme_said, url.scheme.is_web()), ("http", true, true));
    assert_eq!(url.user.as_deref(), Some(&b"us@er"[..]));
    assert_eq!(url.password.as_ref().expect("a password").reveal(), b"p:w");
    assert_eq!(url.host, Some(name("www.example.com")));
    assert_eq!((url.port, url.is_default_port(), url.port_used()), (Some(8080), false, Some(8080)));
    assert_eq!(url.target(), "/a/c.html?x=1&y=%C3%BC");
    assert_eq!((url.fragment.as_deref(), url.omits_file()), (Some("part"), false));
    assert_eq!(url.host_field(), "www.example.com:8080");
}

#[test]
fn without_a_scheme_it_is_http() {
    for (text, host, port, target) in [
        ("example.com", "example.com", 80, "/"),
        ("example.com:8080/x", "example.com", 8080, "/x"),
        ("localhost:3000", "localhost", 3000, "/"),
        ("//example.com?q", "example.com", 80, "/?q"),
        ("ftp:21/", "ftp", 21, "/"),
        ("example.com/a?to=http://b/", "example.com", 80, "/a?to=http://b/"),
    ] {
        let url = url(text);
        assert_eq!((url.scheme.name(), url.scheme_said), ("http", false), "{text}");
        assert_eq!((url.host.clone(), url.port_used()), (Some(name(host)), Some(port)), "{text}");
        assert_eq!(url.target(), target, "{text}");
    }
    assert!(url("example.com").omits_file() && url("example.com:80").is_default_port());
}

#[test]
fn a_password_is_shown_nowhere() {
    let url = url("http://me:s3cret@example.com/");
    assert_eq!(format!("{url}"), "http://me:***@example.com/");
    assert_eq!(format!("{url:?}"), "Url(http://me:***@example.com/)");
    assert!(!format!("{:?}", url.password).contains("s3cret"));
    for text in [
        "http://me:s3cret@exa mple/",
        "me:s3cret@host:x/",
        "http://me:s3@cret@ho|st/",
        "x:s3cret@[::1",
    ] {
        let malformed = Url::parse(text).expect_err("no URL");
        assert!(!malformed.to_string().contains("cret"), "{malformed}");
        let marked = malformed.shown.chars().nth(malformed.caret);
        assert_eq!(marked, text[malformed.at..].chars().next(), "{malformed}");
    }
}

#[test]
fn hosts_are_told_in_both_forms() {
    let Some(Host::Name { ascii, unicode }) = url("http://Bücher.example/").host else {
        panic!("no name")
    };
    assert_eq!((ascii.as_str(), unicode.as_str()), ("xn--bcher-kva.example", "bücher.example"));
    assert_eq!(url("http://xn--bcher-kva.example/").host, url("http://b%C3%BCcher.example").host);
    assert!(url("http://한국.example").host.expect("a host").is_international());
    assert_eq!(url("http://example.com./").host_field(), "example.com.");
    assert_eq!(url("http://a_b.example/").host, Some(name("a_b.example")));
    let v4 = |text: &str| match url(text).host {
        Some(Host::V4 { address, odd }) => (address.to_string(), odd),
        other => panic!("{other:?}"),
    };
    assert_eq!(v4("http://192.0.2.1/"), ("192.0.2.1".into(), None));
    assert_eq!(v4("http://127.1/"), ("127.0.0.1".into(), Some("127.1".into())));
    assert_eq!(v4("http://0x7f.0.0.010/"), ("127.0.0.8".into(), Some("0x7f.0.0.010".into())));
    let zoned = url("http://[fe80::1%25eth0]:81/");
    assert_eq!(zoned.host, url("http://[fe80::1%eth0]/").host);
    assert_eq!(
        (zoned.host_field(), zoned.to_string()),
        ("[fe80::1]:81".into(), "http://[fe80::1%eth0]:81/".into())
    );
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (text, at, why) in [
        ("", 0, "nothing is there"),
        ("http://", 7, "the host is missing"),
        ("http:///x", 7, "the host is missing"),
        ("http:example.com", 5, "two slashes must follow http:"),
        ("http://a b/", 8, "a space here must be written %20"),
        ("http://a/\u{1b}[2J", 9, "a control character"),
        ("http://a:8o/", 10, "a port has digits only"),
        ("http://a:65536/", 9, "a port is 65535 at most"),
        ("http://[::1/", 11, "the bracket is never closed"),
        ("http://[::1]x/", 12, "after the bracket only a colon and a port may follow"),
        ("http://[::g]/", 8, "not an IPv6 address"),
        ("http://[fe80::1%]/", 16, "the interface is missing"),
        ("http://2001:db8::1/", 12, "an IPv6 address must stand in [brackets]"),
        ("http://a<b/", 8, "< may not stand in a host"),
        ("http://a..b/", 9, "nothing stands between two dots"),
        ("http://1.2.3.256/", 7, "it ends in a number, but is no IPv4 address"),
        (
            "1http://a/",
            0,
            "a scheme has letters, digits, plus, minus and dots, and begins with a letter",
        ),
    ] {
        assert_eq!(fault(text), (at, why.into()), "{text}");
    }
    let long = format!("http://a.{}.b/", "x".repeat(64));
    assert_eq!(fault(&long), (9, "what stands between two dots has 63 characters at most".into()));
    assert_eq!(Url::parse("http://a/\u{1b}[2J").expect_err("no URL").shown, "http://a/\\u{1b}[2J");
}

#[test]
fn other_schemes_are_explained() {
    let told = |text: &str| {
        let url = url(text);
        (url.scheme.name().to_owned(), url.port_used(), url.scheme.uses_network(), url.path.clone())
    };
    assert_eq!(told("ftp://ftp.example/pub"), ("ftp".into(), Some(21), Some(true), "/pub".into()));
    assert_eq!(
        told("mailto:me@a.example"),
        ("mailto".into(), Some(25), Some(true), "me@a.example".into())
    );
    assert_eq!(
        told("news:comp.lang.c"),
        ("news".into(), Some(119), Some(true), "comp.lang.c".into())
    );
    assert_eq!(told("file:///etc/hosts"), ("file".into(), None, Some(false), "/etc/hosts".into()));
    assert_eq!(told("data:,x"), ("data".into(), None, Some(false), ",x".into()));
    assert_eq!(told("gemini://a/b"), ("gemini".into(), None, None, "/b".into()));
    assert!(!url("ftp://a/").scheme.is_web());
}

/// The examples of RFC 3986 §5.4, normal and abnormal.
#[test]
fn references_are_resolved_as_in_the_rfc() {
    let base = url("http://a/b/c/d;p?q");
    for (reference, meant) in [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"),
        (";x", "http://a/b/c/;x"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../g", "http://a/g"),
        ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        ("..g", "http://a/b/c/..g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("https://b:443/x", "https://b/x"),
        (" /a b ", "http://a/a%20b"),
        ("mailto:x@y", "mailto:x@y"),
    ] {
        assert_eq!(base.join(reference).expect(reference).to_string(), meant, "{reference}");
    }
    let with = url("http://u:p@a/x#part");
    let next = with.join("y").expect("a URL");
    assert_eq!(
        (next.to_string().as_str(), next.password.is_some()),
        ("http://u:***@a/y#part", true)
    );
    assert!(
        with.is_same_origin(&next)
            && !with.is_same_origin(&with.join("https://a/").expect("a URL"))
    );
    assert_eq!(base.join("//g:x/").expect_err("no URL").at, 4);
    assert_eq!(base.join("nonsense:x").expect_err("no URL").why, "nonsense: is not known here");
    assert!(url("mailto:x@y").join("z").is_err());
}

proptest! {
    #[test]
    fn any_text_may_be_typed(text in "\\PC{0,60}", more in "[a-z:/@\\[\\]%?#. \\\\0-9]{0,40}") {
        for text in [&text, &more, &format!("http://{more}")] {
            match Url::parse(text) {
                Ok(url) => prop_assert!(url.target().is_ascii()),
                Err(malformed) => prop_assert!(malformed.at <= text.len() && text.is_char_boundary(malformed.at)),
            }
            let _ = url("http://a/b").join(text);
        }
    }

    /// On what both accept, browsers mean the same. (The crate does not escape a circumflex yet.)
    #[test]
    fn browsers_send_the_same(
        text in "https?://([a-z0-9]{1,5}:[a-z0-9%]{0,5}@)?([a-zA-Zäß0-9-]{1,8}\\.){0,3}[a-z]{2,5}(:[0-9]{1,4})?(/[a-zA-Z0-9._~!$&'()*+,;=:@|`{}é-]{0,6}){0,5}(\\?[a-z0-9/?'`{}|é=&-]{0,8})?(#[a-z]{0,4})?",
    ) {
        if let (Ok(ours), Ok(theirs)) = (Url::parse(&text), ::url::Url::parse(&text)) {
            prop_assert_eq!(ours.host.as_ref().map(Host::sent), theirs.host_str().map(str::to_owned));
            prop_assert_eq!(ours.port_used(), theirs.port_or_known_default());
            prop_assert_eq!(&ours.path, theirs.path());
            prop_assert_eq!(ours.query.as_deref(), theirs.query());
            prop_assert_eq!(ours.fragment.as_deref(), theirs.fragment());
        }
    }

    #[test]
    fn browsers_follow_redirects_to_the_same_place(
        path in "(/[a-z.]{0,3}){0,4}", reference in "(//[a-z]{1,3})?(\\.{0,2}/?[a-z]{0,2}/?){0,4}(\\?[a-z]{0,2})?",
    ) {
        let base = format!("http://a{path}");
        let theirs = ::url::Url::parse(&base).expect("a URL").join(&reference);
        if let (Ok(ours), Ok(theirs)) = (url(&base).join(&reference), theirs) {
            prop_assert_eq!(ours.to_string(), theirs.to_string());
        }
    }
}
