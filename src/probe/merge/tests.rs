//! Does everything come in the order of its time?

use std::thread::sleep;

use super::*;

fn step(at: u64, transfer: u32) -> Step {
    let at = Timestamp(at);
    Step { began: at, ended: at, transfer, socket: 0, event: Event::Interrupted }
}

fn told(mut probe: Probe) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        match probe.next().expect("no capture, no error") {
            Some(Moment::Step(step)) => told.push(format!("step {}", step.transfer)),
            Some(Moment::Secrets) => told.push("keys".to_owned()),
            Some(_) => {}
            None => return told,
        }
    }
}

#[test]
fn steps_come_in_the_order_of_their_times_whenever_they_are_told() {
    let base = now().0;
    let probe = watch(None, None, move |watched| {
        watched.step(step(base + 3, 3));
        watched.step(step(base + 1, 1));
        watched.step(step(base + 2, 2));
    });
    assert_eq!(told(probe.expect("threads")), ["step 1", "step 2", "step 3"]);
}

#[test]
fn what_follows_the_beginning_of_a_handshake_waits_for_its_keys() {
    let probe = watch(None, None, move |watched| {
        let shaking = watched.shaking();
        watched.step(step(now().0, 1));
        // Longer than anything waits otherwise.
        sleep(LATE + Duration::from_millis(60));
        shaking.keys(b"CLIENT_RANDOM 00 00\n");
    });
    assert_eq!(told(probe.expect("threads")), ["keys", "step 1"]);
}
