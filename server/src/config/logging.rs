//! How the log is configured.

/// The section `log`.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// A level, or directives.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object.
    Json,
}
