//! A server that runs: its listeners, its background work, and how it stops.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::Request;
use hyper_util::service::TowerToHyperService;
use sukkal_spec::Limits;
use sukkal_storage::{Registry, Store};
use tokio::time::Instant;
use tower::service_fn;

use crate::admin::{Admin, Document, start_metrics};
use crate::clock::Clock;
use crate::config::Config;
use crate::controller::{Controller, SubscriptionIds};
use crate::cors::Cors;
use crate::egress::{BackEnd, Clients, Egress, Lookup, SystemLookup, back_ends};
use crate::encryption::KeyRing;
use crate::listener::{self, Settings};
use crate::metrics::CallMetrics;
use crate::notification::Confirmations;
use crate::notification::dispatch::{Carriers, Dispatcher};
use crate::notification::follow::{Followers, SocketBounds};
use crate::notification::mail::Mail;
use crate::notification::webhook::Webhooks;
use crate::placement::Placement;
use crate::run::RunError;
use crate::shutdown::Shutdown;
use crate::signature::Signatures;
use crate::stage::{Pipelines, Stages};
use crate::transport::http::HttpFace;
use crate::transport::websocket::upgrade;
use crate::transport::{Rules, Service};

/// How long starting waits for the addresses of the service's own stores.
const LONGEST_LOOKUP: std::time::Duration = std::time::Duration::from_secs(2);
/// The path of WebSockets on the HTTP listener.
const SOCKET_PATH: &str = "/v2/ws";

/// A server that runs. Dropping it leaves its tasks running; [`stop`](Self::stop) ends them.
pub struct Running {
    /// Where HTTP is served, if it is.
    pub http: Option<SocketAddr>,
    /// Where WebSockets are served, if they are.
    pub websocket: Option<SocketAddr>,
    /// Where operators are served, if they are.
    pub admin: Option<SocketAddr>,
    config: Config,
    store: Store,
    placement: Placement,
    egress: Arc<Egress>,
    shutdown: Shutdown,
}

/// What stands between the controllers and the stores.
struct Between {
    keys: Arc<KeyRing>,
    pipelines: Pipelines,
}

impl Running {
    /// Starts serving a store that is open; the registry opens the stores of pools.
    ///
    /// # Errors
    /// A pipeline names a stage that is not there, a key cannot be used, the store does not answer, or an address cannot be listened
    /// on; what was started is stopped.
    pub async fn start(
        registry: &Registry,
        store: Store,
        stages: &Stages,
        clock: Clock,
        config: Config,
    ) -> Result<Self, RunError> {
        let between = Between {
            keys: Arc::new(KeyRing::open(&config.encryption)?),
            pipelines: stages.pipelines(&config.pipelines)?,
        };
        let shutdown = Shutdown::new();
        let placement =
            Placement::from_config(registry, store.clone(), clock.clone(), &config, &shutdown);
        let (http, websocket, admin) = (None, None, None);
        let egress = Arc::new(Egress::new(&config.egress, stores(&config)));
        let mut running =
            Self { http, websocket, admin, config, store, placement, egress, shutdown };
        match running.serve(clock, between).await {
            Ok(()) => Ok(running),
            Err(error) => {
                running.stop().await;
                Err(error)
            }
        }
    }

    /// Finishes what is under way within the configured grace, and closes the stores. Returns how many tasks
    /// had to be dropped.
    pub async fn stop(self) -> usize {
        let dropped = self.shutdown.finish(self.config.shutdown_grace).await;
        self.placement.close_pools().await;
        self.store.data.close().await;
        self.store.control.close().await;
        dropped
    }

