//! Which names are there?

use std::fmt::Write;

pub(super) const ROOT: &str = "$TTL 518400
. SOA a.root.lab. host.root.lab. 1 1800 900 604800 86400
. NS a.root.lab.
a.root.lab. A 198.51.100.4
example. 172800 NS a.tld.example.
a.tld.example. 172800 A 198.51.100.12
";

/// Two delegations are broken: `lame` to a host where nobody listens, `stranger` to a server that does not
/// know the zone; `dark` goes to one that never answers.
pub(super) const EXAMPLE: &str = "$TTL 172800
$ORIGIN example.
@ SOA a.tld host.tld 1 1800 900 604800 900
@ NS a.tld
a.tld A 198.51.100.12
lab NS ns1.lab
ns1.lab A 198.51.100.53
lame NS ns1.lame
ns1.lame A 198.51.100.80
stranger NS ns1.stranger
ns1.stranger A 198.51.100.53
dark NS ns1.dark
ns1.dark A 198.51.100.74
ring CNAME circle.lab
";

const LAB: &str = "$TTL 300
$ORIGIN lab.example.
@ SOA ns1 host 2024010101 1800 900 604800 60
@ NS ns1
@ MX 10 mail
@ A 198.51.100.80
ns1 A 198.51.100.53
web1 60 A 198.51.100.80
www 300 CNAME web1
mail A 198.51.100.80
fault A 198.51.100.66
distant A 198.51.100.90
dead 30 A 198.51.100.99
; a silent neighbour of the client's
silent 30 A 192.168.0.77
only-text TXT \"no address here\"
six AAAA 2001:db8:3::80
both A 198.51.100.80
both AAAA 2001:db8:3::80
; of two families the one that is tried first is dead
half A 198.51.100.80
half AAAA 2001:db8:66::80
many A 198.51.100.80
many A 10.66.1.1
far1 CNAME far2
far2 CNAME far3
far3 CNAME web1
; its server knows only half of the circle
circle CNAME ring.example.
astray CNAME nowhere
*.wild A 198.51.100.80
below.elsewhere NS ns.nowhere
";

pub(super) const UNBOUND: &str = "server:
 directory: \"@FOLDER@\"
 chroot: \"\"
 username: \"\"
 pidfile: \"\"
 use-syslog: no
 verbosity: 1
 interface: @ADDRESS@
 do-ip6: no
 access-control: 0.0.0.0/0 allow
 root-hints: \"@FOLDER@/hints\"
 module-config: \"iterator\"
 ede: yes
 local-zone: \"example.\" nodefault
remote-control:
 control-enable: no
";

/// With sixty texts under one name: more than fits a datagram; and with nine: more than 512 octets, less than 1232.
pub(super) fn lab_example() -> String {
    let mut zone = LAB.to_owned();
    for number in 1..=60 {
        let padding = "padding that overflows every limit of a datagram";
        _ = writeln!(zone, "big TXT \"text number {number} with {padding}\"");
        if number <= 9 {
            _ = writeln!(zone, "medium TXT \"text number {number} with {padding}\"");
        }
    }
    zone
}
