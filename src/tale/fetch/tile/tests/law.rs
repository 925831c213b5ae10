//! Whatever was seen, the phases tile the transfer.

use std::time::Duration;

use proptest::prelude::*;

use super::super::spans;
use crate::tale::fetch::course::{
    Acknowledged, Arrived, Attempt, Course, Flight, Question, Sent, Sought, Way, Witness,
};
use crate::tale::fetch::phase::Edge;
use crate::tale::fetch::{sums, verdict};
use crate::timeline::Timestamp;

fn edges() -> impl Strategy<Value = Edge> {
    (0_u64..3000, prop::option::of(1_u64..50))
        .prop_map(|(time, packet)| Edge { time: Timestamp(time), packet })
}

fn times() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::of((0_u64..3000).prop_map(Timestamp))
}

prop_compose! {
    fn attempts()(
        began in 0_u64..3000,
        ended in times(),
        syns in prop::collection::vec(edges(), 0..4),
        answer in prop::option::of(edges()),
        round_trip in prop::option::of(0_u64..500),
        again in 0_u64..3,
        connected: bool,
    ) -> Attempt {
        let round_trip = round_trip.map(Duration::from_nanos);
        Attempt { began: Timestamp(began), ended, syns, answer, round_trip, again, connected }
    }
}

prop_compose! {
    fn arrivals()(edge in edges(), start in 0_u64..5000, len in 0_u64..2000, again: bool) -> Arrived {
        Arrived { edge, octets: start..start + len, again }
    }
}

prop_compose! {
    fn first_halves()(
        (began, ended) in (0_u64..2000, 0_u64..3000),
        slot in 0_u64..3000,
        stages in prop::collection::vec(times(), 6),
        questions in prop::collection::vec((edges(), prop::option::of(edges()), 0_u64..3000), 0..4),
        neighbours in prop::collection::vec((edges(), prop::option::of(edges())), 0..2),
        attempts in prop::collection::vec(attempts(), 0..3),
        witness in 0_u8..3,
    ) -> Course {
        Course {
            began: Timestamp(began),
            ended: Timestamp(ended),
            slot: Timestamp(slot),
            looked_up: stages[0],
            connected: stages[1],
            secured: stages[2],
            asking: stages[3],
            asked: stages[4],
            answering: stages[5],
            questions: questions
                .into_iter()
                .map(|(asked, answered, given_up)| Question {
                    asked,
                    answered,
                    given_up: Timestamp(given_up),
                    witness: Witness::Packets,
                })
                .collect(),
            neighbours: neighbours
                .into_iter()
                .map(|(asked, answered)| Sought { asked, answered })
                .collect(),
            attempts,
            witness: [Witness::Calls, Witness::Stamps, Witness::Packets][usize::from(witness)],
            ..Course::default()
        }
    }
}

prop_compose! {
    fn courses()(
        half in first_halves(),
        flights in prop::collection::vec((edges(), any::<bool>()), 0..6),
        request in prop::collection::vec((edges(), prop::option::of(edges())), 0..4),
        acknowledged in prop::option::of((edges(), any::<bool>())),
        answer in prop::collection::vec(arrivals(), 0..20),
        closed in prop::collection::vec((edges(), prop::option::of(edges())), 0..3),
        shortest in prop::option::of(0_u64..500),
        over in prop::option::of(edges()),
        missing in prop::option::of(edges()),
        is_first in any::<bool>(),
    ) -> Course {
        let way = |out| if out { Way::Out } else { Way::In };
        Course {
            flights: flights.into_iter().map(|(edge, out)| Flight { edge, way: way(out) }).collect(),
            request: request.into_iter().map(|(edge, before)| Sent { edge, before }).collect(),
            acknowledged: acknowledged.map(|(edge, with_data)| Acknowledged { edge, with_data }),
            answer,
            closed,
            shortest: shortest.map(Duration::from_nanos),
            over,
            missing,
            is_first,
            ..half
        }
    }
}

proptest! {
    /// Whatever was seen, in whatever order: the law of this room.
    #[test]
    fn phases_tile_any_transfer_to_the_nanosecond(course in courses()) {
        let spans = spans(&course);
        let mut next = course.began;
        for span in &spans {
            prop_assert_eq!(span.from.time, next);
            prop_assert!(span.to.time > span.from.time);
            next = span.to.time;
        }
        prop_assert_eq!(next, course.ended.max(course.began));
        let total: Duration = sums(&spans).iter().map(|(_, took)| *took).sum();
        prop_assert_eq!(total, course.ended.since(course.began));
        let verdict = verdict::judge(&spans, |phase, took| verdict::floor(&course, phase, took));
        prop_assert_eq!(verdict.total, total);
    }
}
