//! TLS on loopback: against rustls, against OpenSSL, and against servers that do it wrong.

mod broken;
mod data;
mod keys;
mod openssl;
mod stage;
mod trust;
