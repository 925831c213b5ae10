//! What does the web server serve, and who vouches for it?

use std::fmt::Write;
use std::fs;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Lab;

/// Port 8443 has expired, 8444 is nobody's but its own, 8445 speaks no newer TLS than 1.2 (and 8446, of which
/// nginx knows nothing, none newer than 1.1); 8101 to 8108 are
/// plain, and the router has something against each of them.
const SETTINGS: &str = "
user root; daemon off; worker_processes 1; pid @W@/@HOST@.pid; error_log @W@/error.log;
events { worker_connections 256; }
http {
 types { text/html html; text/css css; image/png png; }
 default_type application/octet-stream; access_log @W@/@HOST@.access;
 client_body_temp_path @W@/tmp; proxy_temp_path @W@/tmp; fastcgi_temp_path @W@/tmp;
 uwsgi_temp_path @W@/tmp; scgi_temp_path @W@/tmp;
 root @W@/html; index index.html; gzip on; gzip_types text/css; gzip_min_length 100;
 ssl_certificate @W@/good.pem; ssl_certificate_key @W@/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
 server {
  listen 80 default_server; listen [::]:80 default_server; listen 443 ssl http2; listen [::]:443 ssl http2;
  server_name www.lab.example lab.example;
  location = /old { return 301 /; }
  location = /older { return 301 https://www.lab.example/old; }
  location = /loop { return 302 /loop; }
  location = /to-filtered { return 302 http://www.lab.example:8102/; }
  location = /to-fault { return 302 http://fault.lab.example/fine; }
  location = /gone { return 410; }
  location = /boom { return 500; }
  location = /unavailable { add_header Retry-After 7 always; return 503; }
  location = /forbidden { return 403; }
  location = /private { auth_basic \"private\"; auth_basic_user_file @W@/users; alias @W@/html/s.css; }
  location = /cookie { add_header Set-Cookie \"session=oven-fresh-secret; HttpOnly\"; return 200 \"ok\"; }
  location = /slow { limit_rate 20k; alias @W@/html/big.bin; }
 }
 server { listen 8101; listen 8102; listen 8103; listen 8104; listen 8105; listen 8106; listen 8107; listen 8108; }
 server { listen 8443 ssl; ssl_certificate @W@/expired.pem; }
 server { listen 8444 ssl; ssl_certificate @W@/own.pem; }
 server { listen 8445 ssl; ssl_protocols TLSv1.2; }
}
";

/// What `openssl ca` wants to know before it signs.
const AUTHORITY: &str = "[ca]
default_ca = lab
[lab]
database = @W@/index
serial = @W@/serial
new_certs_dir = @W@
unique_subject = no
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:www.lab.example,DNS:lab.example
";

pub(super) fn serve(lab: &Lab) {
    let folder = lab.path("web").display().to_string();
    fs::create_dir_all(lab.path("web/tmp")).expect("a folder");
    pages(lab);
    certificates(lab, &folder);
    lab.file("web/users", "ali:{PLAIN}open-sesame\n");
    for host in ["web", "distant"] {
        let settings = SETTINGS.replace("@W@", &folder).replace("@HOST@", host);
        let settings = lab.file(&format!("web/{host}.conf"), &settings);
        let mut nginx = unprivileged("nginx");
        nginx.arg("-c").arg(settings).arg("-e").arg(lab.path("web/error.log"));
        lab.start(host, &format!("{host}-nginx"), nginx);
    }
    let mut old = Command::new("openssl");
    old.args(["s_server", "-www", "-quiet", "-accept", "198.51.100.80:8446", "-tls1_1"]);
    old.args(["-cipher", "ALL:@SECLEVEL=0", "-cert", "good.pem", "-key", "key.pem"]);
    old.current_dir(lab.path("web"));
    lab.start("web", "old-tls", old);
    for host in ["web", "distant"] {
        let late = Instant::now() + Duration::from_secs(10);
        while lab.space(host).on(|| TcpStream::connect("127.0.0.1:80")).is_err() {
            let log = lab.path(&format!("{host}-nginx.log"));
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(Instant::now() < late, "nginx on {host} does not come up: {}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A server that would leave root's group. In a user namespace nobody may change groups, so it must not think that
/// it is root: a namespace within gives it another number.
pub(crate) fn unprivileged(program: &str) -> Command {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let is_nested = map.split_whitespace().nth(2) == Some("1");
    if !is_nested {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-user=1000", "--map-group=1000", program]);
    command
}

/// A page that embeds a style and eight pictures, each larger than the one before.
fn pages(lab: &Lab) {
    fs::create_dir_all(lab.path("web/html/img")).expect("a folder");
    let mut page = String::from(
        "<!doctype html><html><head><title>lab</title><link rel=\"stylesheet\" href=\"/s.css\">\
         </head><body><h1>It works</h1>",
    );
    for number in 1..=8 {
        _ = write!(page, "<img src=\"img/{number}.png\" alt=\"{number}\">");
        let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
        picture.extend(octets(3000 * number, number as u32));
        fs::write(lab.path(&format!("web/html/img/{number}.png")), picture).expect("a file");
    }
    lab.file("web/html/index.html", &(page + "</body></html>\n"));
    lab.file("web/html/s.css", &"h1{color:#036}\n".repeat(20));
    fs::write(lab.path("web/html/big.bin"), octets(300_000, 77)).expect("a file");
    // More than all buffers on the way hold.
    fs::write(lab.path("web/huge.bin"), octets(12_000_000, 78)).expect("a file");
}

/// Octets that cannot be made shorter, and the same each time.
fn octets(count: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let octets = (0..count).map(|_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    });
    octets.collect()
}

fn certificates(lab: &Lab, folder: &str) {
    lab.file("web/index", "");
    lab.file("web/serial", "01\n");
    lab.file("web/ca.conf", &AUTHORITY.replace("@W@", folder));
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let valid = "-startdate 20240101000000Z -enddate";
    for line in [
        &format!("req -x509 {curve} -keyout ca.key -out ca.pem -days 3650 -subj /CN=wiretale:lab"),
        &format!("req {curve} -keyout key.pem -out request.pem -subj /CN=www.lab.example"),
        &format!("sign good.pem {valid} 20491231235959Z"),
        &format!("sign expired.pem {valid} 20240601000000Z"),
        "req -x509 -key key.pem -out own.pem -days 3650 -subj /CN=www.lab.example \
         -addext subjectAltName=DNS:www.lab.example",
    ] {
        let signs =
            "ca -batch -notext -config ca.conf -cert ca.pem -keyfile ca.key -in request.pem -out";
        let line = line.replace("sign ", &format!("{signs} "));
        let mut openssl = Command::new("openssl");
        openssl.args(line.split_whitespace()).current_dir(folder).stdin(Stdio::null());
        let done = openssl.output().expect("openssl");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "openssl {line}: {said}");
    }
}
