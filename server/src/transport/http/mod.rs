//! HTTP: from a request to a response.

mod body;
mod exchange;
mod headers;
mod present;
mod query;
mod routes;

use std::sync::Arc;

use http::Request;
use http::request::Parts;
use sukkal_spec::{Api, ApiError};

pub(crate) use present::HttpResponse;
use routes::Routes;

use crate::placement::is_queue_name;
use crate::request_id::{REQUEST_ID_HEADER, RequestId};
use crate::transport::{Admitted, Asked, Service, admit, check_project};
use exchange::{Exchange, Found};
use query::Query;
use routes::{Otherwise, Route, Runs};

/// The methods that HTTP defines; any other is refused with its own text.
const STANDARD: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// What every route but the list of versions asks of its caller.
const ASKED: Asked = Asked { client: true, project: true, client_form: true };

/// Answers requests to the API.
pub struct HttpFace<A: 'static> {
    service: Arc<Service<A>>,
    routes: Routes<A>,
}

impl<A: Api + 'static> HttpFace<A> {
    /// The face of a service.
    pub fn new(service: Arc<Service<A>>) -> Self {
        let routes = Routes::new(&service.rules.switches);
        Self { service, routes }
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<axum::body::Body>) -> HttpResponse {
        let request_id = RequestId::new();
        let (parts, body) = request.into_parts();
        let mut response = if parts.method == http::Method::OPTIONS {
            self.options(&parts)
        } else {
            self.route(&parts, body, request_id).await
        };
        if !response.headers().contains_key(http::header::ALLOW)
            || parts.method != http::Method::OPTIONS
        {
            response.headers_mut().insert(REQUEST_ID_HEADER, request_id.header_value());
        }
        if let Some(cors) = &self.service.cors {
            cors.decorate(&parts.headers, response.headers_mut());
        }
        response
    }

    async fn route(
        &self,
        parts: &Parts,
        body: axum::body::Body,
        request_id: RequestId,
    ) -> HttpResponse {
        let path = routes::decoded(parts.uri.path());
        let refuse = |error: ApiError| present::error(None, &error, &|_| None);
        let Some((route, captures)) = self.routes.find(&path) else {
            return refuse(ApiError::RouteUnknown);
        };
        let admitted = match self.admit(route, &path, &captures, parts) {
            Ok(admitted) => admitted,
            Err(error) => return refuse(error),
        };
        let Some(runs) = route.method(parts.method.as_str()) else {
            if STANDARD.contains(&parts.method.as_str()) {
                return present::method_not_allowed(&route.allow());
            }
            return refuse(ApiError::MethodUnknown);
        };
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let run = match self.choose(runs, &query) {
            Ok(run) => run,
            Err(response) => return *response,
        };
        let found = Found { path: &path, captures: &captures, query: &query };
        run(Exchange { service: &self.service, parts, body, found, admitted, request_id }).await
    }

    /// The checks that every matched path makes, in the order clients can observe: signature, media types,
    /// client, project, name of the queue or topic.
    fn admit(
        &self,
        route: &Route<A>,
        path: &str,
        captures: &[(&'static str, &str)],
        parts: &Parts,
    ) -> Result<Option<Admitted>, ApiError> {
        let mut caller = headers::caller(&parts.headers);
        let grant = headers::shown(&parts.headers);
        if let Some(grant) = &grant {
            if !self.service.rules.signatures.admits(grant, parts.method.as_str(), path) {
                return Err(ApiError::RouteUnknown);
            }
            caller = caller.holding(grant);
        }
        headers::check_media(&parts.headers, route.takes_forms)?;
        if !route.needs_context {
            return Ok(None);
        }
        let admitted = admit(&self.service.rules, caller, ASKED)?.by(grant.as_ref());
        for (variable, name) in captures {
            let refused = match *variable {
                "queue_name" => ApiError::QueueNameInvalid,
                "topic_name" => ApiError::TopicNameInvalid,
                _ => continue,
            };
            if !is_queue_name(name) || check_project(&admitted.project_id).is_err() {
                return Err(refused);
            }
        }
        Ok(Some(admitted))
    }

    fn choose<'r>(
        &self,
        runs: &'r Runs<A>,
        query: &Query<'_>,
    ) -> Result<&'r routes::Run<A>, Box<HttpResponse>> {
        let (choices, otherwise) = match runs {
            Runs::One(run) => return Ok(run),
            Runs::Fixed(status) => {
                let reply =
                    sukkal_spec::present::HttpReply { status: *status, ..Default::default() };
                return Err(Box::new(present::response(reply)));
            }
            Runs::Choice(choices, otherwise) => (choices, otherwise),
        };
        let mut fitting = choices.iter().filter(|(name, _)| query.has(name));
        match (fitting.next(), fitting.next(), otherwise) {
            (Some((_, run)), None, _) | (Some((_, run)), Some(_), Otherwise::Run(_)) => Ok(run),
            (None, _, Otherwise::Run(run)) => Ok(run),
            (first, _, Otherwise::Misfit { info, none, several }) => {
                let misfit = if first.is_none() { *none } else { *several };
                let error = ApiError::CallMisfit(misfit);
                Err(Box::new(present::error(Some(info), &error, &|_| None)))
            }
        }
    }

    /// `OPTIONS` never fails: it tells the methods of a path to a caller who would be let in, and nothing to others.
    fn options(&self, parts: &Parts) -> HttpResponse {
        let path = routes::decoded(parts.uri.path());
        let found = self
            .routes
            .find(&path)
            .filter(|(route, captures)| self.admit(route, &path, captures, parts).is_ok());
        let mut response =
            found.map_or_else(present::bare_options, |(route, _)| present::options(&route.allow()));
        if let Some(cors) = &self.service.cors {
            let preflight = cors.preflight(&parts.headers);
            if !preflight.is_empty() {
                response = present::bare_options();
                present::add(&mut response, preflight);
            }
        }
        response
    }
}
