//! What arrives at a decoder, and the small parts that generated decoders are made of.

use std::borrow::Cow;

use bytes::Bytes;

use crate::raw::{Cursor, RawError};

/// What a transport carried: values outside the document, and the document.
#[derive(Clone, Debug)]
pub struct Carried<'a> {
    /// Fields that came in the path, the query or a header, already typed.
    pub values: Vec<(&'static str, CarriedValue<'a>)>,
    /// The document.
    pub document: Document<'a>,
}

/// A value that came outside the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarriedValue<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// An integer.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
    /// A list of texts.
    List(Vec<String>),
    /// Texts by name.
    Map(Vec<(String, String)>),
}

/// The document of a call.
#[derive(Clone, Copy, Debug)]
pub enum Document<'a> {
    /// There is none: every field it could carry takes its default.
    Absent,
    /// An object whose members are fields; only these, or all of them.
    Members {
        /// The text.
        source: &'a Bytes,
        /// The fields it may carry; any if `None`. Others are ignored.
        only: Option<&'static [&'static str]>,
        /// Fields that must be there, although they have a default without a document.
        requires: &'static [&'static str],
    },
    /// The whole document is one field.
    Payload {
        /// The text.
        source: &'a Bytes,
        /// The field.
        field: &'static str,
    },
}

/// Why a decoder said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The document is not acceptable JSON.
    Raw(RawError),
    /// The input does not fit the schema.
    Shape,
}

impl From<RawError> for Refused {
    fn from(error: RawError) -> Self {
        Self::Raw(error)
    }
}

/// The place of one field while a document is read; a member that is repeated replaces the earlier one.
#[derive(Clone, Debug, Default)]
pub enum Slot<T> {
    /// It was not there.
    #[default]
    Absent,
    /// It was there and does not fit.
    Bad,
    /// It was there.
    Set(T),
}

impl<T> From<Option<T>> for Slot<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Bad, Self::Set)
    }
}

impl<T> Slot<T> {
    /// The value, which must be there and fit.
    ///
    /// # Errors
    /// [`Refused::Shape`].
    pub fn required(self) -> Result<T, Refused> {
        match self {
            Self::Set(value) => Ok(value),
            Self::Absent | Self::Bad => Err(Refused::Shape),
        }
    }

    /// The value, if it is there.
    ///
    /// # Errors
    /// [`Refused::Shape`] when it does not fit.
    pub fn optional(self) -> Result<Option<T>, Refused> {
        match self {
            Self::Set(value) => Ok(Some(value)),
            Self::Absent => Ok(None),
            Self::Bad => Err(Refused::Shape),
        }
    }

    /// The value, or this one.
    ///
    /// # Errors
    /// [`Refused::Shape`] when it does not fit.
    pub fn or_else(self, default: impl FnOnce() -> T) -> Result<T, Refused> {
        self.optional().map(|value| value.unwrap_or_else(default))
    }

    /// Whether nothing was there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<'a> CarriedValue<'a> {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn list(&self) -> Option<Vec<String>> {
        match self {
            Self::List(list) => Some(list.clone()),
            _ => None,
        }
    }

    /// The texts by name, if that is what it is.
    pub fn map(&self) -> Option<Vec<(String, String)>> {
        match self {
            Self::Map(map) => Some(map.clone()),
            _ => None,
        }
    }
}

/// Reads the document of a call, calling back for each field it carries.
///
/// # Errors
/// [`Refused::Raw`] for text that is not acceptable JSON, [`Refused::Shape`] for one that is not an
/// object where members are wanted.
pub fn read_document(
    document: Document<'_>,
    mut field: impl FnMut(&mut Cursor<'_>, &str) -> Result<bool, RawError>,
) -> Result<(), Refused> {
    match document {
        Document::Absent => Ok(()),
        Document::Payload { source, field: name } => {
            let mut cursor = Cursor::new(source)?;
            refuse_scalar(&cursor)?;
            if !field(&mut cursor, name)? {
                cursor.skip()?;
            }
            Ok(cursor.end()?)
        }
        Document::Members { source, only, requires } => {
            let mut cursor = Cursor::new(source)?;
            refuse_scalar(&cursor)?;
            if cursor.peek() != b'{' {
                cursor.skip()?;
                cursor.end()?;
                return Err(Refused::Shape);
            }
            let mut missing: Vec<&str> = requires.to_vec();
            cursor.object(|cursor, name| {
                missing.retain(|each| *each != name);
                let known = only.is_none_or(|list| list.contains(&name));
                if known && field(cursor, name)? { Ok(()) } else { cursor.skip() }
            })?;
            cursor.end()?;
            if missing.is_empty() { Ok(()) } else { Err(Refused::Shape) }
        }
    }
}

/// A document whose top is neither object nor array counts as text that cannot be parsed.
fn refuse_scalar(cursor: &Cursor<'_>) -> Result<(), RawError> {
    match cursor.peek() {
        b'{' | b'[' => Ok(()),
        0 => Err(RawError::Syntax("unexpected end", cursor.position())),
        _ => Err(RawError::Syntax("expected an object or an array", cursor.position())),
    }
}