    async fn serve(&mut self, clock: Clock, between: Between) -> Result<(), RunError> {
        let data = &self.store.data;
        clock.measure(&**data).await.map_err(RunError::Clock)?;
        let metrics = start_metrics(&self.shutdown)?;
        self.shutdown.spawn(clock.clone().keep_measured(Arc::clone(data), self.shutdown.clone()));
        if self.config.notification.enabled {
            let (keys, carriers) = (Arc::clone(&between.keys), self.carriers(&clock)?);
            self.placement.tell_with(Dispatcher::new(self.config.notification, keys, carriers));
        }
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup::new());
        // A name server that does not answer must not keep the service from starting.
        let _ = tokio::time::timeout(LONGEST_LOOKUP, self.egress.resolve_own(&*lookup)).await;
        let (egress, closing) = (Arc::clone(&self.egress), self.shutdown.closing().clone());
        let placement = self.placement.clone();
        self.shutdown.spawn(async move {
            let pools = || placement.pool_uris().iter().flat_map(|uri| back_ends(uri)).collect();
            let keep = egress.keep_own_resolved(lookup, pools);
            closing.run_until_cancelled(keep).await;
        });
        let service = self.service(clock, between);
        self.serve_http(&service).await?;
        self.serve_websocket(&service).await?;
        if let Some(address) = self.config.admin.listen {
            let tcp = listener::bind(address).await?;
            let address = tcp.local_addr()?;
            self.egress.own().listens(address);
            self.admin = Some(address);
            let admin = Admin {
                stores: vec![("main".to_owned(), self.store.clone())],
                placement: self.placement.clone(),
                listeners: self.listeners(),
                metrics,
                documents: documents(),
                shutdown: self.shutdown.clone(),
                started: Instant::now(),
            };
            self.shutdown.spawn(admin.serve(tcp, Settings::admin(&self.config)));
        }
        // Subscribers are told when it is known which addresses are the service's own.
        self.placement.work(&self.shutdown);
        Ok(())
    }

    fn listeners(&self) -> Vec<(&'static str, SocketAddr)> {
        let all = [("http", self.http), ("websocket", self.websocket), ("admin", self.admin)];
        all.into_iter().filter_map(|(name, address)| Some((name, address?))).collect()
    }

    /// Who tells subscribers of which URI schemes.
    fn carriers(&self, clock: &Clock) -> Result<Carriers, RunError> {
        let (config, egress) = (&self.config, Arc::clone(&self.egress));
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup::new());
        let clients = Clients::open(&egress, &config.egress, &lookup)?;
        let signatures = Signatures::new(config.signing.clone(), clock.clone());
        let confirmations = Confirmations::new(config.confirmation.clone(), signatures);
        let keys = config.webhook_signing.clone();
        let mail = Mail::new(config.mail.clone(), confirmations.clone())?;
        let webhooks = Webhooks::new(egress, clients, keys, confirmations, &config.egress);
        let schemes = ["http", "https", "trust+http", "trust+https"];
        let carriers = Carriers::new().with(&schemes, Arc::new(webhooks));
        Ok(carriers.with(&["mailto"], Arc::new(mail)))
    }

    fn service(&self, clock: Clock, between: Between) -> Arc<Service<Controller>> {
        let signatures = Signatures::new(self.config.signing.clone(), clock);
        let keys = between.keys;
        let bounds = SocketBounds {
            waiting_bytes: self.config.websocket.max_waiting_bytes,
            subscriptions: self.config.websocket.max_subscriptions,
        };
        let (placement, shutdown) = (self.placement.clone(), self.shutdown.clone());
        let followers = Followers::new(placement, Arc::clone(&keys), bounds, shutdown);
        followers.work();
        let mut limits = Limits::default();
        for (name, value) in self.config.limits.iter() {
            limits.set(name, value);
        }
        let api = Controller {
            placement: self.placement.clone(),
            limits: limits.clone(),
            checksums: self.config.enable_checksum,
            claim_ids_required: self.config.transport.message_delete_with_claim_id,
            subscriber_types: self.config.transport.subscriber_types.clone(),
            egress: Arc::clone(&self.egress),
            webhook_keys: self.config.webhook_signing.clone(),
            subscription_ids: SubscriptionIds::new(),
            followers: followers.clone(),
            keys,
            pipelines: between.pipelines,
            admin_mode: self.config.admin_mode,
            confirmations: Confirmations::new(self.config.confirmation.clone(), signatures.clone()),
            signatures: signatures.clone(),
        };
        Arc::new(Service {
            api,
            rules: Rules {
                limits,
                client_id: self.config.transport.client_id,
                switches: self.config.switches.clone(),
                signatures,
            },
            cors: Cors::from_config(&self.config.cors),
            config: self.config.clone(),
            followers,
            shutdown: self.shutdown.clone(),
            metrics: CallMetrics::new(),
        })
    }

    async fn serve_http(&mut self, service: &Arc<Service<Controller>>) -> Result<(), RunError> {
        let Some(address) = self.config.http.listen else { return Ok(()) };
        let tcp = listener::bind(address).await?;
        let address = tcp.local_addr()?;
        self.egress.own().listens(address);
        self.http = Some(address);
        let face = Arc::new(HttpFace::new(Arc::clone(service)));
        let socket = Arc::clone(service);
        let router = Router::new()
            .route(
                SOCKET_PATH,
                axum::routing::any(move |request| {
                    let response = upgrade(&socket, request);
                    async { response }
                }),
            )
            .fallback_service(service_fn(move |request: Request<Body>| {
                let face = Arc::clone(&face);
                async move { Ok::<_, Infallible>(face.answer(request).await) }
            }));
        self.listen("http", tcp, Settings::http(&self.config), router);
        Ok(())
    }

    async fn serve_websocket(
        &mut self,
        service: &Arc<Service<Controller>>,
    ) -> Result<(), RunError> {
        let Some(address) = self.config.websocket.listen else { return Ok(()) };
        let tcp = listener::bind(address).await?;
        let address = tcp.local_addr()?;
        self.egress.own().listens(address);
        self.websocket = Some(address);
        let service = Arc::clone(service);
        let router = Router::new().fallback_service(service_fn(move |request: Request<Body>| {
            let response = upgrade(&service, request);
            async { Ok::<_, Infallible>(response) }
        }));
        self.listen("websocket", tcp, Settings::websocket(&self.config), router);
        Ok(())
    }

    fn listen(
        &self,
        name: &'static str,
        tcp: tokio::net::TcpListener,
        settings: Settings,
        router: Router,
    ) {
        let service = TowerToHyperService::new(router);
        let make = move |_peer| service.clone();
        self.shutdown.spawn(listener::serve(name, tcp, settings, make, self.shutdown.clone()));
    }
}

/// The hosts of the stores that are configured.
fn stores(config: &Config) -> Vec<BackEnd> {
    let uris = [Some(&config.storage.uri), config.storage.control_uri.as_ref()];
    uris.into_iter().flatten().flat_map(|uri| back_ends(uri)).collect()
}

/// The published documents.
fn documents() -> Vec<Document> {
    let document = |path: &str, content_type, text: &'static str| Document {
        path: path.to_owned(),
        content_type,
        bytes: Bytes::from_static(text.as_bytes()),
    };
    let page = "text/html; charset=utf-8";
    vec![
        document("/", page, sukkal_spec::REFERENCE),
        document("/reference.html", page, sukkal_spec::REFERENCE),
        document("/openapi.json", "application/json", sukkal_spec::OPENAPI),
        document("/asyncapi.json", "application/json", sukkal_spec::ASYNCAPI),
        document("/actions.schema.json", "application/schema+json", sukkal_spec::ACTIONS_SCHEMA),
    ]
}
