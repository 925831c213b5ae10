//! What does the kernel say of a TCP connection (`TCP_INFO`)?
//!
//! Every kernel tells as much as it knows, and later ones know more: fields are found by offset, and what
//! lies beyond the answer's end is not there. Numbers are in the byte order of this computer.

use std::time::Duration;

use super::Metric;

/// The answer to `getsockopt(TCP_INFO)`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TcpInfo {
    octets: Box<[u8]>,
}

/// Name, unit, offset, octets: `struct tcp_info` in linux/tcp.h. The bit fields are [`TcpInfo::fields`]' own.
const FIELDS: [(&str, &str, usize, usize); 65] = [
    ("state", "", 0, 1),
    ("ca_state", "", 1, 1),
    ("retransmits", "", 2, 1),
    ("probes", "", 3, 1),
    ("backoff", "", 4, 1),
    ("options", "", 5, 1),
    ("rto", "us", 8, 4),
    ("ato", "us", 12, 4),
    ("snd_mss", "octets", 16, 4),
    ("rcv_mss", "octets", 20, 4),
    ("unacked", "segments", 24, 4),
    ("sacked", "segments", 28, 4),
    ("lost", "segments", 32, 4),
    ("retrans", "segments", 36, 4),
    ("fackets", "segments", 40, 4),
    ("last_data_sent", "ms", 44, 4),
    ("last_ack_sent", "ms", 48, 4),
    ("last_data_recv", "ms", 52, 4),
    ("last_ack_recv", "ms", 56, 4),
    ("pmtu", "octets", 60, 4),
    ("rcv_ssthresh", "octets", 64, 4),
    ("rtt", "us", 68, 4),
    ("rttvar", "us", 72, 4),
    ("snd_ssthresh", "segments", 76, 4),
    ("snd_cwnd", "segments", 80, 4),
    ("advmss", "octets", 84, 4),
    ("reordering", "segments", 88, 4),
    ("rcv_rtt", "us", 92, 4),
    ("rcv_space", "octets", 96, 4),
    ("total_retrans", "segments", 100, 4),
    ("pacing_rate", "octets/s", 104, 8),
    ("max_pacing_rate", "octets/s", 112, 8),
    ("bytes_acked", "octets", 120, 8),
    ("bytes_received", "octets", 128, 8),
    ("segs_out", "segments", 136, 4),
    ("segs_in", "segments", 140, 4),
    ("notsent_bytes", "octets", 144, 4),
    ("min_rtt", "us", 148, 4),
    ("data_segs_in", "segments", 152, 4),
    ("data_segs_out", "segments", 156, 4),
    ("delivery_rate", "octets/s", 160, 8),
    ("busy_time", "us", 168, 8),
    ("rwnd_limited", "us", 176, 8),
    ("sndbuf_limited", "us", 184, 8),
    ("delivered", "segments", 192, 4),
    ("delivered_ce", "segments", 196, 4),
    ("bytes_sent", "octets", 200, 8),
    ("bytes_retrans", "octets", 208, 8),
    ("dsack_dups", "blocks", 216, 4),
    ("reord_seen", "times", 220, 4),
    ("rcv_ooopack", "segments", 224, 4),
    ("snd_wnd", "octets", 228, 4),
    ("rcv_wnd", "octets", 232, 4),
    ("rehash", "times", 236, 4),
    ("total_rto", "times", 240, 2),
    ("total_rto_recoveries", "times", 242, 2),
    ("total_rto_time", "ms", 244, 4),
    ("received_ce", "segments", 248, 4),
    ("delivered_e1_bytes", "octets", 252, 4),
    ("delivered_e0_bytes", "octets", 256, 4),
    ("delivered_ce_bytes", "octets", 260, 4),
    ("received_e1_bytes", "octets", 264, 4),
    ("received_e0_bytes", "octets", 268, 4),
    ("received_ce_bytes", "octets", 272, 4),
    // The kernel's releases cut these four octets up in different ways.
    ("accecn", "", 276, 4),
];

