//! What clients were told, and whether the service still stands by it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

use crate::Outcome;
use crate::api::{Api, Claim, Message};

/// The most messages of a claim.
pub(crate) const CLAIM_SIZE: usize = 5;

/// What was asked for and what was acknowledged; only ever added to.
pub(crate) struct Ledger {
    queues: Vec<String>,
    entries: Mutex<Entries>,
    acknowledged: watch::Sender<u64>,
}

#[derive(Default)]
struct Entries {
    /// Numbers below it were sent.
    next_number: u64,
    /// The queue and number of each acknowledged message, by id.
    posted: HashMap<String, (usize, u64)>,
    delete_tried: HashSet<String>,
    deleted: HashSet<String>,
    /// The queue and message ids of each acknowledged claim.
    claims: HashMap<String, (usize, Vec<String>)>,
    claim_of: HashMap<String, String>,
    claims_tried: usize,
    next_queue: u64,
    created: BTreeSet<String>,
    removal_tried: BTreeSet<String>,
    removed: BTreeSet<String>,
}

/// How much a ledger holds.
#[derive(Debug)]
#[expect(dead_code, reason = "shown to whoever runs it")]
pub(crate) struct Totals {
    messages: usize,
    claims: usize,
    deletes: usize,
    queues: usize,
    messages_in_doubt: u64,
    deletes_in_doubt: usize,
    claims_in_doubt: usize,
}

impl Ledger {
    /// An empty one; messages go to these queues.
    pub(crate) fn new(queues: &[&str]) -> Self {
        let queues = queues.iter().map(|queue| (*queue).to_owned()).collect();
        Self { queues, entries: Mutex::default(), acknowledged: watch::Sender::new(0) }
    }

    /// The name of a queue for messages; all numbers have one.
    pub(crate) fn queue(&self, at: usize) -> &str {
        &self.queues[self.place(at)]
    }

    /// The place of that queue among all.
    pub(crate) fn place(&self, at: usize) -> usize {
        at % self.queues.len()
    }

