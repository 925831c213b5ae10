//! Whom do we trust?

use std::env;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::keys::{shown, words};
use crate::ink::safe;
use crate::timeline::tls::{Cause, Store, Trust};

/// Authorities, and where they are from.
pub(super) struct Trusted {
    pub(super) about: Trust,
    pub(super) roots: RootCertStore,
    /// The certificates of a file that the user named, each of which may also be the server's own.
    pub(super) named: Vec<CertificateDer<'static>>,
}

/// What stands in this file, and nothing else.
pub(super) fn file(path: &Path) -> Result<Trusted, Cause> {
    let name = shown(path);
    let fail = |why: &str| Cause::Store(format!("{name}: {why}"));
    let text = read(path).map_err(|why| fail(&why))?;
    let mut trusted = Trusted::none(Store::File(name.clone()));
    for found in CertificateDer::pem_slice_iter(&text) {
        match found {
            Ok(certificate) => trusted.add(certificate, Origin::Named),
            Err(error) => return Err(fail(&safe(error.to_string().as_bytes()))),
        }
    }
    match (trusted.about.anchors, trusted.about.passed_over.first()) {
        (0, None) => Err(fail("no certificate in PEM in it")),
        (0, Some(why)) => Err(fail(why)),
        _ => Ok(trusted),
    }
}

/// The system's store, or what the environment names instead; Mozilla's list if that is empty.
pub(super) fn system() -> Result<Trusted, Cause> {
    let said: Vec<String> = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .iter()
        .filter_map(|name| {
            let path = env::var_os(name).filter(|path| !path.is_empty())?;
            Some(format!("{name}={}", shown(Path::new(&path))))
        })
        .collect();
    let store = if said.is_empty() { Store::System } else { Store::Environment(said.join(" ")) };
    let mut trusted = Trusted::none(store);
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors.iter().take(PASSED_OVER) {
        trusted.about.passed_over.push(safe(error.to_string().as_bytes()));
    }
    for certificate in found.certs {
        trusted.add(certificate, Origin::Listed);
    }
    if trusted.about.anchors == 0 {
        // Whoever named a store wants that one or none.
        if let Store::Environment(said) = &trusted.about.store {
            let why = trusted.about.passed_over.first().map_or("nothing in it", String::as_str);
            return Err(Cause::Store(format!("{said}: {why}")));
        }
        trusted.about.store = Store::BuiltIn;
        trusted.roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        trusted.about.anchors = trusted.roots.len();
    }
    Ok(trusted)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Origin {
    Named,
    Listed,
}

impl Trusted {
    fn none(store: Store) -> Self {
        Self {
            about: Trust { store, anchors: 0, passed_over: Vec::new() },
            roots: RootCertStore::empty(),
            named: Vec::new(),
        }
    }

    fn add(&mut self, certificate: CertificateDer<'static>, origin: Origin) {
        match self.roots.add(certificate.clone()) {
            Ok(()) => self.about.anchors += 1,
            Err(error) if self.about.passed_over.len() < PASSED_OVER => {
                let subject = super::certificate::read(&certificate).subject;
                let why = safe(error.to_string().as_bytes());
                self.about.passed_over.push(format!("{subject}: {why}"));
            }
            Err(_) => {}
        }
        if origin == Origin::Named {
            self.named.push(certificate);
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let opened = File::open(path);
    let read = opened.and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text));
    match read {
        Err(error) => Err(words(&error)),
        Ok(_) if text.len() as u64 > LONGEST => Err("longer than any list of certificates".into()),
        Ok(_) => Ok(text),
    }
}

/// Mozilla's list has some 220 KiB.
const LONGEST: u64 = 16 << 20;

/// Sentences kept about what could not be used.
const PASSED_OVER: usize = 8;
