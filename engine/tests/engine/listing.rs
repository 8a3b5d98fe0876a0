//! Lists tell a caller what policy lets it see, and nothing else.

use strongroom_engine::{PageRequest, ReadRequest};

use crate::fixture::{Bench, page_of};

#[test]
fn a_list_holds_only_visible_names_and_every_one_of_them() {
    let mut bench = Bench::new();
    for index in 0..100 {
        bench.set(&format!("s{index:03}"), "v");
    }
    let visible = |name: &strongroom_core::ObjectName| name.as_str().ends_with('7');
    let mut names = Vec::new();
    let mut page = PageRequest {
        max_results: Some(3),
        marker: None,
    };
    loop {
        let found = page_of(
            bench
                .read_as(&ReadRequest::List { page: page.clone() }, &visible)
                .unwrap(),
        );
        assert!(found.items.len() <= 3);
        names.extend(found.items.into_iter().map(|item| item.name.to_string()));
        match found.next {
            Some(next) => page.marker = Some(next),
            None => break,
        }
    }
    let expected: Vec<_> = (0..10).map(|index| format!("s0{index}7")).collect();
    assert_eq!(names, expected);
}

#[test]
fn a_page_looks_at_a_bounded_number_of_names_and_may_be_empty() {
    let mut bench = Bench::new();
    bench.rules.limits.page_scan = 10;
    for index in 0..25 {
        bench.set(&format!("s{index:02}"), "v");
    }
    let mut page = PageRequest::default();
    let mut pages = 0;
    loop {
        let found = page_of(
            bench
                .read_as(&ReadRequest::List { page: page.clone() }, &|_| false)
                .unwrap(),
        );
        assert!(found.items.is_empty());
        pages += 1;
        match found.next {
            Some(next) => page.marker = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, 3);
}

#[test]
fn a_marker_does_not_show_the_name_it_stands_for() {
    let mut bench = Bench::new();
    bench.rules.limits.page_scan = 1;
    bench.set("hidden", "v");
    bench.set("h", "v");
    bench.set("z", "v");
    let first = page_of(
        bench
            .read_as(
                &ReadRequest::List {
                    page: PageRequest::default(),
                },
                &|_| false,
            )
            .unwrap(),
    );
    let marker = first.next.unwrap();
    let page = PageRequest {
        max_results: None,
        marker: Some(marker.clone()),
    };
    let second = page_of(bench.read_as(&ReadRequest::List { page }, &|_| false).unwrap())
        .next
        .unwrap();
    assert_eq!(
        marker.as_str().len(),
        second.as_str().len(),
        "the length shows nothing"
    );
    assert!(!second.as_str().contains("hidden"));
}

#[test]
fn a_marker_of_one_list_is_no_marker_of_another() {
    let mut bench = Bench::new();
    bench.set("a", "v");
    bench.set("b", "v");
    let page = PageRequest {
        max_results: Some(1),
        marker: None,
    };
    let marker = page_of(bench.read(&ReadRequest::List { page }).unwrap()).next;
    let page = PageRequest {
        max_results: Some(1),
        marker,
    };
    assert!(
        bench
            .read(&ReadRequest::ListDeleted { page: page.clone() })
            .is_err()
    );
    assert!(bench.read(&ReadRequest::List { page }).is_ok());
}
