//! Assembly as the compiler prints it, x86-64 in the syntax of AT&T, by functions.

use std::collections::{HashMap, HashSet};

/// One instruction, taken to pieces.
#[derive(Debug)]
pub(super) struct Instruction<'a> {
    /// With its prefix, if it has one: `rep stosq`.
    pub(super) name: &'a str,
    /// The destination is the last one.
    pub(super) operands: Vec<&'a str>,
}

/// The code of a function, with the places of its labels.
#[derive(Debug, Default)]
pub(super) struct Function<'a> {
    pub(super) code: Vec<Instruction<'a>>,
    labels: HashMap<&'a str, usize>,
}

impl Function<'_> {
    /// Where a jump to a label of this function leads.
    pub(super) fn place(&self, label: &str) -> Option<usize> {
        self.labels.get(label).copied()
    }
}

/// All functions of some files.
#[derive(Debug)]
pub(super) struct Program<'a> {
    pub(super) functions: Vec<Function<'a>>,
    /// Several names may stand for one function: the compiler merges those that are alike.
    names: HashMap<&'a str, usize>,
}

impl<'a> Program<'a> {
    pub(super) fn read(files: &'a [String]) -> Self {
        let mut program = Self { functions: Vec::new(), names: HashMap::new() };
        for file in files {
            program.read_file(file);
        }
        program
    }

    fn read_file(&mut self, text: &'a str) {
        let mut aliases = Vec::new();
        // Tables of data have labels that look like those of functions.
        let mut declared = HashSet::new();
        let mut function: Option<Function<'a>> = None;
        for line in text.lines() {
            if let Some(label) = line.strip_suffix(':') {
                match &mut function {
                    Some(function) => {
                        function.labels.insert(label, function.code.len());
                    }
                    None if declared.contains(label) => {
                        self.names.entry(label).or_insert(self.functions.len());
                        function = Some(Function::default());
                    }
                    None => {}
                }
                if label.starts_with(".Lfunc_end") {
                    self.functions.extend(function.take());
                }
            } else if let Some(declaration) = line.trim_start().strip_prefix(".type") {
                let name = declaration.trim().strip_suffix(",@function");
                declared.extend(name);
            } else if let Some(alias) = line.trim_start().strip_prefix(".set") {
                aliases.extend(alias.split_once(',').map(|(new, old)| (new.trim(), old.trim())));
            } else if let Some(alias) = line.split_once(" = ") {
                aliases.push(alias);
            } else if let (Some(function), Some(found)) = (&mut function, instruction(line)) {
                function.code.push(found);
            }
        }
        for (new, old) in aliases {
            if let Some(&index) = self.names.get(old) {
                self.names.entry(new).or_insert(index);
            }
        }
    }

    /// The function of this name.
    pub(super) fn function(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// The one function whose mangled name has this in it.
    pub(super) fn function_like(&self, part: &str) -> Option<usize> {
        let (_, index) = self.names.iter().find(|(name, _)| name.contains(part))?;
        Some(*index)
    }
}

fn instruction(line: &str) -> Option<Instruction<'_>> {
    let line = line.strip_prefix('\t')?;
    if line.starts_with(['.', '#', '\t']) {
        return None;
    }
    let line = line.split('#').next().unwrap_or_default().trim();
    let (mut name, mut rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if matches!(name, "rep" | "lock" | "data16") {
        let operation = rest.trim_start();
        let end = operation.find(char::is_whitespace).unwrap_or(operation.len());
        let start = line.len() - rest.len() + (rest.len() - operation.len());
        name = &line[..start + end];
        rest = &operation[end..];
    }
    // A data label inside a function, a jump table say, has tabs but no such name.
    name.starts_with(|first: char| first.is_ascii_lowercase())
        .then(|| Instruction { name, operands: operands(rest) })
}

/// Splits at the commas that are not within parentheses.
fn operands(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let parts = text.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_taken_to_pieces() {
        let files = ["\
\t.type one,@function
table:
one:
\t.cfi_startproc
\tmovups\t%xmm0, 16(%rbx,%rax)
\trep;stosq %al, %es:(%rdi)
.LBB0_1:
\tjmpq\t*free@GOTPCREL(%rip)
.Lfunc_end0:
\t.set two, one
three = two
"
        .to_owned()];
        let program = Program::read(&files);
        let index = program.function("two").expect("it is another name of the first");
        assert_eq!(program.function("three"), Some(index));
        assert_eq!(program.function_like("on"), Some(index));
        let function = &program.functions[index];
        assert_eq!(function.code.len(), 3);
        assert_eq!(function.code[0].operands, ["%xmm0", "16(%rbx,%rax)"]);
        assert_eq!(function.place(".LBB0_1"), Some(2));
    }
}
