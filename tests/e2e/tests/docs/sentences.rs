//! Every sentence of docs/troubleshooting.md is one that the code can say: outside of tests and pages, something makes each
//! variant of each type of error that has advice.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use syn::{
    Attribute, BinOp, Expr, Pat, Token,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use crate::{repository, sources};

/// Crates that have advice for errors.
const SPEAKERS: [&str; 3] = ["csi-provider", "identity", "vault"];
/// Crates whose errors are made in other crates too.
const SHARED: [&str; 5] = ["client", "core", "crds", "engine", "wire"];
/// Types whose variants are told apart by the advice of another type.
const NESTED: [(&str, &str); 3] = [("core", "NameError"), ("vault", "Closed"), ("vault", "Member")];
/// Made by the compiler of Watch's messages, and by vaults of other releases.
const NOT_OURS: &str = "revoked :: Reason";

/// A variant by its type and its name.
type Variant = (String, String);

/// What a source declares, makes and explains.
#[derive(Default)]
struct Source {
    /// The variants of each enum, each with the type that becomes it by itself (`#[from]`).
    enums: BTreeMap<String, Vec<(String, Option<String>)>>,
    made: BTreeSet<Variant>,
    /// The types that have advice.
    explained: BTreeSet<String>,
    /// The types whose `impl` blocks the visit is in.
    within: Vec<String>,
}

impl Source {
    fn read(text: &str) -> Self {
        let mut source = Self::default();
        source.visit_file(&syn::parse_file(text).unwrap());
        source
    }

    /// Counts a path of two or more words as a variant that is made, if it is none it is never asked for.
    fn note(&mut self, path: &syn::Path) {
        let mut words = path
            .segments
            .iter()
            .rev()
            .map(|segment| segment.ident.to_string());
        let (Some(name), Some(of)) = (words.next(), words.next()) else {
            return;
        };
        let of = match self.within.last() {
            Some(within) if of == "Self" => within.clone(),
            Some(_) | None => of,
        };
        self.made.insert((of, name));
    }

    /// The same in the words of a macro that is no list of expressions.
    fn note_words(&mut self, tokens: &str) {
        for (n, _) in tokens.match_indices(" :: ") {
            let (before, after) = (&tokens[..n], &tokens[n + 4..]);
            let last = before.rsplit(|c: char| !is_word(c)).next();
            let first = after.split(|c: char| !is_word(c)).next();
            if let (Some(of), Some(name)) = (last, first) {
                self.made.insert((of.to_owned(), name.to_owned()));
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::NameValue(_) => false,
    })
}

fn last_word(of: &syn::Type) -> Option<String> {
    match of {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let becomes = |variant: &syn::Variant| {
            let field = variant.fields.iter().find(|field| {
                let mut attributes = field.attrs.iter();
                attributes.any(|attribute| attribute.path().is_ident("from"))
            })?;
            last_word(&field.ty)
        };
        let variants = item.variants.iter();
        let variants = variants.map(|variant| (variant.ident.to_string(), becomes(variant)));
        self.enums.insert(item.ident.to_string(), variants.collect());
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if is_of_tests(&item.attrs) {
            return;
        }
        self.within.push(last_word(&item.self_ty).unwrap_or_default());
        visit::visit_item_impl(self, item);
        self.within.pop();
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_of_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_of_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    /// A list of all variants makes none.
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}

    /// A pattern takes apart what something else made.
    fn visit_pat(&mut self, pattern: &'ast Pat) {
        if !matches!(pattern, Pat::Path(_)) {
            visit::visit_pat(self, pattern);
        }
    }

    /// So does a comparison.
    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let compares = matches!(binary.op, BinOp::Eq(_) | BinOp::Ne(_));
        for side in [&binary.left, &binary.right] {
            if !(compares && matches!(**side, Expr::Path(_))) {
                self.visit_expr(side);
            }
        }
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.note(&path.path);
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        self.note(&made.path);
        visit::visit_expr_struct(self, made);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let name = called
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string());
        let name = name.unwrap_or_default();
        let tokens = called.tokens.to_string();
        if name == "advise" {
            self.explained.extend(type_of(&tokens));
        } else if name == "matches" || name.contains("assert") {
            // Compares.
        } else if let Ok(expressions) =
            called.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        {
            for expression in &expressions {
                self.visit_expr(expression);
            }
        } else {
            self.note_words(&tokens);
        }
    }
}

/// The type that an `advise!` is about, unless it is not ours.
fn type_of(tokens: &str) -> Option<String> {
    let (head, _) = tokens.split_once(';').unwrap();
    let (_, of) = head.rsplit_once(") :").unwrap();
    let of = of.trim();
    (of != NOT_OURS).then(|| of.rsplit(' ').next().unwrap().to_owned())
}

