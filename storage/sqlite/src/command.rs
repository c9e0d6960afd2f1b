//! What the writer and the readers run.

use diesel::SqliteConnection;
use diesel::result::Error;
use sukkal_storage::{Result, StorageError};
use tokio::sync::oneshot;

use crate::error::Failure;
use crate::session::Session;

/// A command that changes the store.
///
/// A command decides on its answer before it writes, so an answer never leaves half of it behind.
pub(crate) trait Command: Send + 'static {
    type Output: Send + 'static;

    /// Does the work inside a transaction; may run again if that is undone.
    fn run(&self, session: &mut Session) -> Result<Self::Output, Failure>;
}

/// A command that only reads, on any connection, inside a transaction.
pub(crate) trait Query: Send + 'static {
    type Output: Send + 'static;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Self::Output, Failure>;
}

/// A query that runs in its place among the commands.
pub(crate) struct InLine<Q>(pub(crate) Q);

impl<Q: Query> Command for InLine<Q> {
    type Output = Q::Output;

    fn run(&self, session: &mut Session) -> Result<Q::Output, Failure> {
        session.save()?;
        self.0.read(&mut session.connection)
    }
}

/// A command with the place its answer goes to.
pub(crate) trait Job: Send {
    /// Runs the command and keeps its answer; an error means that the transaction must be undone.
    fn run(&mut self, session: &mut Session) -> Result<(), Error>;

    /// Gives the answer: what was done is durable.
    fn finish(self: Box<Self>);

    /// Answers that the store failed.
    fn fail(self: Box<Self>, reason: &str);
}

/// The answer to a command, once there is one.
pub(crate) type Answer<T> = oneshot::Receiver<Result<T>>;

struct Pending<C: Command> {
    command: C,
    answer: Option<Result<C::Output>>,
    reply: oneshot::Sender<Result<C::Output>>,
}

/// Makes a job of a command.
pub(crate) fn job<C: Command>(command: C) -> (Box<dyn Job>, Answer<C::Output>) {
    let (reply, answer) = oneshot::channel();
    (Box::new(Pending { command, answer: None, reply }), answer)
}

impl<C: Command> Job for Pending<C> {
    fn run(&mut self, session: &mut Session) -> Result<(), Error> {
        self.answer = Some(match self.command.run(session) {
            Ok(output) => Ok(output),
            Err(Failure::Answer(error)) => Err(error),
            Err(Failure::Store(error)) => return Err(error),
        });
        Ok(())
    }

    fn finish(self: Box<Self>) {
        if let Some(answer) = self.answer {
            let _ = self.reply.send(answer);
        }
    }

    fn fail(self: Box<Self>, reason: &str) {
        let _ = self.reply.send(Err(StorageError::unavailable(reason)));
    }
}