/// The states by the kernel's number, as RFC 9293 writes them; `NEW-SYN-RECV` is the kernel's own.
const STATES: [&str; 13] = [
    "",
    "ESTABLISHED",
    "SYN-SENT",
    "SYN-RECEIVED",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "CLOSED",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
    "NEW-SYN-RECV",
];

/// A state by the kernel's number.
pub fn state_name(number: u8) -> Option<&'static str> {
    STATES.get(usize::from(number)).copied().filter(|name| !name.is_empty())
}

impl TcpInfo {
    pub fn new(octets: &[u8]) -> Self {
        Self { octets: octets.into() }
    }

    /// How many octets the kernel gave.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    pub fn state(&self) -> Option<&'static str> {
        state_name(*self.octets.first()?)
    }

    /// A field by its name in linux/tcp.h without `tcpi_`, if this kernel tells it.
    pub fn get(&self, name: &str) -> Option<u64> {
        self.fields().find(|field| field.name == name).map(|field| field.value)
    }

    /// The smoothed round trip time; none before there was a first sample.
    pub fn rtt(&self) -> Option<Duration> {
        self.get("rtt").filter(|&rtt| rtt > 0).map(Duration::from_micros)
    }

    /// The retransmission timeout now.
    pub fn rto(&self) -> Option<Duration> {
        self.get("rto").map(Duration::from_micros)
    }

    /// Every field that this kernel tells, in its order.
    pub fn fields(&self) -> impl Iterator<Item = Metric> {
        let scales = self.octets.get(6..8).into_iter().flat_map(|two| {
            // Bit fields begin with the low bits on machines that begin numbers with the low octet.
            let (first, second, limited, fast_open) = if cfg!(target_endian = "little") {
                (two[0] & 15, two[0] >> 4, two[1] & 1, two[1] >> 1 & 3)
            } else {
                (two[0] >> 4, two[0] & 15, two[1] >> 7, two[1] >> 5 & 3)
            };
            [
                ("snd_wscale", first),
                ("rcv_wscale", second),
                ("delivery_rate_app_limited", limited),
                ("fastopen_client_fail", fast_open),
            ]
        });
        let scales = scales.map(|(name, value)| Metric { name, unit: "", value: value.into() });
        let rest = FIELDS.iter().filter_map(|&(name, unit, at, len)| {
            let octets = self.octets.get(at..at + len)?;
            Some(Metric { name, unit, value: native(octets)? })
        });
        scales.chain(rest)
    }
}

/// A number of 1, 2, 4 or 8 octets in the byte order of this computer.
pub fn native(octets: &[u8]) -> Option<u64> {
    Some(match *octets {
        [one] => one.into(),
        [a, b] => u16::from_ne_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]).into(),
        _ => u64::from_ne_bytes(octets.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_one_another_without_a_hole_but_for_the_bits() {
        let mut end = 0;
        for (name, _, at, len) in FIELDS {
            assert!(at == end || (at, end) == (8, 6), "{name} begins at {at}, not {end}");
            end = at + len;
        }
        assert_eq!(end, 280);
    }

    #[test]
    fn an_older_kernel_tells_less() {
        let mut octets = vec![0; 104];
        octets[0] = 1;
        octets[6] = 0x87;
        octets[68..72].copy_from_slice(&1500_u32.to_ne_bytes());
        let info = TcpInfo::new(&octets);
        assert_eq!(info.state(), Some("ESTABLISHED"));
        assert_eq!(info.rtt(), Some(Duration::from_micros(1500)));
        assert_eq!(info.get("total_retrans"), Some(0));
        assert_eq!(info.get("pacing_rate"), None);
        if cfg!(target_endian = "little") {
            assert_eq!((info.get("snd_wscale"), info.get("rcv_wscale")), (Some(7), Some(8)));
        }
        assert!(TcpInfo::new(&[]).fields().next().is_none());
    }
}
