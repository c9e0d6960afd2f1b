//! The flags that configure the server.

use std::path::PathBuf;

use clap::Args;

use crate::config::{ConfigError, Given, Place, Problem, Sources};

/// The flags that configure the server; all commands take them.
#[derive(Clone, Debug, Default, Args)]
pub struct Options {
    /// The configuration file.
    #[arg(long, global = true, env = "SUKKAL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to serve HTTP (http.listen).
    #[arg(long, global = true, value_name = "ADDR")]
    pub http: Option<String>,
    /// Where to serve WebSocket (websocket.listen).
    #[arg(long, global = true, value_name = "ADDR")]
    pub ws: Option<String>,
    /// Where to serve metrics, probes and status (admin.listen).
    #[arg(long, global = true, value_name = "ADDR")]
    pub admin: Option<String>,
    /// Where an embedded store keeps its files (storage.data_dir).
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// The store (storage.uri).
    #[arg(long, global = true, value_name = "URI")]
    pub store: Option<String>,
    /// Sets any option: --set transport.max_message_ttl=86400.
    #[arg(long, global = true, value_name = "OPTION=VALUE")]
    pub set: Vec<String>,
}

impl Options {
    /// What these flags, the file they name and this environment give.
    ///
    /// # Errors
    /// A `--set` without `=`.
    pub fn sources(self, environment: Vec<(String, String)>) -> Result<Sources, ConfigError> {
        let dedicated = [
            ("--http", "http.listen", self.http),
            ("--ws", "websocket.listen", self.ws),
            ("--admin", "admin.listen", self.admin),
            ("--data-dir", "storage.data_dir", self.data_dir),
            ("--store", "storage.uri", self.store),
        ];
        let mut flags: Vec<_> = dedicated
            .into_iter()
            .filter_map(|(flag, option, value)| {
                Some(Given { flag: flag.to_owned(), option: option.to_owned(), value: value? })
            })
            .collect();
        let mut problems = Vec::new();
        for set in &self.set {
            match set.split_once('=') {
                Some((option, value)) => flags.push(Given {
                    flag: "--set".to_owned(),
                    option: option.trim().to_owned(),
                    value: value.to_owned(),
                }),
                None => problems.push(Problem::at(
                    Place::Flag("--set".to_owned()),
                    format!("{set:?} is not allowed; it takes section.option=value"),
                )),
            }
        }
        if problems.is_empty() {
            Ok(Sources { file: self.config, environment, flags })
        } else {
            Err(ConfigError { problems })
        }
    }
}
