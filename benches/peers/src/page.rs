//! The section of `benchmarks.md` that another program writes.
//!
//! The page has two writers: `cargo xtask bench` writes all of it but this section, and
//! `cargo xtask load` nothing but this section. Two comments, each a line of its own, say where it
//! begins and ends; in a page that has none it comes last.

use std::fs;
use std::io;
use std::path::Path;

const BEGIN: &str =
    "<!-- Written by `cargo xtask load`, and left as it is by `cargo xtask bench`. -->";
const END: &str = "<!-- Here ends what `cargo xtask load` wrote. -->";

/// The page, or an empty one if there is none.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| format!("cannot read {}: {error}", file.display())),
    }
}

/// What stands between the comments, if they are there.
///
/// # Errors
///
/// If they do not stand there once each, in this order: nobody could say then what is whose.
pub(crate) fn section(page: &str) -> Result<Option<&str>, String> {
    let bounds = bounds(page)?;
    Ok(bounds.map(|(begin, end)| &page[begin + BEGIN.len() + 1..end]))
}

/// The page with the section in its place, instead of the one that it has.
///
/// # Errors
///
/// As [`section`]; and if the text has such a comment itself.
pub(crate) fn with_section(page: &str, text: &str) -> Result<String, String> {
    if lines(text, BEGIN).chain(lines(text, END)).next().is_some() {
        return Err("a section cannot have the comments that bound it".to_owned());
    }
    let (before, after) = match bounds(page)? {
        Some((begin, end)) => (page[..begin].to_owned(), &page[end + END.len()..]),
        None if page.is_empty() => (String::new(), "\n"),
        None => (format!("{}\n\n", page.trim_end()), "\n"),
    };
    let line_end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{before}{BEGIN}\n{text}{line_end}{END}{after}"))
}

/// Where the two comments begin.
fn bounds(page: &str) -> Result<Option<(usize, usize)>, String> {
    let begins: Vec<usize> = lines(page, BEGIN).collect();
    let ends: Vec<usize> = lines(page, END).collect();
    match (&begins[..], &ends[..]) {
        ([], []) => Ok(None),
        ([begin], [end]) if begin < end => Ok(Some((*begin, *end))),
        _ => Err(format!(
            "the comments around a section must be there once each, or not at all: {BEGIN} {END}"
        )),
    }
}

/// Where the lines begin that are this.
fn lines<'a>(text: &'a str, wanted: &'a str) -> impl Iterator<Item = usize> + 'a {
    let found = text.match_indices(wanted).map(|(place, _)| place);
    found.filter(move |place| {
        let rest = &text[place + wanted.len()..];
        (*place == 0 || text[..*place].ends_with('\n'))
            && (rest.is_empty() || rest.starts_with('\n'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n\ntext\n";

    #[test]
    fn page_without_a_section_gets_it_at_its_end() {
        assert_eq!(section(PAGE), Ok(None));
        let page = with_section(PAGE, "## New\n").unwrap();
        assert_eq!(page, format!("{PAGE}\n{BEGIN}\n## New\n{END}\n"));
        assert_eq!(section(&page), Ok(Some("## New\n")));
    }

    #[test]
    fn page_that_is_not_there_is_the_section_alone() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(read(&folder.join("src/no-such-page.md")), Ok(String::new()));
        assert_eq!(with_section("", "## New"), Ok(format!("{BEGIN}\n## New\n{END}\n")));
    }

    #[test]
    fn section_is_replaced_where_it_stands_and_nothing_else_is() {
        let page = format!("before\n{BEGIN}\nold, and\nlonger\n{END}\n\n## After\n");
        let page = with_section(&page, "new\n").unwrap();
        assert_eq!(page, format!("before\n{BEGIN}\nnew\n{END}\n\n## After\n"));
        assert_eq!(with_section(&page, "new\n").as_ref(), Ok(&page));
    }

    #[test]
    fn section_is_carried_over_to_a_page_written_anew() {
        let old = with_section(PAGE, "## Mine\n").unwrap();
        let mine = section(&old).unwrap().expect("it has one");
        let new = with_section("# Another page\n", mine).unwrap();
        assert!(new.starts_with("# Another page\n"));
        assert_eq!(section(&new), Ok(Some("## Mine\n")));
    }

    #[test]
    fn comments_that_do_not_bound_one_section_are_an_error() {
        for page in [
            format!("{BEGIN}\n"),
            format!("{END}\n"),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{END}\n{BEGIN}\n{END}\n"),
            format!("{BEGIN}\n{BEGIN}\n{END}\n"),
        ] {
            assert!(section(&page).is_err(), "{page}");
            assert!(with_section(&page, "new").is_err(), "{page}");
        }
        assert!(with_section(PAGE, &format!("text\n{END}\n")).is_err());
    }

    #[test]
    fn comment_within_a_line_bounds_nothing() {
        let page = format!("A line with {BEGIN}\nand another, {END}, in it.\n");
        assert_eq!(section(&page), Ok(None));
    }

    #[test]
    fn empty_section_stays_one() {
        let page = with_section(PAGE, "").unwrap();
        assert_eq!(section(&page), Ok(Some("")));
    }
}
