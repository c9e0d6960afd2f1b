//! The URI and the options of a store.

use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use sukkal_storage::{OpenOptions, Result, StorageError};

/// How to reach a Redis server, and what to ask of it.
pub(crate) struct Config {
    pub(crate) client: Client,
    /// How many replicas must have a write before it is acknowledged.
    pub(crate) wait_replicas: usize,
}

impl Config {
    /// Reads `redis://[user:password@]host[:port][/database]` or
    /// `redis+unix:///path?db=0&user=…&pass=…`; errors repeat nothing of the URI.
    pub(crate) fn new(uri: &str, options: &OpenOptions) -> Result<Self> {
        let info = connection_info(uri).map_err(StorageError::Unusable)?;
        let client = Client::open(info)
            .map_err(|_| StorageError::Unusable("the Redis URI is not understood".to_owned()))?;
        Ok(Self { client, wait_replicas: wait_replicas(options)? })
    }
}

fn connection_info(uri: &str) -> Result<ConnectionInfo, String> {
    if uri.starts_with("rediss:") {
        return Err(
            "this build has no TLS for Redis: use redis:// over a trusted network".to_owned()
        );
    }
    let info: ConnectionInfo = uri
        .into_connection_info()
        .map_err(|error| format!("the Redis URI is not understood: {}", error.category()))?;
    let settings = info.redis_settings().clone();
    if settings.db() < 0 {
        return Err("the Redis URI names a negative database".to_owned());
    }
    Ok(info
        .set_redis_settings(settings.set_protocol(ProtocolVersion::RESP2))
        .set_tcp_settings(TcpSettings::default().set_nodelay(true)))
}

fn wait_replicas(options: &OpenOptions) -> Result<usize> {
    let Some((_, value)) = options.options.iter().find(|(name, _)| name == "wait_replicas") else {
        return Ok(0);
    };
    value.parse().map_err(|_| {
        StorageError::Unusable("the Redis option wait_replicas is a number of replicas".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(wait: &str) -> OpenOptions {
        let options = vec![("wait_replicas".to_owned(), wait.to_owned())];
        OpenOptions { data_dir: ".".into(), now: 0, options }
    }

    #[test]
    fn reads_the_parts_of_a_uri() {
        let config = Config::new("redis://user:p%40ss@example.org:6380/3", &options("2")).unwrap();

        let info = config.client.get_connection_info();
        assert_eq!(info.addr().to_string(), "example.org:6380");
        assert_eq!(info.redis_settings().username(), Some("user"));
        assert_eq!(info.redis_settings().password(), Some("p@ss"));
        assert_eq!(info.redis_settings().db(), 3);
        assert!(info.tcp_settings().nodelay());
        assert_eq!(config.wait_replicas, 2);
    }

    #[test]
    fn refuses_what_it_cannot_open_without_repeating_the_password() {
        let uris = [
            "rediss://u:secret@host/0",
            "redis://u:secret@host/zero",
            "redis://u:secret@host/-1",
            "redis://u:secret@ho st/",
            "redis://u:secret@",
            "redis+sentinel://u:secret@host/",
        ];

        for uri in uris {
            let error = Config::new(uri, &options("0")).err().map(|error| error.to_string());
            let error = error.unwrap_or_else(|| panic!("{uri} was accepted"));
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(Config::new("redis://host", &options("many")).is_err());
    }
}
