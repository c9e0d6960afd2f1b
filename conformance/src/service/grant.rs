//! Calls by the holder of a pre-signed URL.

use serde_json::{Value, json};

/// A grant as its holder shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The signature.
    pub signature: String,
    /// When it ends.
    pub expires: Option<String>,
    /// The methods.
    pub methods: Vec<String>,
    /// The paths.
    pub paths: Vec<String>,
    /// The project.
    pub project: String,
    /// The key, if the grant names one.
    pub key_id: Option<String>,
    /// When it was signed, if the grant says so.
    pub issued: Option<String>,
}

impl Grant {
    /// Reads the answer of a call that shared something.
    pub fn read(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let list = |name: &str| {
            let items = answer[name].as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            signature: text("signature").unwrap_or_default(),
            expires: text("expires"),
            methods: list("methods"),
            paths: list("paths"),
            project: text("project").unwrap_or_default(),
            key_id: text("key_id"),
            issued: text("issued"),
        }
    }

    /// The headers of an HTTP request.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let all = [
            ("URL-Signature", Some(self.signature.clone())),
            ("URL-Expires", self.expires.clone()),
            ("URL-Methods", Some(self.methods.join(","))),
            ("URL-Paths", Some(self.paths.join(","))),
            ("URL-Key-Id", self.key_id.clone()),
            ("URL-Issued", self.issued.clone()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// Adds the headers of a frame.
    pub(super) fn add_to(&self, headers: &mut Value) {
        headers["URL-Signature"] = json!(self.signature);
        headers["URL-Methods"] = json!(self.methods);
        headers["URL-Paths"] = json!(self.paths);
        let rest = [
            ("URL-Expires", &self.expires),
            ("URL-Key-Id", &self.key_id),
            ("URL-Issued", &self.issued),
        ];
        for (name, value) in rest {
            if let Some(value) = value {
                headers[name] = json!(value);
            }
        }
    }
}
