//! The report as a picture.

use std::fmt::Write as _;

use crate::report::{Limit, Row};

const LEFT: f64 = 340.0;
const WIDTH: f64 = 460.0;
const LINE: f64 = 26.0;
const TOP: f64 = 64.0;
/// The ends of the logarithmic scale, in times of the limit; the better is on the left.
const ENDS: (f64, f64) = (0.1, 10.0);

/// How far a ratio is from its limit: below 1 is better.
fn position(row: &Row, value: f64) -> Option<f64> {
    match row.limit {
        Limit::Most(most) => Some(value / most),
        Limit::Least(least) => Some(least / value),
        Limit::None => None,
    }
    .filter(|position| position.is_finite())
}

fn x(position: f64) -> f64 {
    let (low, high) = (ENDS.0.ln(), ENDS.1.ln());
    LEFT + WIDTH * (position.clamp(ENDS.0, ENDS.1).ln() - low) / (high - low)
}

/// Bars that end at the median, with the range across them, and a line for the limit.
pub fn svg(rows: &[Row]) -> String {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.limit != Limit::None).collect();
    let (width, height) = (LEFT + WIDTH + 90.0, TOP + LINE * rows.len() as f64 + 40.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"24\" font-size=\"16\" font-weight=\"600\">wsp bench: each figure in times of its target</text>\n\
         <text x=\"16\" y=\"44\" fill=\"#555\">left of the line is better; bars end at the median, whiskers are minimum and maximum</text>\n"
    );
    for (at, row) in rows.iter().enumerate() {
        let middle = TOP + LINE * (at as f64 + 0.5);
        let baseline = middle + 4.5;
        let what = row.what.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(svg, "<text x=\"16\" y=\"{baseline}\">{} {what}</text>", row.target);
        let (low, high) = row.sample.range();
        let marks = [row.sample.median(), low, high].map(|value| position(row, value));
        let [Some(median), Some(low), Some(high)] = marks else {
            let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{baseline}\" fill=\"#777\">not measured</text>");
            continue;
        };
        let colour = if row.met() == Some(true) { "#2a7f4f" } else { "#b3472b" };
        let (end, top) = (x(median), middle - 7.0);
        let bar = end - LEFT;
        let _ = writeln!(svg, "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{bar:.1}\" height=\"14\" fill=\"{colour}\"/>");
        let (from, to) = (x(low), x(high));
        let _ = writeln!(svg, "<path d=\"M{from:.1} {middle}H{to:.1}\" stroke=\"#222\" stroke-width=\"1.5\"/>");
        let after = x(median.max(low).max(high)) + 6.0;
        let _ =
            writeln!(svg, "<text x=\"{after:.1}\" y=\"{baseline}\" fill=\"#333\">{:.2}</text>", row.sample.median());
    }
    let (limit, bottom) = (x(1.0), height - 36.0);
    let _ = writeln!(svg, "<path d=\"M{limit} {TOP}V{bottom}\" stroke=\"#222\" stroke-dasharray=\"4 3\"/>");
    for tick in [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0] {
        let (at, below) = (x(tick), bottom + 18.0);
        let _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\" fill=\"#555\">{tick}</text>");
    }
    svg + "</svg>\n"
}
