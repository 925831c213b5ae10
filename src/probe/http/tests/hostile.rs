//! Whatever arrives, and however it is cut.

use super::*;

/// What a compressed stream begins with.
const BEGINNINGS: &[&[u8]] =
    &[b"", b"\x1f\x8b\x08\0\0\0\0\0\0\0", b"\x28\xb5\x2f\xfd\x24", b"\x78\x9c"];

/// Cuts octets at places.
fn pieces<'a>(octets: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (octets.len() + 1)).collect();
    cuts.extend([0, octets.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &octets[pair[0]..pair[1]]).collect()
}

/// Without what depends on how the octets were cut: how many of those that are wrong are shown, how
/// many were taken with those that could not be decoded, and what was decoded before the damage.
fn told(told: &Told) -> (&[(u64, Fact)], &'static str, Body, &[u8]) {
    let code = match &told.state {
        State::Failed(problem) => problem.code(),
        State::Ended => "",
        State::Awaits => "awaits",
    };
    let (mut body, mut content) = (told.body.clone(), &told.content[..]);
    if matches!(code, "http.chunk" | "http.encoding" | "http.too-large") {
        (body.raw, body.framed) = (0, 0);
    }
    if code == "http.encoding" {
        (body.decoded, body.sha256, content) = (0, None, &[]);
    }
    (&told.facts, code, body, content)
}

fn answers() -> Vec<Vec<u8>> {
    let text = "to be or not to be, ".repeat(20).into_bytes();
    let chunk =
        |octets: &[u8]| [format!("{:x}\r\n", octets.len()).as_bytes(), octets, b"\r\n"].concat();
    let coded = |coding: &str, octets: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let half = octets.len() / 2;
        [head.as_bytes(), &chunk(&octets[..half]), &chunk(&octets[half..]), b"0\r\n\r\n"].concat()
    };
    vec![
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP".to_vec(),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nA: b\r\n\r\nuntil the end".to_vec(),
        b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5;x\nhello\n0\nA: b\n\nmore".to_vec(),
        coded("gzip", &gzip(&text)),
        coded("deflate", &zlib(&text)),
        coded("deflate", &bare(&text)),
        coded("zstd", &zstd(&text)),
        coded("br", decoding::BROTLI),
        coded("zstd, gzip", &gzip(&zstd(&text))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_cut_gives_the_same_outcome(
        which in 0..9_usize,
        cuts in proptest::collection::vec(any::<usize>(), 0..12),
        scribbles in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..3),
        limit in prop_oneof![Just(64 * 1024), 0..600_u64],
    ) {
        let mut octets = answers().swap_remove(which);
        for (at, with) in scribbles {
            let at = at % octets.len();
            octets[at] = with;
        }
        let limits = Limits { head: 300, body: limit };
        let whole = fed(&get(), limits, std::iter::once(&octets[..]));
        let cut = fed(&get(), limits, pieces(&octets, &cuts).into_iter());
        prop_assert_eq!(told(&whole), told(&cut));
        let (less, more) = (&whole.content, &cut.content);
        prop_assert!(more.starts_with(less) || less.starts_with(more));
    }

    #[test]
    fn anything_may_arrive(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let answer = [b"HTTP/1.1 200 OK\r\n", &octets[..]].concat();
        for octets in [octets, answer] {
            let told = fed(&get(), Limits { head: 200, body: 100 }, octets.chunks(7));
            prop_assert!(told.content.len() <= 100 && told.state != State::Awaits);
        }
    }

    #[test]
    fn any_octets_may_claim_to_be_compressed(
        octets in proptest::collection::vec(any::<u8>(), 0..600),
        begin in proptest::sample::select(BEGINNINGS),
    ) {
        for coding in ["gzip", "deflate", "br", "zstd", "gzip, br", "br, zstd"] {
            let octets = coded(coding, &[begin, &octets[..]].concat());
            let told = fed(&get(), Limits { head: 1000, body: 10_000 }, octets.chunks(100));
            prop_assert!(told.content.len() <= 10_000);
        }
    }
}

#[test]
fn a_trailer_that_is_wrong_is_counted_alike_however_it_is_cut() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n";
    let whole = fed(&get(), Limits { head: 300, body: 100 }, std::iter::once(&answer[..]));
    assert_eq!(whole.body.framed, 15);
    for cut in 1..answer.len() {
        let halves = [&answer[..cut], &answer[cut..]];
        let cut = fed(&get(), Limits { head: 300, body: 100 }, halves.into_iter());
        assert_eq!(told(&whole), told(&cut));
    }
}
