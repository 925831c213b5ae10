//! Which field or protocol has a name?

use super::field::Field;
use super::{Name, PROTOCOLS};

/// What a name stands for.
#[derive(Debug)]
pub enum Known {
    /// A protocol's key, as in [`super::Name`].
    Protocol(&'static str),
    /// Every field of that name, or of which it is the sibling name.
    Fields(Vec<&'static Field>),
}

/// Finds a field by its name or sibling name, or a protocol by its key.
pub fn look_up(name: &str) -> Option<Known> {
    let fields = PROTOCOLS.iter().flat_map(|(_, fields)| *fields);
    let mut found: Vec<&'static Field> = Vec::new();
    for field in fields.filter(|field| field.name == name || field.also == name) {
        // A field that two protocols tell is one field.
        if !found.iter().any(|known| std::ptr::eq(*known, *field)) {
            found.push(field);
        }
    }
    if !found.is_empty() {
        return Some(Known::Fields(found));
    }
    let mut keys = PROTOCOLS.iter().flat_map(|(names, _)| *names).map(|name| name.key);
    keys.find(|key| *key == name).map(Known::Protocol)
}

/// The protocol of a key, by its plain name.
pub fn protocol(key: &str) -> Option<Name> {
    PROTOCOLS.iter().flat_map(|(names, _)| *names).find(|name| name.key == key).copied()
}

/// The name most like one that nobody has, unless none is like it.
pub fn nearest(name: &str) -> Option<&'static str> {
    let fields = PROTOCOLS.iter().flat_map(|(_, fields)| *fields);
    let names = fields.flat_map(|field| [field.name, field.also]);
    let keys = PROTOCOLS.iter().flat_map(|(names, _)| *names).map(|name| name.key);
    closest(name, names.chain(keys).filter(|known| !known.is_empty()))
}

/// The one of these names that is most like another, unless none is like it.
pub fn closest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let (distance, known) = names.map(|known| (distance(name, known), known)).min()?;
    (distance <= name.len() / 3 + 1).then_some(known)
}

/// How many letters must be changed, added or taken away to make one name of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (place, known) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != known);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_field() {
        assert_eq!(nearest("tcp.prot"), Some("tcp.port"));
        assert_eq!(nearest("ip.sorc"), Some("ip.src"));
        assert_eq!(nearest("something.else.entirely"), None);
    }
}
