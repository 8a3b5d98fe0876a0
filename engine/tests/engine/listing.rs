//! Lists tell a caller what policy lets it see, and nothing else.

use strongroom_core::NameRange;
use strongroom_engine::{PageRequest, ReadRequest, SecretBundle, every_name};

use crate::fixture::{Bench, page_of};

/// Lets through the ranges given, which are in their order.
fn only(ranges: Vec<NameRange>) -> impl Fn(&str) -> Option<NameRange> {
    move |from| {
        let rest = NameRange::all_from(from);
        ranges.iter().find_map(|range| range.clone().and(rest.clone()))
    }
}

fn one(name: &str) -> NameRange {
    NameRange {
        from: name.to_owned(),
        until: Some(NameRange::behind(name)),
    }
}

/// The names below `prefix`, which ends with a letter or a dash.
fn below(prefix: &str) -> NameRange {
    let mut until = prefix.to_owned();
    let last = until.pop().unwrap();
    until.push(char::from(u8::try_from(last).unwrap() + 1));
    NameRange {
        from: prefix.to_owned(),
        until: Some(until),
    }
}

/// A page as its caller sees it: the names, and the marker.
type Seen = (Vec<String>, Option<String>);

/// All pages, each of `size` items at most.
fn pages(
    bench: &Bench,
    size: u32,
    visible: &dyn Fn(&str) -> Option<NameRange>,
    request: fn(PageRequest) -> ReadRequest,
) -> Vec<Seen> {
    let mut pages = Vec::new();
    let mut page = PageRequest {
        max_results: Some(size),
        ..PageRequest::default()
    };
    loop {
        let found = page_of(bench.read_as(&request(page.clone()), visible).unwrap());
        let names = found
            .items
            .iter()
            .map(|item: &SecretBundle| item.name.to_string());
        let next = found.next.as_ref().map(|next| next.as_str().to_owned());
        pages.push((names.collect(), next));
        match found.next {
            Some(next) => page.marker = Some(next),
            None => return pages,
        }
    }
}

fn live(page: PageRequest) -> ReadRequest {
    ReadRequest::List { page }
}

fn deleted(page: PageRequest) -> ReadRequest {
    ReadRequest::ListDeleted { page }
}

#[test]
fn a_list_holds_only_visible_names_and_every_one_of_them() {
    let mut bench = Bench::new();
    for index in 0..100 {
        bench.set(&format!("s{index:03}"), "v");
    }
    let names: Vec<_> = (0..10).map(|index| format!("s0{index}7")).collect();
    let visible = only(names.iter().map(|name| one(name)).collect());
    let pages = pages(&bench, 3, &visible, live);
    assert!(pages.iter().all(|(names, _)| names.len() <= 3));
    let found: Vec<_> = pages.into_iter().flat_map(|(names, _)| names).collect();
    assert_eq!(found, names);
}

/// Whatever else there is, and wherever: the caller sees the same pages, which end at the same places.
#[test]
fn the_number_and_the_place_of_hidden_names_show_in_no_page() {
    const SEEN: [&str; 5] = ["db-a", "db-b", "db-c", "web", "x"];
    let many: Vec<_> = (0..1_500).map(|index| format!("db-{index:04}")).collect();
    let hidden_sets: [Vec<&str>; 4] = [
        vec![],
        vec!["a", "zz"],
        vec!["db", "db-bb", "dc", "web-a", "y"],
        many.iter().map(String::as_str).chain(["zz"]).collect(),
    ];
    let visible = only(vec![
        below("db-a"),
        one("db-b"),
        below("db-c"),
        one("none"),
        one("web"),
        one("x"),
    ]);
    for (request, is_deleted) in [(live as fn(_) -> _, false), (deleted, true)] {
        let benches = hidden_sets.iter().map(|hidden| {
            let mut bench = Bench::new();
            for name in SEEN.iter().chain(hidden) {
                bench.set(name, "v");
                if is_deleted {
                    bench.delete(name).unwrap();
                }
            }
            bench
        });
        let benches: Vec<_> = benches.collect();
        for size in [1, 2, 5, 25] {
            let seen: Vec<_> = benches
                .iter()
                .map(|bench| pages(bench, size, &visible, request))
                .collect();
            let names: Vec<_> = seen[0].iter().flat_map(|(names, _)| names).collect();
            assert_eq!(names, SEEN);
            assert!(seen[0].iter().all(|(names, _)| !names.is_empty()), "{seen:?}");
            assert!(seen.iter().all(|other| *other == seen[0]), "{seen:?}");
        }
    }
}

#[test]
fn a_page_looks_at_a_bounded_number_of_what_its_caller_may_know() {
    let mut bench = Bench::new();
    bench.rules.limits.page_scan = 10;
    let names: Vec<_> = (0..25).map(|index| format!("s{index:02}")).collect();
    for name in &names {
        bench.set(name, "v");
        bench.delete(name).unwrap();
    }
    bench.set("z", "v");
    bench.delete("z").unwrap();
    let counted = |pages: Vec<Seen>| pages.iter().map(|(names, _)| names.len()).collect::<Vec<_>>();
    // No such names.
    let missing: Vec<_> = (0..25).map(|index| one(&format!("t{index:02}"))).collect();
    assert_eq!(counted(pages(&bench, 25, &only(missing), deleted)), [0, 0, 0]);
    // Their time has come, and nobody has purged them yet.
    bench.pass_days(91);
    let past = counted(pages(&bench, 3, &every_name, deleted));
    assert!(past.len() > 3 && past.iter().all(|items| *items == 0), "{past:?}");
}

#[test]
fn a_marker_shows_nothing_of_the_name_it_stands_for() {
    let mut bench = Bench::new();
    let long = "l".repeat(127);
    for name in ["a", &long, "z"] {
        bench.set(name, "v");
    }
    let markers: Vec<_> = pages(&bench, 1, &every_name, live)
        .into_iter()
        .filter_map(|(_, marker)| marker)
        .collect();
    let [first, second] = &markers[..] else {
        panic!("{markers:?}")
    };
    assert_eq!(first.len(), second.len(), "the length shows nothing");
    assert!(!second.contains("llll"));
}

#[test]
fn a_marker_of_one_list_is_no_marker_of_another() {
    let mut bench = Bench::new();
    bench.set("a", "v");
    bench.set("b", "v");
    let page = PageRequest {
        max_results: Some(1),
        ..PageRequest::default()
    };
    let marker = page_of(bench.read(&live(page)).unwrap()).next;
    let page = PageRequest {
        max_results: Some(1),
        marker,
        incomplete: false,
    };
    assert!(bench.read(&deleted(page.clone())).is_err());
    assert!(bench.read(&live(page)).is_ok());
}
