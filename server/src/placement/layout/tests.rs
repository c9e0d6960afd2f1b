use std::sync::Arc;

use serde_json::json;

use super::*;

const FAST: &[&str] = &["FIFO", "CLAIMS"];
const SAFE: &[&str] = &["FIFO", "CLAIMS", "DURABILITY"];

fn new_pool(uri: &str, weight: u32, flavor: Option<&str>, capabilities: &[&str]) -> NewPool {
    NewPool {
        uri: uri.to_owned(),
        weight,
        flavor: flavor.map(str::to_owned),
        options: Map::new(),
        capabilities: capabilities.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Pools `a`, `b` and `c` without a flavor, each with weight 1.
fn three_pools() -> Document {
    let mut layout = Document::default();
    for name in ["a", "b", "c"] {
        layout.put_pool("p", name, new_pool(&format!("memory:{name}"), 1, None, FAST)).unwrap();
    }
    layout
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn pools_of(layout: &Document, project: &str, flavor: &str) -> Vec<String> {
    layout.pools_of(project, flavor).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn a_document_is_read_as_it_was_written() {
    let mut layout = three_pools();
    layout.put_flavor("p", "gold", &names(&["a"])).unwrap();

    let text = serde_json::to_vec(&layout).unwrap();

    assert_eq!(serde_json::from_slice::<Document>(&text).unwrap(), layout);
}

#[test]
fn pools_with_a_flavor_take_only_queues_that_name_it() {
    let mut layout = three_pools();
    layout.put_flavor("p", "gold", &names(&["a", "b"])).unwrap();

    let drawn = |project, flavor| {
        let list = layout.candidates(project, flavor)?;
        Ok(list.into_iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>())
    };

    assert_eq!(drawn("p", Some("gold")), Ok(names(&["a", "b"])));
    assert_eq!(drawn("p", None), Ok(names(&["c"])));
    assert_eq!(drawn("q", None), Ok(names(&["c"])));
    assert_eq!(drawn("q", Some("gold")), Err(LayoutError::FlavorDoesNotExist("gold".to_owned())));
}

#[test]
fn weights_decide_how_many_queues_a_pool_gets() {
    let candidates = [("a", 1), ("b", 3), ("c", 0)];
    let mut drawn = BTreeMap::new();
    for _ in 0..4000 {
        let mut left = candidates.map(|(name, weight)| (Arc::from(name), weight)).to_vec();
        *drawn.entry(draw(&mut left).unwrap().to_string()).or_insert(0) += 1;
        assert_eq!(left.len(), 2);
    }

    assert!((800..1200).contains(&drawn["a"]), "{drawn:?}");
    assert_eq!(drawn["a"] + drawn["b"], 4000);
}

#[test]
fn nothing_is_drawn_from_nothing() {
    assert_eq!(draw(&mut Vec::new()), None);
    assert_eq!(draw(&mut vec![(Arc::from("a"), 0)]), None);
    let mut largest = vec![(Arc::from("a"), u32::MAX), (Arc::from("b"), u32::MAX)];
    assert!(draw(&mut largest).is_some() && draw(&mut largest).is_some());
}

#[test]
fn a_pool_of_weight_0_takes_no_new_queues() {
    let mut layout = three_pools();
    for name in ["a", "b"] {
        let change = PoolChange { weight: Some(0), ..PoolChange::default() };
        layout.change_pool("p", name, change).unwrap();
    }

    assert_eq!(layout.candidates("p", None).unwrap(), [(Arc::from("c"), 1)]);
}

#[test]
fn one_uri_belongs_to_one_pool() {
    let mut layout = three_pools();

    let again = layout.clone().put_pool("p", "d", new_pool("memory:a", 1, None, FAST));
    let moved = PoolChange { uri: Some(("memory:a".to_owned(), vec![])), ..PoolChange::default() };

    assert_eq!(again, Err(LayoutError::UriIsTaken));
    assert_eq!(layout.clone().change_pool("p", "b", moved), Err(LayoutError::UriIsTaken));
    assert_eq!(layout.put_pool("p", "a", new_pool("memory:a", 2, None, FAST)), Ok(()));
}

#[test]
fn pools_that_share_queues_declare_the_same() {
    let mut layout = three_pools();
    let differ = Err(LayoutError::CapabilitiesDiffer);

    assert_eq!(layout.clone().put_pool("p", "d", new_pool("x:", 1, None, SAFE)), differ);
    layout.put_pool("p", "d", new_pool("x:", 1, Some("safe"), SAFE)).unwrap();
    assert_eq!(layout.clone().put_flavor("p", "gold", &names(&["a", "d"])), differ);
    let plain = PoolChange { flavor: Some(String::new()), ..PoolChange::default() };
    assert_eq!(layout.clone().change_pool("p", "d", plain), differ);
}

#[test]
fn a_pool_belongs_to_the_flavor_that_named_it_last() {
    let mut layout = three_pools();
    layout.put_flavor("p", "one", &names(&["a", "b"])).unwrap();
    layout.put_flavor("p", "two", &names(&["b"])).unwrap();

    assert_eq!(pools_of(&layout, "p", "one"), ["a"]);
    assert_eq!(pools_of(&layout, "p", "two"), ["b"]);

    layout.change_flavor("p", "one", &names(&["c"])).unwrap();
    assert_eq!(pools_of(&layout, "p", "one"), ["c"]);
    assert_eq!(layout.pools["a"].flavor_in("p"), None);
}

#[test]
fn flavors_of_one_name_in_two_projects_have_nothing_in_common() {
    let mut layout = three_pools();
    layout.put_flavor("p", "gold", &names(&["a"])).unwrap();
    layout.put_flavor("q", "gold", &names(&["a", "b"])).unwrap();

    layout.remove_flavor("q", "gold");
    layout.remove_flavor("r", "gold");

    assert_eq!(pools_of(&layout, "p", "gold"), ["a"]);
    assert!(!layout.has_flavor("q", "gold"));
    assert_eq!(
        layout.change_flavor("q", "gold", &names(&["c"])),
        Err(LayoutError::FlavorDoesNotExist("gold".to_owned()))
    );
}

#[test]
fn the_flavor_given_to_a_pool_counts_in_every_project_that_has_it() {
    let mut layout = three_pools();
    layout.put_flavor("q", "gold", &names(&["a"])).unwrap();

    let change = PoolChange { flavor: Some("gold".to_owned()), ..PoolChange::default() };
    layout.change_pool("operators", "b", change).unwrap();

    assert_eq!(pools_of(&layout, "q", "gold"), ["a", "b"]);
    assert_eq!(layout.pools["b"].flavor_in("operators"), Some("gold"));
    assert_eq!(layout.pools["a"].flavor_in("operators"), Some("gold"));
}

#[test]
fn the_only_pool_of_a_flavor_stays() {
    let mut layout = three_pools();
    layout.put_flavor("p", "gold", &names(&["a", "b"])).unwrap();

    assert_eq!(layout.remove_pool("a"), Ok(true));
    assert_eq!(layout.remove_pool("b"), Err(LayoutError::OnlyPoolOf("gold".to_owned())));
    assert_eq!(layout.remove_pool("c"), Ok(true));
    assert_eq!(layout.remove_pool("c"), Ok(false));
}

#[test]
fn a_flavor_names_pools_that_exist() {
    let mut layout = three_pools();

    let result = layout.put_flavor("p", "gold", &names(&["a", "none"]));

    assert_eq!(result, Err(LayoutError::PoolDoesNotExist("none".to_owned())));
}

#[test]
fn a_pool_replaced_loses_what_is_not_named_again() {
    let mut layout = three_pools();
    let mut first = new_pool("memory:x", 1, Some("gold"), FAST);
    first.options = json!({"a": 1}).as_object().unwrap().clone();
    layout.put_pool("p", "x", first).unwrap();

    layout.put_pool("p", "x", new_pool("memory:x", 7, None, FAST)).unwrap();

    let pool = &layout.pools["x"];
    assert_eq!((pool.weight, pool.flavor_in("p"), pool.options.len()), (7, None, 0));
}
