//! What instructions work on: registers, and places in memory.

/// The number of a register, and whether it is one for vectors, with its width.
pub(super) fn register(operand: &str) -> Option<(usize, u64)> {
    const NAMES: [&str; 8] = ["ax", "cx", "dx", "bx", "si", "di", "sp", "bp"];
    // In the order of `RSI` and `KEPT`: rsi is 4, rdi is 5, rsp is 6, rbp is 7.
    let name = operand.strip_prefix('%')?;
    for (prefix, width) in [("xmm", 16), ("ymm", 32), ("zmm", 64)] {
        if let Some(number) = name.strip_prefix(prefix) {
            return Some((16 + number.parse::<usize>().ok()?, width));
        }
    }
    if let Some(number) = name.strip_prefix('r').filter(|rest| rest.starts_with(char::is_numeric)) {
        let digits = number.trim_end_matches(['d', 'w', 'b']);
        let width = match &number[digits.len()..] {
            "d" => 4,
            "w" => 2,
            "b" => 1,
            _ => 8,
        };
        return Some((digits.parse().ok()?, width));
    }
    for (index, known) in NAMES.iter().enumerate() {
        let (first, last) = known.split_at(1);
        let is_byte = name == format!("{first}l") || name == format!("{known}l");
        let width = match name.strip_suffix(known) {
            Some("r") => 8,
            Some("e") => 4,
            Some("") => 2,
            _ if is_byte && (last == "x" || name.len() == 3) => 1,
            _ if last == "x" && name == format!("{first}h") => 1,
            _ => continue,
        };
        return Some((index, width));
    }
    None
}

/// How many bytes a move stores.
pub(super) fn width(name: &str, from: &str) -> Option<u64> {
    match name.trim_start_matches('v') {
        "movb" => Some(1),
        "movw" => Some(2),
        "movl" | "movd" | "movss" => Some(4),
        "movq" | "movsd" | "movlps" | "movlpd" | "movhps" => Some(8),
        _ => register(from).map(|(_, width)| width),
    }
}

/// The base of a place in memory, and the offset from there.
pub(super) fn memory(operand: &str) -> Option<(&str, i64)> {
    let (offset, base) = operand.split_at(operand.find('(')?);
    let offset = if offset.is_empty() { 0 } else { offset.parse().ok()? };
    Some((base, offset))
}

/// A name without how it is reached.
pub(super) fn symbol(operand: &str) -> &str {
    let operand = operand.strip_suffix("(%rip)").unwrap_or(operand);
    operand.split('@').next().unwrap_or(operand)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_register_are_that_register() {
        for (names, index) in [
            (["%rax", "%eax", "%ax", "%al"], 0),
            (["%rbx", "%ebx", "%bx", "%bh"], 3),
            (["%rsi", "%esi", "%si", "%sil"], 4),
            (["%r12", "%r12d", "%r12w", "%r12b"], 12),
        ] {
            let widths = names.map(|name| register(name).expect("it is one"));
            assert_eq!(widths, [(index, 8), (index, 4), (index, 2), (index, 1)], "{names:?}");
        }
        assert_eq!(register("%ymm3"), Some((19, 32)));
        assert_eq!(register("$4"), None);
    }

    #[test]
    fn places_have_a_base_and_an_offset() {
        assert_eq!(memory("-24(%rsp)"), Some(("(%rsp)", -24)));
        assert_eq!(memory("(%rax,%rcx,8)"), Some(("(%rax,%rcx,8)", 0)));
        assert_eq!(memory("%rax"), None);
    }
}
