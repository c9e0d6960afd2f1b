//! SQL statements as types: the text is fixed, so the connection prepares each one once.

use diesel::RunQueryDsl;
use diesel::sqlite::SqliteConnection;

/// A statement with a fixed text, one `?` for each of its fields in order: for the tests that explain it.
#[cfg(test)]
pub(crate) trait Statement {
    /// The SQL text.
    const TEXT: &'static str;
}

/// Declares a statement: its name, the values it takes, the columns it returns, its text.
macro_rules! statement {
    (@query $name:ident [$($life:lifetime)?]) => {};
    (@query $name:ident [$($life:lifetime)?] $columns:ty) => {
        impl $(<$life>)? diesel::query_builder::Query for $name $(<$life>)? {
            type SqlType = $columns;
        }
    };
    (
        $(#[$meta:meta])*
        $name:ident $(<$life:lifetime>)? { $($field:ident: $rust:ty => $sql:ty),* $(,)? }
        $(-> $columns:ty)?
        = $text:expr;
    ) => {
        $(#[$meta])*
        pub(crate) struct $name $(<$life>)? { $(pub(crate) $field: $rust),* }

        #[cfg(test)]
        impl $(<$life>)? $crate::statement::Statement for $name $(<$life>)? {
            const TEXT: &'static str = $text;
        }

        const _: () = {
            pub(crate) struct Id;

            impl $(<$life>)? diesel::query_builder::QueryId for $name $(<$life>)? {
                type QueryId = Id;
            }

            impl $(<$life>)? diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite>
                for $name $(<$life>)?
            {
                fn walk_ast<'b>(
                    &'b self,
                    mut out: diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>,
                ) -> diesel::result::QueryResult<()> {
                    // Walked for every execution, so the text is cut up beforehand.
                    const PARTS: [&str; 1 $(+ $crate::statement::one!($field))*] =
                        $crate::statement::parts($text);
                    let mut parts = PARTS.into_iter();
                    $(
                        out.push_sql(parts.next().unwrap_or_default());
                        out.push_bind_param::<$sql, _>(&self.$field)?;
                    )*
                    out.push_sql(parts.next().unwrap_or_default());
                    Ok(())
                }
            }

            impl<$($life,)? C> diesel::RunQueryDsl<C> for $name $(<$life>)? {}

            $crate::statement::statement!(@query $name [$($life)?] $($columns)?);
        };
    };
}
pub(crate) use statement;

/// Counts a field.
macro_rules! one {
    ($field:ident) => {
        1
    };
}
pub(crate) use one;

/// Cuts a text at its question marks; a text with another number of them does not compile.
pub(crate) const fn parts<const COUNT: usize>(text: &'static str) -> [&'static str; COUNT] {
    let mut parts = [""; COUNT];
    let (mut rest, mut place, mut found) = (text, 0, 0);
    while place < rest.len() {
        if rest.as_bytes()[place] == b'?' {
            let (part, behind) = rest.split_at(place);
            parts[found] = part;
            found += 1;
            (_, rest) = behind.split_at(1);
            place = 0;
        } else {
            place += 1;
        }
    }
    assert!(found + 1 == COUNT, "one question mark for each field");
    parts[found] = rest;
    parts
}

statement! {
    /// Starts a transaction that will write.
    BeginWrite {} = "BEGIN IMMEDIATE";
}

statement! {
    /// Starts a transaction that sees one state of the store.
    BeginRead {} = "BEGIN DEFERRED";
}

statement! {
    /// Ends a transaction; a writing one is synced first.
    Commit {} = "COMMIT";
}

statement! {
    /// Undoes a transaction.
    Rollback {} = "ROLLBACK";
}

/// Runs reads in one transaction, so that they see one state of the store.
pub(crate) fn snapshot<T, E: From<diesel::result::Error>>(
    connection: &mut SqliteConnection,
    reads: impl FnOnce(&mut SqliteConnection) -> Result<T, E>,
) -> Result<T, E> {
    BeginRead {}.execute(connection)?;
    let result = reads(connection);
    let ended = Rollback {}.execute(connection);
    let value = result?;
    ended?;
    Ok(value)
}
