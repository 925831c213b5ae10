//! What bodies were before they were coded.

use super::*;

/// 100 times "to be or not to be, ", as the reference encoder's twin in Rust makes it at its best.
pub(super) const BROTLI: &[u8] =
    b"\x1b\xcf\x07\xf8\x8d\xd3e\xf6\xd3\t\x8d\x1a\x84N\x8ee\xbf\x89\xb9\x95\xad\x81,\xab\x06Fp4\
    \xee\xa2\xdd\x13";

/// 30 MiB of zeros.
const BROTLI_BOMB: &[u8] = b"\xcb\xff\xff?\x00$\x00\xe2\xb1@r\xef\xff\xf8\xff\xff\x07\x80\x04@\x1c\x16\x80\xee\
    \xfd\x1f\xff\xff\xff\x00\x90\x00\x88\xc3\x02\xd0\xbd\xff\xcb\xff\xff/\x00\x12\x00qX\x00\xba\xf7_";

#[test]
fn codings_are_undone_one_after_the_other() {
    let text = "to be or not to be, ".repeat(100).into_bytes();
    for (codings, octets) in [
        ("gzip", gzip(&text)),
        ("X-GZIP", [gzip(&text[..1000]), gzip(&text[1000..])].concat()),
        ("deflate", zlib(&text)),
        ("deflate", bare(&text)),
        ("br", BROTLI.to_vec()),
        ("zstd", zstd(&text)),
        (
            "zstd",
            [zstd(&text[..7]), b"\x51\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(&text[7..])]
                .concat(),
        ),
        ("deflate, identity, gzip", gzip(&zlib(&text))),
        ("br, zstd", zstd(BROTLI)),
        ("gzip,zstd , deflate", bare(&zstd(&gzip(&text)))),
    ] {
        let told = read(coded(codings, &octets));
        assert_eq!(told.state, State::Ended, "{codings}");
        assert!(told.content == text, "{codings}");
        let body = &told.body;
        assert_eq!((body.raw, body.decoded), (octets.len() as u64, 2000), "{codings}");
        assert_eq!(body.sha256, sha256(&text));
        assert!(body.codings.iter().all(|coding| coding.kept.is_none() && coding.behind == 0));
        let cut = read(coded(codings, &octets[..octets.len() - 5]));
        let name = body.codings[0].name.clone();
        assert_eq!(cut.problem(), &Problem::BrokenCoding { name, why: "it ends too early".into() });
        assert_eq!(cut.problem().exit(), 61);
    }
}

#[test]
fn codings_that_were_not_asked_for_are_kept_and_unknown_ones_are_a_problem() {
    let mut exchange = Exchange::new(&get(), Codings::Kept, Limits::default(), 0);
    let mut content = Vec::new();
    let octets = gzip(b"hello");
    assert_eq!(exchange.feed(&coded("gzip", &octets), &mut content).state, State::Awaits);
    assert_eq!(exchange.ended_by_peer(), State::Ended);
    assert_eq!(content, octets);
    assert_eq!(exchange.body().codings[0].kept, Some("it was not asked to be undone"));
    let told = read(coded("gzip, compress\x1b[1m", b"hello"));
    assert_eq!(
        told.problem().to_string(),
        "the body cannot be decoded, Content-Encoding compress\\x1b[1m is not known here"
    );
    let told = read(coded("gzip, gzip, gzip, gzip, gzip, gzip", b""));
    assert_eq!(told.problem().code(), "http.encoding");
    assert_eq!(read(coded("gzip", b"")).state, State::Ended);
    let told = read(coded("gzip", &[gzip(b"hello"), b"\0\0\0".to_vec()].concat()));
    assert_eq!((told.state, told.body.codings[0].behind), (State::Ended, 3));
}

#[test]
fn a_part_of_something_coded_is_kept() {
    let part = gzip(b"hello")[3..9].to_vec();
    let head = b"HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip\r\n\r\n";
    let told = read([&head[..], &part].concat());
    assert_eq!((told.state, told.content), (State::Ended, part));
    assert_eq!(told.body.codings[0].kept, Some("this is a part of a whole that was coded"));
}

#[test]
fn damage_is_found_wherever_it_is() {
    let text = "to be or not to be, ".repeat(100).into_bytes();
    for (coding, mut octets) in
        [("gzip", gzip(&text)), ("deflate", zlib(&text)), ("zstd", zstd(&text))]
    {
        // Every coding but brotli and bare deflate ends with a checksum.
        let last = octets.len() - 3;
        octets[last] ^= 1;
        let told = read(coded(coding, &octets));
        assert_eq!(
            (told.problem().code(), told.problem().exit()),
            ("http.encoding", 61),
            "{coding}"
        );
    }
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let told = read(coded(coding, b"<html>not compressed at all</html>"));
        assert_eq!(told.problem().code(), "http.encoding", "{coding}");
        assert!(told.head().status == 200 && told.content.is_empty(), "{coding}");
    }
}

#[test]
fn a_window_larger_than_the_web_allows_is_refused() {
    // Windows of 16 MiB: an exponent of 14 above 10.
    let told = read(coded("zstd", b"\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00"));
    assert_eq!(told.problem().code(), "http.encoding");
    let told = read(coded("zstd", b"\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00"));
    assert_eq!(told.state, State::Ended);
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 30 * 1024 * 1024];
    let limits = Limits { head: 1000, body: 1024 * 1024 };
    for (codings, octets) in [
        ("gzip", gzip(&zeros)),
        ("gzip, gzip", gzip(&gzip(&zeros))),
        ("zstd", zstd(&zeros)),
        ("br", BROTLI_BOMB.to_vec()),
    ] {
        let told = fed(&get(), limits, coded(codings, &octets).chunks(1460));
        let limit = limits.body;
        assert_eq!(
            told.problem(),
            &Problem::TooLarge { limit, what: Excess::Decoded },
            "{codings}"
        );
        assert_eq!((told.content.len(), told.body.decoded), (1024 * 1024, limit));
    }
}

#[test]
fn what_grows_only_between_two_codings_stops_too() {
    // An empty gzip stream, and behind it zeros that are left out: nothing ever comes out.
    let padded = [gzip(b""), vec![0; 30 * 1024 * 1024]].concat();
    let limits = Limits { head: 1000, body: 1024 * 1024 };
    let told = fed(&get(), limits, coded("gzip, gzip", &gzip(&padded)).chunks(1460));
    assert_eq!(told.problem().code(), "http.too-large");
}
