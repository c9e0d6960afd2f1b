//! What strace wrote down, read as requests, syncs and acknowledgements.

use std::collections::HashMap;

use crate::Outcome;

/// The system calls that matter here.
pub(crate) const CALLS: &str =
    "trace=fdatasync,fsync,pwrite64,recvfrom,read,sendto,sendmsg,write,writev";

/// What happened, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A post has been read from a socket.
    Requested(String),
    /// Something is about to be written to the log of the store.
    Logged,
    /// A sync of the log began, this many events before it ended.
    Synced {
        /// The place of its beginning among the events.
        begun: usize,
    },
    /// An answer 201 is about to be written to a socket.
    Acknowledged(String),
}

/// How the acknowledgements stand to the syncs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Posts acknowledged after a sync that began after they were written to the log.
    pub(crate) covered: usize,
    /// All others.
    pub(crate) uncovered: usize,
    /// Syncs of the log.
    pub(crate) syncs: usize,
}

/// Reads a trace made with `-f -y`.
pub(crate) fn events(trace: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut unfinished: HashMap<&str, (String, usize)> = HashMap::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread, (begun.to_owned(), events.len()));
            events.extend(at_begin(begun));
        } else if call.starts_with("<... ") {
            let Some((begun, at)) = unfinished.remove(thread) else { continue };
            let rest = call.split_once('>').map_or("", |(_, rest)| rest);
            events.extend(at_end(&(begun + rest), at));
        } else {
            let at = events.len();
            events.extend(at_begin(call));
            events.extend(at_end(call, at));
        }
    }
    events
}

/// Holds each acknowledgement against the syncs before it.
pub(crate) fn tally(events: &[Event]) -> Tally {
    let mut tally = Tally::default();
    let mut requested: HashMap<&str, usize> = HashMap::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Requested(socket) => drop(requested.insert(socket, at)),
            Event::Logged => {}
            Event::Synced { .. } => tally.syncs += 1,
            Event::Acknowledged(socket) => {
                let from = requested.remove(socket.as_str());
                if from.is_some_and(|from| is_covered(events, from, at)) {
                    tally.covered += 1;
                } else {
                    tally.uncovered += 1;
                }
            }
        }
    }
    tally
}

/// Whether between these places something was logged and then synced.
fn is_covered(events: &[Event], from: usize, to: usize) -> bool {
    let between = &events[from..to];
    let Some(logged) = between.iter().position(|event| *event == Event::Logged) else {
        return false;
    };
    between.iter().any(|event| matches!(event, Event::Synced { begun } if *begun > from + logged))
}

fn at_begin(call: &str) -> Option<Event> {
    let (name, arguments) = call.split_once('(')?;
    let file = arguments.split([',', ')']).next()?;
    match name {
        "pwrite64" if is_log(file) => Some(Event::Logged),
        "sendto" | "sendmsg" | "write" | "writev" if arguments.contains("\"HTTP/1.1 201 ") => {
            Some(Event::Acknowledged(file.to_owned()))
        }
        _ => None,
    }
}

fn at_end(call: &str, begun: usize) -> Option<Event> {
    let (name, arguments) = call.split_once('(')?;
    let file = arguments.split([',', ')']).next()?;
    match name {
        "fdatasync" | "fsync" if is_log(file) && call.ends_with("= 0") => {
            Some(Event::Synced { begun })
        }
        "recvfrom" | "read" if arguments.contains("\"POST /v2/queues/q/messages ") => {
            Some(Event::Requested(file.to_owned()))
        }
        _ => None,
    }
}

fn is_log(file: &str) -> bool {
    file.ends_with("-wal>")
}

/// A trace written by hand.
pub(crate) async fn a_trace_is_read_as_what_happened() -> Outcome {
    let trace = r#"7 recvfrom(9<socket:[1]>, "POST /v2/queues/q/messages HTTP"..., 8192, 0, NULL, NULL) = 300
8 pwrite64(5</d/sukkal.db-wal>, "x"..., 24, 32) = 24
8 fdatasync(5</d/sukkal.db-wal> <unfinished ...>
7 recvfrom(9<socket:[1]>, 0x1, 8192, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
7 recvfrom(10<socket:[2]>,  <unfinished ...>
8 <... fdatasync resumed>) = 0
7 <... recvfrom resumed>"POST /v2/queues/q/messages HTTP"..., 8192, 0, NULL, NULL) = 300
7 sendto(9<socket:[1]>, "HTTP/1.1 201 Created\r\n"..., 200, MSG_NOSIGNAL, NULL, 0) = 200
7 fdatasync(6</d/sukkal.db>) = 0
7 writev(10<socket:[2]>, [{iov_base="HTTP/1.1 201 Created\r\n"..., iov_len=200}], 1 <unfinished ...>
7 <... writev resumed>) = 200"#;
    let events = events(trace);

    let socket = |text: &str| text.to_owned();
    assert_eq!(
        events,
        [
            Event::Requested(socket("9<socket:[1]>")),
            Event::Logged,
            Event::Synced { begun: 2 },
            Event::Requested(socket("10<socket:[2]>")),
            Event::Acknowledged(socket("9<socket:[1]>")),
            Event::Acknowledged(socket("10<socket:[2]>")),
        ]
    );
    assert_eq!(tally(&events), Tally { covered: 1, uncovered: 1, syncs: 1 });
    Ok(())
}
