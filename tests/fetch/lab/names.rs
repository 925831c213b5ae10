//! Who knows names: root, top level, zone, two resolvers, and who hands out leases.

use std::fs;
use std::process::Command;

use super::zones::{EXAMPLE, ROOT, UNBOUND, lab_example};
use super::{Lab, OTHER_RESOLVER, RESOLVER};

/// Host, name, origin of its zone, the zone.
pub(super) fn serve(lab: &Lab) {
    let zone = lab_example();
    for (host, origin, text) in
        [("root", ".", ROOT), ("tld", "example", EXAMPLE), ("auth", "lab.example", &zone)]
    {
        lab.file(&format!("{host}/zone"), text);
        let zone = format!("zone \"{origin}\" {{ type primary; file \"zone\"; }};\n");
        bind(lab, host, "any", "recursion no; minimal-responses no-auth-recursive;", &zone);
    }
    lab.file("isp/hints", ". 3600000 NS a.root.lab.\na.root.lab. 3600000 A 198.51.100.4\n");
    let recursive = "recursion yes; allow-recursion { any; }; qname-minimization off;";
    bind(lab, "isp", RESOLVER, recursive, "zone \".\" { type hint; file \"hints\"; };\n");

    let folder = lab.path("isp").display().to_string();
    let settings = UNBOUND.replace("@FOLDER@", &folder).replace("@ADDRESS@", OTHER_RESOLVER);
    let settings = lab.file("isp/unbound.conf", &settings);
    let mut unbound = Command::new("unbound");
    unbound.args(["-d", "-d", "-p", "-c"]).arg(settings);
    lab.start("isp", "unbound", unbound);

    let mut dnsmasq = Command::new("dnsmasq");
    dnsmasq.args([
        "-d",
        "--port=0",
        "--interface=lan0",
        "--bind-interfaces",
        "--except-interface=lo",
        "--dhcp-range=192.168.0.100,192.168.0.199,255.255.255.0,12h",
        "--dhcp-option=option:router,192.168.0.1",
        "--domain=home.lab",
        "--conf-file=/dev/null",
        "--log-facility=-",
        "--no-resolv",
        "--no-ping",
        "--leasefile-ro",
        "--pid-file=",
    ]);
    dnsmasq.arg(format!("--dhcp-option=option:dns-server,{RESOLVER}"));
    lab.start("router", "dnsmasq", dnsmasq);
    lab.await_words("dnsmasq", "sockets bound");
}

fn bind(lab: &Lab, host: &str, address: &str, manner: &str, zone: &str) {
    let folder = lab.path(host).display().to_string();
    let settings = format!(
        "options {{ directory \"{folder}\"; managed-keys-directory \"{folder}\"; pid-file none;\n\
         session-keyfile \"{folder}/session.key\"; listen-on {{ {address}; }}; listen-on-v6 {{ none; }};\n\
         allow-query {{ any; }}; dnssec-validation no; empty-zones-enable no; {manner} }};\n\
         controls {{ }};\n{zone}"
    );
    let settings = lab.file(&format!("{host}/named.conf"), &settings);
    // Where programs are fenced in, they are by their path, and a folder of ours is outside the fence.
    let fenced = fs::read_to_string("/sys/module/apparmor/parameters/enabled");
    let program = if fenced.is_ok_and(|enabled| enabled.starts_with('Y')) {
        let copy = lab.path("named");
        fs::copy("/usr/sbin/named", &copy).expect("a copy");
        copy.to_str().expect("UTF-8").to_owned()
    } else {
        "named".to_owned()
    };
    let mut named = Command::new(program);
    named.args(["-4", "-g", "-n", "1", "-c"]).arg(settings);
    lab.start(host, host, named);
}

pub(super) fn await_answers(lab: &Lab) {
    for host in ["root", "tld", "auth", "isp"] {
        lab.await_words(host, "running");
    }
    lab.await_words("unbound", "start of service");
}
