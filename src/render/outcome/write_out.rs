//! curl's `--write-out`: a line of somebody's own making, with variables.
//!
//! Variables mean what they mean to curl, so that formats run unchanged. As there, the times of a URL that
//! redirects are those of all its transfers together. Variables of newer releases, and ours, which begin with
//! `wire_`, are known as well; what is unknown is said on standard error, and nothing stands in its place.

use std::io::{self, Write};
use std::time::Duration;

use super::{Leg, Outcome, chain, verified};
use crate::ink::Ink;
use crate::tale::fetch::{Tale, Told};
use crate::timeline::fetch::Timing;
use crate::timeline::http::Version;

/// What a variable holds.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    /// Nothing where there is none; `null` in JSON.
    Text(Option<String>),
    Number(u64),
    /// Three digits, but not in JSON.
    Status(u16),
    /// Seconds with six digits of fraction.
    Time(Duration),
}

/// curl's variables of 7.88, in its order: those that `%{json}` lists.
const VARIABLES: [&str; 39] = [
    "certs",
    "content_type",
    "errormsg",
    "exitcode",
    "filename_effective",
    "ftp_entry_path",
    "http_code",
    "http_connect",
    "http_version",
    "local_ip",
    "local_port",
    "method",
    "num_certs",
    "num_connects",
    "num_headers",
    "num_redirects",
    "proxy_ssl_verify_result",
    "redirect_url",
    "referer",
    "remote_ip",
    "remote_port",
    "response_code",
    "scheme",
    "size_download",
    "size_header",
    "size_request",
    "size_upload",
    "speed_download",
    "speed_upload",
    "ssl_verify_result",
    "time_appconnect",
    "time_connect",
    "time_namelookup",
    "time_pretransfer",
    "time_redirect",
    "time_starttransfer",
    "time_total",
    "url",
    "url_effective",
];

/// The transfers of one URL, the last of them last.
struct Chain<'o> {
    outcome: &'o Outcome,
    told: Vec<&'o Told>,
    number: u64,
}

