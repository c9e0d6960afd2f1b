//! Who calls: transport facts as data.

use std::sync::Arc;

use crate::order::Turn;

/// What a controller knows about the caller of one call.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The project in force.
    pub project_id: Arc<str>,
    /// The client, in the one spelling that is compared; empty if the operation needs none.
    pub client_id: Arc<str>,
    /// The user, if one is known.
    pub user_id: Option<Arc<str>>,
    /// What the caller may be beside a member of the project.
    pub roles: Roles,
    /// Names this call in logs and answers.
    pub request_id: Arc<str>,
    /// The size of the document that was sent, in bytes.
    pub document_bytes: usize,
    /// The place of this call among those of its connection.
    pub turn: Turn,
    /// Who is told when the caller subscribes itself: the address of its connection, if that can carry messages.
    pub own_address: Option<Arc<str>>,
    /// The genuine grant that the caller holds, if it calls by one.
    pub grant: Option<Arc<SignedGrant>>,
}

/// What was signed of a grant that admits a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedGrant {
    /// The paths, as they were signed.
    pub paths: Vec<String>,
    /// The methods, as they were signed.
    pub methods: Vec<String>,
}

/// The roles of a caller: a list of names, compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Option<Arc<str>>);

impl Roles {
    /// Reads names that are separated by commas; blanks around them do not count.
    pub fn new(list: &str) -> Self {
        Self(Some(list.into()))
    }

    /// Whether this role is among them.
    pub fn has(&self, role: &str) -> bool {
        self.names().any(|name| name.eq_ignore_ascii_case(role))
    }

    /// The names, as they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.0.as_deref().unwrap_or_default().split(',');
        names.map(str::trim).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_trimmed_and_compared_without_case() {
        let roles = Roles::new(" member ,, ADMIN");

        assert!(roles.has("admin") && roles.has("Member"));
        assert_eq!(roles.names().collect::<Vec<_>>(), ["member", "ADMIN"]);
    }

    #[test]
    fn a_part_of_a_name_is_no_role() {
        assert!(!Roles::new("administrator").has("admin"));
        assert!(!Roles::new("").has(""));
        assert!(!Roles::default().has("admin"));
    }
}
