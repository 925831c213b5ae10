//! Do other people's servers fare as they do with curl: Apache, `HAProxy`, lighttpd, OpenSSL?
//!
//! Each serves the lab's pages on ports of its own beside nginx, and each has a fault that is typical of it.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::{self, Lab, WEB};
use crate::told::Told;

const APACHE: &str = "
ServerRoot @W@
ServerName www.lab.example
PidFile @W@/apache.pid
DefaultRuntimeDir @W@/tmp
Mutex sem
User www-data
Group www-data
ErrorLog @W@/apache.error
LoadModule mpm_event_module @M@/mod_mpm_event.so
LoadModule authz_core_module @M@/mod_authz_core.so
LoadModule alias_module @M@/mod_alias.so
LoadModule filter_module @M@/mod_filter.so
LoadModule deflate_module @M@/mod_deflate.so
LoadModule socache_shmcb_module @M@/mod_socache_shmcb.so
LoadModule ssl_module @M@/mod_ssl.so
StartServers 1
ServerLimit 2
ThreadsPerChild 8
MaxRequestWorkers 16
Listen 9001
Listen 9002
DocumentRoot @W@/html
Redirect 302 /moved /s.css
<Location /forbidden>
 Require all denied
</Location>
<Location /big.bin>
 SetOutputFilter DEFLATE
</Location>
<VirtualHost *:9002>
 SSLEngine on
 SSLCertificateFile @W@/good.pem
 SSLCertificateKeyFile @W@/key.pem
</VirtualHost>
";

/// Where Debian has Apache's modules.
const MODULES: &str = "/usr/lib/apache2/modules";

const HAPROXY: &str = "
global
 maxconn 64
defaults
 mode http
 timeout connect 2s
 timeout client 10s
 timeout server 10s
frontend plain
 bind :9003
 bind :9004 ssl crt @W@/haproxy.pem
 http-request redirect location /s.css code 302 if { path /moved }
 default_backend nginx
frontend lonely
 bind :9005
 default_backend none
frontend strict
 bind :9006
 mode tcp
 tcp-request inspect-delay 2s
 tcp-request content reject if { req.len gt 0 }
 default_backend raw
backend nginx
 server one 127.0.0.1:80
backend none
backend raw
 mode tcp
 server one 127.0.0.1:80
";

