//! All ways through a function, up to where memory is given up.
//!
//! A way is followed instruction by instruction, into the functions that it calls where
//! their code is there. Of what it does, only this is looked at: which registers, and which
//! places on the stack, hold a number or a function, and where zeroes are stored. Where it
//! is not known which way a branch goes, both are taken, whether they fit together with the
//! branches before or not. The ways of a panic are not followed: no jump leads there.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::assembly::{Instruction, Program};
use super::operand::{memory, register, symbol, width};

/// What is to be found in front of the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    /// The zeroes that must be stored, side by side.
    pub(super) bytes: u64,
    /// Whether there must also be a sweep of a length that is known at run time only.
    pub(super) sweep: bool,
    pub(super) end: End,
    pub(super) holds: Holds,
}

/// At how many of the ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Holds {
    /// In front of every one.
    Always,
    /// In front of some: others free what holds no secret, or is empty, and what has failed
    /// to be wiped is not wiped again.
    Sometimes,
    /// The optimiser took the stores.
    Never,
}

/// Where memory is given up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Free,
    Return,
}

/// How many ends there are, over all ways.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ends {
    /// With the goal reached in front of them.
    pub(super) wiped: usize,
    pub(super) bare: usize,
    /// Jumps that nobody knows the end of.
    pub(super) lost: usize,
}

impl Ends {
    pub(super) fn hold(&self, holds: Holds) -> bool {
        match holds {
            Holds::Always => self.wiped > 0 && self.bare == 0 && self.lost == 0,
            Holds::Sometimes => self.wiped > 0,
            Holds::Never => self.wiped == 0 && self.bare > 0,
        }
    }
}

/// The calls that are followed into one another.
const DEPTH: usize = 12;
/// More than any function takes. Ways that are merged count once.
const STEPS: usize = 4_000_000;

/// The general registers, then as many for vectors.
const REGISTERS: usize = 16 + 32;
const RAX: usize = 0;
const RCX: usize = 1;
const RDX: usize = 2;
const RSI: usize = 4;
const RSP: usize = 6;
/// What a function leaves as it was: rbx, rsp, rbp, r12 to r15.
const KEPT: [usize; 7] = [3, 6, 7, 12, 13, 14, 15];

/// What is known to lie in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Value<'a> {
    Number(i64),
    Function(&'a str),
    /// An address on the stack, from where the first function found it.
    Stack(i64),
}

type Registers<'a> = [Option<Value<'a>>; REGISTERS];

/// Zeroes: where (an instruction or a function, and a base), from, and how many.
type Stored<'a> = BTreeSet<(usize, &'a str, i64, u64)>;

/// A function on its way, and what its caller knows.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Frame<'a> {
    function: usize,
    next: usize,
    caller: Registers<'a>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Way<'a> {
    frames: Vec<Frame<'a>>,
    registers: Registers<'a>,
    stack: BTreeMap<i64, Value<'a>>,
    stored: Stored<'a>,
    has_bytes: bool,
    has_sweep: bool,
    /// Whether the last test found zero, if it was of a number.
    is_zero: Option<bool>,
}

/// Follows all ways from the start of a function.
pub(super) fn follow(program: &Program<'_>, start: usize, goal: Goal) -> Result<Ends, String> {
    let mut walk = Walk { program, goal, ends: Ends::default(), open: Vec::new() };
    let first = Frame { function: start, next: 0, caller: [None; REGISTERS] };
    let mut registers = [None; REGISTERS];
    registers[RSP] = Some(Value::Stack(0));
    walk.open.push(Way {
        frames: vec![first],
        registers,
        stack: BTreeMap::new(),
        stored: Stored::new(),
        has_bytes: goal.bytes == 0,
        has_sweep: !goal.sweep,
        is_zero: None,
    });
    let mut seen = HashSet::new();
    for _ in 0..STEPS {
        let Some(way) = walk.open.pop() else { return Ok(walk.ends) };
        // Ways meet at labels only: looking elsewhere, too, would be as right, and slower.
        if walk.is_at_branch(&way) && !seen.insert(way.clone()) {
            continue;
        }
        walk.step(way)?;
        if goal.holds == Holds::Sometimes && walk.ends.wiped > 0 {
            return Ok(walk.ends);
        }
    }
    Err("there are too many ways through it".to_owned())
}

struct Walk<'p, 'a> {
    program: &'p Program<'a>,
    goal: Goal,
    ends: Ends,
    open: Vec<Way<'p>>,
}

