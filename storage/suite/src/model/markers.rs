//! Markers of two stores: different numbers, the same order.

use std::collections::{BTreeMap, HashMap};

use sukkal_storage::{Marker, Message, Millis, OutboxEntry, QueueKey};

/// Which marker of the subject stands for which marker of the model, per queue.
#[derive(Default)]
pub(super) struct Markers {
    known: HashMap<QueueKey, BTreeMap<Marker, Marker>>,
}

impl Markers {
    /// A pair of markers seen in a queue, subject first.
    pub(super) fn pick(&self, queue: &QueueKey, pick: u8) -> Option<(Marker, Marker)> {
        let known = self.known.get(queue)?;
        let (subject, model) = known.iter().nth(usize::from(pick) % known.len())?;
        Some((*subject, *model))
    }

    /// Brings messages of both stores into one form: the markers of the model, delays only while
    /// they last.
    ///
    /// # Errors
    /// Markers that are not in the same order.
    pub(super) fn align(
        &mut self,
        queue: &QueueKey,
        subject: &mut [Message],
        model: &mut [Message],
        now: Millis,
    ) -> Result<(), String> {
        for message in subject.iter_mut().chain(model.iter_mut()) {
            message.delay_until = message.delay_until.filter(|until| *until > now);
        }
        for (subject, model) in subject.iter_mut().zip(model) {
            self.learn(queue, subject.marker, model.marker)?;
            subject.marker = model.marker;
        }
        Ok(())
    }

    /// Brings an entry of the subject into the form of the model.
    ///
    /// # Errors
    /// Markers that are not in the same order.
    pub(super) fn align_entry(
        &mut self,
        subject: &mut OutboxEntry,
        model: &OutboxEntry,
    ) -> Result<(), String> {
        let queue = model.queue.clone();
        for (subject, model) in subject.messages.iter_mut().zip(&model.messages) {
            subject.marker = self.align_place(&queue, subject.marker, model.marker)?;
        }
        subject.marker = self.align_place(&queue, subject.marker, model.marker)?;
        Ok(())
    }

    /// The marker of the model that stands for one of the subject.
    ///
    /// # Errors
    /// Markers that are not in the same order.
    pub(super) fn align_place(
        &mut self,
        queue: &QueueKey,
        subject: Marker,
        model: Marker,
    ) -> Result<Marker, String> {
        self.learn(queue, subject, model)?;
        Ok(model)
    }

    fn learn(&mut self, queue: &QueueKey, subject: Marker, model: Marker) -> Result<(), String> {
        let known = self.known.entry(queue.clone()).or_default();
        let same = *known.entry(subject).or_insert(model);
        let below = known.range(..subject).next_back().is_none_or(|(_, other)| *other < model);
        let above = known.range(subject + 1..).next().is_none_or(|(_, other)| *other > model);
        if same == model && below && above {
            return Ok(());
        }
        Err(format!("marker {subject} is out of order, as {model} it would not be: {known:?}"))
    }
}
