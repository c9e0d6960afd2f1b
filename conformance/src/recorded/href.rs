//! Matching links, whose query parameters may come in any order.

use super::template::{Bindings, Template};

/// Whether a link is as described; binds names if so.
pub(super) fn matches(template: &str, link: &str, bindings: &mut Bindings) -> bool {
    let (Some((path, wanted)), Some((got_path, got))) =
        (template.split_once('?'), link.split_once('?'))
    else {
        return text_matches(template, link, bindings);
    };
    let mut attempt = bindings.clone();
    if !text_matches(path, got_path, &mut attempt) {
        return false;
    }
    let wanted: Vec<&str> = wanted.split('&').collect();
    let mut left: Vec<&str> = got.split('&').collect();
    if wanted.len() != left.len() {
        return false;
    }
    for parameter in wanted {
        // Parameters of one name keep their order, so the first that fits is the right one.
        match left.iter().position(|candidate| text_matches(parameter, candidate, &mut attempt)) {
            Some(at) => drop(left.remove(at)),
            None => return false,
        }
    }
    *bindings = attempt;
    true
}

fn text_matches(template: &str, text: &str, bindings: &mut Bindings) -> bool {
    Template::parse(template).is_ok_and(|template| template.matches(text, bindings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(template: &str, link: &str) -> bool {
        matches(template, link, &mut Bindings::default())
    }

    #[test]
    fn the_order_of_parameters_is_free() {
        assert!(is_match(
            "/m?marker=${marker1}&limit=3&echo=true",
            "/m?limit=3&echo=true&marker=abc"
        ));
    }

    #[test]
    fn every_parameter_must_be_there_once_and_no_other() {
        let template = "/m?marker=${marker1}&limit=3";
        for link in [
            "/m?marker=a",
            "/m?marker=a&limit=3&x=1",
            "/m?marker=a&limit=4",
            "/m?limit=3&limit=3",
            "/m",
            "/n?marker=a&limit=3",
        ] {
            assert!(!is_match(template, link), "{link}");
        }
    }

    #[test]
    fn ids_inside_one_parameter_keep_their_order() {
        let mut bindings = Bindings::default();

        assert!(matches("/m?ids=${id1},${id2}", "/m?ids=a,b", &mut bindings));
        assert!(!matches("/m?ids=${id1},${id2}", "/m?ids=b,a", &mut bindings));
    }

    #[test]
    fn binds_nothing_unless_the_whole_link_fits() {
        let mut bindings = Bindings::default();

        assert!(!matches("/m?marker=${marker1}&limit=3", "/m?marker=a&limit=4", &mut bindings));
        assert_eq!(bindings, Bindings::default());
    }
}