impl Outcome {
    /// Writes the format once for each URL that was asked for, as often as it was.
    pub fn write_out(
        &self,
        format: &str,
        tale: &Tale,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> io::Result<()> {
        for (number, round) in tale.rounds.iter().enumerate() {
            let told = chain(tale.told.get(round.told.clone()).unwrap_or_default());
            if !told.is_empty() {
                let chain = Chain { outcome: self, told, number: number as u64 };
                chain.write(format, out, err)?;
            }
        }
        out.flush()
    }
}

impl Chain<'_> {
    fn write(&self, format: &str, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<()> {
        let mut rest = format;
        let mut to_err = false;
        while !rest.is_empty() {
            let mut ink = Ink::default();
            rest = match rest.as_bytes() {
                [b'%', b'%', ..] => {
                    ink.text("%");
                    &rest[2..]
                }
                [b'%', b'{', ..] if rest.contains('}') => {
                    let (name, behind) = rest[2..].split_once('}').unwrap_or_default();
                    match name {
                        "stdout" => to_err = false,
                        "stderr" => to_err = true,
                        "onerror" if self.exit() == 0 => return Ok(()),
                        "onerror" => {}
                        name => self.variable(name, &mut ink, err)?,
                    }
                    behind
                }
                _ if rest.starts_with("%header{") && rest.contains('}') => {
                    let (name, behind) = rest[8..].split_once('}').unwrap_or_default();
                    self.header(name, &mut ink);
                    behind
                }
                [b'\\', letter @ (b'n' | b'r' | b't'), ..] => {
                    ink.text(match letter {
                        b'n' => "\n",
                        b'r' => "\r",
                        _ => "\t",
                    });
                    &rest[2..]
                }
                // What begins with a percent sign and is nothing stands for itself, with what follows it.
                [b'%' | b'\\', _, ..] => {
                    let end = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
                    ink.again(&rest.as_bytes()[..end]);
                    &rest[end..]
                }
                _ => {
                    let mut behind = rest.char_indices().skip(1);
                    let end = behind.find(|(_, letter)| matches!(letter, '%' | '\\'));
                    let end = end.map_or(rest.len(), |(at, _)| at);
                    ink.again(&rest.as_bytes()[..end]);
                    &rest[end..]
                }
            };
            if to_err { err.write_all(ink.as_bytes())? } else { out.write_all(ink.as_bytes())? }
        }
        Ok(())
    }

    fn variable(&self, name: &str, ink: &mut Ink, err: &mut dyn Write) -> io::Result<()> {
        match (name, self.value(name)) {
            ("json", _) => self.json(ink),
            ("header_json", _) => self.headers(ink),
            (_, Some(value)) => value.write(ink),
            (name, None) => {
                let name = crate::ink::safe(name.as_bytes());
                writeln!(err, "wiretale: unknown --write-out variable: '{name}'")?;
            }
        }
        Ok(())
    }

    fn last(&self) -> &Told {
        self.told[self.told.len() - 1]
    }

    fn leg(&self) -> Option<&Leg> {
        self.outcome.legs.get(&self.last().number)
    }

    fn exit(&self) -> u8 {
        self.last().fault.as_ref().map_or(0, |fault| fault.exit)
    }

    /// The same of all transfers together.
    fn sum(&self, of: impl Fn(&Timing) -> Option<Duration>) -> Value {
        Value::Time(self.told.iter().filter_map(|told| of(&told.transfer.timing)).sum())
    }

    fn count(&self, of: impl Fn(&Told) -> u64) -> Value {
        Value::Number(self.told.iter().map(|told| of(told)).sum())
    }

    fn total(&self) -> Duration {
        self.last().ended.since(self.told[0].began)
    }

    fn speed(&self, octets: u64) -> Value {
        let micros = self.total().as_micros().max(1);
        let speed = u128::from(octets) * 1_000_000 / micros;
        Value::Number(u64::try_from(speed).unwrap_or(u64::MAX))
    }

    fn value(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.time(name) {
            return Some(value);
        }
        let (last, leg) = (self.last(), self.leg());
        let transfer = &last.transfer;
        let request = leg.and_then(|leg| leg.request.as_ref());
        let response = leg.and_then(|leg| leg.response.as_ref());
        let uploaded = request.map_or(0, |request| request.body);
        let ip = |end: Option<std::net::SocketAddr>| {
            Value::Text(Some(end.map_or_else(String::new, |end| end.ip().to_string())))
        };
        let port = |end: Option<std::net::SocketAddr>| {
            Value::Number(end.map_or(0, |end| end.port().into()))
        };
        let code = transfer.status.unwrap_or(0);
        Some(match name {
            "certs" | "filename_effective" => Value::Text(Some(String::new())),
            "content_type" => Value::Text(transfer.media.clone()),
            // A status that refuses is a fault, but no failure.
            "errormsg" => {
                let fault = last.fault.as_ref().filter(|fault| fault.exit != 0);
                Value::Text(fault.map(|fault| fault.sentence.clone()))
            }
            "exitcode" => Value::Number(self.exit().into()),
            "ftp_entry_path" => Value::Text(None),
            "http_code" | "response_code" => Value::Status(code),
            "http_connect" => Value::Status(0),
            "http_version" => Value::Text(Some(version(transfer.version))),
            "local_ip" => ip(transfer.local),
            "local_port" => port(transfer.local),
            "method" => Value::Text(Some(request.map_or("GET", |it| &it.method).to_owned())),
            "num_certs" => {
                let shown = leg.and_then(|leg| leg.handshake.as_ref());
                Value::Number(shown.map_or(0, |it| (it.certificates.len() + it.beyond) as u64))
            }
            "num_connects" => self.count(|told| {
                // As curl has it, only those that came about.
                let connected = told.transfer.timing.connect.is_some();
                if connected { told.transfer.connects.into() } else { 0 }
            }),
            "num_headers" => Value::Number(response.map_or(0, |it| it.fields.len() as u64)),
            "num_redirects" => Value::Number(transfer.redirects.into()),
            "num_retries" | "proxy_ssl_verify_result" => Value::Number(0),
            "redirect_url" => Value::Text(self.redirect()),
            "referer" => {
                let field = request.and_then(|request| request.field("referer"));
                Value::Text(field.map(|field| crate::ink::safe(self.outcome.shown(field))))
            }
            "remote_ip" => ip(transfer.remote),
            "remote_port" => port(transfer.remote),
            "scheme" => {
                let scheme =
                    leg.and_then(|leg| leg.url.as_ref()).map(|url| url.scheme.to_uppercase());
                Value::Text(scheme.filter(|_| transfer.remote.is_some()))
            }
            "size_download" => Value::Number(transfer.body),
            "size_header" => self.count(|told| told.transfer.head),
            "size_request" => self.count(|told| {
                let leg = self.outcome.legs.get(&told.number);
                leg.and_then(|leg| leg.request.as_ref()).map_or(0, |request| request.head)
            }),
            "size_upload" => Value::Number(uploaded),
            "speed_download" => self.speed(transfer.body),
            "speed_upload" => self.speed(uploaded),
            "ssl_verify_result" => Value::Number(leg.map_or(0, verified).into()),
            "url" => Value::Text(Some(self.told[0].transfer.url.clone())),
            "url_effective" => Value::Text(Some(transfer.url.clone())),
            "urlnum" => Value::Number(self.number),
            _ => return None,
        })
    }

    fn time(&self, name: &str) -> Option<Value> {
        let wire = |of: fn(&Timing) -> Option<Duration>| {
            Value::Time(of(&self.last().wire).unwrap_or_default())
        };
        Some(match name {
            "time_appconnect" => self.sum(|timing| timing.app_connect),
            "time_connect" => self.sum(|timing| timing.connect),
            "time_namelookup" => self.sum(|timing| timing.name_lookup),
            "time_pretransfer" => self.sum(|timing| timing.pre_transfer),
            "time_posttransfer" => self.sum(|timing| timing.post_transfer),
            "time_queue" => self.sum(|timing| Some(timing.queue)),
            "time_redirect" => {
                // All of them but the last.
                let last = self.last().began;
                Value::Time(last.since(self.told[0].began))
            }
            "time_starttransfer" => self.sum(|timing| timing.start_transfer),
            "time_total" => Value::Time(self.total()),
            "wire_appconnect" => wire(|timing| timing.app_connect),
            "wire_connect" => wire(|timing| timing.connect),
            "wire_namelookup" => wire(|timing| timing.name_lookup),
            "wire_pretransfer" => wire(|timing| timing.pre_transfer),
            "wire_posttransfer" => wire(|timing| timing.post_transfer),
            "wire_starttransfer" => wire(|timing| timing.start_transfer),
            "wire_total" => wire(|timing| Some(timing.total)),
            _ => return None,
        })
    }

    /// Where it would go on, if redirects were followed.
    fn redirect(&self) -> Option<String> {
        let leg = self.leg()?;
        let response = leg.response.as_ref().filter(|it| (300..400).contains(&it.status))?;
        let location = crate::ink::safe(&response.field("location")?.value);
        if location.contains("://") {
            return Some(location);
        }
        // As far as can be said without taking paths apart: another place on the same server.
        let url = &self.last().transfer.url;
        let authority = url.find("://").map(|at| at + 3)?;
        let end = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
        location.starts_with('/').then(|| format!("{}{location}", &url[..end]))
    }

    fn header(&self, name: &str, ink: &mut Ink) {
        let response = self.leg().and_then(|leg| leg.response.as_ref());
        if let Some(field) = response.and_then(|response| response.field(name)) {
            ink.wire(self.outcome.shown(field));
        }
    }

    fn json(&self, ink: &mut Ink) {
        ink.text("{");
        for name in VARIABLES.into_iter().chain(["urlnum"]) {
            let Some(value) = self.value(name) else { continue };
            ink.text("\"").text(name).text("\":");
            value.json(ink);
            ink.text(",");
        }
        // Where curl tells its own version, we tell ours.
        ink.text("\"wiretale_version\":").json(env!("CARGO_PKG_VERSION").as_bytes()).text("}");
    }

    /// The answer's fields by their names, those of one name together, as they came.
    fn headers(&self, ink: &mut Ink) {
        let response = self.leg().and_then(|leg| leg.response.as_ref());
        let fields = response.map_or(&[][..], |response| &response.fields);
        let mut names: Vec<Vec<u8>> = Vec::new();
        ink.text("{");
        for field in fields {
            let name = field.name.to_ascii_lowercase();
            if names.contains(&name) {
                continue;
            }
            ink.text(if names.is_empty() { "" } else { ",\n" }).json(&name).text(":[");
            let of_name = fields.iter().filter(|it| it.name.eq_ignore_ascii_case(&name));
            for (at, field) in of_name.enumerate() {
                ink.text(if at > 0 { "," } else { "" }).json(self.outcome.shown(field));
            }
            ink.text("]");
            names.push(name);
        }
        ink.text("\n}");
    }
}

fn version(version: Option<Version>) -> String {
    version.map_or_else(|| "0".to_owned(), |it| format!("{}.{}", it.major, it.minor))
}

impl Value {
    fn write(&self, ink: &mut Ink) {
        match self {
            // Safe already, as every text is that is told of a transfer.
            Self::Text(text) => _ = ink.text(text.as_deref().unwrap_or_default()),
            Self::Number(number) => _ = ink.number(*number),
            Self::Status(code) => _ = ink.digits((*code).into(), 3),
            Self::Time(time) => {
                ink.number(time.as_secs()).text(".").digits(time.subsec_micros().into(), 6);
            }
        }
    }

    fn json(&self, ink: &mut Ink) {
        match self {
            Self::Text(None) => _ = ink.text("null"),
            Self::Text(Some(text)) => _ = ink.json(text.as_bytes()),
            Self::Status(code) => _ = ink.number(*code),
            other => other.write(ink),
        }
    }
}
