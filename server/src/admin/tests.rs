use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::service::Service;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::testing::Fake;

struct Setting {
    fake: Arc<Fake>,
    shutdown: Shutdown,
    service: TowerToHyperService<Router>,
    recorder: metrics_exporter_prometheus::PrometheusRecorder,
}

impl Setting {
    fn new() -> Self {
        let fake = Arc::new(Fake::default());
        let shutdown = Shutdown::new();
        let recorder = PrometheusBuilder::new().build_recorder();
        let store = Store { control: fake.clone(), data: fake.clone() };
        let admin = Admin {
            stores: vec![("main".to_owned(), store.clone())],
            placement: Placement::new(store, Clock::system()),
            listeners: vec![("http", SocketAddr::from(([127, 0, 0, 1], 8888)))],
            metrics: recorder.handle(),
            documents: vec![Document {
                path: "/openapi.json".to_owned(),
                content_type: "application/json",
                bytes: Bytes::from_static(b"{}"),
            }],
            shutdown: shutdown.clone(),
            started: Instant::now(),
        };
        Self { fake, shutdown, service: TowerToHyperService::new(admin.router()), recorder }
    }

    async fn get(&self, path: &str) -> (u16, String, String) {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let (head, body) = self.service.call(request).await.unwrap().into_parts();
        let kind =
            head.headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap()).to_owned();
        let bytes = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), kind, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn get_json(&self, path: &str) -> (u16, Value) {
        let (status, kind, body) = self.get(path).await;
        assert_eq!(kind, "application/json");
        (status, serde_json::from_str(&body).unwrap())
    }
}

#[tokio::test]
async fn is_alive_whatever_the_stores_do() {
    let setting = Setting::new();
    setting.fake.unavailable.store(true, Ordering::Relaxed);

    assert_eq!(setting.get_json("/live").await, (200, json!({ "status": "live" })));
}

#[tokio::test]
async fn is_ready_while_every_store_answers() {
    let setting = Setting::new();
    assert_eq!(
        setting.get_json("/ready").await,
        (200, json!({ "status": "ready", "stores": { "main": "ok" } }))
    );

    setting.fake.unavailable.store(true, Ordering::Relaxed);
    let reason = "the store is not available: told to fail";
    assert_eq!(
        setting.get_json("/ready").await,
        (503, json!({ "status": "unavailable", "stores": { "main": reason } }))
    );
}

#[tokio::test]
async fn is_not_ready_once_it_stops() {
    let setting = Setting::new();
    setting.shutdown.begin();

    assert_eq!(setting.get_json("/ready").await, (503, json!({ "status": "stopping" })));
}

#[tokio::test(start_paused = true)]
async fn shows_what_runs_where_on_which_stores() {
    let setting = Setting::new();
    tokio::time::advance(Duration::from_secs(90)).await;

    let role = json!({ "driver": "fake", "durability": "none", "detail": "for tests" });
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": 90,
        "stopping": false,
        "listeners": { "http": "127.0.0.1:8888" },
        "stores": [{ "name": "main", "capabilities": ["FIFO", "CLAIMS"], "control": role, "data": role }],
    });
    assert_eq!(setting.get_json("/status").await, (200, expected));
}

#[tokio::test]
async fn shows_the_trouble_of_a_store() {
    let setting = Setting::new();
    setting.fake.unavailable.store(true, Ordering::Relaxed);

    let (status, shown) = setting.get_json("/status").await;

    assert_eq!(status, 200);
    assert_eq!(
        shown["stores"][0]["data"],
        json!({ "error": "the store is not available: told to fail" })
    );
}

#[tokio::test]
async fn renders_metrics() {
    let setting = Setting::new();
    ::metrics::with_local_recorder(&setting.recorder, || {
        ::metrics::counter!("requests_total").increment(3);
    });

    let (status, kind, body) = setting.get("/metrics").await;

    assert_eq!((status, kind.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    assert!(body.contains("requests_total 3"), "{body}");
}

#[tokio::test]
async fn serves_documents_and_nothing_else() {
    let setting = Setting::new();

    let document = setting.get("/openapi.json").await;
    assert_eq!(document, (200, "application/json".to_owned(), "{}".to_owned()));
    assert_eq!(setting.get("/elsewhere").await.0, 404);
}
