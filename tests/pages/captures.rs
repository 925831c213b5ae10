//! Captures made for the purpose: what somebody says who wishes the reader no good.

use etherparse::PacketBuilder;

/// A capture in the classic format, while it is made.
#[derive(Debug)]
pub(crate) struct Capture {
    octets: Vec<u8>,
    /// Microseconds since the first packet.
    now: u64,
}

/// What is said where text may stand.
#[derive(Clone, Debug)]
pub(crate) struct Saying {
    pub(crate) host: Vec<u8>,
    pub(crate) target: Vec<u8>,
    pub(crate) reason: Vec<u8>,
    pub(crate) kind: Vec<u8>,
    pub(crate) name: Vec<u8>,
}

impl Default for Saying {
    fn default() -> Self {
        let plain = |text: &str| text.as_bytes().to_vec();
        Self {
            host: plain("www.example"),
            target: plain("/slow"),
            reason: plain("OK"),
            kind: plain("text/html"),
            name: plain("www"),
        }
    }
}

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];

impl Default for Capture {
    fn default() -> Self {
        let mut octets = Vec::new();
        for number in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            octets.extend(number.to_le_bytes());
        }
        Self { octets, now: 0 }
    }
}

impl Capture {
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn frame(&mut self, after: u64, frame: &[u8]) {
        self.now += after;
        let seconds = 1_700_000_000 + (self.now / 1_000_000) as u32;
        let len = frame.len() as u32;
        for number in [seconds, (self.now % 1_000_000) as u32, len, len] {
            self.octets.extend(number.to_le_bytes());
        }
        self.octets.extend(frame);
    }

    fn segment(
        &mut self,
        after: u64,
        port: u16,
        is_client: bool,
        flags: &str,
        at: [u32; 2],
        payload: &[u8],
    ) {
        let (from, to) = if is_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let (source, destination) = if is_client { (port, 80) } else { (80, port) };
        let mut builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from, to, 64).tcp(
            source,
            destination,
            at[0],
            60_000,
        );
        for flag in flags.chars() {
            builder = match flag {
                'S' => builder.syn(),
                'F' => builder.fin(),
                'P' => builder.psh(),
                _ => builder.ack(at[1]),
            };
        }
        let mut frame = Vec::new();
        builder.write(&mut frame, payload).expect("a frame");
        self.frame(after, &frame);
    }

    fn open(&mut self, port: u16) {
        self.segment(1000, port, true, "S", [0, 0], b"");
        self.segment(1000, port, false, "SA", [0, 1], b"");
        self.segment(100, port, true, "A", [1, 1], b"");
    }

    /// A request, and an answer after so many milliseconds.
    pub(crate) fn web(&mut self, client: u16, saying: &Saying, millis: u64) {
        let port = 20_000 + client;
        let clean = |text: &[u8]| -> Vec<u8> {
            text.iter().copied().filter(|octet| !b"\r\n\0".contains(octet)).collect()
        };
        let (mut request, mut answer) = (b"GET /".to_vec(), b"HTTP/1.1 200 ".to_vec());
        request.extend(clean(&saying.target).iter().filter(|octet| **octet != b' '));
        request.extend(b" HTTP/1.1\r\nHost: ");
        request.extend(clean(&saying.host));
        request.extend(b"\r\n\r\n");
        answer.extend(clean(&saying.reason));
        answer.extend(b"\r\nContent-Length: 5\r\nContent-Type: ");
        answer.extend(clean(&saying.kind));
        answer.extend(b"\r\n\r\nhello");
        let (asked, told) = (1 + request.len() as u32, 1 + answer.len() as u32);
        self.open(port);
        self.segment(100, port, true, "PA", [1, 1], &request);
        self.segment(300, port, false, "A", [1, asked], b"");
        self.segment(millis * 1000, port, false, "PA", [1, asked], &answer);
        self.segment(200, port, true, "FA", [asked, told], b"");
        self.segment(200, port, false, "FA", [told, asked + 1], b"");
        self.segment(200, port, true, "A", [asked + 1, told + 1], b"");
    }

    /// Many segments of one answer.
    pub(crate) fn transfer(&mut self, client: u16, segments: u32) {
        let port = 20_000 + client;
        self.open(port);
        self.segment(100, port, true, "PA", [1, 1], b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        for at in 0..segments {
            self.segment(20, port, false, "A", [1 + at * 100, 28], &[b'x'; 100]);
            if at % 2 == 1 {
                self.segment(5, port, true, "A", [28, 1 + (at + 1) * 100], b"");
            }
        }
    }

    fn datagram(&mut self, ports: [u16; 2], is_client: bool, payload: &[u8]) {
        let (from, to) = if is_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let builder =
            PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from, to, 64).udp(ports[0], ports[1]);
        let mut frame = Vec::new();
        builder.write(&mut frame, payload).expect("a frame");
        self.frame(700, &frame);
    }

    /// A name is asked for, and an address given.
    pub(crate) fn question(&mut self, id: u8, name: &[u8]) {
        let label = &name[..name.len().min(63)];
        let mut question = vec![0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        if !label.is_empty() {
            question.push(label.len() as u8);
            question.extend(label);
        }
        question.extend([0, 0, 1, 0, 1]);
        let mut answer = question.clone();
        (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(SERVER);
        self.datagram([40_000, 53], true, &question);
        self.datagram([53, 40_000], false, &answer);
    }

    /// A TLS client asks for a server by this name.
    pub(crate) fn hello(&mut self, client: u16, name: &[u8]) {
        let port = 20_000 + client;
        let name = &name[..name.len().min(200)];
        let len = name.len() as u16;
        let mut extension = vec![0, 0];
        for value in [len + 5, len + 3] {
            extension.extend(value.to_be_bytes());
        }
        extension.push(0);
        extension.extend(len.to_be_bytes());
        extension.extend(name);
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 2, 0x13, 1, 1, 0]);
        body.extend((extension.len() as u16).to_be_bytes());
        body.extend(extension);
        let mut record = vec![22, 3, 1];
        record.extend((body.len() as u16 + 4).to_be_bytes());
        record.extend([1, 0]);
        record.extend((body.len() as u16).to_be_bytes());
        record.extend(body);
        self.open(port);
        let end = 1 + record.len() as u32;
        self.segment(100, port, true, "PA", [1, 1], &record);
        self.segment(300, port, false, "FA", [1, end], b"");
    }
}
