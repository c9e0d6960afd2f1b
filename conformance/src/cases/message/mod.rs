//! Messages.

mod body_schema;
mod encryption;
mod message_delete;
mod message_delete_many;
mod message_get;
mod message_get_many;
mod message_list;
mod message_pop;
mod message_post;
mod paging;
mod values;

use crate::case::Case;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[
    body_schema::CASES,
    encryption::CASES,
    message_delete::CASES,
    message_delete_many::CASES,
    message_get::CASES,
    message_get_many::CASES,
    message_list::CASES,
    message_pop::CASES,
    message_post::CASES,
    paging::CASES,
    values::CASES,
];
