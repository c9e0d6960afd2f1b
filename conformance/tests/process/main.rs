//! Runs the server as a process, and kills it, cuts it off and feeds it nonsense.
//!
//! The binary must be there: `cargo build -p sukkal-server` makes it, `SUKKAL_BINARY` names another.
//! What needs a program or a right that is missing here is reported as ignored, with the reason.
//!
//! | variable | meaning |
//! |---|---|
//! | `SUKKAL_BINARY` | the server to run |
//! | `SUKKAL_KILL_CYCLES` | how often the server, or Redis, is killed under load (5) |
//! | `SUKKAL_KILL_SEED` | the seed of the moments of killing (printed by each run) |
//! | `SUKKAL_POOL_CYCLES` | how often one of two pools is killed under load (3) |
//! | `SUKKAL_IDLE_SOCKETS` | how many sockets are subscribed to find out what one costs (2000) |
//! | `SUKKAL_SHARED_MESSAGES` | how many messages two servers share out (5000) |

#![allow(clippy::unwrap_used, reason = "a case fails by panicking")]

mod api;
mod bad_bodies;
mod bad_bytes;
mod bad_frames;
mod damage;
mod fan_out;
mod full_disk;
mod hooks;
mod kill;
mod ledger;
mod link;
mod load;
mod outage;
mod pool_settings;
mod pools;
mod pushes;
mod redis;
mod server;
mod shutdown;
mod size;
mod slow_readers;
mod startup;
mod syncs;
mod trace;
mod two_servers;

use std::future::Future;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

/// Why a case cannot run here.
struct Ignored(&'static str);

/// What a case ends with; it fails by panicking.
type Outcome = Result<(), Ignored>;

macro_rules! trials {
    ($($module:ident: $($name:ident)+;)+) => {
        vec![$($(trial(stringify!($name), $module::$name)),+),+]
    };
}

fn main() -> ExitCode {
    let trials = trials! {
        ledger: a_ledger_notices_what_is_lost_and_what_is_back;
        trace: a_trace_is_read_as_what_happened;
        kill: nothing_acknowledged_is_lost_when_the_server_is_killed
              nothing_acknowledged_is_lost_when_a_server_on_redis_is_killed
              nothing_acknowledged_is_lost_when_redis_is_killed;
        fan_out: every_webhook_arrives_though_the_server_is_killed
                 every_webhook_arrives_though_one_of_two_servers_is_killed;
        two_servers: two_servers_on_one_redis_hand_out_each_message_once;
        syncs: no_post_is_acknowledged_before_the_sync_that_covers_it
               sixteen_connections_share_their_syncs
               a_store_that_does_not_sync_is_noticed;
        bad_frames: a_frame_of_10_gb_is_refused_at_once_and_costs_no_memory
                    a_message_that_never_ends_is_refused
                    a_frame_that_breaks_the_protocol_ends_its_connection_only;
        bad_bodies: a_body_of_10_gb_is_refused_unread
                    a_slow_body_is_cut_off
                    slow_headers_are_cut_off
                    a_quiet_connection_is_closed
                    a_chunked_body_without_a_length_is_taken
                    a_body_that_never_ends_is_refused
                    lengths_that_lie_never_pass_as_a_message
                    a_client_that_closed_its_half_costs_nothing;
        slow_readers: a_client_that_never_reads_its_answers_is_cut_off
                      a_socket_that_never_reads_its_answers_is_cut_off;
        bad_bytes: garbage_ends_its_connection_only;
        startup: an_unknown_option_is_refused_with_the_nearest_one
                 a_folder_that_cannot_be_written_is_refused
                 a_second_process_on_the_same_folder_is_refused
                 a_port_that_is_taken_is_refused;
        damage: a_file_that_is_no_database_is_refused_and_kept
                a_truncated_file_is_reported_and_kept
                a_damaged_page_is_reported_and_kept
                a_torn_end_of_the_log_costs_no_older_message;
        full_disk: a_full_store_refuses_posts_and_goes_on_reading
                   a_full_disk_refuses_posts_until_there_is_space;
        outage: redis_that_is_silent_is_reported_quickly
                redis_that_is_gone_is_reported_at_once;
        pools: a_pool_that_is_killed_stops_no_queue_of_another;
        pool_settings: a_server_starts_while_a_pool_is_away_and_takes_it_back
                       without_a_pool_queues_lie_in_the_main_store_only_if_asked_for
                       records_may_lie_in_a_store_of_their_own;
        pushes: what_is_posted_through_two_servers_is_pushed_in_order_by_both
                a_subscriber_that_stops_reading_is_closed_with_a_code_and_costs_others_nothing
                idle_subscribers_are_small;
        shutdown: requests_under_way_are_finished_and_sockets_closed
                  a_client_that_never_finishes_is_cut_after_the_grace
                  a_socket_that_never_stops_sending_is_closed;
        size: an_idle_server_is_small_and_starts_quickly;
    };
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial<F>(name: &'static str, case: fn() -> F) -> Trial
where
    F: Future<Output = Outcome> + 'static,
{
    Trial::ignorable_test(name, move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        match runtime.block_on(case()) {
            Ok(()) => Ok(Completion::Completed),
            Err(Ignored(reason)) => Ok(Completion::ignored_with(reason)),
        }
    })
}

/// Says what was measured.
#[expect(clippy::print_stderr, reason = "the harness keeps nothing that passes")]
fn note(text: &str) {
    eprintln!("note: {text}");
}

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}
