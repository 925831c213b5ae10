//! What was typed, as a plan of what is to be fetched.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};

use super::super::{Ended, Usage, usage};
use super::{Asked, Connecting, Fetch, Naming, Securing};
use crate::ink::safe;
use crate::probe::http;
use crate::probe::kernel::{Nagle, Options};
use crate::probe::plan::{Detour, Limits, Override, Page, Plan};
use crate::probe::resolve::config::Files;
use crate::probe::resolve::{Family, Resolver};
use crate::probe::tls::{self, Distrust, Sni};
use crate::probe::url::{Secret, Url};
use crate::timeline::http::Version;
use crate::timeline::lookup::Way;
use crate::timeline::tls as facts;

/// curl's: a URL that is none, and a scheme that we do not speak.
const MALFORMED: u8 = 3;
const UNSUPPORTED: u8 = 1;

impl Fetch {
    /// Everything but where packets are seen and where the body goes.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let urls = self.urls.iter().map(|text| url(text)).collect::<anyhow::Result<Vec<Url>>>()?;
        let request = self.request()?;
        request.check().map_err(usage)?;
        let tls = self.securing.options();
        if tls.versions.0 > tls.versions.1 {
            return Err(usage("--tls-min is newer than --tls-max: no version is left").into());
        }
        let Self { naming, connecting, limits, request: asked, keeping, .. } = self;
        let overrides = naming.resolve.iter().map(|text| {
            Override::parse(text).ok_or_else(|| {
                usage(format!("--resolve {}: HOST:PORT:ADDRESS is needed", safe(text.as_bytes())))
            })
        });
        let detours = naming.connect_to.iter().map(|text| {
            Detour::parse(text).ok_or_else(|| {
                let shown = safe(text.as_bytes());
                usage(format!("--connect-to {shown}: HOST1:PORT1:HOST2:PORT2 is needed"))
            })
        });
        Ok(Plan {
            urls,
            rounds: keeping.repeat.unwrap_or(1),
            pause: keeping.interval,
            family: match (connecting.ipv4, connecting.ipv6) {
                (true, _) => Family::V4,
                (_, true) => Family::V6,
                _ => Family::Any,
            },
            compare: naming.compare,
            kinds: naming.dns_type.clone(),
            overrides: overrides.collect::<Result<_, Usage>>()?,
            detours: detours.collect::<Result<_, Usage>>()?,
            connect: connecting.options(),
            delay: Duration::from_millis(connecting.happy_eyeballs),
            limits: Limits {
                all: limits.max_time,
                connect: limits.connect_timeout,
                lookup: limits.dns_timeout,
                body: limits.max_size as u64,
            },
            request,
            tls,
            redirects: asked.location.then_some(limits.max_redirs),
            fail: asked.fail,
            page: asked.page.then_some(Page {
                parallel: asked.parallel.into(),
                same_origin: asked.same_origin,
                most: asked.max_objects.into(),
            }),
            body: None,
            heads: asked.include,
            packets: Err(String::new()),
            hops: None,
        })
    }

    fn request(&self) -> anyhow::Result<http::Options> {
        let asked = &self.request;
        let mut body: Option<Vec<u8>> = None;
        let mut join = |part: Vec<u8>| match &mut body {
            Some(before) => {
                before.push(b'&');
                before.extend(part);
            }
            None => body = Some(part),
        };
        for text in &asked.data {
            let is_file = text.starts_with('@');
            let mut part = data(text)?;
            if is_file {
                part.retain(|octet| !matches!(octet, b'\r' | b'\n' | 0));
            }
            join(part);
        }
        for text in &asked.data_binary {
            join(data(text)?);
        }
        let credentials = asked.user.as_ref().map(|both| {
            let (user, password) = both.split_once(':').unwrap_or((both, ""));
            (user.as_bytes().to_vec(), Secret::new(password.as_bytes()))
        });
        Ok(http::Options {
            method: asked.method.clone(),
            head: asked.head,
            fields: asked.fields.clone(),
            body,
            agent: asked.user_agent.clone(),
            credentials,
            compressed: asked.compressed,
            range: asked.range.clone(),
            version: if asked.http_1_0 { Version::HTTP_1_0 } else { Version::HTTP_1_1 },
            keep_alive: !asked.no_keepalive,
        })
    }
}

impl Naming {
    /// Who looks names up.
    pub(super) fn resolver(&self) -> anyhow::Result<Resolver> {
        let mut resolver = Resolver::new(Files::default());
        resolver.use_hosts = !self.no_hosts;
        if self.iterative {
            resolver.way = Way::Walk;
        }
        resolver.minimise = self.qmin;
        match self.dns {
            Some(Asked::Server(server)) => resolver.ask_only(server),
            Some(Asked::System) => resolver.by_system = true,
            None => {}
        }
        if let Some(file) = &self.root_hints {
            resolver.read_hints(file).with_context(|| shown(file))?;
        }
        Ok(resolver)
    }
}

impl Connecting {
    fn options(&self) -> Options {
        let source = self.interface.as_ref().and_then(|text| text.parse().ok());
        Options {
            source,
            source_port: self.source_port,
            device: self.interface.clone().filter(|_| source.is_none()),
            nagle: if self.no_nodelay { Nagle::On } else { Nagle::Off },
            receive_buffer: self.rcvbuf,
            segment: self.mss,
            ..Options::default()
        }
    }
}

impl Securing {
    fn options(&self) -> tls::Options {
        let version = |text: &Option<String>, usual| match text.as_deref() {
            Some("1.2") => facts::Version::Tls12,
            Some(_) => facts::Version::Tls13,
            None => usual,
        };
        tls::Options {
            cacert: self.cacert.clone(),
            distrust: if self.insecure { Distrust::GoesOn } else { Distrust::Ends },
            versions: (
                version(&self.tls_min, facts::Version::Tls12),
                version(&self.tls_max, facts::Version::Tls13),
            ),
            sni: self.sni.clone().map_or(Sni::Host, Sni::Name),
            ..tls::Options::default()
        }
    }
}

/// What was typed as a URL; if it is none, or none of ours, a sentence and curl's code for it.
fn url(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).map_err(|malformed| {
        say!("wiretale: {malformed}");
        Ended(MALFORMED)
    })?;
    if !url.scheme.is_web() {
        let network = match url.scheme.uses_network() {
            Some(true) => format!(
                "; it goes over the network{}",
                url.port_used().map_or(String::new(), |port| format!(", to port {port}"))
            ),
            Some(false) => "; no network is used for it".to_owned(),
            None => String::new(),
        };
        say!(
            "wiretale: {}: {} is not fetched: {}{network}; http and https are",
            safe(url.to_string().as_bytes()),
            safe(url.scheme.name().as_bytes()),
            url.scheme.words(),
        );
        return Err(Ended(UNSUPPORTED).into());
    }
    Ok(url)
}

fn data(text: &str) -> anyhow::Result<Vec<u8>> {
    match text.strip_prefix('@') {
        Some("-") => Err(anyhow!("standard input: give what is to be sent in a file")),
        Some(file) => fs::read(file).with_context(|| shown(Path::new(file))),
        None => Ok(text.as_bytes().to_vec()),
    }
}

fn shown(path: &Path) -> String {
    safe(path.as_os_str().as_encoded_bytes())
}
