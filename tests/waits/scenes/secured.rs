//! TLS between programs that take their time.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion, version,
};

use crate::scene::Scene;
use crate::seen::{LOSSES, WINDOWS};

const MS: Duration = Duration::from_millis(1);
const HOST: &str = "www.lab.example";

/// What both sides say.
const ASKED: usize = 60;
const ANSWERED: usize = 6_000;

pub(super) fn all() -> Vec<Scene> {
    vec![
        sealed("TLS 1.2 with a server that thinks", &version::TLS12),
        sealed("TLS 1.3 with a server that thinks", &version::TLS13),
    ]
}

/// The server thinks before its hello and before its answer, the client before it asks.
fn sealed(name: &'static str, version: &'static SupportedProtocolVersion) -> Scene {
    let (client, server) = configs(version);
    Scene::new(name, 10)
        .server(move |it| {
            it.hear_at_all();
            it.pause("tls_server", 200);
            let tls = ServerConnection::new(Arc::clone(&server)).expect("a server");
            let mut tls = StreamOwned::new(tls, it.stream.try_clone().expect("a handle"));
            tls.read_exact(&mut [0; ASKED]).expect("a request");
            it.pause("server_think", 300);
            tls.write_all(&[b'a'; ANSWERED]).expect("to be sent");
            assert_eq!(tls.read(&mut [0]).expect("an end"), 0);
        })
        .client(move |it| {
            let host = HOST.try_into().expect("a name");
            let tls = ClientConnection::new(Arc::clone(&client), host).expect("a client");
            let mut tls = StreamOwned::new(tls, it.stream.try_clone().expect("a handle"));
            while tls.conn.is_handshaking() {
                tls.conn.complete_io(&mut tls.sock).expect("a handshake");
            }
            it.pause("client_think", 150);
            tls.write_all(&[b'q'; ASKED]).expect("to be sent");
            tls.read_exact(&mut [0; ANSWERED]).expect("an answer");
            tls.conn.send_close_notify();
            tls.conn.complete_io(&mut tls.sock).expect("to be sent");
        })
        .hold(|seen| {
            seen.dominates("server_think");
            seen.blames("server");
            // Cryptography takes a few milliseconds of each side; the tickets of TLS 1.3, which nobody asked
            // for, are on their way for a round trip while the client thinks.
            seen.pauses_within(24 * MS);
            seen.nothing(&LOSSES, Duration::ZERO);
            seen.nothing(&WINDOWS, MS);
            seen.nothing(&["stall", "response_application", "request"], 2 * MS);
        })
}

fn configs(version: &'static SupportedProtocolVersion) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![HOST.to_owned()]).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a certificate");
    let provider = Arc::new(ring::default_provider());
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .expect("a key that fits");
    (Arc::new(client), Arc::new(server))
}
