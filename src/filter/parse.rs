//! What does an expression mean?

use std::net::IpAddr;

use super::test::{Literal, Operand, Relation, Slice, Test};
use super::token::{Token, Walk, What};
use super::{Complaint, Node};
use crate::wire::dictionary::{self, Known};
use crate::wire::field::{Kind, Mac};

/// Nested parentheses and negations beyond this are refused, so that no expression can exhaust the stack.
const DEPTH: usize = 100;

pub(super) fn expression(text: &str) -> Result<Node, Complaint> {
    let mut parser = Parser { tokens: Walk::over(text)?, depth: 0 };
    if parser.tokens.peek().what == What::End {
        return Err(Complaint::new(0..0, "it is empty"));
    }
    let root = parser.either()?;
    match parser.tokens.peek() {
        Token { what: What::End, .. } => Ok(root),
        token => Err(Complaint::new(token.at.clone(), "nothing can follow here but `and` or `or`")),
    }
}

struct Parser {
    tokens: Walk,
    depth: usize,
}

impl Parser {
    /// Takes the next token if it is one of these.
    fn accept(&mut self, words: &[&str]) -> bool {
        let accepted = match &self.tokens.peek().what {
            What::Word(word) => words.contains(&word.as_str()),
            What::Symbol(symbol) => words.contains(symbol),
            _ => false,
        };
        if accepted {
            self.tokens.take();
        }
        accepted
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Complaint> {
        if self.accept(&[symbol]) {
            return Ok(());
        }
        Err(Complaint::new(self.tokens.peek().at.clone(), format!("`{symbol}` is missing here")))
    }

    fn either(&mut self) -> Result<Node, Complaint> {
        let mut node = self.both()?;
        while self.accept(&["or", "||"]) {
            node = Node::Or(Box::new(node), Box::new(self.both()?));
        }
        Ok(node)
    }

    fn both(&mut self) -> Result<Node, Complaint> {
        let mut node = self.negated()?;
        while self.accept(&["and", "&&"]) {
            node = Node::And(Box::new(node), Box::new(self.negated()?));
        }
        Ok(node)
    }

    fn negated(&mut self) -> Result<Node, Complaint> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Complaint::new(self.tokens.peek().at.clone(), "it is nested too deeply"));
        }
        let node = if self.accept(&["not", "!"]) {
            Node::Not(Box::new(self.negated()?))
        } else if self.accept(&["("]) {
            let inner = self.either()?;
            self.expect(")")?;
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn test(&mut self) -> Result<Node, Complaint> {
        let operand = self.operand()?;
        let token = self.tokens.take();
        let relation = match &token.what {
            What::Symbol("==") => Relation::Equal,
            What::Symbol("!=") => Relation::AllDiffer,
            What::Symbol("~=") => Relation::AnyDiffers,
            What::Symbol("<") => Relation::Less,
            What::Symbol("<=") => Relation::AtMost,
            What::Symbol(">") => Relation::Greater,
            What::Symbol(">=") => Relation::AtLeast,
            What::Symbol("~") => return self.matches(operand),
            What::Word(word) => match word.as_str() {
                "eq" | "any_eq" => Relation::Equal,
                "ne" | "all_ne" => Relation::AllDiffer,
                "any_ne" => Relation::AnyDiffers,
                "lt" => Relation::Less,
                "le" => Relation::AtMost,
                "gt" => Relation::Greater,
                "ge" => Relation::AtLeast,
                "contains" => {
                    let (literal, at) = self.literal(&operand)?;
                    return match literal {
                        Literal::Octets(needle) | Literal::Text(needle) => {
                            Ok(Node::Test(Test::Contains { operand, needle }))
                        }
                        _ => Err(Complaint::new(at, "`contains` wants text in quotes or octets")),
                    };
                }
                "matches" => return self.matches(operand),
                "in" => return self.set(operand),
                _ => {
                    self.tokens.give_back(&token);
                    return Ok(Node::Test(Test::Present(operand)));
                }
            },
            _ => {
                self.tokens.give_back(&token);
                return Ok(Node::Test(Test::Present(operand)));
            }
        };
        let (literal, at) = self.literal(&operand)?;
        let ordered =
            !matches!(relation, Relation::Equal | Relation::AllDiffer | Relation::AnyDiffers);
        if ordered && matches!(literal, Literal::Network(..) | Literal::Flag(_)) {
            return Err(Complaint::new(at, "this has no order; only `==` and `!=` make sense"));
        }
        Ok(Node::Test(Test::Compare { operand, relation, literal }))
    }

    fn matches(&mut self, operand: Operand) -> Result<Node, Complaint> {
        let token = self.tokens.take();
        let What::Quoted(pattern) = token.what else {
            return Err(Complaint::new(token.at, "a regular expression in quotes is missing here"));
        };
        let pattern = String::from_utf8_lossy(&pattern);
        let pattern = regex::bytes::RegexBuilder::new(&pattern)
            .case_insensitive(true)
            .unicode(false)
            .build()
            .map_err(|error| Complaint::new(token.at, one_line(&error)))?;
        Ok(Node::Test(Test::Matches { operand, pattern }))
    }

    fn set(&mut self, operand: Operand) -> Result<Node, Complaint> {
        self.expect("{")?;
        let mut members = Vec::new();
        loop {
            let from = self.literal_or_range(&operand)?;
            members.push(from);
            if !self.accept(&[","]) {
                break;
            }
        }
        self.expect("}")?;
        Ok(Node::Test(Test::In { operand, members }))
    }

    /// `80`, or `80..90` for everything from one to the other.
    fn literal_or_range(
        &mut self,
        operand: &Operand,
    ) -> Result<(Literal, Option<Literal>), Complaint> {
        if let What::Word(word) = &self.tokens.peek().what
            && let Some((from, to)) = word.split_once("..")
        {
            let at = self.tokens.peek().at.clone();
            let ends = (read(operand.kind(), from), read(operand.kind(), to));
            self.tokens.take();
            return match ends {
                (Ok(from), Ok(to)) => Ok((from, Some(to))),
                (Err(what), _) | (_, Err(what)) => Err(Complaint::new(at, what)),
            };
        }
        Ok((self.literal(operand)?.0, None))
    }

    fn literal(
        &mut self,
        operand: &Operand,
    ) -> Result<(Literal, std::ops::Range<usize>), Complaint> {
        let token = self.tokens.take();
        let literal = match token.what {
            What::Quoted(text) => match operand.kind() {
                Kind::Octets | Kind::Group => Ok(Literal::Octets(text)),
                Kind::Text | Kind::Number | Kind::Hex(_) => Ok(Literal::Text(text)),
                kind => read(kind, &String::from_utf8_lossy(&text)),
            },
            What::Word(word) => read(operand.kind(), &word),
            _ => Err("a value is missing here".to_owned()),
        };
        match literal {
            Ok(literal) => Ok((literal, token.at)),
            Err(what) => Err(Complaint::new(token.at, what)),
        }
    }

    fn operand(&mut self) -> Result<Operand, Complaint> {
        let token = self.tokens.take();
        let What::Word(word) = token.what else {
            return Err(Complaint::new(token.at, "a field name is missing here"));
        };
        let (name, slice) = match word.split_once('[') {
            None => (word.as_str(), None),
            Some((name, inside)) => {
                let slice = inside.strip_suffix(']').and_then(Slice::read);
                let slice = slice.ok_or_else(|| {
                    Complaint::new(
                        token.at.clone(),
                        "a slice is `[at]`, `[at:count]` or `[first-last]`",
                    )
                })?;
                (name, Some(slice))
            }
        };
        let known = dictionary::look_up(name).ok_or_else(|| {
            let nearest = dictionary::nearest(name)
                .map_or(String::new(), |nearest| format!("; the nearest is {nearest:?}"));
            Complaint::new(token.at.clone(), format!("no field is called {name:?}{nearest}"))
        })?;
        let mut operand = match known {
            Known::Protocol(key) => Operand::protocol(key),
            Known::Fields(fields) => Operand::fields(fields),
        };
        operand.slice = slice;
        if self.accept(&["&"]) {
            let at = self.tokens.peek().at.clone();
            if !matches!(operand.kind(), Kind::Number | Kind::Hex(_)) {
                return Err(Complaint::new(at, "`&` needs a field that holds a number"));
            }
            match self.literal(&operand)? {
                (Literal::Number(mask), _) => operand.mask = Some(mask),
                (_, at) => return Err(Complaint::new(at, "`&` wants a number")),
            }
        }
        Ok(operand)
    }
}

