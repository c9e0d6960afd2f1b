//! Log lines on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogConfig, LogFormat};

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The option holds something that is neither a level nor directives.
    #[error(
        "log.level: {given:?} is not allowed ({reason}); it takes error, warn, info, debug, trace, or directives"
    )]
    Level {
        /// What the option holds.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The process logs already.
    #[error("logging is set up already")]
    AlreadySet,
}

/// Starts logging for the whole process.
///
/// # Errors
/// A level that cannot be read, or a process that logs already.
pub fn start(config: &LogConfig) -> Result<(), LogError> {
    let subscriber = subscriber(config, std::io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::AlreadySet)
}

/// Reads a level or directives.
pub(crate) fn filter(level: &str) -> Result<EnvFilter, LogError> {
    let wrong = |reason: String| LogError::Level { given: level.to_owned(), reason };
    // A word that is no level would be taken for the name of a module, and nothing would be logged.
    let bare = level.split(',').map(str::trim).filter(|part| !part.contains(['=', '[']));
    for word in bare {
        word.parse::<tracing_subscriber::filter::LevelFilter>()
            .map_err(|_| wrong(format!("{word:?} is no level")))?;
    }
    EnvFilter::builder().parse(level).map_err(|error| wrong(error.to_string()))
}

fn subscriber<W>(
    config: &LogConfig,
    writer: W,
) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(&config.level)?)
        .with_ansi(false)
        .with_writer(writer);
    Ok(match config.format {
        LogFormat::Text => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: LogFormat) -> String {
        let page = Page::default();
        let writer = page.clone();
        let config = LogConfig { level: level.to_owned(), format };
        let subscriber = subscriber(&config, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(queue = "jobs", "opened");
            tracing::debug!("detail");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn writes_one_object_per_line_as_json() {
        let text = logged("info", LogFormat::Json);

        let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(
            (&line["level"], &line["message"], &line["queue"]),
            (&"INFO".into(), &"opened".into(), &"jobs".into())
        );
    }

    #[test]
    fn leaves_out_what_is_below_the_level() {
        assert_eq!(logged("info", LogFormat::Text).lines().count(), 1);
        assert_eq!(logged("debug", LogFormat::Text).lines().count(), 2);
        assert_eq!(logged("off", LogFormat::Text), "");
    }

    #[test]
    fn refuses_a_word_that_is_no_level() {
        let error = filter("loud").unwrap_err();

        assert!(error.to_string().starts_with("log.level: \"loud\" is not allowed"));
        assert!(filter("info,sukkal_server=debug").is_ok());
    }
}
