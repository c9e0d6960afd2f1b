//! One strict scanner for JSON text, used by every decoder on every transport.
//!
//! It reads once, from front to back, and hands out slices. Beyond RFC 8259 it refuses what could not be
//! stored and read back unchanged: depth beyond [`MAX_DEPTH`], integers outside 64 bits, numbers
//! beyond the range of a double, and lone surrogates.

use std::borrow::Cow;

use bytes::Bytes;

/// The deepest nesting that is read.
pub const MAX_DEPTH: u32 = 128;

/// JSON text that was checked and is kept as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(Bytes);

impl Raw {
    /// Takes text that is known to be JSON.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Takes text that a store or a serializer made.
    pub fn from_trusted(text: Bytes) -> Self {
        Self(text)
    }

    /// The text.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

/// Why text is not acceptable JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RawError {
    /// It breaks the grammar at this byte.
    #[error("{0} at byte {1}")]
    Syntax(&'static str, usize),
    /// It is nested too deeply.
    #[error("nested deeper than {MAX_DEPTH} at byte {0}")]
    Depth(usize),
    /// An integer does not fit 64 bits.
    #[error("integer outside 64 bits at byte {0}")]
    Integer(usize),
    /// A number does not fit a double.
    #[error("number out of range at byte {0}")]
    Number(usize),
    /// An escape names half of a surrogate pair.
    #[error("lone surrogate at byte {0}")]
    Surrogate(usize),
    /// It is not UTF-8.
    #[error("invalid UTF-8 at byte {0}")]
    Utf8(usize),
}

type Scan<T> = Result<T, RawError>;

/// A place in JSON text.
pub struct Cursor<'a> {
    source: &'a Bytes,
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Cursor<'a> {
    /// Begins at the front.
    ///
    /// # Errors
    /// Text that is not UTF-8.
    pub fn new(source: &'a Bytes) -> Scan<Self> {
        let text = std::str::from_utf8(source).map_err(|e| RawError::Utf8(e.valid_up_to()))?;
        let mut cursor = Self { source, text, at: 0, depth: 0 };
        cursor.space();
        Ok(cursor)
    }

    /// The byte that begins the next value; 0 at the end.
    pub fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// Where the cursor stands.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Fails unless only space is left.
    ///
    /// # Errors
    /// Anything after the value.
    pub fn end(&self) -> Scan<()> {
        if self.at == self.text.len() {
            Ok(())
        } else {
            self.fault("unexpected text after the value")
        }
    }

    /// Reads any value and keeps its text.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn raw(&mut self) -> Scan<Raw> {
        let start = self.at;
        let end = self.value()?;
        Ok(Raw(self.source.slice(start..end)))
    }

    /// Reads any value; keeps its text if it begins with this byte.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn raw_if(&mut self, first: u8) -> Scan<Option<Raw>> {
        let fits = self.peek() == first;
        let raw = self.raw()?;
        Ok(fits.then_some(raw))
    }

    /// Reads any value and forgets it.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn skip(&mut self) -> Scan<()> {
        self.value().map(drop)
    }

    /// Reads a value; the text if it is a string.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn string(&mut self) -> Scan<Option<Cow<'a, str>>> {
        if self.peek() != b'"' {
            return self.skip().map(|()| None);
        }
        let text = self.quoted()?;
        self.space();
        Ok(Some(text))
    }

    /// Reads a value; the number if it is an integer literal.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn integer(&mut self) -> Scan<Option<i64>> {
        let start = self.at;
        let end = self.value()?;
        Ok(self.text[start..end].parse().ok().filter(|_| self.text.as_bytes()[start] != b'+'))
    }

    /// Reads a value; the truth if it is a boolean.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn boolean(&mut self) -> Scan<Option<bool>> {
        let start = self.at;
        let end = self.value()?;
        Ok(match &self.text[start..end] {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    /// Reads a value; the elements if it is an array and each of them could be read.
    ///
    /// # Errors
    /// Whatever is wrong with the text.
    pub fn list<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Scan<Option<T>>,
    ) -> Scan<Option<Vec<T>>> {
        if self.peek() != b'[' {
            return self.skip().map(|()| None);
        }
        let mut found = Some(Vec::new());
        self.array(|cursor| {
            match (element(cursor)?, &mut found) {
                (Some(one), Some(list)) => list.push(one),
                _ => found = None,
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Reads an array, which must begin here, calling back at the start of each element.
    ///
    /// # Errors
    /// Whatever is wrong with the text, or what the callback returns.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Scan<()>) -> Scan<()> {
        self.open(b'[')?;
        if self.peek() == b']' {
            return self.close();
        }
        loop {
            element(self)?;
            match self.peek() {
                b',' => self.step(),
                b']' => return self.close(),
                _ => return self.fault("expected ',' or ']'"),
            }
        }
    }

    /// Reads an object, which must begin here, calling back at the start of each member's value.
    ///
    /// # Errors
    /// Whatever is wrong with the text, or what the callback returns.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Scan<()>) -> Scan<()> {
        self.open(b'{')?;
        if self.peek() == b'}' {
            return self.close();
        }
        loop {
            if self.peek() != b'"' {
                return self.fault("expected a member name");
            }
            let name = self.quoted()?;
            self.space();
            if self.peek() != b':' {
                return self.fault("expected ':'");
            }
            self.step();
            member(self, &name)?;
            match self.peek() {
                b',' => self.step(),
                b'}' => return self.close(),
                _ => return self.fault("expected ',' or '}'"),
            }
        }
    }

    fn fault<T>(&self, what: &'static str) -> Scan<T> {
        Err(RawError::Syntax(what, self.at))
    }

    fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn step(&mut self) {
        self.at += 1;
        self.space();
    }

    fn open(&mut self, bracket: u8) -> Scan<()> {
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

    fn close(&mut self) -> Scan<()> {
        self.depth -= 1;
        self.step();
        Ok(())
    }

    /// Reads any value; returns where its text ends, before the space that follows it.
    fn value(&mut self) -> Scan<usize> {
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
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.escape()?;
                }
                Some(0..=0x1f) => return self.fault("control character in a string"),
                Some(_) => self.at += 1,
                None => return self.fault("unexpected end"),
            }
        }
    }

    /// Reads a string that begins here, leaving the space after it.
    fn quoted(&mut self) -> Scan<Cow<'a, str>> {
        let start = self.at + 1;
        let mut built: Option<String> = None;
        let mut from = start;
        let bytes = self.text.as_bytes();
        self.at = start;
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
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
                Some(b'\\') => {
                    let text = built.get_or_insert_default();
                    text.push_str(&self.text[from..self.at]);
                    let letter = self.escape()?;
                    built.get_or_insert_default().push(letter);
                    from = self.at;
                }
                Some(0..=0x1f) => return self.fault("control character in a string"),
                Some(_) => self.at += 1,
                None => return self.fault("unexpected end"),
            }
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
