//! The frame around a call: action, headers, body, each kept as it was sent.

use std::borrow::Cow;

use bytes::Bytes;
use sukkal_spec::raw::{Cursor, Raw, RawError};

use super::grant::GrantHeaders;

/// A request frame, read once.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    /// The action, if it is a string.
    pub action: Option<String>,
    /// The action as it was sent.
    pub action_text: Option<Raw>,
    /// The headers as they were sent.
    pub headers: Option<Raw>,
    /// The body as it was sent.
    pub body: Option<Raw>,
}

impl Envelope {
    /// Drops headers and body, so that an answer does not repeat them.
    pub(crate) fn forget(&mut self) {
        self.headers = None;
        self.body = None;
    }
}

/// Why a frame is not an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoEnvelope {
    /// It is not acceptable JSON.
    Raw(RawError),
    /// It is JSON, but no object.
    NoObject,
}

impl From<RawError> for NoEnvelope {
    fn from(error: RawError) -> Self {
        Self::Raw(error)
    }
}

/// Reads a frame.
///
/// # Errors
/// As the variants of [`NoEnvelope`] say.
pub(crate) fn read(text: &Bytes) -> Result<Envelope, NoEnvelope> {
    let mut cursor = Cursor::new(text)?;
    if cursor.peek() != b'{' {
        cursor.skip()?;
        cursor.end()?;
        return Err(NoEnvelope::NoObject);
    }
    let (mut action_text, mut headers, mut body) = (None, None, None);
    cursor.object(|cursor, name| {
        match name {
            "action" => action_text = Some(cursor.raw()?),
            "headers" => headers = Some(cursor.raw()?),
            "body" => body = Some(cursor.raw()?),
            _ => cursor.skip()?,
        }
        Ok(())
    })?;
    cursor.end()?;
    let action = action_text.as_ref().and_then(string);
    Ok(Envelope { action, action_text, headers, body })
}

/// The text of a JSON string; `None` for anything else.
fn string(raw: &Raw) -> Option<String> {
    let mut cursor = Cursor::new(raw.bytes()).ok()?;
    cursor.string().ok()?.map(Cow::into_owned)
}

/// The headers a call looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers {
    /// `Client-ID`.
    pub client_id: Option<String>,
    /// `X-Project-ID`.
    pub project_id: Option<String>,
    /// `X-User-Id`, if it is a string.
    pub user_id: Option<String>,
    /// `X-Roles`, if it is a string.
    pub roles: Option<String>,
    /// Whether there is a token in `X-Auth-Token`.
    pub has_token: bool,
    /// The headers of a grant, if there is a signature.
    pub grant: Option<Box<GrantHeaders>>,
}

/// Reads the headers; `None` if they are not an object, or one that is known is no string.
pub(crate) fn headers(raw: Option<&Raw>) -> Option<Headers> {
    let raw = raw?;
    let mut cursor = Cursor::new(raw.bytes()).ok()?;
    if cursor.peek() != b'{' {
        return None;
    }
    let mut found = Headers::default();
    let mut fits = true;
    let mut grant = GrantHeaders::default();
    cursor
        .object(|cursor, name| {
            match name {
                "Client-ID" => found.client_id = keep(cursor, &mut fits)?,
                "X-Project-ID" => found.project_id = keep(cursor, &mut fits)?,
                "X-User-Id" => found.user_id = text(cursor)?,
                "X-Roles" => found.roles = text(cursor)?,
                _ if name.starts_with("URL-") => grant.take(name, &cursor.raw()?),
                "X-Auth-Token" => found.has_token = keep(cursor, &mut fits)?.is_some(),
                "User-Agent" | "Date" | "Accept" => drop(keep(cursor, &mut fits)?),
                _ => cursor.skip()?,
            }
            Ok(())
        })
        .ok()?;
    found.grant = grant.signature.is_some().then(|| Box::new(grant));
    fits.then_some(found)
}

/// A header whose type is free: anything but a string counts as absent.
fn text(cursor: &mut Cursor<'_>) -> Result<Option<String>, RawError> {
    Ok(cursor.string()?.map(Cow::into_owned))
}

fn keep(cursor: &mut Cursor<'_>, fits: &mut bool) -> Result<Option<String>, RawError> {
    let text = cursor.string()?.map(Cow::into_owned);
    *fits &= text.is_some();
    Ok(text)
}

/// Whether the body of a frame has a member of this name.
pub(crate) fn has_member(body: Option<&Raw>, wanted: &str) -> bool {
    member(body, wanted).is_some()
}

/// A member of the body of a frame, if it is a string.
pub(crate) fn text_member(body: Option<&Raw>, wanted: &str) -> Option<String> {
    member(body, wanted).as_ref().and_then(string)
}

fn member(body: Option<&Raw>, wanted: &str) -> Option<Raw> {
    let mut cursor = Cursor::new(body?.bytes()).ok()?;
    if cursor.peek() != b'{' {
        return None;
    }
    let mut found = None;
    cursor
        .object(|cursor, name| {
            if name == wanted {
                found = Some(cursor.raw()?);
            } else {
                cursor.skip()?;
            }
            Ok(())
        })
        .ok()?;
    found
}