const LIGHTTPD: &str = "
server.document-root = \"@W@/html\"
server.port = 9007
server.errorlog = \"@W@/lighttpd.error\"
server.upload-dirs = ( \"@W@/tmp\" )
server.modules = ( \"mod_redirect\", \"mod_cgi\" )
server.stream-response-body = 1
index-file.names = ( \"index.html\" )
mimetype.assign = ( \".html\" => \"text/html\", \".css\" => \"text/css\", \".png\" => \"image/png\" )
url.redirect = ( \"^/moved\" => \"/s.css\" )
cgi.assign = ( \".cgi\" => \"\" )
";

/// Says its length to nobody.
const SCRIPT: &str = "#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\nsome, '
sleep 0.1
echo then more
";

/// Starts all of them; `None` when one of them is not there.
fn serve(lab: &Lab) -> Option<()> {
    for program in ["apache2", "haproxy", "lighttpd"] {
        if !lab::has(program) {
            println!("left out: there is no {program}");
            return None;
        }
    }
    let folder = lab.path("web").display().to_string();
    let settings = |name: &str, text: &str| {
        let text = text.replace("@W@", &folder).replace("@M@", MODULES);
        lab.file(&format!("web/{name}.conf"), &text)
    };
    let mut apache = lab::web::unprivileged("apache2");
    apache.args(["-D", "FOREGROUND", "-f"]).arg(settings("apache", APACHE));
    lab.start("web", "apache2", apache);

    let read = |name: &str| fs::read_to_string(lab.path(&format!("web/{name}"))).expect(name);
    lab.file("web/haproxy.pem", &(read("good.pem") + &read("key.pem")));
    let mut haproxy = Command::new("haproxy");
    haproxy.args(["-db", "-f"]).arg(settings("haproxy", HAPROXY));
    lab.start("web", "haproxy", haproxy);

    let script = lab.file("web/html/script.cgi", SCRIPT);
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("our file");
    let mut lighttpd = Command::new("lighttpd");
    lighttpd.args(["-D", "-f"]).arg(settings("lighttpd", LIGHTTPD));
    lab.start("web", "lighttpd", lighttpd);

    let mut openssl = Command::new("openssl");
    openssl.args(["s_server", "-WWW", "-quiet", "-accept", &format!("{WEB}:9008")]);
    openssl.args(["-cert", "../good.pem", "-key", "../key.pem"]).current_dir(lab.path("web/html"));
    lab.start("web", "openssl", openssl);

    for (name, port) in
        [("apache2", 9001), ("haproxy", 9003), ("lighttpd", 9007), ("openssl", 9008)]
    {
        let late = Instant::now() + Duration::from_secs(10);
        while lab.space("web").on(|| TcpStream::connect((WEB, port))).is_err() {
            let said = || fs::read_to_string(lab.path(&format!("{name}.log"))).unwrap_or_default();
            assert!(Instant::now() < late, "{name} does not come up: {}", said());
            sleep(Duration::from_millis(10));
        }
    }
    Some(())
}

/// One fetch: where, with which words, and what has to come of it.
struct Case {
    url: &'static str,
    words: &'static [&'static str],
    exit: i32,
    status: u64,
    /// How the end of the body is known.
    framing: &'static str,
    /// Connections that it takes.
    connects: u64,
    /// Empty where there is none.
    fault: &'static str,
}

const fn case(url: &'static str, status: u64, framing: &'static str) -> Case {
    Case { url, words: &[], exit: 0, status, framing, connects: 1, fault: "" }
}

impl Case {
    const fn with(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    const fn connects(self, connects: u64) -> Self {
        Self { connects, ..self }
    }

    const fn fails(self, exit: i32, fault: &'static str) -> Self {
        Self { exit, fault, ..self }
    }

    /// In words what is not as it should be.
    fn hold(&self, lab: &Lab) -> Result<(), String> {
        let (ours, theirs) = (lab.path("server.ours"), lab.path("server.theirs"));
        for old in [&ours, &theirs] {
            _ = fs::remove_file(old);
        }
        let [our_file, their_file] = [&ours, &theirs].map(|path| path.display().to_string());
        let authority = lab.authority();
        let both = [&["--cacert", &authority], self.words, &[self.url]].concat();
        let figures = ["-o", &their_file, "-w", "%{http_code} %{num_connects}"];
        let curl = lab.curl(&[&figures[..], &both].concat());
        let ended =
            lab.fetch("client", None, &[&["--json", "--body", &our_file], &both[..]].concat());
        let told = Told::of(&ended);
        let legs: Vec<&Value> =
            told.all("timing").into_iter().filter(|leg| leg["transfer"].is_u64()).collect();
        let response = told.events("http.response").last().map(|it| it["data"].clone());
        let response = response.unwrap_or_default();
        let status = response["status"].as_u64().unwrap_or(0);
        let connects = legs.iter().filter(|leg| leg["reused"] == false).count() as u64;
        let fault = told.fault().map_or("", |fault| fault["code"].as_str().unwrap_or_default());
        let framing = response["framing"].as_str().unwrap_or_default();
        let got = (ended.code, status, framing, connects, fault);
        let wanted = (self.exit, self.status, self.framing, self.connects, self.fault);
        if got != wanted {
            return Err(format!("{got:?}, not {wanted:?}: {}", ended.end()));
        }
        let curls = (curl.code, format!("{status:03} {connects}"));
        if (ended.code, &curl.out) != (curls.0, &curls.1) {
            return Err(format!("{curls:?}, by curl {} {}: {}", curl.code, curl.out, curl.err));
        }
        let [ours, theirs] = [&ours, &theirs].map(|path| fs::read(path).unwrap_or_default());
        if ours != theirs {
            return Err(format!("a body of {}, by curl of {}", ours.len(), theirs.len()));
        }
        Ok(())
    }
}

const CLOSE: &[&str] = &["-H", "Connection: close"];
const FOLLOW: &[&str] = &["-L"];
const FOLLOW_AND_CLOSE: &[&str] = &["-L", "-H", "Connection: close"];

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Apache.
    case("http://www.lab.example:9001/img/5.png", 200, "length"),
    case("http://www.lab.example:9001/img/5.png", 200, "length").with(CLOSE),
    case("http://www.lab.example:9001/nosuch", 404, "length").fails(0, "http.status"),
    case("http://www.lab.example:9001/big.bin", 200, "chunked").with(&["--compressed"]),
    case("http://www.lab.example:9001/moved", 200, "length").with(FOLLOW),
    case("http://www.lab.example:9001/moved", 200, "length").with(FOLLOW_AND_CLOSE).connects(2),
    case("http://www.lab.example:9001/forbidden", 403, "length").fails(0, "http.status"),
    case("https://www.lab.example:9002/img/5.png", 200, "length"),
    case("https://www.lab.example:9002/nosuch", 404, "length").fails(0, "http.status"),
    case("https://www.lab.example:9002/moved", 200, "length").with(FOLLOW),
    case("https://www.lab.example:9002/big.bin", 200, "chunked").with(&["--compressed", "-H", "Connection: close"]),

    // HAProxy, with nginx behind it.
    case("http://www.lab.example:9003/img/5.png", 200, "length"),
    case("http://www.lab.example:9003/img/5.png", 200, "length").with(CLOSE),
    case("http://www.lab.example:9003/nosuch", 404, "length").fails(0, "http.status"),
    case("http://www.lab.example:9003/s.css", 200, "chunked").with(&["--compressed"]),
    case("http://www.lab.example:9003/moved", 200, "length").with(FOLLOW),
    case("http://www.lab.example:9003/moved", 200, "length").with(FOLLOW_AND_CLOSE).connects(2),
    case("https://www.lab.example:9004/img/5.png", 200, "length"),
    case("https://www.lab.example:9004/nosuch", 404, "length").fails(0, "http.status"),
    case("https://www.lab.example:9004/s.css", 200, "chunked").with(&["--compressed"]),
    case("http://www.lab.example:9005/", 503, "length").fails(0, "http.status"),
    // What is rejected by its content ends with FIN: it was read.
    case("http://www.lab.example:9006/", 0, "").fails(52, "http.empty"),

    // lighttpd.
    case("http://www.lab.example:9007/img/5.png", 200, "length"),
    case("http://www.lab.example:9007/img/5.png", 200, "length").with(CLOSE),
    case("http://www.lab.example:9007/nosuch", 404, "length").fails(0, "http.status"),
    case("http://www.lab.example:9007/script.cgi", 200, "chunked"),
    case("http://www.lab.example:9007/script.cgi", 200, "close").with(&["--http1.0"]),
    case("http://www.lab.example:9007/moved", 200, "length").with(FOLLOW),
    case("http://www.lab.example:9007/moved", 200, "length").with(FOLLOW_AND_CLOSE).connects(2),
    case("http://www.lab.example:9007/s.css", 416, "length").with(&["--range", "9000-"]).fails(0, "http.status"),

    // OpenSSL: HTTP of old.
    case("https://www.lab.example:9008/img/5.png", 200, "close"),
    case("https://www.lab.example:9008/nosuch", 200, "close"),
];

pub(crate) fn others_servers_fare_as_with_curl(lab: &Lab) {
    if serve(lab).is_none() {
        return;
    }
    let wrong = CASES.iter().filter_map(|case| {
        let why = case.hold(lab).err()?;
        Some(format!("{} {:?}: {why}\n", case.url, case.words))
    });
    let wrong: String = wrong.collect();
    assert!(wrong.is_empty(), "{wrong}");
}