impl<'p, 'a: 'p> Walk<'p, 'a> {
    fn instruction(&self, way: &Way<'p>) -> Option<&'p Instruction<'a>> {
        let frame = way.frames.last()?;
        self.program.functions[frame.function].code.get(frame.next)
    }

    fn is_at_branch(&self, way: &Way<'p>) -> bool {
        self.instruction(way).is_none_or(|instruction| instruction.name.starts_with('j'))
    }

    fn step(&mut self, mut way: Way<'p>) -> Result<(), String> {
        // Behind the last instruction of a function is the call that does not return.
        let Some(instruction) = self.instruction(&way) else { return Ok(()) };
        let operand = instruction.operands.first().copied().unwrap_or_default();
        match instruction.name {
            "ret" | "retq" => self.leave(way),
            "ud2" | "hlt" | "int3" => {}
            "jmp" | "jmpq" => match self.label(&way, operand) {
                Some(place) => self.go_to(way, place),
                None => match way.callee(operand) {
                    Some(callee) => self.call_and_leave(way, callee),
                    None => {
                        self.ends.lost += 1;
                        self.leave(way);
                    }
                },
            },
            "call" | "callq" => {
                way.advance();
                match way.callee(operand) {
                    Some(callee) => self.call(way, callee),
                    None => {
                        way.forget_what_calls_change();
                        self.open.push(way);
                    }
                }
            }
            name if name.starts_with('j') => {
                let place = self.label(&way, operand).ok_or("a branch leads nowhere")?;
                let (falls, jumps) = match (name, way.is_zero) {
                    ("je", Some(is_zero)) => (!is_zero, is_zero),
                    ("jne", Some(is_zero)) => (is_zero, !is_zero),
                    _ => (true, true),
                };
                if falls {
                    let mut other = way.clone();
                    other.advance();
                    self.open.push(other);
                }
                if jumps {
                    self.go_to(way, place);
                }
            }
            _ => {
                way.execute(instruction, self.goal);
                way.advance();
                self.open.push(way);
            }
        }
        Ok(())
    }

    fn label(&self, way: &Way<'p>, operand: &str) -> Option<usize> {
        self.program.functions[way.frames.last()?.function].place(operand)
    }

    fn go_to(&mut self, mut way: Way<'p>, place: usize) {
        way.frame().next = place;
        self.open.push(way);
    }

    fn leave(&mut self, mut way: Way<'p>) {
        let Some(frame) = way.frames.pop() else { return };
        if way.frames.is_empty() {
            if self.goal.end == End::Return {
                self.end(&way);
            }
            return;
        }
        way.registers = frame.caller;
        way.forget_what_calls_change();
        self.open.push(way);
    }

    fn end(&mut self, way: &Way<'p>) {
        if way.has_bytes && way.has_sweep {
            self.ends.wiped += 1;
        } else {
            self.ends.bare += 1;
        }
    }

    /// A jump to another function, which returns for this one.
    fn call_and_leave(&mut self, mut way: Way<'p>, callee: &'p str) {
        // The next instruction is then one that is not there, which is not looked at: what
        // is behind the frame is the return.
        let before = self.open.len();
        let depth = way.frames.len();
        way.frame().next = usize::MAX;
        self.call(way, callee);
        if self.open.len() == before {
            return;
        }
        let Some(mut after) = self.open.pop() else { return };
        if after.frames.len() > depth {
            // The callee's frame takes the place of this one.
            if let Some(callee) = after.frames.pop() {
                let frame = after.frame();
                frame.function = callee.function;
                frame.next = callee.next;
            }
            self.open.push(after);
        } else {
            self.leave(after);
        }
    }

    /// The way is behind the call already.
    fn call(&mut self, mut way: Way<'p>, callee: &'p str) {
        if never_returns(callee) {
            return;
        }
        if is_free(callee) && self.goal.end == End::Free {
            self.end(&way);
        }
        if callee == "memset" && way.registers[RSI] == Some(Value::Number(0)) {
            way.sweep(way.registers[RDX], self.goal);
        }
        let function = self.program.function(callee).filter(|function| {
            !is_free(callee)
                && way.frames.len() < DEPTH
                && way.frames.iter().all(|frame| frame.function != *function)
        });
        match function {
            Some(function) => {
                let caller = way.registers;
                way.frames.push(Frame { function, next: 0, caller });
                way.move_stack(-8);
            }
            None => way.forget_what_calls_change(),
        }
        self.open.push(way);
    }
}

