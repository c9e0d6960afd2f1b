//! The names of keys: which key belongs to what, and that no two things share one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use redis::{Cmd, RedisWrite};
use std::io::Write as _;
use sukkal_storage::{Kind, QueueKey, SubscriptionId};

/// The queues that change by themselves, each with the time of the next change.
pub(crate) const DUE: &str = "sk:due";
/// The queues that have pending transfers.
pub(crate) const MOVES: &str = "sk:moves";
/// The queues that have subscriptions, each with a time no later than the end of the next one.
pub(crate) const ENDS: &str = "sk:ends";
/// The queues whose outbox has something to be leased, each with since when, or from when on.
pub(crate) const WORK: &str = "sk:work";
/// The queues with entries that nobody has finished, each with a time no later than the post of the oldest.
pub(crate) const OPEN: &str = "sk:open";
/// The queues with deliveries that wait for their time, each with the next.
pub(crate) const LATE: &str = "sk:late";
/// The queues whose outbox has something to be collected, each with a time no later than the next.
pub(crate) const KEPT: &str = "sk:kept";
/// The channel on which posts tell their queue.
pub(crate) const POSTS: &str = "sk:posts";
/// The layout of pools. A project's tag has its `@` encoded, so it is none of these.
pub(crate) const LAYOUT: &str = "sk:{@pools}:layout";
/// The pool of each queue that has one.
pub(crate) const PLACES: &str = "sk:{@pools}:places";
/// How many queues lie in each pool that has any.
pub(crate) const COUNTS: &str = "sk:{@pools}:counts";
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

/// The keys of the subscriptions of a queue, in the order scripts get them.
const SUBSCRIPTION_PARTS: [Part; 7] = [
    Part::Of(""),
    Part::Of(":s"),
    Part::Of(":i"),
    Part::Of(":l"),
    Part::Index(ENDS),
    Part::Of(":j"),
    Part::Of(":h"),
];

/// What stands before the name of a topic: no name has a colon in it once it is encoded.
const TOPIC: &str = "topic:";

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
        let kind = match queue.kind {
            Kind::Queue => "",
            Kind::Topic => TOPIC,
        };
        Self { base: format!("sk:{{{project}/{kind}{name}}}") }
    }

    /// The key whose name also stands for the queue in the indexes.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The hash tag: project, kind and name.
    pub(crate) fn tag(&self) -> &str {
        self.base.trim_start_matches("sk:{").trim_end_matches('}')
    }

    /// The hash of subscriptions.
    pub(crate) fn subscriptions(&self) -> String {
        format!("{}:s", self.base)
    }

    /// The log of attempts of a subscription.
    pub(crate) fn log(&self, id: SubscriptionId) -> String {
        format!("{}:a{}", self.base, id.simple())
    }

    /// The set of received ids.
    pub(crate) fn received(&self) -> String {
        format!("{}:r", self.base)
    }

    /// Appends the first `count` keys to a command.
    pub(crate) fn write(&self, cmd: &mut Cmd, count: usize) {
        self.write_parts(cmd, &PARTS[..count]);
    }

    /// Appends the keys of the subscriptions to a command.
    pub(crate) fn write_subscriptions(&self, cmd: &mut Cmd) {
        self.write_parts(cmd, &SUBSCRIPTION_PARTS);
    }

    fn write_parts(&self, cmd: &mut Cmd, parts: &[Part]) {
        for part in parts {
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
        let (kind, name) = match name.strip_prefix(TOPIC) {
            Some(name) => (Kind::Topic, name),
            None => (Kind::Queue, name),
        };
        let decode = |text| percent_decode_str(text).decode_utf8().ok();
        Some(QueueKey { project: decode(project)?.into(), kind, name: decode(name)?.into() })
    }
}

/// The keys of the records of one kind of one project: names, records, and the last revision of all
/// records of the project.
pub(crate) fn project_keys(project: &str, kind: Kind) -> [String; 3] {
    let tag = utf8_percent_encode(project, ENCODED);
    let parts = match kind {
        Kind::Queue => ["names", "records", "revision"],
        Kind::Topic => ["topic-names", "topic-records", "revision"],
    };
    parts.map(|part| format!("sk:{{{tag}}}:{part}"))
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
            ("a", "topic:b"),
            ("a/topic:", "b"),
        ];

        let keys: std::collections::HashSet<String> = queues
            .iter()
            .flat_map(|(p, name)| [QueueKey::new(*p, *name), QueueKey::topic(*p, *name)])
            .map(|queue| QueueKeys::new(&queue).base)
            .collect();

        assert_eq!(keys.len(), 2 * queues.len());
    }

    #[test]
    fn a_base_key_names_its_queue() {
        let (project, name) = ("a {p}/:%", "topic:q/ü}");
        for queue in [QueueKey::new(project, name), QueueKey::topic(project, name)] {
            let keys = QueueKeys::new(&queue);

            assert_eq!(QueueKeys::queue(keys.base()), Some(queue));
            assert_eq!(keys.base().matches(['{', '}', '/']).count(), 3);
            assert_eq!(format!("sk:{{{}}}", keys.tag()), keys.base());
        }
    }
}
