use super::*;

/// Connections and exchanges in small.
fn fields() -> Fields {
    let subject = |name, fields: &[(&str, Kind)]| Subject {
        name,
        fields: fields
            .iter()
            .map(|(name, kind)| Field { name: (*name).to_owned(), kind: *kind })
            .collect(),
        ..Subject::default()
    };
    let mut connection = subject(
        "connection",
        &[
            ("id", Kind::Number),
            ("duration_ns", Kind::Duration),
            ("application", Kind::Text),
            ("complete", Kind::Flag),
            ("first_time", Kind::Time),
            ("client.payload_bytes", Kind::Size),
            ("server.payload_bytes", Kind::Size),
            ("budget.wall_ns", Kind::Duration),
            ("budget.buckets.server_think", Kind::Part),
            ("budget.buckets.stall", Kind::Part),
            ("budget.verdict.stall", Kind::Text),
            ("stall.count", Kind::Number),
            ("stall.tail_loss", Kind::Duration),
            ("stall.tail_loss.count", Kind::Number),
            ("retransmitted", Kind::Share),
        ],
    );
    connection.fronts = &["budget.buckets.", "budget."];
    connection.whole = connection.find("budget.wall_ns");
    let mut exchange = subject(
        "exchange",
        &[
            ("id", Kind::Number),
            ("latency_ns", Kind::Duration),
            ("dns.rcode", Kind::Text),
            ("http.status", Kind::Number),
            ("http.request_ns", Kind::Duration),
        ],
    );
    exchange.topics = vec!["dns".to_owned(), "http".to_owned()];
    Fields(vec![connection, exchange])
}

