//! The HTTP clients that keep to the rules.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Proxy, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::lookup::Lookup;
use super::names::plain;
use super::policy::Policy;
use super::resolver::Resolver;
use super::{Egress, own};
use crate::config::EgressConfig;

/// How long a connection may wait for the next request: less than the five seconds after which some servers close it, which a request
/// may cross. A host that moves is followed after this.
const IDLE: Duration = Duration::from_secs(4);
/// How many connections to one host may wait.
const IDLE_PER_HOST: usize = 16;
/// The largest headers of an answer over HTTP/2, in bytes.
const HEADERS: u32 = 16 << 10;

/// Why there are no clients.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file of certificates cannot be read.
    #[error("egress.ca_file cannot be used: {0}")]
    CaFile(String),
    /// TLS, the proxy or the user agent cannot be used.
    #[error("no client for webhooks can be made: {0}")]
    Unusable(String),
}

/// One client per policy. A connection that waits is used for no project but those it was checked for.
#[derive(Clone)]
pub struct Clients {
    everybody: Client,
    projects: HashMap<String, Client>,
}

impl Clients {
    /// Makes the clients.
    ///
    /// # Errors
    /// As the variants of [`ClientError`] say.
    pub fn open(
        egress: &Egress,
        config: &EgressConfig,
        lookup: &Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        let tls = tls(config.ca_file.as_deref())?;
        let open = |policy: &Arc<Policy>| client(policy, config, lookup, tls.clone());
        let projects = egress.projects.iter();
        Ok(Self {
            everybody: open(&egress.everybody)?,
            projects: projects
                .map(|(project, policy)| Ok((project.clone(), open(policy)?)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The client for what a project asks for. Requests must run within [`to_port`](super::to_port), to URLs that passed
    /// [`Policy::check`]: addresses in URLs are not resolved, hence not checked again.
    pub fn of(&self, project: &str) -> &Client {
        self.projects.get(project).unwrap_or(&self.everybody)
    }
}

fn client(
    policy: &Arc<Policy>,
    config: &EgressConfig,
    lookup: &Arc<dyn Lookup>,
    tls: ClientConfig,
) -> Result<Client, ClientError> {
    let unusable = |error: reqwest::Error| ClientError::Unusable(error.without_url().to_string());
    let proxy = config.proxy_uri();
    let resolver = Resolver {
        policy: Arc::clone(policy),
        lookup: Arc::clone(lookup),
        proxy: proxy.and_then(|uri| own::back_ends(uri).pop()).map(|proxy| plain(proxy.host())),
    };
    // Without this the variables of the environment would name one.
    let mut builder = Client::builder().no_proxy();
    if let Some(proxy) = proxy {
        builder = builder.proxy(Proxy::all(proxy).map_err(unusable)?);
    }
    builder
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(resolver))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(config.connect_timeout)
        .timeout(config.timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http2_max_header_list_size(HEADERS)
        .tcp_nodelay(true)
        .user_agent(&config.user_agent)
        .build()
        .map_err(unusable)
}

/// TLS that trusts the authorities of the system, and those of the file.
fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::debug!(%error, "an authority of the system cannot be read");
    }
    roots.add_parsable_certificates(found.certs);
    if let Some(path) = ca_file {
        let unusable = |error: &dyn std::fmt::Display| ClientError::CaFile(error.to_string());
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unusable(&error))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unusable(&error))?;
            roots.add(certificate).map_err(|error| unusable(&error))?;
        }
    }
    if roots.is_empty() {
        tracing::warn!("no authority is known: webhooks over https will fail");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Unusable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}
