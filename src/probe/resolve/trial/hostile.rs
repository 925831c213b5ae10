//! Whatever arrives, a lookup ends, and with an answer or a reason.

use proptest::prelude::*;

use super::super::message::A;
use super::*;

/// Octets to change: where, counted from behind the question, and by how much.
type Scribbles = Vec<(u16, u8)>;

fn scribbled(mut octets: Vec<u8>, heard: &Heard, scribbles: &Scribbles, cut: u16) -> Vec<u8> {
    let behind = 12 + heard.question().len();
    for (at, by) in scribbles {
        let counts = 2..12;
        let place = match usize::from(*at) {
            at if at % 7 == 0 => counts.start + at % counts.len(),
            at if octets.len() > behind => behind + at % (octets.len() - behind),
            _ => continue,
        };
        octets[place] ^= by;
    }
    // It stays an answer: what is none is ignored, and waited beyond.
    octets[2] |= 0x80;
    octets.truncate(octets.len().saturating_sub(usize::from(cut) % 40).max(behind));
    octets
}

fn hostile(scribbles: &Arc<Mutex<(Scribbles, u16)>>) -> Internet {
    let server = |reply: fn(&Heard) -> Reply| -> Answerer {
        let scribbles = scribbles.clone();
        Box::new(move |heard| {
            let (scribbles, cut) = scribbles.lock().expect("no panic").clone();
            vec![scribbled(reply(heard).write(heard), heard, &scribbles, cut)]
        })
    };
    let root = server(|_| {
        Reply::new(0)
            .authority("example 60 NS ns1.example")
            .authority("example 60 NS ns.other")
            .additional("ns1.example 60 A 127.0.0.3")
            .extended(1, "text")
    });
    let authority = server(|heard| {
        Reply::new(AA)
            .answer(&format!("{} 60 CNAME web.example", heard.name))
            .answer("web.example 60 CNAME w.example")
            .answer("w.example 60 A 192.0.2.1")
            .authority("example 60 SOA 60")
            .additional("x.example 60 TXT text")
    });
    Internet::of(vec![(2, root), (3, authority)])
}

#[test]
fn scribbled_answers_end_every_lookup() {
    let scribbles = Arc::new(Mutex::new((Vec::new(), 0)));
    let internet = hostile(&scribbles);
    let config =
        ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(changes in proptest::collection::vec((any::<u16>(), 1u8..), 0..8), cut in 0u16..200)| {
        let cut = cut.saturating_sub(150);
        *scribbles.lock().expect("no panic") = (changes, cut);
        for way in [Way::Stub, Way::Walk] {
            let mut resolver = internet.walk();
            resolver.config = internet.stub(&[3]).config;
            resolver.config.timeout = Duration::from_millis(20);
            (resolver.way, resolver.wait) = (way, Duration::from_millis(20));
            let (found, steps) = told(|tell| resolver.records("www.example", A, tell));
            let questions = kinds(&steps).iter().filter(|kind| **kind == "Asked").count();
            prop_assert!(questions <= 60 && steps.len() < 2000, "{questions} questions, {} steps", steps.len());
            match found {
                Ok(found) => prop_assert!(!found.records.is_empty()),
                Err(failure) => prop_assert!(!failure.to_string().contains(char::is_control)),
            }
        }
    });
}

#[test]
fn untouched_answers_are_found_by_both_ways() {
    let internet = hostile(&Arc::default());
    let mut resolver = internet.walk();
    assert_eq!(
        said(&resolver.records("www.example", A, &mut |_| {}).expect("an address")),
        ["192.0.2.1"]
    );
    resolver.config = internet.stub(&[3]).config;
    resolver.way = Way::Stub;
    assert_eq!(
        said(&resolver.records("www.example", A, &mut |_| {}).expect("an address")),
        ["192.0.2.1"]
    );
}

#[test]
fn who_is_drowned_in_wrong_answers_is_given_up() {
    let flood: Answerer = Box::new(|heard| {
        let mut wrong = Reply::new(RA).answer("www.example 60 A 192.0.2.66").write(heard);
        (0..100)
            .map(|_| {
                wrong[0] = wrong[0].wrapping_add(1);
                wrong.clone()
            })
            .collect()
    });
    let internet = Internet::of(vec![(1, flood)]);
    let mut resolver = internet.stub(&[1]);
    resolver.config.attempts = 1;
    let failure = resolver.addresses("www.example", Family::V4, &mut |_| {}).expect_err("a flood");
    assert!(
        failure.to_string().ends_with("was drowned by answers to other questions"),
        "{failure}"
    );
}

#[test]
fn a_connection_that_breaks_off_or_falls_silent_is_told() {
    // It announces more over TCP than it sends.
    let short: Answerer = Box::new(|heard| {
        let reply = Reply::new(RA | TC).answer("www.example 60 A 192.0.2.1").write(heard);
        if heard.over_tcp { Vec::new() } else { vec![reply] }
    });
    let internet = Internet::of(vec![(1, short)]);
    let failure =
        internet.stub(&[1]).addresses("www.example", Family::V4, &mut |_| {}).expect_err("cut off");
    assert!(
        failure.to_string().contains("closed the connection before its answer ended"),
        "{failure}"
    );
}
