//! Any expression: compiled or refused, with an error that can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wiretale::filter::Filter;

fuzz_target!(|expression: &str| {
    if let Err(error) = Filter::new(expression) {
        let _ = error.to_string();
    }
});
