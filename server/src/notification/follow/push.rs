//! A message as sockets get it: made once for all that want it alike.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sukkal_spec::present::JsonText;
use sukkal_spec::raw::Raw;
use sukkal_storage::{BodyFormat, Marker, Message, MessageId, Millis, OutboxMessage, QueueKey};

use super::cursor::Tag;
use crate::encryption::KeyRing;
use crate::notification::template;

/// The largest text that a template may grow into, in bytes.
const LARGEST_TEXT: usize = 4 << 20;
/// What a push costs beside its body, in bytes, about.
const OVERHEAD: usize = 256;

/// How a subscription wants its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// Where to put the message, if it is not sent as it is.
    pub(super) template: Option<Arc<str>>,
    /// Whether it wants to know the id and the place.
    pub(super) with_cursor: bool,
}

impl Form {
    /// Reads the options of a subscription.
    pub(super) fn new(options: &[u8], with_cursor: bool) -> Self {
        #[derive(serde::Deserialize)]
        struct Options {
            post_data: Option<String>,
        }
        let template = match options {
            b"{}" => None,
            _ => crate::json::read::<Options>(options).ok().and_then(|options| options.post_data),
        };
        Self { template: template.filter(|text| !text.is_empty()).map(Arc::from), with_cursor }
    }
}

/// What subscribers learn of a message.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) marker: Marker,
    id: MessageId,
    ttl: i64,
    delay: Option<i64>,
    body: Bytes,
    queue: QueueKey,
    tag: Tag,
}

impl Notice {
    /// Takes a message of the outbox; nothing if its body cannot be read.
    pub(super) fn of_entry(
        place: (&QueueKey, Tag),
        message: OutboxMessage,
        posted_at: Millis,
        keys: &KeyRing,
    ) -> Option<Self> {
        let OutboxMessage { id, marker, ttl, delay_until, body, .. } = message;
        let body = readable(place.0, id, (body.format, body.bytes), keys)?;
        let delay = delay_until.map(|until| (until - posted_at) / 1000);
        Some(Self { marker, id, ttl, delay, body, queue: place.0.clone(), tag: place.1 })
    }

    /// Takes a message of the queue; nothing if its body cannot be read.
    pub(super) fn of_message(
        place: (&QueueKey, Tag),
        message: Message,
        keys: &KeyRing,
    ) -> Option<Self> {
        let Message { id, marker, ttl, delay_until, body, created_at, .. } = message;
        let body = readable(place.0, id, (body.format, body.bytes), keys)?;
        let delay = delay_until.map(|until| (until - created_at) / 1000);
        Some(Self { marker, id, ttl, delay, body, queue: place.0.clone(), tag: place.1 })
    }

    /// The message as it is sent to subscribers with this form; nothing if their template grows too large.
    fn text(&self, form: &Form) -> Option<Bytes> {
        let mut out = JsonText::with_capacity(self.body.len() + OVERHEAD);
        out.open(b'{');
        out.member("ttl");
        out.integer(self.ttl);
        out.member("body");
        out.raw(&Raw::from_trusted(self.body.clone()));
        if let Some(delay) = self.delay {
            out.member("delay");
            out.integer(delay);
        }
        out.member("Message_Type");
        out.string("Notification");
        out.member("queue_name");
        out.string(&self.queue.name);
        if form.with_cursor {
            out.member("message_id");
            out.string(&self.id.to_string());
            out.member("cursor");
            out.string(&self.tag.cursor(self.marker));
        }
        out.close(b'}');
        let object = out.into_bytes();
        match &form.template {
            None => Some(object.into()),
            Some(template) => template::fill(template, &object, LARGEST_TEXT).map(Bytes::from),
        }
    }
}

fn readable(
    queue: &QueueKey,
    id: MessageId,
    (format, bytes): (BodyFormat, Bytes),
    keys: &KeyRing,
) -> Option<Bytes> {
    match format {
        BodyFormat::Json => Some(bytes),
        BodyFormat::Binary => None,
        BodyFormat::Encrypted => match keys.open_sealed(queue, id, &bytes) {
            Ok(plain) => Some(plain.body),
            Err(why) => {
                metrics::counter!("sukkal_unreadable_messages_total").increment(1);
                tracing::error!(%id, %why, "an encrypted message cannot be pushed");
                None
            }
        },
    }
}

/// A message for all sockets that want it alike.
#[derive(Debug)]
pub(crate) struct Push {
    notice: Arc<Notice>,
    form: Form,
    text: OnceLock<Option<Bytes>>,
    packed: OnceLock<Option<Bytes>>,
}

impl Push {
    pub(super) fn new(notice: &Arc<Notice>, form: &Form) -> Arc<Self> {
        let (text, packed) = (OnceLock::new(), OnceLock::new());
        Arc::new(Self { notice: Arc::clone(notice), form: form.clone(), text, packed })
    }

    /// Whether it was made for this form.
    pub(super) fn has(&self, form: &Form) -> bool {
        self.form == *form
    }

    pub(super) fn marker(&self) -> Marker {
        self.notice.marker
    }

    /// What it costs to keep, in bytes, about.
    pub(super) fn weight(&self) -> usize {
        let template = self.form.template.as_ref().map_or(0, |template| template.len());
        self.notice.body.len() + template + OVERHEAD
    }

    /// The text; nothing if the subscriber's template makes nothing of it that could be sent.
    pub(crate) fn text(&self) -> Option<&Bytes> {
        self.text.get_or_init(|| self.notice.text(&self.form)).as_ref()
    }

    /// What `pack` makes of the text; nothing if it makes nothing. It is asked once.
    pub(crate) fn packed(&self, pack: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<&Bytes> {
        let made = || self.text().and_then(|text| pack(text)).map(Bytes::from);
        self.packed.get_or_init(made).as_ref()
    }
}
