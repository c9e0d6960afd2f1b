//! Bodies on their way to the stores and back: checksums and encryption. Everything that is read passes here.

use sukkal_spec::ApiError;
use sukkal_storage::{
    Body, BodyFormat, Message, NewMessage, QueueKey, ReceiveTransfers, SettleTransfers,
    StorageError,
};

use super::{Controller, checksum};
use crate::encryption::{Plain, Unreadable};
use crate::error::api_error;
use crate::placement::Queue;

impl Controller {
    /// Messages as the store of this queue gets them: with checksums if they are wanted, and encrypted if the queue
    /// asks for it, never otherwise than it asks for.
    pub(super) fn for_store(
        &self,
        queue: &Queue,
        messages: &[NewMessage],
    ) -> Result<Vec<NewMessage>, ApiError> {
        let mut messages = messages.to_vec();
        if self.checksums {
            for message in &mut messages {
                message.checksum = checksum::of(&message.body.bytes);
            }
        }
        if queue.settings.encrypts {
            for message in &mut messages {
                self.seal(&queue.key, message)?;
            }
        }
        Ok(messages)
    }

    fn seal(&self, queue: &QueueKey, message: &mut NewMessage) -> Result<(), ApiError> {
        let (body, checksum) = (message.body.bytes.clone(), message.checksum.take());
        let plain = Plain { body, checksum };
        let bytes = self.keys.seal(queue, message.id, &plain).map_err(|error| {
            tracing::error!(%error, "a queue encrypts its messages, so nothing can be posted to it");
            ApiError::EncryptionKeyMissing
        })?;
        message.body = Body { format: BodyFormat::Encrypted, bytes: bytes.into() };
        Ok(())
    }

    /// Messages of the store as readers get them. One that cannot be decrypted is left out, so that it keeps nobody
    /// from the others.
    ///
    /// # Errors
    /// None of them can be decrypted.
    pub(super) fn readable(
        &self,
        queue: &QueueKey,
        messages: Vec<Message>,
    ) -> Result<Vec<Message>, ApiError> {
        let any = !messages.is_empty();
        let (readable, _) = self.sort_out(queue, messages);
        if readable.is_empty() && any { Err(ApiError::MessageUnreadable) } else { Ok(readable) }
    }

    /// Popped messages as readers get them. Those that cannot be decrypted go back to the end of their queue: they
    /// must not be lost because a key is missing.
    ///
    /// # Errors
    /// None of them can be decrypted, or the store failed.
    pub(super) async fn readable_or_put_back(
        &self,
        queue: &QueueKey,
        messages: Vec<Message>,
    ) -> Result<Vec<Message>, ApiError> {
        let (readable, unreadable) = self.sort_out(queue, messages);
        if unreadable.is_empty() {
            return Ok(readable);
        }
        self.put_back(queue, unreadable).await.map_err(api_error)?;
        if readable.is_empty() { Err(ApiError::MessageUnreadable) } else { Ok(readable) }
    }

    /// Decrypts messages; returns those that can be read, and the others as they are. One line in the log tells of
    /// these.
    pub(super) fn sort_out(
        &self,
        queue: &QueueKey,
        messages: Vec<Message>,
    ) -> (Vec<Message>, Vec<Message>) {
        if messages.iter().all(|message| message.body.format != BodyFormat::Encrypted) {
            return (messages, Vec::new());
        }
        let (mut readable, mut unreadable) = (Vec::with_capacity(messages.len()), Vec::new());
        let mut first = None;
        for mut message in messages {
            match self.open_body(queue, &mut message) {
                Ok(()) => readable.push(message),
                Err(why) => {
                    first.get_or_insert((message.id, why));
                    unreadable.push(message);
                }
            }
        }
        if let Some((id, why)) = first {
            let count = unreadable.len();
            metrics::counter!("sukkal_unreadable_messages_total").increment(count as u64);
            tracing::error!(%id, %why, count, "encrypted messages cannot be read");
        }
        (readable, unreadable)
    }

    fn open_body(&self, queue: &QueueKey, message: &mut Message) -> Result<(), Unreadable> {
        if message.body.format == BodyFormat::Encrypted {
            let plain = self.keys.open_sealed(queue, message.id, &message.body.bytes)?;
            message.body = Body::json(plain.body);
            message.checksum = plain.checksum;
        }
        Ok(())
    }

    async fn put_back(&self, queue: &QueueKey, messages: Vec<Message>) -> Result<(), StorageError> {
        let Some(known) = self.placement.find(queue).await? else { return Ok(()) };
        let ids = messages.iter().map(|message| message.id).collect();
        let (target, generation, now) = (queue.clone(), known.generation, self.placement.now());
        let transfers = known.data().transfers();
        let command = ReceiveTransfers { target, generation, messages, now };
        match transfers.receive(command).await {
            Ok(()) => transfers.settle(SettleTransfers { target: queue.clone(), ids }).await,
            // The queue was deleted meanwhile, and these messages with it.
            Err(StorageError::QueueChanged) => Ok(()),
            Err(other) => Err(other),
        }
    }
}
