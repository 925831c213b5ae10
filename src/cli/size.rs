//! How is a number of octets typed?

/// Reads `16MiB`, `10MB`, `512k`; without a unit it counts in `unit` octets.
pub(super) fn octets(text: &str, unit: u64) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" => unit,
        "b" => 1,
        "k" | "kib" => 1 << 10,
        "kb" => 1000,
        "m" | "mib" => 1 << 20,
        "mb" => 1_000_000,
        "g" | "gib" => 1 << 30,
        "gb" => 1_000_000_000,
        _ => return Err(WANTED.to_owned()),
    };
    let size = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    size.filter(|size| *size > 0).ok_or_else(|| WANTED.to_owned())
}

/// The kernel's buffer: KiB unless said otherwise, and as much as libpcap can ask for.
pub(super) fn buffer(text: &str) -> Result<usize, String> {
    let size = octets(text, 1024)?;
    match usize::try_from(size) {
        Ok(size) if size < 1 << 31 => Ok(size),
        _ => Err("a buffer has less than 2 GiB".to_owned()),
    }
}

/// A number of octets, unless said otherwise.
pub(super) fn plain(text: &str) -> Result<usize, String> {
    usize::try_from(octets(text, 1)?).map_err(|_| WANTED.to_owned())
}

const WANTED: &str =
    "a size is a number, perhaps with a unit: k, KiB, KB, M, MiB, MB, G, GiB or GB";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_either_kind() {
        assert_eq!(octets("3", 1_000_000), Ok(3_000_000));
        assert_eq!(octets("512k", 1), Ok(524_288));
        assert_eq!(octets("10MB", 1), Ok(10_000_000));
        assert_eq!(octets("1GiB", 1), Ok(1 << 30));
        assert_eq!(buffer("4096"), Ok(4 << 20));
        for wrong in
            ["", "k", "0", "-1", "1.5M", "7 parsecs", "99999999999999999999", "99999999999G"]
        {
            assert!(octets(wrong, 1).is_err(), "{wrong}");
        }
        assert!(buffer("2GiB").is_err());
    }
}