/// Everything of a crate's programs.
fn of_crate(name: &str) -> Source {
    let mut files = Vec::new();
    sources(&repository().join(name).join("src"), &mut files);
    let mut all = Source::default();
    // The way to the repository may lead through a directory that is called as one of tests.
    let within = |file: &Path| file.strip_prefix(repository()).unwrap().to_owned();
    for file in files.iter().filter(|file| !is_of_tests_by_name(&within(file))) {
        let mut source = Source::read(&fs::read_to_string(file).unwrap());
        all.explained.append(&mut source.explained);
        all.enums.append(&mut source.enums);
        if !is_page(&within(file)) {
            all.made.append(&mut source.made);
        }
    }
    all
}

fn is_of_tests_by_name(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem == "tests")
        || file.components().any(|part| part.as_os_str() == "tests")
}

/// What makes samples for a page.
fn is_page(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem == "page")
        || file.components().any(|part| part.as_os_str() == "page")
        || file.ends_with("core/src/advice.rs")
}

/// The variants of the type `of`, declared in `declared`, that nothing in `made` makes.
fn never_made(of: &str, declared: &Source, made: &BTreeSet<Variant>) -> Vec<String> {
    let is_made = |of: &str, name: &str| made.contains(&(of.to_owned(), name.to_owned()));
    // What becomes a variant by itself is made where it is; one that is no enum of this crate is another's to make.
    let becomes = |inner: &String| {
        let variants = declared.enums.get(inner);
        variants.is_none_or(|variants| variants.iter().any(|(name, _)| is_made(inner, name)))
    };
    let variants = declared
        .enums
        .get(of)
        .unwrap_or_else(|| panic!("there is no enum {of}"));
    let missing = variants
        .iter()
        .filter(|(name, from)| !is_made(of, name) && !from.as_ref().is_some_and(becomes));
    missing.map(|(name, _)| format!("{of}::{name}")).collect()
}

#[test]
fn something_makes_every_variant_that_the_page_explains() {
    let crates: BTreeMap<&str, Source> = SPEAKERS
        .into_iter()
        .chain(SHARED)
        .map(|name| (name, of_crate(name)))
        .collect();
    let everywhere: BTreeSet<Variant> = crates
        .values()
        .flat_map(|source| source.made.iter().cloned())
        .collect();
    let explained = SPEAKERS.into_iter().flat_map(|speaker| {
        let types = crates[speaker].explained.iter();
        types.map(move |of| (speaker, of.as_str()))
    });
    let mut missing = BTreeSet::new();
    let mut count = 0;
    for (home, of) in explained.chain(NESTED) {
        count += 1;
        let own = &crates[home];
        if own.enums.contains_key(of) && !SHARED.contains(&home) {
            missing.extend(never_made(of, own, &own.made));
        } else {
            let shared = SHARED.iter().find(|name| crates[*name].enums.contains_key(of));
            let shared = shared.unwrap_or_else(|| panic!("no crate declares {of}"));
            missing.extend(never_made(of, &crates[shared], &everywhere));
        }
    }
    assert!(count > 20, "{count} types have advice");
    assert!(
        missing.is_empty(),
        "docs/troubleshooting.md explains what nothing says: {missing:#?}"
    );
}

#[test]
fn a_variant_that_is_only_matched_compared_listed_or_tested_is_not_made() {
    let text = r"
        enum Error { Made, Called(u8), Built { a: u8 }, Passed(u8), Inner(#[from] Inner), InMacro,
            Matched, Guarded, Compared, Listed, Tested, Idle(#[from] Idle) }
        enum Inner { A }
        enum Idle { A }
        impl Error {
            const ALL: [Self; 1] = [Self::Listed];
            fn make(n: u8) -> Result<(), Self> {
                if n == 0 { return Err(Self::Made); }
                let _ = [1].map(Error::Passed);
                tokio::select! { _ = n => Error::InMacro }
                Ok(n).map_err(|_| Error::Called(n))?;
                Err(Inner::A)?;
                Err(Error::Built { a: 1 })
            }
            fn is(&self) -> bool {
                match self {
                    Self::Matched | Some((Self::Matched, _)) => true,
                    _ if matches!(self, Error::Guarded) => true,
                    _ => *self == Error::Compared || matches!(self, Idle::A),
                }
            }
        }
        #[cfg(test)]
        mod tests { fn x() -> Error { Error::Tested } }
    ";
    let source = Source::read(text);
    assert_eq!(
        never_made("Error", &source, &source.made),
        ["Matched", "Guarded", "Compared", "Listed", "Tested", "Idle"].map(|name| format!("Error::{name}"))
    );
}

#[test]
fn advice_names_its_type_with_and_without_an_argument() {
    let source = Source::read(
        "advise! { one(): Alone; Alone::A, [], \"\", \"\"; }
         advise! { pub(super) two(names: &Names): some::Other; Other::A, [], \"\", \"\"; }
         advise! { three(): revoked::Reason; revoked::Reason::A, [], \"\", \"\"; }",
    );
    assert_eq!(source.explained, ["Alone", "Other"].map(str::to_owned).into());
}