/// A record that has some of the fields.
struct One(Vec<(usize, Option<Value<'static>>)>);

impl Record for One {
    fn find(&self, field: usize) -> Found<'_> {
        match self.0.iter().find(|(at, _)| *at == field) {
            None => Found::Nothing,
            Some((_, None)) => Found::Unknown,
            Some((_, Some(value))) => Found::Known(*value),
        }
    }
}

fn rule(text: &str) -> Rule {
    Rule::new(text, &fields()).unwrap_or_else(|error| panic!("{error}"))
}

fn complaint(text: &str) -> String {
    Rule::new(text, &fields()).expect_err(text).to_string()
}

/// What a rule about connections says of one with these values.
fn judged(text: &str, values: &[(&str, Option<Value<'static>>)]) -> Judgement {
    let rule = rule(text);
    let subject = &fields().0[rule.subject()];
    let values = values.iter().map(|(name, value)| (subject.find(name).expect("a field"), *value));
    rule.judge(&One(values.collect()))
}

fn named(text: &str) -> String {
    let rule = rule(text);
    let subject = &fields().0[rule.subject()];
    format!("{} {}", subject.name, subject.fields[rule.field()].name)
}

#[test]
fn a_name_is_found_whole_without_its_unit_and_without_what_stands_in_front() {
    for (text, name) in [
        ("duration_ns<1s", "connection duration_ns"),
        ("duration<1s", "connection duration_ns"),
        ("connection.duration<1s", "connection duration_ns"),
        ("id<3", "connection id"),
        ("exchange.id<3", "exchange id"),
        ("server_think<1s", "connection budget.buckets.server_think"),
        ("wall<1s", "connection budget.wall_ns"),
        ("stall<1s", "connection budget.buckets.stall"),
        ("stall.tail_loss<1s", "connection stall.tail_loss"),
        ("no tail_loss", "connection stall.tail_loss.count"),
        ("no stall", "connection stall.count"),
        ("latency<1s", "exchange latency_ns"),
        ("dns.latency<1s", "exchange latency_ns"),
        ("status<500", "exchange http.status"),
        ("http.request<1s", "exchange http.request_ns"),
        ("client.payload<64k", "connection client.payload_bytes"),
    ] {
        assert_eq!(named(text), name, "{text}");
    }
}

#[test]
fn a_limit_is_met_to_the_nanosecond_and_to_the_octet() {
    let number = |number| Some(Value::Number(number));
    for (text, name, limit) in [
        ("duration<1.5s", "duration_ns", 1_500_000_000),
        ("duration<200ms", "duration_ns", 200_000_000),
        ("duration<0.3us", "duration_ns", 300),
        ("duration<0.3µs", "duration_ns", 300),
        ("duration<7ns", "duration_ns", 7),
        ("duration_ns<7", "duration_ns", 7),
        ("duration<2m", "duration_ns", 120_000_000_000),
        ("client.payload<64k", "client.payload_bytes", 65_536),
        ("client.payload<1.5kB", "client.payload_bytes", 1500),
        ("client.payload<1MB", "client.payload_bytes", 1_000_000),
        ("client.payload<100", "client.payload_bytes", 100),
        ("id<12", "id", 12),
    ] {
        assert_eq!(judged(text, &[(name, number(limit - 1))]), Judgement::Held, "{text}");
        assert_eq!(judged(text, &[(name, number(limit))]), Judgement::Broken, "{text}");
        let text = text.replace('<', "<=");
        assert_eq!(judged(&text, &[(name, number(limit))]), Judgement::Held, "{text}");
        assert_eq!(judged(&text, &[(name, number(limit + 1))]), Judgement::Broken, "{text}");
        let text = text.replace("<=", ">");
        assert_eq!(judged(&text, &[(name, number(limit))]), Judgement::Broken, "{text}");
        assert_eq!(judged(&text, &[(name, number(limit + 1))]), Judgement::Held, "{text}");
    }
}

#[test]
fn a_share_is_of_the_whole() {
    let of = |part, whole| {
        [("budget.buckets.server_think", Some(part)), ("budget.wall_ns", Some(whole))]
            .map(|(name, number)| (name, number.map(Value::Number)))
    };
    assert_eq!(judged("server_think<=0.1%", &of(1, 1000)), Judgement::Held);
    assert_eq!(judged("server_think<0.1%", &of(1, 1000)), Judgement::Broken);
    assert_eq!(judged("server_think<0.1%", &of(1, 1001)), Judgement::Held);
    assert_eq!(judged("server_think<1%", &of(0, 0)), Judgement::Held);
    assert_eq!(judged("server_think<1ms", &of(999_999, 0)), Judgement::Held);
    let share = |share| [("retransmitted", Some(Value::Share(share)))];
    assert_eq!(judged("retransmitted<=0.1%", &share(3.0 / 3000.0)), Judgement::Held);
    assert_eq!(judged("retransmitted<0.1%", &share(3.0 / 3000.0)), Judgement::Broken);
    assert_eq!(judged("retransmitted<0.001", &share(3.0 / 3001.0)), Judgement::Held);
}

#[test]
fn what_is_not_known_neither_holds_nor_breaks() {
    assert_eq!(judged("duration<1s", &[("duration_ns", None)]), Judgement::Unknown);
    assert_eq!(judged("duration!=1s", &[("duration_ns", None)]), Judgement::Unknown);
    assert_eq!(judged("duration<1s", &[("id", None)]), Judgement::None);
    let part = [("budget.buckets.stall", Some(Value::Number(5))), ("budget.wall_ns", None)];
    assert_eq!(judged("stall<1%", &part), Judgement::Unknown);
}

#[test]
fn a_rule_is_about_those_that_pass_its_conditions() {
    let one = |application: Option<&'static str>, id| {
        let application = application.map(|text| Value::Text(text.as_bytes()));
        [("application", application), ("id", Some(Value::Number(id)))]
    };
    let text = "id<5 if application==http and id>2";
    assert_eq!(judged(text, &one(Some("http"), 7)), Judgement::Broken);
    assert_eq!(judged(text, &one(Some("http"), 3)), Judgement::Held);
    assert_eq!(judged(text, &one(Some("http"), 2)), Judgement::None);
    assert_eq!(judged(text, &one(Some("tls"), 7)), Judgement::None);
    assert_eq!(judged(text, &one(None, 7)), Judgement::None);
    assert_eq!(judged("id<5 if application==\"http\"", &one(Some("http"), 7)), Judgement::Broken);
}

#[test]
fn a_protocol_in_front_means_only_its_exchanges() {
    let latency = ("latency_ns", Some(Value::Number(7_000_000)));
    let dns = [latency, ("dns.rcode", None)];
    let http = [latency, ("http.status", None)];
    assert_eq!(judged("dns.latency<5ms", &dns), Judgement::Broken);
    assert_eq!(judged("dns.latency<5ms", &http), Judgement::None);
    assert_eq!(judged("latency<5ms", &http), Judgement::Broken);
    assert_eq!(judged("status<500", &http), Judgement::Unknown);
    assert_eq!(judged("status<500", &dns), Judgement::None);
}

#[test]
fn flags_words_and_times_are_compared() {
    let flag = [("complete", Some(Value::Flag(true)))];
    assert_eq!(judged("complete==true", &flag), Judgement::Held);
    assert_eq!(judged("complete==0", &flag), Judgement::Broken);
    let words = [("application", Some(Value::Text(b"http")))];
    assert_eq!(judged("application!=tls", &words), Judgement::Held);
    assert_eq!(judged("application==tls", &words), Judgement::Broken);
    let time = [("first_time", Some(Value::Time(Timestamp(1_000_000_000))))];
    assert_eq!(judged("first_time<1970-01-01T00:00:02Z", &time), Judgement::Held);
    assert_eq!(judged("first_time<1970-01-01T00:00:01Z", &time), Judgement::Broken);
}

#[test]
fn an_error_points_at_its_place_and_names_the_nearest() {
    assert_eq!(
        complaint("server_thnk<3ms"),
        "rule: no field is called \"server_thnk\"; the nearest is \"server_think\"\n    \
         server_thnk<3ms\n    ^^^^^^^^^^^"
    );
    for (text, what, caret) in [
        ("", "it is empty", "    ^"),
        ("id", "a comparison is missing", "      ^"),
        ("id<", "a value is missing", "       ^"),
        ("id<five", "is no number", "       ^^^^"),
        ("id<5ms", "is no number", "       ^^^"),
        ("<5", "a field name is missing", "    ^"),
        ("id=5", "write ==", "      ^"),
        ("duration<5", "5 of what?", "             ^"),
        ("duration<5%", "is no duration", "             ^^"),
        ("duration<5kB", "is no duration", "             ^^^"),
        ("duration<1e99999s", "is no duration", "             ^^^^^^^^"),
        ("server_think<x%", "is no share", "                 ^^"),
        ("retransmitted<5ms", "is no share", "                  ^^^"),
        ("client.payload<5ms", "is no size", "                   ^^^"),
        ("payload<5", "client.payload_bytes, server.payload_bytes", "    ^^^^^^^"),
        ("complete==maybe", "is no flag", "              ^^^^^"),
        ("complete<true", "has no order", "            ^"),
        ("application<http", "has no order", "               ^"),
        ("first_time<5", "is no time", "               ^"),
        ("id<5 and id>3", "nothing can follow here but `if`", "         ^^^"),
        ("id<5 if id>3 or id<2", "nothing can follow here but `and`", "                 ^^"),
        ("id<5 if", "a field name is missing", "           ^"),
        ("id<5 if latency<3ms", "no field of the same connection", "            ^^^^^^^"),
        ("no", "the name of a trouble", "      ^"),
        ("no tail_los", "the nearest is \"tail_loss\"", "       ^^^^^^^^"),
        ("id<\"5", "not closed", "       ^^"),
    ] {
        let told = complaint(text);
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].contains(what), "{text}: {told}");
        assert_eq!(lines[2], caret, "{text}: {told}");
    }
}
