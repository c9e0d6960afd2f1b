//! The file: one frame per command, synced before the command takes effect. A frame is the length of the command,
//! the CRC-32C of these bytes, that of the command, and the command.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use sukkal_storage::{Result, StorageError, Store};
use tokio::sync::{Mutex, MutexGuard};

use crate::code::Code;
use crate::record::Record;

/// The bytes of a frame before its command.
const HEAD: usize = 16;

/// The store: the file, and what it amounts to in memory.
pub(crate) struct Journal {
    pub(crate) memory: Store,
    file: Mutex<Option<Tail>>,
}

/// The end of the file.
struct Tail {
    file: File,
    /// How much of it is whole.
    length: u64,
}

/// While it lives, no other command is written: so commands take effect in the order of the file.
pub(crate) struct Turn<'a>(#[expect(dead_code, reason = "held")] MutexGuard<'a, Option<Tail>>);

pub(crate) fn unusable(error: impl ToString) -> StorageError {
    StorageError::Unusable(error.to_string())
}

impl Journal {
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file =
            file.as_mut().map_err(|error| unusable(format!("{}: {error}", path.display())))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(unusable("another process has it open")),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Ok(()) => {}
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(unusable)?;
        let memory = sukkal_storage_memory::open();
        let mut rest = text.as_slice();
        while let Some(frame) = next_frame(&mut rest) {
            let at = text.len() - rest.len();
            let mut command = frame?;
            let record = Record::take(&mut command).filter(|_| command.is_empty());
            let Some(record) = record else {
                return Err(unusable(format!("no command ends at byte {at}")));
            };
            record.run(&memory).await;
        }
        // The rest is the front of a frame, which was never acknowledged: it is cut off.
        let length = (text.len() - rest.len()) as u64;
        let file = file.try_clone().map_err(unusable)?;
        let mut tail = Tail { file, length };
        tail.cut().map_err(unusable)?;
        Ok(Self { memory, file: Mutex::new(Some(tail)) })
    }

    /// Writes a command. It may take effect until the turn is dropped, and survives a crash.
    ///
    /// A write that failed is cut off again. A sync that failed is never repeated, because nobody knows what is
    /// on the disk then: the store is of no use until it is opened anew.
    pub(crate) async fn write(&self, record: Record) -> Result<Turn<'_>> {
        let frame = frame(&record);
        let mut turn = self.file.lock().await;
        let Some(tail) = turn.as_mut() else {
            return Err(StorageError::unavailable("the journal is closed"));
        };
        let written = tail.file.write_all(&frame);
        let settled = match &written {
            Ok(()) => tail.file.sync_data(),
            Err(_) => tail.cut(),
        };
        if settled.is_err() {
            *turn = None;
        } else if written.is_ok() {
            tail.length += frame.len() as u64;
        }
        written.and(settled).map_err(StorageError::unavailable)?;
        Ok(Turn(turn))
    }

    pub(crate) async fn close(&self) {
        *self.file.lock().await = None;
        self.memory.data.close().await;
        self.memory.control.close().await;
    }
}

fn frame(record: &Record) -> Vec<u8> {
    let mut command = Vec::new();
    record.put(&mut command);
    let mut frame = Vec::with_capacity(command.len() + HEAD);
    command.len().put(&mut frame);
    crc32c::crc32c(&frame).to_le_bytes().put(&mut frame);
    crc32c::crc32c(&command).to_le_bytes().put(&mut frame);
    frame.append(&mut command);
    frame
}

/// The command in the next frame; nothing if the rest is no whole frame.
fn next_frame<'a>(rest: &mut &'a [u8]) -> Option<Result<&'a [u8]>> {
    let mut from = *rest;
    let before = from;
    let length = usize::take(&mut from)?;
    let (head_sum, command_sum) = <([u8; 4], [u8; 4])>::take(&mut from)?;
    let is = |text: &[u8], sum| crc32c::crc32c(text) == u32::from_le_bytes(sum);
    if !is(&before[..before.len() - from.len() - 8], head_sum) {
        return Some(Err(unusable("the head of a command does not match its checksum")));
    }
    let (command, after) = from.split_at_checked(length)?;
    *rest = after;
    let told = || unusable("a command does not match its checksum");
    Some(is(command, command_sum).then_some(command).ok_or_else(told))
}

impl Tail {
    fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.sync_data()
    }
}