    /// How much was acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        *self.acknowledged.borrow()
    }

    /// Waits until so much is acknowledged.
    pub(crate) async fn reach(&self, goal: u64) {
        self.acknowledged.subscribe().wait_for(|count| *count >= goal).await.unwrap();
    }

    /// Numbers for so many messages about to be posted.
    pub(crate) fn numbers(&self, count: usize) -> Vec<u64> {
        let mut entries = self.entries();
        let first = entries.next_number;
        entries.next_number += count as u64;
        (first..entries.next_number).collect()
    }

    pub(crate) fn posted(&self, queue: usize, ids: Vec<String>, numbers: &[u64]) {
        assert_eq!(ids.len(), numbers.len());
        let mut entries = self.entries();
        for (id, number) in ids.into_iter().zip(numbers) {
            let before = entries.posted.insert(id, (queue, *number));
            assert_eq!(before, None, "an id was given twice");
        }
        drop(entries);
        self.count();
    }

    pub(crate) fn claims(&self) {
        self.entries().claims_tried += 1;
    }

    pub(crate) fn claimed(&self, queue: usize, claim: &Claim) {
        let mut entries = self.entries();
        for message in &claim.messages {
            let before = entries.claim_of.insert(message.id.clone(), claim.id.clone());
            assert_eq!(before, None, "{message:?} is in two live claims: {claim:?}");
            assert!(!entries.deleted.contains(&message.id), "{message:?} is back in {claim:?}");
        }
        let ids = claim.messages.iter().map(|message| message.id.clone()).collect();
        entries.claims.insert(claim.id.clone(), (queue, ids));
        drop(entries);
        self.count();
    }

    pub(crate) fn found_nothing_to_claim(&self) {
        self.entries().claims_tried -= 1;
    }

    pub(crate) fn deletes(&self, id: &str) {
        self.entries().delete_tried.insert(id.to_owned());
    }

    pub(crate) fn deleted(&self, id: &str) {
        self.entries().deleted.insert(id.to_owned());
        self.count();
    }

    /// A name for a queue about to be created.
    pub(crate) fn new_queue(&self) -> String {
        let mut entries = self.entries();
        entries.next_queue += 1;
        format!("made-{:06}", entries.next_queue)
    }

    pub(crate) fn created(&self, queue: &str) {
        self.entries().created.insert(queue.to_owned());
        self.count();
    }

    pub(crate) fn removes(&self, queue: &str) {
        self.entries().removal_tried.insert(queue.to_owned());
    }

    pub(crate) fn removed(&self, queue: &str) {
        self.entries().removed.insert(queue.to_owned());
        self.count();
    }

    /// Compares everything with what is there. Claims all that is free.
    pub(crate) async fn check(&self, api: &mut Api) -> Totals {
        assert_none(&self.faults_of_queues(&api.queues().await.unwrap()));
        let mut unclaimed = BTreeMap::new();
        for (at, queue) in self.queues.iter().enumerate() {
            let present = api.messages(queue).await.unwrap();
            assert_none(&self.faults_of_messages(at, &present));
            unclaimed.extend(present.into_iter().map(|message| (message.id, message.number)));
        }
        self.check_claims(api).await;
        unclaimed.retain(|id, _| !self.entries().claim_of.contains_key(id));
        for queue in &self.queues {
            while let Some(claim) = api.claim(queue, CLAIM_SIZE).await.unwrap() {
                for Message { id, .. } in &claim.messages {
                    let holder = self.entries().claim_of.insert(id.clone(), claim.id.clone());
                    assert_eq!(holder, None, "{id} is in two live claims");
                    assert!(unclaimed.remove(id).is_some(), "{id} was claimed but not listed");
                }
            }
        }
        let totals = self.totals();
        let most = totals.claims_in_doubt * CLAIM_SIZE;
        assert!(unclaimed.len() <= most, "{} messages nobody can claim", unclaimed.len());
        totals
    }

    /// What is wrong with a list of all queues.
    fn faults_of_queues(&self, listed: &[String]) -> Vec<String> {
        let entries = self.entries();
        let mut faults = Vec::new();
        let present: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
        if present.len() != listed.len() {
            faults.push("a queue is listed twice".to_owned());
        }
        for queue in self.queues.iter().chain(&entries.created) {
            if !present.contains(queue.as_str()) && !entries.removal_tried.contains(queue) {
                faults.push(format!("queue {queue} is lost"));
            }
        }
        let was_tried = |queue: &str| {
            let number = queue.strip_prefix("made-").and_then(|number| number.parse().ok());
            number.is_some_and(|number: u64| number <= entries.next_queue)
        };
        for queue in listed {
            if entries.removed.contains(queue) {
                faults.push(format!("queue {queue} was deleted and is back"));
            }
            if !self.queues.contains(queue) && !was_tried(queue) {
                faults.push(format!("queue {queue} came from nowhere"));
            }
        }
        faults
    }

    /// What is wrong with a list of all messages of a queue.
    fn faults_of_messages(&self, queue: usize, present: &[Message]) -> Vec<String> {
        let entries = self.entries();
        let mut faults = Vec::new();
        let ids: HashMap<&str, u64> =
            present.iter().map(|message| (message.id.as_str(), message.number)).collect();
        let numbers: HashSet<u64> = ids.values().copied().collect();
        if ids.len() != present.len() || numbers.len() != present.len() {
            faults.push("a message is there twice".to_owned());
        }
        for (id, (_, number)) in entries.posted.iter().filter(|(_, (of, _))| *of == queue) {
            match ids.get(id.as_str()) {
                Some(found) if found == number => {}
                Some(found) => faults.push(format!("message {id} was {number} and is {found}")),
                None if entries.delete_tried.contains(id) => {}
                None => faults.push(format!("message {id} was acknowledged and is lost")),
            }
        }
        for (id, number) in ids {
            if entries.deleted.contains(id) {
                faults.push(format!("message {id} was deleted and is back"));
            }
            if number >= entries.next_number {
                faults.push(format!("message {id} came from nowhere"));
            }
        }
        faults
    }

    /// Claims hold what was acknowledged, as far as nobody tried to delete it.
    async fn check_claims(&self, api: &mut Api) {
        let open: Vec<_> = {
            let entries = self.entries();
            let rest = entries.claims.iter().map(|(claim, (queue, ids))| {
                let kept = ids.iter().filter(|id| !entries.delete_tried.contains(*id));
                (claim.clone(), *queue, ids.clone(), kept.cloned().collect::<Vec<_>>())
            });
            rest.filter(|(_, _, _, kept)| !kept.is_empty()).collect()
        };
        for (claim, queue, all, kept) in open {
            let held = api.claimed(self.queue(queue), &claim).await.unwrap();
            let held: HashSet<String> = held.into_iter().map(|message| message.id).collect();
            assert!(kept.iter().all(|id| held.contains(id)), "{claim} lost some of {kept:?}");
            assert!(held.iter().all(|id| all.contains(id)), "{claim} holds more than {all:?}");
        }
    }

    fn totals(&self) -> Totals {
        let entries = self.entries();
        Totals {
            messages: entries.posted.len(),
            claims: entries.claims.len(),
            deletes: entries.deleted.len(),
            queues: entries.created.len(),
            messages_in_doubt: entries.next_number - entries.posted.len() as u64,
            deletes_in_doubt: entries.delete_tried.len() - entries.deleted.len(),
            claims_in_doubt: entries.claims_tried - entries.claims.len(),
        }
    }

    fn count(&self) {
        self.acknowledged.send_modify(|count| *count += 1);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap()
    }
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults, as {:?}", faults.len(), &faults[..faults.len().min(5)]);
}

/// A ledger held against lists that are right and wrong.
pub(crate) async fn a_ledger_notices_what_is_lost_and_what_is_back() -> Outcome {
    let ledger = Ledger::new(&["q"]);
    let message = |id: &str, number| Message { id: id.to_owned(), number };
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let numbers = ledger.numbers(4);
    ledger.posted(0, own(&["a", "b", "c"]), &numbers[..3]);
    ledger.deletes("b");
    ledger.deletes("c");
    ledger.deleted("c");
    let [kept, removed] = [ledger.new_queue(), ledger.new_queue()];
    ledger.created(&kept);
    ledger.removed(&removed);

    let (a, b, c) = (message("a", 0), message("b", 1), message("c", 2));
    let unacknowledged = message("d", 3);
    let lists = [
        (vec![a.clone(), b.clone(), unacknowledged], 0),
        (vec![a.clone()], 0),
        (vec![b.clone()], 1),
        (vec![a.clone(), c], 1),
        (vec![message("a", 1)], 1),
        (vec![a.clone(), message("e", 0)], 1),
        (vec![a, message("e", 4)], 1),
    ];
    for (list, faults) in lists {
        assert_eq!(ledger.faults_of_messages(0, &list).len(), faults, "{list:?}");
    }
    let lists = [
        (own(&["q", &kept]), 0),
        (own(&["q"]), 1),
        (own(&["q", &kept, &removed]), 1),
        (own(&["q", &kept, "other"]), 1),
        (own(&["q", "q", &kept]), 1),
    ];
    for (list, faults) in lists {
        assert_eq!(ledger.faults_of_queues(&list).len(), faults, "{list:?}");
    }
    Ok(())
}
