//! Reading what scripts return.

use bytes::Bytes;
use redis::Value;
use sukkal_storage::{ClaimId, Message, MessageId, Millis, Result, StorageError};

use crate::record;

/// The first number of a script's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Done,
    /// More is due than one step may bring up to date: settle the queue, then repeat.
    Unsettled,
    QueueChanged,
    Claimed,
    NotClaimed,
    NotClaimedBy,
    NoClaim,
}

impl Status {
    fn from_number(number: i64) -> Result<Self> {
        Ok(match number {
            0 => Self::Done,
            1 => Self::Unsettled,
            2 => Self::QueueChanged,
            3 => Self::Claimed,
            4 => Self::NotClaimed,
            5 => Self::NotClaimedBy,
            6 => Self::NoClaim,
            _ => return Err(unexpected()),
        })
    }

    /// Nothing, or the error that this status is; `id` is the message that was asked about.
    pub(crate) fn check(self, id: MessageId) -> Result<()> {
        Err(match self {
            Self::Done => return Ok(()),
            Self::Unsettled => unexpected(),
            Self::QueueChanged => StorageError::QueueChanged,
            Self::Claimed => StorageError::MessageIsClaimed(id),
            Self::NotClaimed => StorageError::MessageNotClaimed(id),
            Self::NotClaimedBy => StorageError::MessageNotClaimedBy(id),
            Self::NoClaim => StorageError::ClaimDoesNotExist,
        })
    }
}

/// The values of a reply, taken one after the other.
pub(crate) struct Reply {
    pub(crate) status: Status,
    values: std::vec::IntoIter<Value>,
}

impl Reply {
    /// Reads a reply that begins with a status, or is nothing else.
    pub(crate) fn new(value: Value) -> Result<Self> {
        let mut reply = match value {
            Value::Int(number) => {
                return Ok(Self {
                    status: Status::from_number(number)?,
                    values: Vec::new().into_iter(),
                });
            }
            value => Self::plain(value)?,
        };
        reply.status = Status::from_number(reply.number()?)?;
        Ok(reply)
    }

    /// Reads an array without a status.
    pub(crate) fn plain(value: Value) -> Result<Self> {
        match value {
            Value::Array(values) | Value::Set(values) => {
                Ok(Self { status: Status::Done, values: values.into_iter() })
            }
            Value::Map(pairs) => {
                let values: Vec<Value> =
                    pairs.into_iter().flat_map(|(key, value)| [key, value]).collect();
                Ok(Self { status: Status::Done, values: values.into_iter() })
            }
            _ => Err(unexpected()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn number(&mut self) -> Result<i64> {
        integer(self.values.next().unwrap_or_default())
    }

    /// The next string; an empty one where the store has nothing.
    pub(crate) fn bytes(&mut self) -> Result<Bytes> {
        match self.values.next() {
            Some(Value::BulkString(bytes)) => Ok(bytes.into()),
            Some(Value::SimpleString(text)) => Ok(text.into_bytes().into()),
            Some(Value::Nil) => Ok(Bytes::new()),
            _ => Err(unexpected()),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?.into()).map_err(|_| unexpected())
    }

    pub(crate) fn id(&mut self) -> Result<MessageId> {
        ClaimId::from_slice(&self.bytes()?).map_err(|_| unexpected())
    }

    /// The rest, read as id, record and body of messages; ended ones are left out.
    pub(crate) fn messages(&mut self, now: Millis) -> Result<Vec<Message>> {
        let mut messages = Vec::with_capacity(self.len() / 3);
        while self.len() > 0 {
            let (id, record, body) = (self.id()?, self.bytes()?, self.bytes()?);
            messages.extend(record::message(id, &record, body, now)?);
        }
        Ok(messages)
    }
}

/// A number, in either of the forms Redis has for it.
pub(crate) fn integer(value: Value) -> Result<i64> {
    match value {
        Value::Int(number) => Ok(number),
        Value::BulkString(text) => std::str::from_utf8(&text)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(unexpected),
        _ => Err(unexpected()),
    }
}

/// The error of a reply that no script of ours gives.
pub(crate) fn unexpected() -> StorageError {
    StorageError::unavailable("Redis gave a reply of an unexpected form")
}