impl<'p> Way<'p> {
    fn frame(&mut self) -> &mut Frame<'p> {
        self.frames.last_mut().expect("a way ends when its last frame is left")
    }

    fn advance(&mut self) {
        self.frame().next += 1;
    }

    fn forget_what_calls_change(&mut self) {
        self.is_zero = None;
        for (index, register) in self.registers.iter_mut().enumerate() {
            if !KEPT.contains(&index) {
                *register = None;
            }
        }
    }

    /// The function that a call or a jump leads to.
    fn callee(&self, operand: &'p str) -> Option<&'p str> {
        let Some(place) = operand.strip_prefix('*') else { return Some(symbol(operand)) };
        if place.ends_with("(%rip)") {
            return Some(symbol(place));
        }
        match self.value(place) {
            Some(Value::Function(name)) => Some(name),
            _ => None,
        }
    }

    fn move_stack(&mut self, by: i64) {
        if let Some(Value::Stack(place)) = &mut self.registers[RSP] {
            *place += by;
        }
    }

    /// The place on the stack that an operand stands for.
    fn place(&self, operand: &str) -> Option<i64> {
        let (base, offset) = memory(operand)?;
        let (index, _) = register(base.strip_prefix('(')?.strip_suffix(')')?)?;
        match self.registers[index] {
            Some(Value::Stack(place)) => Some(place + offset),
            _ => None,
        }
    }

    fn put(&mut self, place: i64, value: Option<Value<'p>>) {
        match value {
            Some(value) => self.stack.insert(place, value),
            None => self.stack.remove(&place),
        };
    }

    /// Zeroes of a length that is in a register.
    fn sweep(&mut self, length: Option<Value<'p>>, goal: Goal) {
        match length {
            Some(Value::Number(length)) => {
                let length = u64::try_from(length).unwrap_or(0);
                let place = self.frames.last().map_or(0, |frame| frame.next);
                self.store(place, "a sweep", 0, length, goal);
            }
            _ => self.has_sweep = true,
        }
    }

    fn store(&mut self, place: usize, base: &'p str, from: i64, count: u64, goal: Goal) {
        if self.has_bytes {
            return;
        }
        self.stored.insert((place, base, from, count));
        if longest(&self.stored) >= goal.bytes {
            self.has_bytes = true;
            self.stored.clear();
        }
    }

    fn value(&self, operand: &'p str) -> Option<Value<'p>> {
        if let Some(number) = operand.strip_prefix('$') {
            return number.parse().ok().map(Value::Number);
        }
        if operand.ends_with("(%rip)") {
            return Some(Value::Function(symbol(operand)));
        }
        match register(operand) {
            Some((index, _)) => self.registers[index],
            None => self.stack.get(&self.place(operand)?).copied(),
        }
    }

    fn execute(&mut self, instruction: &Instruction<'p>, goal: Goal) {
        let name = instruction.name;
        if name.starts_with("rep") && name.contains("stos") {
            if self.registers[RAX] == Some(Value::Number(0)) {
                let width = match name.chars().last() {
                    Some('q') => 8,
                    Some('l') => 4,
                    Some('w') => 2,
                    _ => 1,
                };
                let length = match self.registers[RCX] {
                    Some(Value::Number(count)) => Some(Value::Number(count * width)),
                    other => other,
                };
                self.sweep(length, goal);
            }
            self.registers[RCX] = None;
            return;
        }
        let Some(&to) = instruction.operands.last() else { return };
        let from = instruction.operands[0];
        if name.starts_with("push") {
            self.move_stack(-8);
            if let Some(Value::Stack(place)) = self.registers[RSP] {
                self.put(place, self.value(to));
            }
            return;
        }
        if name.starts_with("pop") {
            let top = self.value("(%rsp)");
            if let Some((index, _)) = register(to) {
                self.registers[index] = top;
            }
            return self.move_stack(8);
        }
        if let ("subq" | "addq", Some(Value::Number(by)), "%rsp") = (name, self.value(from), to) {
            return self.move_stack(if name == "subq" { -by } else { by });
        }
        let leaves_flags = ["mov", "vmov", "lea"].iter().any(|start| name.starts_with(start));
        if !leaves_flags {
            self.is_zero = match self.value(from) {
                Some(Value::Number(number)) if name == "testq" && from == to => Some(number == 0),
                _ => None,
            };
        }
        let is_comparison = ["cmp", "test", "ucomi", "comi", "bt", "prefetch", "nop"];
        if is_comparison.iter().any(|start| name.starts_with(start)) {
            return;
        }
        let is_move = name.starts_with("mov") || name.starts_with("vmov");
        let Some((index, wide)) = register(to) else {
            if let Some(place) = self.place(to) {
                self.put(place, self.value(from).filter(|_| is_move));
            }
            if is_move && self.value(from) == Some(Value::Number(0)) {
                if let (Some((base, offset)), Some(width)) = (memory(to), width(name, from)) {
                    let function = self.frames.last().map_or(0, |frame| frame.function);
                    // A place in code is never as large as this.
                    self.store(usize::MAX - function, base, offset, width, goal);
                }
            }
            return;
        };
        let is_xor = name.contains("xor") && instruction.operands.len() > 1;
        self.registers[index] = if is_xor && instruction.operands[1..].iter().all(|o| *o == from) {
            Some(Value::Number(0))
        } else if name.starts_with("lea") {
            match self.place(from) {
                Some(place) => Some(Value::Stack(place)),
                None => self.value(from).filter(|_| from.ends_with("(%rip)")),
            }
        } else if is_move && (!from.ends_with("(%rip)") || from.contains("@GOTPCREL")) {
            // The rest of a register is left as it was by a move into a part of it.
            self.value(from).filter(|_| wide >= 4)
        } else {
            None
        };
    }
}

/// The most zeroes that lie side by side.
fn longest(stored: &Stored<'_>) -> u64 {
    let mut longest = 0;
    let mut run: Option<(usize, &str, i64, i64)> = None;
    for &(place, base, from, count) in stored {
        let end = from.saturating_add_unsigned(count);
        let (start, end) = match run {
            Some((p, b, start, until)) if (p, b) == (place, base) && from <= until => {
                (start, end.max(until))
            }
            _ => (from, end),
        };
        run = Some((place, base, start, end));
        longest = longest.max(end.abs_diff(start));
    }
    longest
}

fn is_free(name: &str) -> bool {
    name == "free" || name.contains("___rust_dealloc") || name.contains("___rdl_dealloc")
}

fn never_returns(name: &str) -> bool {
    const PARTS: &[&str] = &["9panicking", "handle_error", "handle_alloc_error", "_Unwind_Resume"];
    name == "abort" || PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(body: &str, bytes: u64, sweep: bool, end: End) -> Ends {
        let callee = "\txorl %esi, %esi;jmp memset@PLT";
        let texts = [("function", body), ("callee", callee)].map(|(name, body)| {
            format!("\t.type {name},@function\n{name}:\n{body}\n.Lfunc_end0:\n")
        });
        let files = texts.map(|text| text.replace(';', "\n\t"));
        let program = Program::read(&files);
        let start = program.function("function").expect("it was just written");
        follow(&program, start, Goal { bytes, sweep, end, holds: Holds::Always })
            .expect("its ways are few")
    }

    #[test]
    fn stores_in_front_of_the_free_count_and_others_do_not() {
        let stores = "\txorps %xmm0, %xmm0;movups %xmm0, (%rdi);movups %xmm0, 16(%rdi)";
        let free = "callq *free@GOTPCREL(%rip)";
        let one = |wiped, bare| Ends { wiped, bare, lost: 0 };
        assert_eq!(ends(&format!("{stores};{free};retq"), 32, false, End::Free), one(1, 0));
        assert_eq!(ends(&format!("\t{free};{stores};retq"), 32, false, End::Free), one(0, 1));
        assert_eq!(ends(&format!("{stores};{free};retq"), 33, false, End::Free), one(0, 1));
        assert_eq!(ends(&format!("{stores};retq"), 32, false, End::Return), one(1, 0));
        let gap = stores.replace("16(", "17(");
        assert_eq!(ends(&format!("{gap};{free};retq"), 32, false, End::Free), one(0, 1));
        let others = stores.replace("xorps", "addps");
        assert_eq!(ends(&format!("{others};{free};retq"), 32, false, End::Free), one(0, 1));
    }

    #[test]
    fn a_sweep_is_found_in_what_is_called() {
        let one = |wiped, bare| Ends { wiped, bare, lost: 0 };
        let known = "\tmovl $64, %edx;callq callee;jmpq *free@GOTPCREL(%rip)";
        assert_eq!(ends(known, 64, false, End::Free), one(1, 0));
        assert_eq!(ends(known, 0, true, End::Free), one(0, 1));
        let unknown = "\tmovq 8(%rdi), %rdx;callq callee;jmpq *free@GOTPCREL(%rip)";
        assert_eq!(ends(unknown, 0, true, End::Free), one(1, 0));
        let through = "\tmovq callee@GOTPCREL(%rip), %rbx;movl $64, %edx;callq *%rbx;jmp free@PLT";
        assert_eq!(ends(through, 64, false, End::Free), one(1, 0));
    }

    #[test]
    fn a_function_is_found_that_waits_on_the_stack() {
        let body = "\tsubq $24, %rsp;leaq callee(%rip), %rax;movq %rax, 16(%rsp);\
                    leaq 8(%rsp), %rdi;movl $64, %edx;callq *8(%rdi);jmp free@PLT";
        assert_eq!(ends(body, 64, false, End::Free), Ends { wiped: 1, bare: 0, lost: 0 });
    }

    #[test]
    fn a_branch_around_the_wipe_is_seen() {
        let body = "\ttestq %rax, %rax;je .LBB0_1;movq $0, (%rdi)\n.LBB0_1:\n\tjmp free@PLT";
        assert_eq!(ends(body, 8, false, End::Free), Ends { wiped: 1, bare: 1, lost: 0 });
    }
}
