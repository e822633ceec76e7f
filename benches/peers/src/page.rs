//! The sections of `benchmarks.md` that other programs write.
//!
//! The page has several writers: `cargo xtask bench` writes all of it but these sections, and each
//! of the others nothing but its own. Two comments, each a line of its own, say where a section
//! begins and ends, and by which command it is written; in a page that has none it comes last.

use std::fs;
use std::io;
use std::path::Path;

/// The lines around what a command writes.
fn comments(command: &str) -> [String; 2] {
    [
        format!("<!-- Written by `{command}`, and left as it is by `cargo xtask bench`. -->"),
        format!("<!-- Here ends what `{command}` wrote. -->"),
    ]
}

/// The page, or an empty one if there is none.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| format!("cannot read {}: {error}", file.display())),
    }
}

/// What stands between the comments of a command, if they are there.
///
/// # Errors
///
/// If they do not stand there once each, in this order: nobody could say then what is whose.
pub(crate) fn section<'a>(page: &'a str, command: &str) -> Result<Option<&'a str>, String> {
    let comments = comments(command);
    let bounds = bounds(page, &comments)?;
    Ok(bounds.map(|(begin, end)| &page[begin + comments[0].len() + 1..end]))
}

/// The page with the section of a command in its place, instead of the one that it has.
///
/// # Errors
///
/// As [`section`]; and if the text has such a comment itself.
pub(crate) fn with_section(page: &str, command: &str, text: &str) -> Result<String, String> {
    let comments = comments(command);
    let [begins, ends] = &comments;
    if lines(text, begins).chain(lines(text, ends)).next().is_some() {
        return Err("a section cannot have the comments that bound it".to_owned());
    }
    let (before, after) = match bounds(page, &comments)? {
        Some((begin, end)) => (page[..begin].to_owned(), &page[end + ends.len()..]),
        None if page.is_empty() => (String::new(), "\n"),
        None => (format!("{}\n\n", page.trim_end()), "\n"),
    };
    let line_end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{before}{begins}\n{text}{line_end}{ends}{after}"))
}

/// Where the two comments begin.
fn bounds(page: &str, comments: &[String; 2]) -> Result<Option<(usize, usize)>, String> {
    let [begins, ends] =
        comments.each_ref().map(|comment| lines(page, comment).collect::<Vec<usize>>());
    match (&begins[..], &ends[..]) {
        ([], []) => Ok(None),
        ([begin], [end]) if begin < end => Ok(Some((*begin, *end))),
        _ => Err(format!(
            "the comments around a section must be there once each, or not at all: {}",
            comments.join(" ")
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
    const COMMAND: &str = "cargo xtask load";
    const BEGIN: &str =
        "<!-- Written by `cargo xtask load`, and left as it is by `cargo xtask bench`. -->";
    const END: &str = "<!-- Here ends what `cargo xtask load` wrote. -->";

    #[test]
    fn page_without_a_section_gets_it_at_its_end() {
        assert_eq!(section(PAGE, COMMAND), Ok(None));
        let page = with_section(PAGE, COMMAND, "## New\n").unwrap();
        assert_eq!(page, format!("{PAGE}\n{BEGIN}\n## New\n{END}\n"));
        assert_eq!(section(&page, COMMAND), Ok(Some("## New\n")));
    }

    #[test]
    fn page_that_is_not_there_is_the_section_alone() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(read(&folder.join("src/no-such-page.md")), Ok(String::new()));
        assert_eq!(with_section("", COMMAND, "## New"), Ok(format!("{BEGIN}\n## New\n{END}\n")));
    }

    #[test]
    fn section_is_replaced_where_it_stands_and_nothing_else_is() {
        let page = format!("before\n{BEGIN}\nold, and\nlonger\n{END}\n\n## After\n");
        let page = with_section(&page, COMMAND, "new\n").unwrap();
        assert_eq!(page, format!("before\n{BEGIN}\nnew\n{END}\n\n## After\n"));
        assert_eq!(with_section(&page, COMMAND, "new\n").as_ref(), Ok(&page));
    }

    #[test]
    fn section_is_carried_over_to_a_page_written_anew() {
        let old = with_section(PAGE, COMMAND, "## Mine\n").unwrap();
        let mine = section(&old, COMMAND).unwrap().expect("it has one");
        let new = with_section("# Another page\n", COMMAND, mine).unwrap();
        assert!(new.starts_with("# Another page\n"));
        assert_eq!(section(&new, COMMAND), Ok(Some("## Mine\n")));
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
            assert!(section(&page, COMMAND).is_err(), "{page}");
            assert!(with_section(&page, COMMAND, "new").is_err(), "{page}");
        }
        assert!(with_section(PAGE, COMMAND, &format!("text\n{END}\n")).is_err());
    }

    #[test]
    fn comment_within_a_line_bounds_nothing() {
        let page = format!("A line with {BEGIN}\nand another, {END}, in it.\n");
        assert_eq!(section(&page, COMMAND), Ok(None));
    }

    #[test]
    fn empty_section_stays_one() {
        let page = with_section(PAGE, COMMAND, "").unwrap();
        assert_eq!(section(&page, COMMAND), Ok(Some("")));
    }

    #[test]
    fn sections_of_two_commands_stand_side_by_side() {
        let page = with_section(PAGE, COMMAND, "## Load\n").unwrap();
        let page = with_section(&page, "cargo xtask bench --go", "## Go\n").unwrap();
        let page = with_section(&page, COMMAND, "## Another load\n").unwrap();
        assert_eq!(section(&page, COMMAND), Ok(Some("## Another load\n")));
        assert_eq!(section(&page, "cargo xtask bench --go"), Ok(Some("## Go\n")));
    }
}
