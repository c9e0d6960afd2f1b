//! One strict scanner for JSON text, used by every decoder on every transport.
//!
//! It reads once, from front to back, and hands out slices. Beyond RFC 8259 it refuses what could not be
//! stored and read back unchanged: depth beyond [`MAX_DEPTH`], integers outside 64 bits, numbers
//! beyond the range of a double, and lone surrogates.

mod scan;

use std::borrow::Cow;

use bytes::Bytes;
use indexmap::IndexMap;

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

    /// Whether the value is null; reads it only then.
    ///
    /// # Errors
    /// A word that begins like null and is another.
    pub fn null(&mut self) -> Scan<bool> {
        if self.peek() != b'n' {
            return Ok(false);
        }
        self.skip().map(|()| true)
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

    /// Reads a value; the texts by name if it is an object that holds nothing but strings.
    ///
    /// A name that is repeated keeps its place and takes the later text.
    ///
    /// # Errors
    /// Whatever is wrong with the text.
    pub fn texts(&mut self) -> Scan<Option<Vec<(String, String)>>> {
        if self.peek() != b'{' {
            return self.skip().map(|()| None);
        }
        let mut found: IndexMap<String, Option<String>> = IndexMap::new();
        self.object(|cursor, name| {
            let text = cursor.string()?.map(Cow::into_owned);
            found.insert(name.to_owned(), text);
            Ok(())
        })?;
        Ok(found.into_iter().map(|(name, text)| Some((name, text?))).collect())
    }
}

#[cfg(test)]
mod tests;
