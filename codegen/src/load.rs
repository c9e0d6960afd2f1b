//! Reads the files of the specification.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::SpecError;
use crate::likeness::derive;
use crate::model::{Member, Operation, Service, Spec, TypeDef, WrittenOperation};
use crate::schema::{Form, Schema, join};

/// Every file and folder that matters, sorted.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.join("operations"), folder.join("types")];
    let files = [
        "access.yaml",
        "errors.yaml",
        "limits.yaml",
        "pushes.yaml",
        "refusals.yaml",
        "service.yaml",
    ];
    for name in files {
        found.push(folder.join(name));
    }
    found.extend(yaml_files(&folder.join("operations")));
    found.extend(yaml_files(&folder.join("types")));
    found.sort();
    found
}

pub(crate) fn load(folder: &Path) -> Result<Spec, SpecError> {
    let types = load_types(folder)?;
    let service: Service = read(folder, &folder.join("service.yaml"))?;
    let mut operations = load_operations(folder, &service, &types)?;
    operations
        .sort_by(|a, b| (&a.written.resource, a.name()).cmp(&(&b.written.resource, b.name())));
    Ok(Spec {
        operations,
        types,
        kinds: read_key(folder, "errors.yaml", "kinds")?,
        errors: read_key(folder, "errors.yaml", "errors")?,
        limits: read(folder, &folder.join("limits.yaml"))?,
        refusals: read(folder, &folder.join("refusals.yaml"))?,
        service,
        pushes: read(folder, &folder.join("pushes.yaml"))?,
        access: read(folder, &folder.join("access.yaml"))?,
    })
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.push(path.clone());
            found.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.retain(|path| path.extension().is_some() && path.is_file());
    found.sort();
    found
}

fn label(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}

fn parse(folder: &Path, path: &Path) -> Result<Value, SpecError> {
    let file = label(folder, path);
    let text = fs::read_to_string(path).map_err(|e| SpecError::new(&file, "", e.to_string()))?;
    // Unlike the JSON value, the YAML value refuses a key that is written twice.
    let value: serde_norway::Value =
        serde_norway::from_str(&text).map_err(|e| SpecError::new(&file, "", e.to_string()))?;
    serde_json::to_value(value).map_err(|e| SpecError::new(&file, "", e.to_string()))
}

fn decode<T: DeserializeOwned>(file: &str, prefix: &str, value: Value) -> Result<T, SpecError> {
    serde_path_to_error::deserialize(value).map_err(|e| {
        let place = match e.path().to_string() {
            place if place == "." => String::new(),
            place => place,
        };
        SpecError::new(file, join(prefix, &place), e.inner().to_string())
    })
}

fn read<T: DeserializeOwned>(folder: &Path, path: &Path) -> Result<T, SpecError> {
    decode(&label(folder, path), "", parse(folder, path)?)
}

fn read_key<T: DeserializeOwned>(folder: &Path, file: &str, key: &str) -> Result<T, SpecError> {
    let value = parse(folder, &folder.join(file))?;
    let part = value.get(key).cloned();
    decode(file, key, part.ok_or_else(|| SpecError::new(file, key, "is missing"))?)
}

fn load_types(folder: &Path) -> Result<BTreeMap<String, TypeDef>, SpecError> {
    let mut types = BTreeMap::new();
    for path in yaml_files(&folder.join("types")) {
        let file = label(folder, &path);
        let Value::Object(entries) = parse(folder, &path)? else {
            return Err(SpecError::new(file, "", "a type file is an object"));
        };
        let mut views: IndexMap<String, BTreeMap<String, Vec<Member>>> = IndexMap::new();
        for (name, written) in entries {
            if name == "views" {
                views = decode(&file, "views", written)?;
                continue;
            }
            let schema = Schema::read(&written)
                .map_err(|(place, message)| SpecError::new(&file, join(&name, &place), message))?;
            let def = TypeDef { file: file.clone(), schema, written, views: BTreeMap::new() };
            if types.insert(name.clone(), def).is_some() {
                return Err(SpecError::new(file, name, "is defined twice"));
            }
        }
        for (name, by_transport) in views {
            let Some(def) = types.get_mut(&name) else {
                return Err(SpecError::new(file, format!("views.{name}"), "is not a type"));
            };
            def.views = by_transport;
        }
    }
    Ok(types)
}

fn load_operations(
    folder: &Path,
    service: &Service,
    types: &BTreeMap<String, TypeDef>,
) -> Result<Vec<Operation>, SpecError> {
    let mut files = Vec::new();
    for path in yaml_files(&folder.join("operations")) {
        files.push((label(folder, &path), parse(folder, &path)?));
    }
    let named = files.iter().filter_map(|(_, value)| {
        Some((value.get("operation")?.as_str()?.to_owned(), value.clone()))
    });
    let by_name: BTreeMap<String, Value> = named.collect();
    let mut operations = Vec::new();
    for (file, value) in files {
        let value = derive(&file, value, &by_name, &service.words)?;
        operations.push(load_operation(file, value, types)?);
    }
    Ok(operations)
}

fn load_operation(
    file: String,
    value: Value,
    types: &BTreeMap<String, TypeDef>,
) -> Result<Operation, SpecError> {
    let written: WrittenOperation = decode(&file, "", value)?;
    let input = Schema::read(&written.input)
        .map_err(|(place, message)| SpecError::new(&file, join("input", &place), message))?;
    if !matches!(input.form, Form::Object { .. }) {
        return Err(SpecError::new(&file, "input.type", "must be \"object\""));
    }
    let mut outcomes = IndexMap::new();
    for (name, value) in &written.outcomes {
        let schema = Schema::read(value).map_err(|(place, message)| {
            SpecError::new(&file, join(&format!("outcomes.{name}"), &place), message)
        })?;
        outcomes.insert(name.clone(), resolve_outcome(&file, name, schema, types)?);
    }
    Ok(Operation { file, written, input, outcomes })
}

/// An outcome that is a reference takes the members of the type and keeps what it says of itself.
fn resolve_outcome(
    file: &str,
    name: &str,
    schema: Schema,
    types: &BTreeMap<String, TypeDef>,
) -> Result<Schema, SpecError> {
    let Form::Ref(target) = &schema.form else { return Ok(schema) };
    let Some(def) = types.get(target) else {
        let message = format!("\"{target}\" is not a type");
        return Err(SpecError::new(file, format!("outcomes.{name}"), message));
    };
    let description = schema.description.or_else(|| def.schema.description.clone());
    Ok(Schema { description, ..def.schema.clone() })
}
