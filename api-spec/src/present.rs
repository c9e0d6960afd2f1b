//! The small parts that generated presenters are made of.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::raw::Raw;

/// Everything in a query value but letters, digits and `-._~` is percent-encoded.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a presenter may use of the request.
#[derive(Debug)]
pub struct HttpCall<'a> {
    /// The decoded path.
    pub path: &'a str,
    /// The variables of the path.
    pub captures: &'a [(&'static str, &'a str)],
    /// The query parameters that were given, by field, with their values as understood.
    pub query: &'a [(&'static str, String)],
}

impl HttpCall<'_> {
    /// The part of the path that names a queue or a topic, `/v2/queues/jobs`: its first three segments.
    pub fn log(&self) -> &str {
        let end = self.path.match_indices('/').nth(3).map_or(self.path.len(), |(at, _)| at);
        &self.path[..end]
    }

    /// The value of a path variable; empty if there is none.
    pub fn capture(&self, name: &str) -> &str {
        self.captures.iter().find(|(each, _)| *each == name).map_or("", |(_, value)| value)
    }
}

/// A reply over HTTP, still without a transport.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// Further fixed headers.
    pub headers: &'static [(&'static str, &'static str)],
    /// The media type of the body, if not JSON.
    pub media_type: Option<&'static str>,
    /// The body; `None` for a reply that has none at all.
    pub body: Option<Vec<u8>>,
}

/// JSON text under construction, with `", "` and `": "` between its parts.
#[derive(Clone, Debug, Default)]
pub struct JsonText {
    text: Vec<u8>,
    fresh: bool,
}

impl JsonText {
    /// Begins with room for this many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), fresh: true }
    }

    /// The text.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text
    }

    /// The text so far.
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// Opens an object or an array.
    pub fn open(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.fresh = true;
    }

    /// Closes an object or an array.
    pub fn close(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.fresh = false;
    }

    /// Separates the next element from the one before.
    pub fn element(&mut self) {
        if !std::mem::take(&mut self.fresh) {
            self.text.extend_from_slice(b", ");
        }
    }

    /// Begins a member whose name needs no escape.
    pub fn member(&mut self, name: &str) {
        self.element();
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\": ");
    }

    /// Writes text that is JSON already.
    pub fn raw(&mut self, raw: &Raw) {
        self.text.extend_from_slice(raw.bytes());
        self.fresh = false;
    }

    /// Writes a fixed piece of JSON.
    pub fn literal(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
        self.fresh = false;
    }

    /// Writes a string.
    pub fn string(&mut self, value: &str) {
        self.text.push(b'"');
        self.part(value);
        self.text.push(b'"');
        self.fresh = false;
    }

    /// Writes part of a string, escaped, without quotes.
    pub fn part(&mut self, value: &str) {
        if value.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
            self.text.extend_from_slice(value.as_bytes());
            return;
        }
        for letter in value.chars() {
            match letter {
                '"' => self.text.extend_from_slice(b"\\\""),
                '\\' => self.text.extend_from_slice(b"\\\\"),
                '\n' => self.text.extend_from_slice(b"\\n"),
                '\r' => self.text.extend_from_slice(b"\\r"),
                '\t' => self.text.extend_from_slice(b"\\t"),
                control if control < ' ' => {
                    self.text
                        .extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes());
                }
                other => self.text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    /// Writes a quote mark, for strings made of parts.
    pub fn quote(&mut self) {
        self.text.push(b'"');
        self.fresh = false;
    }

    /// Writes an integer.
    pub fn integer(&mut self, value: i64) {
        let mut digits = String::new();
        // Writing to a string cannot fail.
        let _ = write!(digits, "{value}");
        self.literal(&digits);
    }

    /// Writes a truth value.
    pub fn boolean(&mut self, value: bool) {
        self.literal(if value { "true" } else { "false" });
    }

    /// Writes the list of links: one to the next page, or none.
    ///
    /// The parameters stand in this order with the values they were given; `marker` stands first if the
    /// request had one, else last. A forced parameter is shown although it was not given.
    pub fn next_link(
        &mut self,
        call: &HttpCall<'_>,
        next: Option<&str>,
        order: &[&'static str],
        forced: &[(&str, Option<bool>)],
    ) {
        self.open(b'[');
        if let Some(marker) = next {
            self.element();
            self.open(b'{');
            self.member("rel");
            self.string("next");
            self.member("href");
            self.string(&next_href(call, marker, order, forced));
            self.close(b'}');
        }
        self.close(b']');
    }
}

fn next_href(
    call: &HttpCall<'_>,
    marker: &str,
    order: &[&'static str],
    forced: &[(&str, Option<bool>)],
) -> String {
    let mut href = call.path.to_owned();
    let mut joint = '?';
    let mut add = |name: &str, value: &str| {
        href.push(joint);
        joint = '&';
        href.push_str(name);
        href.push('=');
        href.extend(utf8_percent_encode(value, QUERY));
    };
    let given =
        |name: &str| call.query.iter().find(|(each, _)| *each == name).map(|(_, value)| value);
    for name in order {
        let force = forced.iter().find(|(each, _)| each == name).and_then(|(_, value)| *value);
        match (*name, given(name), force) {
            ("marker", Some(_), _) => add(name, marker),
            (_, _, Some(truth)) if *name != "marker" => {
                add(name, if truth { "true" } else { "false" });
            }
            (_, Some(value), None) => add(name, value),
            _ => {}
        }
    }
    if given("marker").is_none() {
        add("marker", marker);
    }
    href
}

/// Percent-encodes what a `Location` header cannot hold, and resolves `.` and `..` as RFC 3986 §5.2.4 does.
pub fn location(path: &str) -> String {
    const HEADER: &AsciiSet = &percent_encoding::CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`');
    let encoded: String = utf8_percent_encode(path, HEADER).collect();
    let (path, query) =
        encoded.split_once('?').map_or((encoded.as_str(), None), |(a, b)| (a, Some(b)));
    if !path.split('/').any(|segment| segment == "." || segment == "..") {
        return encoded;
    }
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').collect();
    for (index, segment) in segments.iter().enumerate() {
        match *segment {
            "." | ".." => {
                if *segment == ".." && kept.len() > 1 {
                    kept.pop();
                }
                if index + 1 == segments.len() {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    let path = kept.join("/");
    query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}

#[cfg(test)]
mod tests;
