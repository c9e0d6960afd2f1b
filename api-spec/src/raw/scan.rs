//! The grammar: the part of the scanner that decides what is JSON text.

use std::borrow::Cow;

use super::{Cursor, MAX_DEPTH, RawError, Scan};

impl<'a> Cursor<'a> {
    pub(super) fn fault<T>(&self, what: &'static str) -> Scan<T> {
        Err(RawError::Syntax(what, self.at))
    }

    pub(super) fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
    }

    pub(super) fn step(&mut self) {
        self.at += 1;
        self.space();
    }

    pub(super) fn open(&mut self, bracket: u8) -> Scan<()> {
        if self.peek() != bracket {
            return self.fault("unexpected value");
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(RawError::Depth(self.at));
        }
        self.step();
        Ok(())
    }

    pub(super) fn close(&mut self) -> Scan<()> {
        self.depth -= 1;
        self.step();
        Ok(())
    }

    /// Reads any value; returns where its text ends, before the space that follows it.
    pub(super) fn value(&mut self) -> Scan<usize> {
        match self.peek() {
            b'"' => self.skip_quoted()?,
            b'{' => {
                self.object(|cursor, _| cursor.skip())?;
                return Ok(self.text[..self.at].trim_ascii_end().len());
            }
            b'[' => {
                self.array(Self::skip)?;
                return Ok(self.text[..self.at].trim_ascii_end().len());
            }
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            b'-' | b'0'..=b'9' => self.number()?,
            0 => return self.fault("unexpected end"),
            _ => return self.fault("unexpected character"),
        }
        let end = self.at;
        self.space();
        Ok(end)
    }

    fn word(&mut self, word: &'static str) -> Scan<()> {
        if !self.text[self.at..].starts_with(word) {
            return self.fault("unknown word");
        }
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Scan<()> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        let leading = self.peek();
        let whole = self.digits();
        if whole == 0 || (leading == b'0' && whole > 1) {
            return self.fault("malformed number");
        }
        let mut integer = true;
        if self.peek() == b'.' {
            integer = false;
            self.at += 1;
            if self.digits() == 0 {
                return self.fault("malformed number");
            }
        }
        if matches!(self.peek(), b'e' | b'E') {
            integer = false;
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.fault("malformed number");
            }
        }
        let text = &self.text[start..self.at];
        if integer {
            if whole > 18 && text.parse::<i64>().is_err() {
                return Err(RawError::Integer(start));
            }
        } else if !text.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(RawError::Number(start));
        }
        Ok(())
    }

    /// Reads a string that begins here, without keeping it.
    fn skip_quoted(&mut self) -> Scan<()> {
        self.at += 1;
        loop {
            match self.plain()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => drop(self.escape()?),
            }
        }
    }

    /// Passes over the plain part of a string, to the quote or the backslash that ends it.
    fn plain(&mut self) -> Scan<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
            self.at = self.text.len();
            return self.fault("unexpected end");
        };
        if rest[..length].iter().any(|byte| *byte < 0x20) {
            let control = rest.iter().position(|byte| *byte < 0x20).unwrap_or(length);
            self.at += control;
            return self.fault("control character in a string");
        }
        self.at += length;
        Ok(rest[length])
    }

    /// Reads a string that begins here, leaving the space after it.
    pub(super) fn quoted(&mut self) -> Scan<Cow<'a, str>> {
        let start = self.at + 1;
        let mut built: Option<String> = None;
        let mut from = start;
        self.at = start;
        loop {
            if self.plain()? == b'"' {
                let tail = &self.text[from..self.at];
                self.at += 1;
                return Ok(match built {
                    None => Cow::Borrowed(tail),
                    Some(mut text) => {
                        text.push_str(tail);
                        Cow::Owned(text)
                    }
                });
            }
            built.get_or_insert_default().push_str(&self.text[from..self.at]);
            let letter = self.escape()?;
            built.get_or_insert_default().push(letter);
            from = self.at;
        }
    }

    fn escape(&mut self) -> Scan<char> {
        let start = self.at;
        self.at += 1;
        let letter = match self.peek() {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(start),
            _ => return self.fault("unknown escape"),
        };
        self.at += 1;
        Ok(letter)
    }

    fn unicode(&mut self, start: usize) -> Scan<char> {
        let first = self.hex()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(RawError::Surrogate(start));
        }
        if first >= 0xdc00 || !self.text[self.at..].starts_with("\\u") {
            return Err(RawError::Surrogate(start));
        }
        self.at += 1;
        let second = self.hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(RawError::Surrogate(start));
        }
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .ok_or(RawError::Surrogate(start))
    }

    /// Reads `uXXXX`, standing at the `u`.
    fn hex(&mut self) -> Scan<u32> {
        let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
        let digits = digits.filter(|four| four.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits.and_then(|four| std::str::from_utf8(four).ok()) else {
            return self.fault("malformed \\u escape");
        };
        self.at += 5;
        u32::from_str_radix(digits, 16).or_else(|_| self.fault("malformed \\u escape"))
    }
}
