//! The scripts, and how a call of one is put together.

use std::fmt;
use std::io::Write as _;
use std::sync::LazyLock;

use redis::{Cmd, RedisWrite};

use crate::keys::QueueKeys;

/// One Lua script: its source, its digest, and how many of the keys of a queue it gets.
pub(crate) struct Script {
    pub(crate) source: &'static str,
    digest: String,
    keys: usize,
}

macro_rules! scripts {
    ($($name:ident: $keys:literal = $($file:literal)+;)+) => {
        $(pub(crate) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new(concat!($(include_str!(concat!("scripts/", $file, ".lua"))),+), $keys)
        });)+

        /// Every script.
        pub(crate) fn all() -> impl Iterator<Item = &'static Script> {
            [$(&*$name),+].into_iter()
        }
    };
}

scripts! {
    POST: 8 = "queue" "base" "forget" "store" "post" "body_size" "post_outbox";
    LIST: 8 = "queue" "base" "list";
    GET: 1 = "queue" "base" "get";
    DELETE: 8 = "queue" "base" "forget" "delete";
    DELETE_MANY: 8 = "queue" "base" "forget" "delete_many";
    POP: 8 = "queue" "base" "forget" "settle" "take" "pop";
    PURGE: 8 = "queue" "base" "forget" "settle" "purge";
    STATS: 8 = "queue" "base" "stats";
    CLAIM_CREATE: 11 = "queue" "base" "forget" "settle" "take" "claim" "claim_create";
    CLAIM_GET: 1 = "queue" "base" "claim" "claim_get";
    CLAIM_UPDATE: 8 = "queue" "base" "claim" "claim_update";
    CLAIM_DELETE: 8 = "queue" "base" "settle" "claim_delete";
    COLLECT: 9 = "queue" "base" "forget" "settle" "collect";
    SEAL: 11 = "queue" "base" "outbox_keys" "seal";
    UNSEAL: 1 = "queue" "base" "unseal";
    PENDING: 10 = "queue" "base" "pending";
    RECEIVE: 9 = "queue" "base" "forget" "store" "receive";
    FINISH: 11 = "queue" "base" "finish";
    QUEUE_GET: 2 = "queue_get";
    QUEUE_CREATE: 4 = "queue_create";
    QUEUE_UPDATE: 3 = "queue_update";
    QUEUE_DELETE: 3 = "queue_delete";
    QUEUE_LIST: 2 = "queue_list";
    SUBSCRIPTION_CREATE: 7 = "subscriptions" "subscription_create";
    SUBSCRIPTION_LIST: 7 = "subscriptions" "subscription_list";
    SUBSCRIPTION_UPDATE: 7 = "subscriptions" "subscription_update";
    SUBSCRIPTION_CONFIRM: 7 = "subscriptions" "subscription_confirm";
    SUBSCRIPTION_STATE: 7 = "subscriptions" "subscription_state";
    SUBSCRIPTION_RENEW: 7 = "subscriptions" "subscription_renew";
    SUBSCRIPTION_TELL: 7 = "subscriptions" "subscription_tell";
    SUBSCRIPTION_DELETE: 7 = "subscriptions" "subscription_delete";
    SUBSCRIPTION_PURGE: 7 = "subscriptions" "subscription_purge";
    SUBSCRIPTION_COLLECT: 7 = "subscriptions" "subscription_collect";
    OUTBOX_LEASE: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "outbox_lease";
    OUTBOX_ADVANCE: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "outbox_deliveries" "outbox_advance";
    OUTBOX_LEASE_DELIVERIES: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "body_size" "outbox_lease_deliveries";
    OUTBOX_SETTLE: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "outbox_deliveries" "outbox_settle";
    OUTBOX_RESUME: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "outbox_deliveries" "outbox_resume";
    OUTBOX_ENQUEUE: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "outbox_enqueue";
    OUTBOX_READ: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "outbox_read";
    OUTBOX_OLDEST: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "outbox_oldest";
    OUTBOX_COLLECT: 1 = "outbox_queue" "outbox_keys" "base" "outbox" "outbox_deliveries" "outbox_collect";
    OUTBOX_LOG: 7 = "subscriptions" "outbox_log";
    LAYOUT_REPLACE: 3 = "layout_replace";
    PLACE: 3 = "place";
    RELEASE: 4 = "release";
}

impl Script {
    fn new(source: &'static str, keys: usize) -> Self {
        let digest = redis::Script::new(source).get_hash().to_owned();
        Self { source, digest, keys }
    }

    /// Begins a call on the keys of a queue; `args` and `bytes` are how much is expected to follow.
    pub(crate) fn on(&self, keys: &QueueKeys, args: usize, bytes: usize) -> Call {
        let key_bytes = self.keys * (keys.base().len() + 2);
        let mut call = self.begin(args, bytes + key_bytes);
        keys.write(&mut call.cmd, self.keys);
        call
    }

    /// Begins a call on the keys of the subscriptions of a queue.
    pub(crate) fn on_subscriptions(&self, keys: &QueueKeys, args: usize, bytes: usize) -> Call {
        let key_bytes = self.keys * (keys.base().len() + 2);
        let mut call = self.begin(args, bytes + key_bytes);
        keys.write_subscriptions(&mut call.cmd);
        call
    }

    /// Begins a call on other keys.
    pub(crate) fn on_keys(&self, keys: &[impl AsRef<[u8]>]) -> Call {
        let mut call = self.begin(4, 256);
        for key in keys.iter().take(self.keys) {
            call.cmd.write_arg(key.as_ref());
        }
        call
    }

    fn begin(&self, args: usize, bytes: usize) -> Call {
        let mut cmd = Cmd::with_capacity(3 + self.keys + args, 64 + bytes);
        cmd.write_arg(b"EVALSHA");
        cmd.write_arg(self.digest.as_bytes());
        cmd.write_arg_fmt(self.keys);
        Call { cmd }
    }
}

/// A call of a script, or another command, ready to be sent, also more than once.
pub(crate) struct Call {
    pub(crate) cmd: Cmd,
}

impl Call {
    /// Adds bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.cmd.write_arg(bytes);
        self
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, number: impl fmt::Display) -> &mut Self {
        self.cmd.write_arg_fmt(number);
        self
    }

    /// Adds one argument that is written in parts.
    pub(crate) fn parts(&mut self, parts: &[&[u8]]) -> &mut Self {
        let mut writer = self.cmd.writer_for_next_arg();
        for part in parts {
            // Writing to a command's buffer does not fail.
            let _ = writer.write_all(part);
        }
        drop(writer);
        self
    }
}
