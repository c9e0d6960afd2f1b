//! placeholder
pub(crate) fn compare(
    _: &tokio::runtime::Runtime,
    _: &sukkal_storage::Store,
    _: i64,
) -> Result<(), String> {
    Ok(())
}
