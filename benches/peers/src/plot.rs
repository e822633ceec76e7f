//! One case as bars, in an SVG that can be read on light and on dark: it brings its own
//! ground, which follows the colour scheme of the reader.

const WIDTH: f64 = 800.0;
/// Where bars begin; names stand left of it.
const LEFT: f64 = 310.0;
/// Where the axis ends; figures of the longest bars stand right of it.
const RIGHT: f64 = 720.0;
const TOP: f64 = 58.0;
const ROW: f64 = 24.0;
const BAR: f64 = 16.0;

/// Above this quotient of the longest to the shortest time the axis is logarithmic.
const SPAN: f64 = 20.0;

const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.note, .tick { fill: #59636e; font-size: 11px }
.ground { fill: #ffffff }
.line { stroke: #d1d9e0 }
.other { fill: #9aa4af }
.floor { fill: #4a9c5d }
.poolable { fill: #2f6fd6 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.note, .tick { fill: #9198a1 }
.ground { fill: #0d1117 }
.line { stroke: #3d444d }
.other { fill: #6b7480 }
.floor { fill: #57ab6a }
.poolable { fill: #5b9bff }
}";

/// From nanoseconds to a place on the axis.
struct Axis {
    from: f64,
    to: f64,
    is_logarithmic: bool,
}

impl Axis {
    fn of(times: impl Iterator<Item = f64> + Clone) -> Self {
        let least = times.clone().fold(f64::INFINITY, f64::min);
        let most = times.fold(0.0, f64::max);
        if most / least > SPAN {
            let from = 10f64.powf(least.log10().floor());
            Self { from, to: most, is_logarithmic: true }
        } else {
            Self { from: 0.0, to: most, is_logarithmic: false }
        }
    }

    fn place(&self, time: f64) -> f64 {
        let share = if self.is_logarithmic {
            (time / self.from).ln() / (self.to / self.from).ln()
        } else {
            time / self.to
        };
        LEFT + share * (RIGHT - LEFT)
    }

    fn ticks(&self) -> Vec<f64> {
        if self.is_logarithmic {
            let decades = (0..12).map(|power| self.from * 10f64.powi(power));
            return decades.take_while(|tick| *tick <= self.to).collect();
        }
        // Steps of 1, 2 or 5 times a power of ten, at most six of them.
        let rough = self.to / 6.0;
        let power = 10f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(power);
        let count = (self.to / step) as u32;
        (0..=count).map(|index| f64::from(index) * step).collect()
    }
}

/// Which colour a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Floor,
    Poolable,
    Other,
}

pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) colour: Colour,
    /// Nanoseconds.
    pub(crate) time: f64,
}

pub(crate) fn draw(title: &str, unit: &str, rows: &[Row]) -> String {
    let axis = Axis::of(rows.iter().map(|row| row.time));
    let bottom = TOP + rows.len() as f64 * ROW;
    let height = bottom + 26.0;
    let mut svg = String::new();
    let title = escaped(title);
    svg.push_str(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             role=\"img\" aria-label=\"{title}\">\n<style>\n{STYLE}\n</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n"
    ));
    let scale = if axis.is_logarithmic { ", logarithmic" } else { "" };
    svg.push_str(&format!("<text class=\"title\" x=\"12\" y=\"22\">{title}</text>\n"));
    svg.push_str(&format!(
        "<text class=\"note\" x=\"12\" y=\"40\">ns per {unit}, less is better{scale}</text>\n"
    ));
    for tick in axis.ticks() {
        let x = axis.place(tick);
        svg.push_str(
        &format!(
                "<line class=\"line\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\n\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}</text>\n",
                bottom + 16.0,
            ),
        );
    }
    for (index, row) in rows.iter().enumerate() {
        let y = TOP + index as f64 * ROW;
        let end = axis.place(row.time);
        let class = match row.colour {
            Colour::Floor => "floor",
            Colour::Poolable => "poolable",
            Colour::Other => "other",
        };
        svg.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
                 <rect class=\"{class}\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" \
                 height=\"{BAR}\" rx=\"2\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            LEFT - 8.0,
            y + 17.0,
            escaped(&row.name.replace('`', "")),
            y + 4.0,
            (end - LEFT).max(1.0),
            end + 6.0,
            y + 17.0,
            crate::report::three_digits(row.time),
        ));
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axis_is_logarithmic_where_times_span_more_than_a_decade_and_a_bit() {
        let near = Axis::of([2.0, 39.0].into_iter());
        assert!(!near.is_logarithmic);
        assert_eq!(near.ticks(), [0.0, 10.0, 20.0, 30.0]);
        let far = Axis::of([2.0, 410.0].into_iter());
        assert!(far.is_logarithmic);
        assert_eq!(far.ticks(), [1.0, 10.0, 100.0]);
        assert_eq!(far.place(1.0), LEFT);
        assert_eq!(far.place(410.0), RIGHT);
    }

    #[test]
    fn names_with_angle_brackets_are_escaped() {
        assert_eq!(escaped("Vec<\"&\">"), "Vec&lt;&quot;&amp;&quot;&gt;");
    }
}
