//! A server with its front, as a client of a cloud meets it.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::front::{self, Address, PASSWORD};
use crate::program::ClientTrial;
use crate::server::{Server, Setup};

/// The servers, each started when the first trial needs it.
#[derive(Default)]
pub(crate) struct Deployment {
    compat: OnceLock<Running>,
    pooled: OnceLock<Running>,
}

/// A server that runs, and its front.
struct Running {
    address: Address,
    server: Server,
    _runtime: Runtime,
    _data_dir: TempDir,
}

impl Running {
    fn start(options: &[&str]) -> Self {
        let data_dir = TempDir::new().unwrap();
        let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/compat.toml");
        let setup = Setup::new(data_dir.path()).with(&["--config", profile.to_str().unwrap()]);
        let setup = setup.set("log.level=info");
        let server = options.iter().fold(setup, |setup, option| setup.set(option)).start();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let address = runtime.block_on(front::serve(server.http, server.websocket)).unwrap();
        Self { address, server, _runtime: runtime, _data_dir: data_dir }
    }
}

impl Deployment {
    /// Tells a program where the service is, and who it is: a user of a project of its own.
    pub(crate) fn tell(&self, trial: &ClientTrial, command: &mut Command) {
        let running = if trial.is_pooled() {
            self.pooled.get_or_init(|| Running::start(&["pooling=true"]))
        } else {
            self.compat.get_or_init(|| Running::start(&[]))
        };
        command
            .env("SERVICE_URL", format!("http://{}", running.server.http))
            .env("WEBSOCKET_URL", format!("ws://{}", running.server.websocket))
            .env("FRONT_URL", &running.address.service)
            .env("OS_AUTH_TYPE", "password")
            .env("OS_AUTH_URL", &running.address.identity)
            .env("OS_USERNAME", "operator")
            .env("OS_PASSWORD", PASSWORD)
            .env("OS_USER_DOMAIN_ID", "default")
            .env("OS_PROJECT_ID", format!("client-{}", Uuid::new_v4().simple()))
            .env("OS_MESSAGE_CLIENT_ID", Uuid::new_v4().to_string())
            .env("HOME", running._data_dir.path());
    }
}
