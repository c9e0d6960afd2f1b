//! Who calls, in which project, and may they?

use std::sync::Arc;

use sukkal_spec::binding::Who;
use sukkal_spec::context::{Roles, SignedGrant};
use sukkal_spec::{ApiError, OperationInfo, RequestContext};
use uuid::Uuid;

use super::{CallFacts, Rules};
use crate::config::ClientIdRule;
use crate::signature::Shown;

/// The longest project id, in characters.
const MAX_PROJECT_ID: usize = 256;

/// What a transport knows about who calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// The project, if one was named.
    pub project_id: Option<&'a str>,
    /// The client, if one was named.
    pub client_id: Option<&'a str>,
    /// The user, if one was named.
    pub user_id: Option<&'a str>,
    /// The roles, separated by commas, if any were named.
    pub roles: Option<&'a str>,
}

impl<'a> Caller<'a> {
    /// The holder of a genuine grant: the project of the grant, and nothing that the caller says beyond its client.
    #[must_use]
    pub fn holding(self, grant: &Shown<'a>) -> Self {
        Self { project_id: grant.project, client_id: self.client_id, user_id: None, roles: None }
    }
}

/// Who is calling, once known.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The project in force.
    pub project_id: Arc<str>,
    /// The client, in the spelling that is compared.
    pub client_id: Arc<str>,
    /// The user, if there is one.
    pub user_id: Option<Arc<str>>,
    /// The roles in that project.
    pub roles: Roles,
    /// The genuine grant it holds, if it calls by one.
    pub grant: Option<Arc<SignedGrant>>,
}

impl Admitted {
    /// The caller of an operation that asks nobody who they are.
    pub fn nobody() -> Self {
        let nothing = Arc::<str>::from("");
        Self {
            project_id: Arc::clone(&nothing),
            client_id: nothing,
            user_id: None,
            roles: Roles::default(),
            grant: None,
        }
    }

    /// The same caller, by a genuine grant if there is one.
    #[must_use]
    pub fn by(mut self, grant: Option<&Shown<'_>>) -> Self {
        let texts = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        self.grant = grant.map(|grant| {
            Arc::new(SignedGrant { paths: texts(&grant.paths), methods: texts(&grant.methods) })
        });
        self
    }

    /// The context of a call of this caller.
    pub fn context(self, facts: CallFacts) -> RequestContext {
        RequestContext {
            project_id: self.project_id,
            client_id: self.client_id,
            user_id: self.user_id,
            roles: self.roles,
            request_id: facts.request_id,
            document_bytes: facts.document_bytes,
            turn: facts.turn,
            own_address: facts.own_address,
            grant: self.grant,
        }
    }
}

/// What a call must say of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The client.
    pub client: bool,
    /// The project.
    pub project: bool,
    /// The form of the client id.
    pub client_form: bool,
}

/// Finds who calls and in which project. [`permit`] follows, once the operation is known.
///
/// Without authentication the caller is who it says it is. Client first, then project.
///
/// # Errors
/// What is missing or malformed.
pub fn admit(rules: &Rules, caller: Caller<'_>, asked: Asked) -> Result<Admitted, ApiError> {
    let client_id = named(caller.client_id, asked.client, ApiError::ClientIdMissing)?;
    let client_id = if asked.client_form { client(rules, client_id)? } else { client_id.into() };
    let project_id = named(caller.project_id, asked.project, ApiError::ProjectMissing)?;
    if project_id.is_empty() && asked.project {
        return Err(ApiError::ProjectEmpty);
    }
    Ok(Admitted {
        project_id: project_id.into(),
        client_id,
        user_id: caller.user_id.map(Arc::from),
        roles: caller.roles.map(Roles::new).unwrap_or_default(),
        grant: None,
    })
}

fn named(text: Option<&str>, is_asked: bool, missing: ApiError) -> Result<&str, ApiError> {
    match text {
        Some(text) => Ok(text),
        None if is_asked => Err(missing),
        None => Ok(""),
    }
}

/// Whether the rule of an operation lets these roles pass.
///
/// # Errors
/// [`ApiError::NotAuthorized`].
pub fn permit(info: &OperationInfo, roles: &Roles) -> Result<(), ApiError> {
    match info.admits {
        Who::Everyone => Ok(()),
        Who::Role(role) if roles.has(role) => Ok(()),
        Who::Role(_) => Err(ApiError::NotAuthorized),
    }
}

/// Whether a project id is short enough to own a queue.
///
/// # Errors
/// [`ApiError::ProjectTooLong`].
pub fn check_project(project_id: &str) -> Result<(), ApiError> {
    if project_id.len() > MAX_PROJECT_ID && project_id.chars().count() > MAX_PROJECT_ID {
        return Err(ApiError::ProjectTooLong);
    }
    Ok(())
}

/// The one spelling of a client id: any spelling of a UUID gives the same text.
fn client(rules: &Rules, text: &str) -> Result<Arc<str>, ApiError> {
    let uuid = parse_uuid(text);
    match (rules.client_id, uuid) {
        (_, Some(uuid)) if matches!(rules.client_id, ClientIdRule::Uuid) => Ok(spell(uuid)),
        (ClientIdRule::Uuid, _) => Err(ApiError::ClientIdMalformed),
        (ClientIdRule::Length { minimum, maximum }, uuid) => {
            if !(minimum..=maximum).contains(&text.chars().count()) {
                return Err(ApiError::ClientIdMalformed);
            }
            Ok(uuid.map_or_else(|| text.into(), spell))
        }
    }
}

fn spell(uuid: Uuid) -> Arc<str> {
    (&*uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())).into()
}

/// A UUID in any spelling that leaves 32 hexadecimal digits once `urn:`, `uuid:`, braces and hyphens are gone.
fn parse_uuid(text: &str) -> Option<Uuid> {
    if let Ok(uuid) = Uuid::try_parse(text) {
        return Some(uuid);
    }
    let bare = text.replace("urn:", "").replace("uuid:", "");
    let bare: String =
        bare.trim_matches(['{', '}']).chars().filter(|letter| *letter != '-').collect();
    (bare.len() == 32).then(|| Uuid::try_parse(&bare).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_grant_has_its_project_and_nothing_else_it_says() {
        let says = Caller {
            project_id: Some("other"),
            client_id: Some("client"),
            user_id: Some("user"),
            roles: Some("admin"),
        };
        let grant = Shown { project: Some("granted"), ..Shown::default() };

        let holder = says.holding(&grant);

        assert_eq!(holder.project_id, Some("granted"));
        assert_eq!(holder.client_id, Some("client"));
        assert_eq!((holder.user_id, holder.roles), (None, None));
    }
}
