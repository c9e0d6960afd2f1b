//! The thread that owns the connection that writes.
//!
//! It takes all commands that wait into one transaction, syncs once, and then answers them all.

use std::sync::Arc;

use diesel::RunQueryDsl;
use diesel::result::Error;
use sukkal_storage::{Result, StorageError};

use crate::checkpoint::{self, Checkpointer};
use crate::command::Job;
use crate::config::{Config, Location};
use crate::connection;
use crate::error::unavailable;
use crate::inbox::{Group, Inbox};
use crate::session::Session;
use crate::statement::{BeginWrite, Commit, Rollback};

/// What the writer thread owns.
pub(crate) struct Writer {
    config: Config,
    /// Absent after a commit failed, until the file could be opened again.
    session: Option<Session>,
    checkpointer: Option<Arc<Checkpointer>>,
}

/// Lets nobody wait for a thread that is gone, whatever ended it.
struct Abandon<'a>(&'a Inbox);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Why a transaction was not committed.
enum Undone {
    /// One of the commands could not be done; the connection is fine.
    Command(Error),
    /// The commit, a sync or the disk failed.
    Connection(String),
}

impl Writer {
    pub(crate) fn new(
        config: Config,
        session: Session,
        checkpointer: Option<Arc<Checkpointer>>,
    ) -> Self {
        Self { config, session: Some(session), checkpointer }
    }

    /// Works until the line is closed and empty.
    pub(crate) fn work(mut self, inbox: &Inbox) {
        let _abandoned = Abandon(inbox);
        let mut last = 1;
        while let Some(mut group) = inbox.take(last) {
            last = group.jobs.len();
            let done = self.transact(&mut group.jobs);
            self.answer(group, done, inbox);
            self.check_log();
        }
    }

    fn answer(&mut self, group: Group, done: Result<(), Undone>, inbox: &Inbox) {
        let up_to = group.up_to;
        match done {
            Ok(()) => {
                inbox.finished(up_to);
                group.jobs.into_iter().for_each(Job::finish);
            }
            Err(Undone::Command(_)) if group.jobs.len() > 1 => {
                for mut job in group.jobs {
                    let done = self.transact(std::slice::from_mut(&mut job));
                    settle(job, done);
                }
                inbox.finished(up_to);
            }
            Err(undone) => {
                let reason = undone.reason();
                tracing::error!(reason, "a transaction was undone");
                inbox.finished(up_to);
                group.jobs.into_iter().for_each(|job| job.fail(&reason));
            }
        }
    }

    /// Runs commands in one transaction.
    fn transact(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Undone> {
        let session = match &mut self.session {
            Some(session) => session,
            closed => {
                let session =
                    reopen(&self.config).map_err(|e| Undone::Connection(e.to_string()))?;
                closed.insert(session)
            }
        };
        session.tidy();
        let undone = match run(session, jobs) {
            Ok(()) => return Ok(()),
            Err(undone) => undone,
        };
        session.forget();
        let is_undone = Rollback {}.execute(&mut session.connection).is_ok();
        let is_memory = self.config.location == Location::Memory;
        if !is_memory && (!is_undone || matches!(undone, Undone::Connection(_))) {
            self.session = None;
        }
        Err(undone)
    }

    fn check_log(&mut self) {
        if let (Some(session), Some(checkpointer)) = (&mut self.session, &self.checkpointer) {
            checkpointer.watch(&mut session.connection);
        }
    }
}

impl Undone {
    fn reason(&self) -> String {
        match self {
            Self::Command(error) => unavailable(error).to_string(),
            Self::Connection(reason) => reason.clone(),
        }
    }
}

fn run(session: &mut Session, jobs: &mut [Box<dyn Job>]) -> Result<(), Undone> {
    BeginWrite {}.execute(&mut session.connection).map_err(lost)?;
    for job in jobs {
        job.run(session).map_err(judge)?;
    }
    session.save().map_err(judge)?;
    Commit {}.execute(&mut session.connection).map_err(lost)?;
    Ok(())
}

/// A disk that failed once is not asked again on this connection.
fn judge(error: Error) -> Undone {
    match &error {
        Error::DatabaseError(_, information) if information.message() == "disk I/O error" => {
            lost(error)
        }
        _ => Undone::Command(error),
    }
}

fn lost(error: Error) -> Undone {
    Undone::Connection(unavailable(&error).to_string())
}

fn settle(job: Box<dyn Job>, done: Result<(), Undone>) {
    match done {
        Ok(()) => job.finish(),
        Err(undone) => job.fail(&undone.reason()),
    }
}

/// Opens the file again and writes the log back: what a failed sync left behind in memory is
/// then either on disk or gone.
fn reopen(config: &Config) -> Result<Session, StorageError> {
    let mut connection = connection::open_writer(config)?;
    checkpoint::truncate(&mut connection)?;
    Session::new(connection)
}

#[cfg(test)]
mod tests {
    use sukkal_storage::OpenOptions;
    use tempfile::TempDir;

    use super::*;
    use crate::command::{Command, job};
    use crate::error::Failure;

    /// Ends the transaction it runs in, so that the commit after it fails.
    struct Saboteur;

    impl Command for Saboteur {
        type Output = ();

        fn run(&self, session: &mut Session) -> Result<(), Failure> {
            Rollback {}.execute(&mut session.connection)?;
            Ok(())
        }
    }

    struct Nothing;

    impl Command for Nothing {
        type Output = ();

        fn run(&self, _: &mut Session) -> Result<(), Failure> {
            Ok(())
        }
    }

    fn writer(folder: &TempDir) -> Writer {
        let options = OpenOptions { data_dir: folder.path().into(), now: 0, options: Vec::new() };
        let config = Config::parse("sqlite:", &options).unwrap();
        let mut connection = connection::open_writer(&config).unwrap();
        connection::prepare(&mut connection, &config.location).unwrap();
        Writer::new(config, Session::new(connection).unwrap(), None)
    }

    #[test]
    fn a_failed_commit_fails_all_its_commands_and_the_next_group_finds_the_file_open() {
        let folder = TempDir::new().unwrap();
        let inbox = Inbox::new();
        let (before, mut before_answer) = job(Nothing);
        let (saboteur, mut saboteur_answer) = job(Saboteur);
        let (after, mut after_answer) = job(Nothing);
        let mut writer = writer(&folder);

        let mut group = Group { jobs: vec![before, saboteur], up_to: 2 };
        let done = writer.transact(&mut group.jobs);
        writer.answer(group, done, &inbox);
        let was_closed = writer.session.is_none();
        let mut group = Group { jobs: vec![after], up_to: 3 };
        let done = writer.transact(&mut group.jobs);
        writer.answer(group, done, &inbox);

        assert!(was_closed);
        for answer in [&mut before_answer, &mut saboteur_answer] {
            let answer = answer.try_recv().unwrap();
            assert!(matches!(answer, Err(StorageError::Unavailable { .. })), "{answer:?}");
        }
        assert!(after_answer.try_recv().unwrap().is_ok());
    }
}
