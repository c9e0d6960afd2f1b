//! Pools belong to the whole deployment, so what a scenario made has to go before the next one starts.

use serde_json::Value;

use super::exchange::{Action, Exchange};
use crate::client::{ClientError, HttpClient, HttpReply, HttpRequest};

const CLIENT_ID: &str = "3381af92-2b9e-11e3-b191-71861300734c";

/// Whether the server has no pool, as a scenario with pools expects; else a sentence saying why not.
pub(super) async fn check_none_exist(http: &HttpClient, project: &str) -> Result<(), String> {
    let reply = ask(http, "GET", "/v2/pools", project).await.map_err(|error| error.to_string())?;
    if reply.status != 200 {
        return Err(format!(
            "GET /v2/pools answers {} instead of 200: is pooling on?",
            reply.status
        ));
    }
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    match body.get("pools").and_then(Value::as_array) {
        Some(pools) if pools.is_empty() => Ok(()),
        Some(_) => Err("the server already has pools".to_owned()),
        None => Err("GET /v2/pools does not answer with a list of pools".to_owned()),
    }
}

/// Removes the pools and flavors that the requests of a scenario may have created, and nothing else.
pub(super) async fn remove_created(
    http: &HttpClient,
    project: &str,
    exchanges: &[Exchange],
) -> Result<(), ClientError> {
    let created = |prefix: &str| -> Vec<String> {
        let paths = exchanges.iter().filter_map(|exchange| match &exchange.action {
            Action::Http(recorded) if recorded.request.method == "PUT" => {
                Some(&recorded.request.path)
            }
            _ => None,
        });
        let mut paths: Vec<String> =
            paths.filter(|path| path.starts_with(prefix)).cloned().collect();
        paths.sort();
        paths.dedup();
        paths
    };
    // A pool cannot go while a flavor uses it.
    for path in created("/v2/flavors/").into_iter().chain(created("/v2/pools/")) {
        ask(http, "DELETE", &path, project).await?;
    }
    Ok(())
}

async fn ask(
    http: &HttpClient,
    method: &str,
    path: &str,
    project: &str,
) -> Result<HttpReply, ClientError> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("Client-ID", CLIENT_ID),
        header("X-Project-ID", project),
        header("X-Roles", "admin"),
    ];
    let request =
        HttpRequest { method: method.to_owned(), path: path.to_owned(), headers, body: None };
    http.send(&request).await
}
