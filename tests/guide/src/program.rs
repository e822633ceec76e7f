//! One block of Rust, and the program that rustdoc makes of it.

use core::fmt::Write;

/// What is to become of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It runs, and ends well.
    Runs,
    /// It runs, and panics.
    Panics,
    /// It is built.
    Builds,
    /// It is refused, with this error and no other.
    Fails(String),
}

impl Kind {
    /// What the words behind the fence say.
    pub(crate) fn of(info: &str) -> Result<Self, String> {
        let mut kind = Self::Runs;
        let mut fails = false;
        for word in info.split([',', ' ']).filter(|word| !word.is_empty()) {
            match word {
                "rust" => {}
                "should_panic" => kind = Self::Panics,
                "no_run" => kind = Self::Builds,
                "compile_fail" => fails = true,
                code if code.starts_with('E') && code[1..].parse::<u16>().is_ok() => {
                    kind = Self::Fails(code.to_owned());
                }
                _ => return Err(format!("`{word}` is no word for a program that is checked")),
            }
        }
        match (fails, kind) {
            (true, kind @ Self::Fails(_)) => Ok(kind),
            (true, _) => Err("`compile_fail` names no error".to_owned()),
            (false, Self::Fails(_)) => Err("an error without `compile_fail`".to_owned()),
            (false, kind) => Ok(kind),
        }
    }
}

/// One block of Rust.
#[derive(Debug)]
pub(crate) struct Program {
    /// The name of the page, and the line at which the block begins there.
    pub(crate) page: String,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    /// The whole source.
    pub(crate) source: String,
}

impl Program {
    pub(crate) fn new(page: &str, line: usize, kind: Kind, block: &str) -> Self {
        let source = wrap(&shown_and_hidden(block), page, line);
        Self { page: page.to_owned(), line, kind, source }
    }

    /// The name of its binary.
    pub(crate) fn binary(&self) -> String {
        format!("{}_{:04}", self.page.replace('/', "_").to_lowercase(), self.line)
    }

    /// The features that it asks for with a `cfg`.
    pub(crate) fn features(&self) -> impl Iterator<Item = &str> {
        self.source
            .match_indices("feature = \"")
            .filter_map(|(start, found)| self.source[start + found.len()..].split('"').next())
    }
}

/// The lines of a block, those included that readers do not see.
pub(crate) fn shown_and_hidden(block: &str) -> String {
    let mut code = String::new();
    for line in block.lines() {
        let bare = line.trim_start();
        let line = match bare.strip_prefix('#') {
            Some("") => "",
            // Two stand for one.
            Some(rest) if rest.starts_with('#') => rest,
            Some(rest) => rest.strip_prefix(' ').unwrap_or(line),
            None => line,
        };
        code.push_str(line);
        code.push('\n');
    }
    code
}

/// Puts into a `main` what has none.
fn wrap(code: &str, page: &str, line: usize) -> String {
    let is_attribute = |line: &&str| line.starts_with("#![");
    let has_main = code.lines().any(|line| {
        ["fn main(", "async fn main(", "pub fn main("].iter().any(|main| line.starts_with(main))
    });
    let mut source = format!("// {page}, line {line}\n");
    for attribute in code.lines().filter(is_attribute) {
        writeln!(source, "{attribute}").expect("a string takes everything");
    }
    let body = code.lines().filter(|line| !is_attribute(line));
    let body = body.map(|line| format!("{line}\n")).collect::<String>();
    if has_main {
        source + &body
    } else if code.trim_end().ends_with("(())") {
        format!(
            "{source}fn main() {{ fn inner() -> Result<(), impl core::fmt::Debug> {{\n{body}}}\n\
             inner().unwrap() }}\n"
        )
    } else {
        format!("{source}fn main() {{\n{body}}}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_wrapped_as_rustdoc_wraps_it() {
        let wrapped = |block| Program::new("page", 7, Kind::Runs, block).source;
        assert_eq!(wrapped("one();"), "// page, line 7\nfn main() {\none();\n}\n");
        assert_eq!(
            wrapped("# fn main() {\n#     one();\n# }"),
            "// page, line 7\nfn main() {\n    one();\n}\n"
        );
        assert!(wrapped("# mod one {\n#     fn main() {}\n# }").contains("fn main() {\nmod one"));
        assert!(wrapped("one()?;\n# Ok::<(), E>(())").contains("inner().unwrap()"));
        assert!(
            wrapped("#![allow(unused)]\none();")
                .starts_with("// page, line 7\n#![allow(unused)]\nfn main")
        );
        assert!(wrapped("##[derive(Debug)]\nstruct One;").contains("\n#[derive(Debug)]\n"));
        assert!(wrapped("#[derive(Debug)]\nstruct One;").contains("\n#[derive(Debug)]\n"));
    }

    #[test]
    fn words_behind_a_fence() {
        assert_eq!(Kind::of("rust"), Ok(Kind::Runs));
        assert_eq!(Kind::of("rust,no_run"), Ok(Kind::Builds));
        assert_eq!(Kind::of("rust,compile_fail,E0597"), Ok(Kind::Fails("E0597".into())));
        for wrong in ["rust,ignore", "compile_fail", "E0597", "rust,norun"] {
            assert!(Kind::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn features_that_a_program_asks_for() {
        let block = "# #[cfg(all(feature = \"a\", feature = \"b\"))]\none();";
        let program = Program::new("page", 7, Kind::Runs, block);
        assert_eq!(program.features().collect::<Vec<_>>(), ["a", "b"]);
    }
}
