//! Figures in words.

use core::fmt;

/// A time in nanoseconds.
pub(super) struct Time(pub(super) f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.0 {
            time if time < 999.5 => (time, "ns"),
            time if time < 999.5e3 => (time / 1e3, "µs"),
            time if time < 999.5e6 => (time / 1e6, "ms"),
            time => (time / 1e9, "s"),
        };
        let decimals = usize::from(number < 99.95);
        f.pad(&format!("{number:.decimals$} {unit}"))
    }
}

/// Bytes, perhaps on average.
pub(super) struct Bytes(pub(super) f64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const STEP: f64 = 1024.0;
        let (number, unit) = match self.0 {
            bytes if bytes < STEP => (bytes, "B"),
            bytes if bytes < STEP * STEP => (bytes / STEP, "KiB"),
            bytes => (bytes / (STEP * STEP), "MiB"),
        };
        f.pad(&format!("{} {unit}", Number(number)))
    }
}

/// A number, with a decimal where it is small and not whole.
pub(super) struct Number(pub(super) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.0 < 99.95 && (self.0 - self.0.round()).abs() >= 0.05);
        f.pad(&format!("{:.decimals$}", self.0))
    }
}

/// A number of which the first two digits matter.
pub(super) struct About(pub(super) f64);

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.max(1.0).log10().floor() as i32;
        let step = 10_f64.powi((digits - 1).max(0));
        f.pad(&format!("{}", (self.0 / step).ceil() * step))
    }
}

/// Text in lines of up to 90 columns, each two columns in.
pub(super) struct Paragraph<'a>(pub(super) &'a str);

impl fmt::Display for Paragraph<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WIDTH: usize = 90;
        let mut column = WIDTH;
        let mut line_end = "";
        for word in self.0.split(' ') {
            let length = word.chars().count() + 1;
            if column + length > WIDTH {
                write!(f, "{line_end}  {word}")?;
                (column, line_end) = (1 + length, "\n");
            } else {
                write!(f, " {word}")?;
                column += length;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_two_or_three_digits_and_a_unit() {
        for (time, told) in [
            (0.31, "0.3 ns"),
            (12.0, "12.0 ns"),
            (212.4, "212 ns"),
            (4_730.0, "4.7 µs"),
            (2.5e9, "2.5 s"),
        ] {
            assert_eq!(Time(time).to_string(), told);
        }
        for (bytes, told) in [
            (0.0, "0 B"),
            (16.0, "16 B"),
            (1536.0, "1.5 KiB"),
            (65536.0, "64 KiB"),
            (3.5e6, "3.3 MiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), told);
        }
        for (number, told) in [(0.0, "0"), (0.02, "0"), (1.5, "1.5"), (7.0, "7"), (250.4, "250")] {
            assert_eq!(Number(number).to_string(), told);
        }
        for (number, told) in [(1.0, "1"), (9.1, "10"), (1_000.0, "1000"), (6_012.3, "6100")] {
            assert_eq!(About(number).to_string(), told);
        }
        assert_eq!(format!("{:>8}|", Time(5.0)), "  5.0 ns|");
    }

    #[test]
    fn paragraphs_are_cut_into_lines() {
        let text = "word ".repeat(40);
        let told = Paragraph(text.trim_end()).to_string();
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= 90 && line.starts_with("  word")), "{told}");
        assert!(lines.iter().all(|line| !line.ends_with(' ')), "{told}");
        assert_eq!(told.split_whitespace().count(), 40);
    }
}
