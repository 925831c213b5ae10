//! What words is an expression made of?

use std::ops::Range;

use super::Complaint;

/// One word, and the octets of the expression it stands in.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) what: What,
    pub(super) at: Range<usize>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum What {
    /// A field name, a number, an address, a keyword: whatever is written without quotes.
    Word(String),
    /// Text in double quotes, its escapes resolved.
    Quoted(Vec<u8>),
    Symbol(&'static str),
    End,
}

const SYMBOLS: [&str; 17] =
    ["==", "!=", "<=", ">=", "&&", "||", "~=", "(", ")", "{", "}", ",", "<", ">", "!", "&", "~"];

/// The tokens of an expression one after the other; behind the last there is [`What::End`], for ever.
pub(super) struct Walk {
    tokens: Vec<Token>,
    at: usize,
}

impl Walk {
    pub(super) fn over(expression: &str) -> Result<Self, Complaint> {
        Ok(Self { tokens: tokens(expression)?, at: 0 })
    }

    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at]
    }

    pub(super) fn take(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// The token that was taken last is to be taken again.
    pub(super) fn give_back(&mut self, taken: &Token) {
        self.at -= usize::from(taken.what != What::End);
    }
}

/// Cuts an expression into words, with [`What::End`] behind the last.
fn tokens(expression: &str) -> Result<Vec<Token>, Complaint> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = expression[at..].chars().next() {
        let rest = &expression[at..];
        if next.is_whitespace() {
            at += next.len_utf8();
        } else if next == '"' {
            let (text, len) =
                quoted(rest).map_err(|what| Complaint::new(at..expression.len(), what))?;
            found.push(Token { what: What::Quoted(text), at: at..at + len });
            at += len;
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            found.push(Token { what: What::Symbol(symbol), at: at..at + symbol.len() });
            at += symbol.len();
        } else {
            let len = word(rest);
            if len == 0 {
                let instead = if next == '=' { "; write == for what is equal" } else { "" };
                return Err(Complaint::new(
                    at..at + next.len_utf8(),
                    format!("{next:?} means nothing here{instead}"),
                ));
            }
            found.push(Token { what: What::Word(rest[..len].to_owned()), at: at..at + len });
            at += len;
        }
    }
    found.push(Token { what: What::End, at: at..at });
    Ok(found)
}

/// How long the word is that `rest` begins with; brackets belong to it, so that slices do.
fn word(rest: &str) -> usize {
    let mut bracketed = false;
    let ends = |c: char| {
        match c {
            '[' => bracketed = true,
            ']' => bracketed = false,
            _ => {}
        }
        !(c.is_alphanumeric() || "._-:/%[]".contains(c) || bracketed && ", ".contains(c))
    };
    rest.find(ends).unwrap_or(rest.len())
}

/// The octets between the quotes, and how long the whole is.
fn quoted(rest: &str) -> Result<(Vec<u8>, usize), &'static str> {
    let mut text = Vec::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((text, at + 1)),
            '\\' => match characters.next().map(|(_, escaped)| escaped) {
                Some('x') => {
                    let digits: String =
                        characters.by_ref().take(2).map(|(_, digit)| digit).collect();
                    let octet = u8::from_str_radix(&digits, 16);
                    text.push(octet.map_err(|_| "\\x wants two hexadecimal digits")?);
                }
                Some('n') => text.push(b'\n'),
                Some('r') => text.push(b'\r'),
                Some('t') => text.push(b'\t'),
                Some(itself @ ('"' | '\\')) => text.push(itself as u8),
                // A regular expression keeps its own escapes.
                Some(other) => {
                    text.push(b'\\');
                    text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                }
                None => break,
            },
            other => text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err("the quote is not closed")
}
