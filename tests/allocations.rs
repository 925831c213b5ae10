//! No packet costs an allocation: not its reading, not its line. A connection costs a few.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io;
use std::path::Path;

use wiretale::capture;
use wiretale::capture::sift::Sift;
use wiretale::pipeline::{self, Passing};
use wiretale::render::clock::{Clock, Style};
use wiretale::render::line::Lines;
use wiretale::render::out::Out;

struct Counting;

thread_local! {
    /// By thread, because the test runner's own allocates whenever it likes.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What a connection may cost: its story, two trails, and for each of them what went wrong.
const CONNECTION: u64 = 12;

#[test]
fn lines_of_tcp_udp_and_dns_allocate_nothing() {
    for capture in ["http-get", "dns-types", "ntp", "fast-retransmit", "icmp", "tls12", "arp"] {
        // What is made once a process is made now.
        allocations(capture, 1);
        // Both are long enough for every buffer to have grown to its size.
        let once = allocations(capture, 200);
        let often = allocations(capture, 400);
        // Each time the packets come they are another connection, at most.
        let connections = 200 * u64::from(!matches!(capture, "dns-types" | "ntp" | "icmp" | "arp"));
        let more = often - once;
        assert!(more <= connections * CONNECTION, "{capture}: {more} more for more packets");
    }
}

/// Allocations while a capture is told whose records are repeated so many times.
fn allocations(name: &str, times: usize) -> u64 {
    let octets = std::fs::read(format!("fixtures/{name}.pcap")).expect("the fixture");
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("allocations-{name}-{times}.pcap"));
    let mut repeated = octets[..24].to_vec();
    (0..times).for_each(|_| repeated.extend_from_slice(&octets[24..]));
    std::fs::write(&path, repeated).expect("a writable folder");
    let before = ALLOCATIONS.get();
    let files = capture::open(std::slice::from_ref(&path)).expect("a capture");
    let mut source = Sift::new(files, None, None, None).expect("no filter");
    let out = Out::new(Box::new(io::sink()), false, false);
    let mut report = Lines::new(out, Clock::new(Style::Relative));
    pipeline::run(&mut source, &mut Passing::default(), &mut report).expect("undamaged");
    let after = ALLOCATIONS.get();
    std::fs::remove_file(path).expect("the capture");
    after - before
}
