//! What request headers decide before a call: media types, and who is calling.

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};
use sukkal_spec::ApiError;

use crate::signature::Shown;
use crate::transport::Caller;

const CLIENT_ID: HeaderName = HeaderName::from_static("client-id");
const PROJECT: [HeaderName; 3] = [
    HeaderName::from_static("x-project-id"),
    HeaderName::from_static("x-tenant-id"),
    HeaderName::from_static("x-tenant"),
];
const USER: [HeaderName; 2] =
    [HeaderName::from_static("x-user-id"), HeaderName::from_static("x-user")];
const ROLES: [HeaderName; 2] =
    [HeaderName::from_static("x-roles"), HeaderName::from_static("x-role")];
const SIGNATURE: HeaderName = HeaderName::from_static("url-signature");
const EXPIRES: HeaderName = HeaderName::from_static("url-expires");
const METHODS: HeaderName = HeaderName::from_static("url-methods");
const PATHS: HeaderName = HeaderName::from_static("url-paths");
const KEY_ID: HeaderName = HeaderName::from_static("url-key-id");
const ISSUED: HeaderName = HeaderName::from_static("url-issued");

/// Refuses form bodies, unless they are taken, and callers that take no JSON.
///
/// # Errors
/// [`ApiError::MediaTypeRefused`], [`ApiError::NotAcceptable`].
pub(crate) fn check_media(headers: &HeaderMap, takes_forms: bool) -> Result<(), ApiError> {
    let form =
        headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|text| {
            let essence = text.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if form && !takes_forms && headers.contains_key(CONTENT_LENGTH) {
        return Err(ApiError::MediaTypeRefused);
    }
    if accepts_json(headers) { Ok(()) } else { Err(ApiError::NotAcceptable) }
}

/// Who calls, by the headers.
pub(crate) fn caller(headers: &HeaderMap) -> Caller<'_> {
    let text = |name: &HeaderName| text(headers, name);
    Caller {
        project_id: PROJECT.iter().find_map(text),
        client_id: text(&CLIENT_ID),
        user_id: USER.iter().find_map(text),
        roles: ROLES.iter().find_map(text),
    }
}

/// The grant that the caller shows, if it shows one.
pub(crate) fn shown(headers: &HeaderMap) -> Option<Shown<'_>> {
    let signature = headers.get(SIGNATURE).filter(|value| !value.is_empty())?;
    let text = |name: &HeaderName| text(headers, name);
    let list = |name: &HeaderName| text(name).map(|list| list.split(',').collect());
    Some(Shown {
        signature: signature.to_str().unwrap_or_default(),
        // One that cannot be read is no date.
        expires: headers.get(EXPIRES).map(|value| value.to_str().unwrap_or_default()),
        methods: list(&METHODS).unwrap_or_default(),
        paths: list(&PATHS).unwrap_or_default(),
        project: text(&PROJECT[0]),
        key_id: text(&KEY_ID),
        issued: text(&ISSUED),
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let mut quality: Option<(u8, f32)> = None;
    let mut any = false;
    for value in headers.get_all(ACCEPT) {
        let Ok(text) = value.to_str() else { return false };
        for range in text.split(',').map(str::trim).filter(|range| !range.is_empty()) {
            any = true;
            let mut parts = range.split(';').map(str::trim);
            let rank = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "application/json" => 3,
                "application/*" => 2,
                "*/*" => 1,
                _ => continue,
            };
            let given =
                parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let Ok(weight) = given.unwrap_or("1").parse::<f32>() else { continue };
            if quality.is_none_or(|(best, _)| rank > best) {
                quality = Some((rank, weight));
            }
        }
    }
    !any || quality.is_some_and(|(_, weight)| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(text: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, text.parse().unwrap());
        accepts_json(&headers)
    }

    #[test]
    fn takes_what_admits_json() {
        for text in [
            "*/*",
            "application/*",
            "application/json;charset=utf-8",
            "*/*;q=0.1",
            "",
            "text/html, */*",
        ] {
            assert!(accepting(text), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_does_not() {
        for text in [
            "text/html",
            "application/json;q=0",
            "application/vnd.openstack.messaging-v2+json",
            "image/png, text/*",
        ] {
            assert!(!accepting(text), "{text:?}");
        }
    }
}