/// Reads a value as a field of some kind would hold it.
fn read(kind: Kind, word: &str) -> Result<Literal, String> {
    let wrong = |wanted: &str| format!("{word:?} is no {wanted}");
    match kind {
        Kind::Number | Kind::Hex(_) => {
            number(word).map(Literal::Number).ok_or_else(|| wrong("number"))
        }
        Kind::Flag => match word {
            "1" | "true" | "True" | "TRUE" => Ok(Literal::Flag(true)),
            "0" | "false" | "False" | "FALSE" => Ok(Literal::Flag(false)),
            _ => Err(wrong("flag: write 1 or 0")),
        },
        Kind::Address => network(word).ok_or_else(|| wrong("IP address or network")),
        Kind::Mac => octets(word)
            .and_then(|octets| octets.try_into().ok())
            .map(|octets| Literal::Mac(Mac(octets)))
            .ok_or_else(|| wrong("hardware address")),
        Kind::Text => Ok(Literal::Text(word.as_bytes().to_vec())),
        Kind::Time => time(word)
            .map(Literal::Number)
            .ok_or_else(|| wrong("time: seconds since 1970, or RFC 3339")),
        Kind::Span => time(word).map(Literal::Number).ok_or_else(|| wrong("number of seconds")),
        Kind::Octets | Kind::Group => {
            octets(word).map(Literal::Octets).ok_or_else(|| wrong("run of octets: write 0a:0b:0c"))
        }
    }
}

fn number(word: &str) -> Option<u64> {
    if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok();
    }
    word.parse().ok()
}

fn network(word: &str) -> Option<Literal> {
    let (address, bits) = word.split_once('/').unwrap_or((word, ""));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits =
        if bits.is_empty() { most } else { bits.parse().ok().filter(|bits| *bits <= most)? };
    Some(Literal::Network(address, bits))
}

fn octets(word: &str) -> Option<Vec<u8>> {
    let separated: Vec<&str> = word.split([':', '-', '.']).collect();
    if separated.len() > 1 || word.len() <= 2 {
        return separated.iter().map(|octet| u8::from_str_radix(octet, 16).ok()).collect();
    }
    let pairs = word.strip_prefix("0x").unwrap_or(word).as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Nanoseconds since 1970.
fn time(word: &str) -> Option<u64> {
    if let Ok(time) = word.parse::<jiff::Timestamp>() {
        return u64::try_from(time.as_nanosecond()).ok();
    }
    let (seconds, fraction) = word.split_once('.').unwrap_or((word, ""));
    let nanos = format!("{fraction:0<9}");
    seconds
        .parse::<u64>()
        .ok()?
        .checked_mul(1_000_000_000)?
        .checked_add(nanos.get(..9)?.parse().ok()?)
}

fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    format!("the regular expression is wrong: {}", last.trim_start_matches("error: "))
}
