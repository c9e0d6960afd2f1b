//! Giving a subscription what it missed: from its cursor, from when it was paused, or from when its row had ended.
//!
//! What is still kept is the union of the messages of the queue and of the entries of its outbox. It is read page by
//! page while the socket takes it; what is posted meanwhile is held back until everything before it was given.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::{After, ListMessages, Marker, ReadEntries, Result, SubscriptionId};

use super::followed::{Followed, Step};
use super::push::{Form, Notice, Push};
use super::{Followers, Socket};

/// How many messages or entries are read at once.
const PAGE: usize = 64;
/// How many bytes of entries are read at once, about.
const PAGE_BYTES: usize = 1 << 20;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Some of what is kept, in order.
struct Page {
    notices: BTreeMap<Marker, Notice>,
    /// Everything up to here is in the page; absent if everything there is.
    up_to: Option<Marker>,
}

impl Followers {
    /// Has a subscription catch up, while its phase says so.
    pub(super) fn catch_up(&self, followed: &Arc<Followed>, id: SubscriptionId) {
        let (followers, followed) = (self.clone(), Arc::clone(followed));
        let closing = self.0.shutdown.closing().clone();
        self.0.shutdown.spawn(async move {
            let _: Option<()> =
                closing.run_until_cancelled(followers.give_what_is_kept(&followed, id)).await;
        });
    }

    async fn give_what_is_kept(&self, followed: &Followed, id: SubscriptionId) {
        let Some((mut sent, form)) = followed.begin_catching_up(id) else { return };
        let Some(socket) = followed.state().member(id).map(|member| Arc::clone(&member.socket))
        else {
            return;
        };
        let mut pause = FIRST_PAUSE;
        while socket.half_free().await {
            let page = match self.page(followed, sent).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::debug!(%error, "what a subscription missed cannot be read");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    continue;
                }
            };
            pause = FIRST_PAUSE;
            let up_to = page.up_to;
            let Some(last) = hand_over(&socket, page, &form, sent).await else { return };
            sent = last;
            match followed.caught_up(id, sent, up_to.is_none()) {
                Step::More => {}
                Step::Live | Step::Over => return,
            }
        }
    }

    async fn page(&self, followed: &Followed, after: Marker) -> Result<Page> {
        let (key, tag) = (&followed.key, followed.tag);
        let store = self.0.placement.data(key).await?;
        let now = self.0.placement.now();
        let query = ListMessages {
            queue: key.clone(),
            after: Some(After::Marker(after)),
            limit: PAGE,
            include_claimed: true,
            include_delayed: true,
            exclude_client: None,
            now,
        };
        let messages = store.messages().list(query).await?;
        let query =
            ReadEntries { queue: key.clone(), after, limit: PAGE, max_bytes: PAGE_BYTES, now };
        // Read last: what is posted and deleted between the two is there.
        let entries = store.outbox().read(query).await?;
        let bytes: usize = entries
            .iter()
            .flat_map(|entry| &entry.messages)
            .map(|message| message.body.bytes.len())
            .sum();
        let more_messages =
            messages.last().filter(|_| messages.len() >= PAGE).map(|message| message.marker);
        let is_cut = entries.len() >= PAGE || bytes >= PAGE_BYTES;
        let more_entries = entries.last().filter(|_| is_cut).map(|entry| entry.marker);
        let up_to = more_messages.into_iter().chain(more_entries).min();
        let keys = &self.0.keys;
        let mut notices = BTreeMap::new();
        for message in messages {
            let marker = message.marker;
            notices.extend(Notice::of_message((key, tag), message, keys).map(|it| (marker, it)));
        }
        // As it was posted: a claim may have changed the lifetime of what is in the queue.
        for entry in entries {
            for message in entry.messages {
                let marker = message.marker;
                let notice = Notice::of_entry((key, tag), message, entry.posted_at, keys);
                notices.extend(notice.map(|it| (marker, it)));
            }
        }
        Ok(Page { notices, up_to })
    }
}

/// Puts a page into the line of a socket as room comes free; returns how far it got, or nothing if the socket closed.
async fn hand_over(socket: &Socket, page: Page, form: &Form, sent: Marker) -> Option<Marker> {
    let up_to = page.up_to.unwrap_or(Marker::MAX);
    let mut last = page.up_to.unwrap_or(sent).max(sent);
    for (marker, notice) in page.notices {
        if marker > sent && marker <= up_to {
            if !socket.half_free().await {
                return None;
            }
            socket.push(Push::new(&Arc::new(notice), form));
            last = last.max(marker);
        }
    }
    Some(last)
}
