//! Which pages of other origins may call the API, as pure functions of headers.
//!
//! Nothing here when no origin is configured: then no header is added and OPTIONS is as without CORS.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

use crate::config::CorsConfig;

/// Request headers that are always allowed.
const SIMPLE_HEADERS: [&str; 8] = [
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Cache-Control",
    "Content-Language",
    "Expires",
    "Last-Modified",
    "Pragma",
];

/// The rules for pages of other origins.
#[derive(Clone, Debug)]
pub struct Cors {
    origins: Vec<HeaderValue>,
    allows_all_origins: bool,
    allows_credentials: bool,
    methods: Vec<String>,
    headers: Vec<String>,
    exposed: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

impl Cors {
    /// Reads the rules; `None` when no origin is allowed, so that CORS is off.
    pub fn from_config(config: &CorsConfig) -> Option<Self> {
        if config.allowed_origin.is_empty() {
            return None;
        }
        let exposed = config.expose_headers.join(",");
        Some(Self {
            origins: config
                .allowed_origin
                .iter()
                .filter_map(|origin| HeaderValue::from_str(origin).ok())
                .collect(),
            allows_all_origins: config.allowed_origin.iter().any(|origin| origin == "*"),
            allows_credentials: config.allow_credentials,
            methods: config.allow_methods.clone(),
            headers: config.allow_headers.clone(),
            exposed: HeaderValue::from_str(&exposed).ok().filter(|value| !value.is_empty()),
            max_age: (config.max_age > 0).then(|| HeaderValue::from(config.max_age)),
        })
    }

    /// The headers to add to the answer of an OPTIONS request; none when it is no preflight, or asks
    /// for something that is not allowed.
    pub fn preflight(&self, request: &HeaderMap) -> HeaderMap {
        self.allowed_preflight(request).unwrap_or_default()
    }

    /// Adds headers to the answer of any other request, whatever its status. Nothing is added for an
    /// origin that is not allowed, or to an answer that has such headers already.
    pub fn decorate(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if answer.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        let Some(origin) = self.allowed_origin(request) else { return };
        answer.insert(VARY, vary(answer.get(VARY)));
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        self.add_credentials(answer);
        if let Some(exposed) = &self.exposed {
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    fn allowed_preflight(&self, request: &HeaderMap) -> Option<HeaderMap> {
        let origin = self.allowed_origin(request)?;
        let method = request.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        self.methods.iter().find(|each| each.as_bytes() == method.as_bytes())?;
        let requested = requested_headers(request)?;
        if !requested.iter().all(|name| self.allows_header(name)) {
            return None;
        }
        let mut answer = HeaderMap::with_capacity(6);
        answer.insert(VARY, HeaderValue::from_static("Origin"));
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        self.add_credentials(&mut answer);
        if let Some(max_age) = &self.max_age {
            answer.insert(ACCESS_CONTROL_MAX_AGE, max_age.clone());
        }
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if !requested.is_empty() {
            answer.insert(
                ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_str(&requested.join(",")).ok()?,
            );
        }
        Some(answer)
    }

    fn allowed_origin(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(ORIGIN)?;
        if self.origins.contains(origin) {
            return Some(origin.clone());
        }
        self.allows_all_origins.then(|| HeaderValue::from_static("*"))
    }

    fn allows_header(&self, name: &str) -> bool {
        let configured = self.headers.iter().map(String::as_str);
        configured.chain(SIMPLE_HEADERS).any(|each| each.eq_ignore_ascii_case(name))
    }

    fn add_credentials(&self, answer: &mut HeaderMap) {
        if self.allows_credentials {
            answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// The header names a preflight asks for, as written; `None` if they cannot be read.
fn requested_headers(request: &HeaderMap) -> Option<Vec<&str>> {
    let Some(list) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) else { return Some(Vec::new()) };
    let names = list.to_str().ok()?.split(',').map(str::trim);
    Some(names.filter(|name| !name.is_empty()).collect())
}

fn vary(present: Option<&HeaderValue>) -> HeaderValue {
    let origin = HeaderValue::from_static("Origin");
    let Some(present) = present.filter(|value| !value.is_empty()) else { return origin };
    HeaderValue::from_bytes(&[present.as_bytes(), b",Origin"].concat()).unwrap_or(origin)
}

#[cfg(test)]
mod tests;
