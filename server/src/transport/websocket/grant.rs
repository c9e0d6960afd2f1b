//! Grants that are shown in the headers of a frame.

use sukkal_spec::OperationInfo;
use sukkal_spec::raw::Raw;

use super::envelope::{Envelope, text_member};
use crate::json;
use crate::signature::{Shown, Signatures};

/// The headers of a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GrantHeaders {
    /// `URL-Signature`; empty if it is no string.
    pub signature: Option<String>,
    expires: Option<String>,
    methods: Vec<String>,
    paths: Vec<String>,
    key_id: Option<String>,
    issued: Option<String>,
}

impl GrantHeaders {
    /// Takes one header. A value of the wrong type is kept as one that fits nothing.
    pub(crate) fn take(&mut self, name: &str, value: &Raw) {
        let text = || Some(json::read(value.bytes()).unwrap_or_default());
        let list = || json::read(value.bytes()).unwrap_or_default();
        match name {
            "URL-Signature" => self.signature = text(),
            "URL-Expires" => self.expires = text(),
            "URL-Methods" => self.methods = list(),
            "URL-Paths" => self.paths = list(),
            "URL-Key-Id" => self.key_id = text(),
            "URL-Issued" => self.issued = text(),
            _ => {}
        }
    }

    /// The grant, for this project.
    pub(crate) fn shown<'a>(&'a self, project: Option<&'a str>) -> Shown<'a> {
        Shown {
            signature: self.signature.as_deref().unwrap_or_default(),
            expires: self.expires.as_deref(),
            methods: self.methods.iter().map(String::as_str).collect(),
            paths: self.paths.iter().map(String::as_str).collect(),
            project,
            key_id: self.key_id.as_deref(),
            issued: self.issued.as_deref(),
        }
    }
}

/// Whether a grant admits an action: it must cover the method and the path that carry it over HTTP.
pub(crate) fn admits(
    signatures: &Signatures,
    grant: &Shown<'_>,
    info: &OperationInfo,
    envelope: &Envelope,
) -> bool {
    let Some(binding) = info.http else { return false };
    let part =
        |part: &'static str| match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            None => Some(part.to_owned()),
            Some(name) => text_member(envelope.body.as_ref(), name),
        };
    let parts: Option<Vec<String>> = binding.path.split('/').map(part).collect();
    parts.is_some_and(|parts| signatures.admits(grant, binding.method, &parts.join("/")))
}
