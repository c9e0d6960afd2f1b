//! Webhooks over TLS. The certificates are for tests only: their authority signed one server, 127.0.0.1, and its key is gone.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::*;

const AUTHORITY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/notification/webhook/tests/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("server.pem");
const KEY: &[u8] = include_bytes!("server-key.pem");

fn acceptor() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from_pem_slice(KEY).unwrap());
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

/// A server over TLS that says 204, at a port of 127.0.0.1 and 127.0.0.2.
async fn secure() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut socket) = acceptor().accept(socket).await else { continue };
            let mut buffer = vec![0; 4096];
            while socket.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                let _ = socket.write_all(b"HTTP/1.1 204 No\r\n\r\n").await;
            }
        }
    });
    port
}

async fn told(options: &[(&str, &str)], url: &str) -> Told {
    webhooks(options).carry(&parcel(url, "{}")).await
}

#[tokio::test]
async fn certificates_are_verified() {
    let port = secure().await;
    let url = format!("https://127.0.0.1:{port}/");
    let trusting = [("egress.ca_file", AUTHORITY), ("egress.allow", "127.0.0.1,127.0.0.2")];

    let strict = told(&[], &url).await;
    let known = told(&trusting, &url).await;
    let another_name = told(&trusting, &format!("https://127.0.0.2:{port}/")).await;

    assert_eq!(strict.outcome, FAILED);
    assert!(strict.detail.contains("certificate"), "{}", strict.detail);
    assert_eq!((known.outcome, known.status), (Outcome::Delivered, Some(204)), "{}", known.detail);
    assert_eq!(another_name.outcome, FAILED);
    assert!(another_name.detail.contains("certificate"), "{}", another_name.detail);
}

#[tokio::test]
async fn broken_tls_fails() {
    let (plain, ..) = server("HTTP/1.1 200 OK\r\n\r\n").await;
    let told_plain = told(&[], &plain.replace("http:", "https:")).await;
    assert_eq!(told_plain.outcome, FAILED, "{told_plain:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut hello = [0; 64];
            let _ = socket.read(&mut hello).await;
            // A record that announces more than it has, and never continues.
            let _ = socket.write_all(b"\x16\x03\x03\x40\x00\x02").await;
            tokio::spawn(async move {
                std::future::pending::<()>().await;
                drop(socket);
            });
        }
    });
    assert_eq!(told(&[], &url).await.outcome, FAILED);
}

#[tokio::test]
async fn a_file_of_authorities_that_cannot_be_read_is_told() {
    let flags = vec![Given {
        flag: "--set".to_owned(),
        option: "egress.ca_file".to_owned(),
        value: "/nowhere/ca.pem".to_owned(),
    }];
    let settings = load(Table::standard(), &Sources { flags, ..Sources::default() }).unwrap();
    let config = Config::from_settings(settings).unwrap();
    let egress = Egress::new(&config.egress, Vec::new());
    let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup::new());

    let told = Clients::open(&egress, &config.egress, &lookup).err().map(|error| error.to_string());

    assert!(told.is_some_and(|told| told.starts_with("egress.ca_file cannot be used: ")));
}
