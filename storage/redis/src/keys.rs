//! The names of keys: which key belongs to what, and that no two things share one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use redis::{Cmd, RedisWrite};
use std::io::Write as _;
use sukkal_storage::QueueKey;

/// The queues that change by themselves, each with the time of the next change.
pub(crate) const DUE: &str = "sk:due";
/// The queues that have pending transfers.
pub(crate) const MOVES: &str = "sk:moves";
/// The version of this layout.
pub(crate) const FORMAT: &str = "sk:format";

/// Everything but these is percent-encoded, so braces and slashes stand only where keys put them.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// What stands behind the base key in the keys of a queue, in the order scripts get them; the two
/// indexes belong to all queues.
const PARTS: [Part; 11] = [
    Part::Of(""),
    Part::Of(":f"),
    Part::Of(":e"),
    Part::Of(":d"),
    Part::Of(":u"),
    Part::Index(DUE),
    Part::Of(":c"),
    Part::Of(":k"),
    Part::Of(":r"),
    Part::Of(":t"),
    Part::Index(MOVES),
];

enum Part {
    Of(&'static str),
    Index(&'static str),
}

/// The keys of one queue; they share a hash tag that names project and queue.
pub(crate) struct QueueKeys {
    base: String,
}

impl QueueKeys {
    pub(crate) fn new(queue: &QueueKey) -> Self {
        let project = utf8_percent_encode(&queue.project, ENCODED);
        let name = utf8_percent_encode(&queue.name, ENCODED);
        Self { base: format!("sk:{{{project}/{name}}}") }
    }

    /// The key whose name also stands for the queue in the indexes.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The set of received ids.
    pub(crate) fn received(&self) -> String {
        format!("{}:r", self.base)
    }

    /// Appends the first `count` keys to a command.
    pub(crate) fn write(&self, cmd: &mut Cmd, count: usize) {
        for part in PARTS.iter().take(count) {
            match part {
                Part::Index(key) => cmd.write_arg(key.as_bytes()),
                Part::Of(suffix) => {
                    let mut writer = cmd.writer_for_next_arg();
                    // Writing to a command's buffer does not fail.
                    let _ = writer.write_all(self.base.as_bytes());
                    let _ = writer.write_all(suffix.as_bytes());
                }
            }
        }
    }

    /// The queue that a base key stands for.
    pub(crate) fn queue(base: &str) -> Option<QueueKey> {
        let tag = base.strip_prefix("sk:{")?.strip_suffix('}')?;
        let (project, name) = tag.split_once('/')?;
        let decode = |text| percent_decode_str(text).decode_utf8().ok();
        Some(QueueKey::new(&*decode(project)?, &*decode(name)?))
    }
}

/// The keys of the queue records of one project: names, records, and the last revision.
pub(crate) fn project_keys(project: &str) -> [String; 3] {
    let tag = utf8_percent_encode(project, ENCODED);
    ["names", "records", "revision"].map(|part| format!("sk:{{{tag}}}:{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_queues_have_different_keys() {
        let queues = [
            ("a", "b"),
            ("a/b", "c"),
            ("a", "b/c"),
            ("a}", "b"),
            ("a", "{b}"),
            ("a b", "c"),
            ("a%20b", "c"),
            ("ä:", "c"),
            ("", "x"),
            ("x", ""),
        ];

        let keys: std::collections::HashSet<String> = queues
            .iter()
            .map(|(project, name)| QueueKeys::new(&QueueKey::new(*project, *name)).base)
            .collect();

        assert_eq!(keys.len(), queues.len());
    }

    #[test]
    fn a_base_key_names_its_queue() {
        let queue = QueueKey::new("a {p}/:%", "q/ü}");

        let keys = QueueKeys::new(&queue);

        assert_eq!(QueueKeys::queue(keys.base()), Some(queue));
        assert_eq!(keys.base().matches(['{', '}', '/']).count(), 3);
    }
}
