//! Which secrets does a key log hold? (draft-ietf-tls-keylogfile §2)
//!
//! One line a secret: its label, the random of the `ClientHello`, the secret. Labels that open nothing
//! here, comments and lines that are none are passed over. At most [`SESSIONS`] connections are kept;
//! of later ones the records stay closed.

use arrayvec::ArrayVec;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

const SESSIONS: usize = 1 << 16;

/// A master secret has 48 octets, a traffic secret as many as its hash: at most 48.
pub(super) type Secret = ArrayVec<u8, 48>;

/// What is known of the connections whose keys somebody has noted.
#[derive(Debug, Default)]
pub(super) struct Log {
    sessions: HashMap<[u8; 32], Secrets, RandomState>,
}

/// The secrets of one connection; of traffic the client's and the server's.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    pub(super) master: Option<Secret>,
    pub(super) handshake: [Option<Secret>; 2],
    pub(super) traffic: [Option<Secret>; 2],
}

impl Log {
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// The secrets of the connection that began with this random.
    pub(super) fn of(&self, client_random: &[u8; 32]) -> Option<&Secrets> {
        self.sessions.get(client_random)
    }

    /// Notes what the lines hold; says how many secrets that was.
    pub(super) fn learn(&mut self, text: &[u8]) -> usize {
        text.split(|octet| matches!(octet, b'\n' | b'\r'))
            .filter_map(|line| self.note(line))
            .count()
    }

    fn note(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
        let (label, random, secret) = (words.next()?, words.next()?, words.next()?);
        let random: [u8; 32] = octets::<32>(random)?.into_inner().ok()?;
        let secret = octets::<48>(secret).filter(|secret| matches!(secret.len(), 32 | 48))?;
        let (has_room, known) = (self.sessions.len() < SESSIONS, &mut self.sessions);
        if !has_room && !known.contains_key(&random) {
            return None;
        }
        let secrets = match label {
            b"CLIENT_RANDOM"
            | b"CLIENT_HANDSHAKE_TRAFFIC_SECRET"
            | b"SERVER_HANDSHAKE_TRAFFIC_SECRET"
            | b"CLIENT_TRAFFIC_SECRET_0"
            | b"SERVER_TRAFFIC_SECRET_0" => known.entry(random).or_default(),
            _ => return None,
        };
        let place = match label {
            b"CLIENT_RANDOM" => &mut secrets.master,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => &mut secrets.handshake[0],
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => &mut secrets.handshake[1],
            b"CLIENT_TRAFFIC_SECRET_0" => &mut secrets.traffic[0],
            _ => &mut secrets.traffic[1],
        };
        *place = Some(secret);
        Some(())
    }
}

/// Octets written in hexadecimal; `None` when it is something else, or more than `MOST`.
fn octets<const MOST: usize>(text: &[u8]) -> Option<ArrayVec<u8, MOST>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
    let mut octets = ArrayVec::new();
    let (pairs, odd) = text.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    for [high, low] in pairs {
        octets.try_push(digit(*high)? << 4 | digit(*low)?).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_secret_are_passed_over() {
        let random = "0f".repeat(32);
        let mut log = Log::default();
        for (line, count) in [
            (format!("# CLIENT_RANDOM {random} {}", "11".repeat(48)), 0),
            (format!("CLIENT_RANDOM {random} {}", "11".repeat(49)), 0),
            (format!("CLIENT_RANDOM {random} {}1", "11".repeat(47)), 0),
            (format!("CLIENT_RANDOM {random}"), 0),
            (format!("CLIENT_RANDOM {}é {}", &random[2..], "11".repeat(48)), 0),
            (format!("EXPORTER_SECRET {random} {}", "11".repeat(32)), 0),
            (format!("CLIENT_RANDOM {random} {}\r\n\n", "Aa".repeat(48)), 1),
            (format!("SERVER_TRAFFIC_SECRET_0  {random} {}", "22".repeat(32)), 1),
        ] {
            assert_eq!(log.learn(line.as_bytes()), count, "{line}");
        }
        let secrets = log.of(&[15; 32]).expect("a connection");
        assert_eq!(secrets.master.as_deref(), Some(&[0xaa; 48][..]));
        assert_eq!(secrets.traffic[1].as_deref(), Some(&[0x22; 32][..]));
    }
}
