//! A chart of months: bars, drawn as SVG.

use std::ops::Range;

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::{
    BLACK, BindKeyPoints, ChartBuilder, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea,
    IntoFont, RGBColor, Rectangle, SVGBackend,
};

use crate::words::Kind;

/// The drawing has units of which four are a pixel, because places in it are whole numbers.
const UNITS: u32 = 4;
/// Its size in pixels.
const SIZE: (u32, u32) = (340, 150);
/// Colors that the page's style replaces, in light and dark.
const BAR: RGBColor = RGBColor(11, 95, 165);
const STILL_TO_COME: RGBColor = RGBColor(158, 197, 232);
const HIDDEN: RGBColor = RGBColor(221, 221, 221);
/// Months of a year.
const YEAR: i32 = 12;
/// Years that are told below the bars.
const MOST_YEARS: i32 = 5;

/// A bar over some months, which are numbered from year 0.
pub(crate) struct Bar {
    pub(crate) months: Range<i32>,
    /// For each month; none where it is hidden.
    pub(crate) value: Option<f64>,
    pub(crate) is_still_to_come: bool,
}

/// Draws the bars; `about` is what a screen reader says of them. None without any value.
pub(crate) fn bars(about: &str, kind: Kind, bars: &[Bar]) -> Option<Markup> {
    let values = || bars.iter().filter_map(|bar| bar.value);
    let most = values().fold(0.0, f64::max);
    let least = values().fold(0.0, f64::min);
    let first = bars.iter().map(|bar| bar.months.start).min()?;
    let last = bars.iter().map(|bar| bar.months.end).max()?;
    if most <= least {
        return None;
    }
    let mut svg = String::new();
    let size = (SIZE.0 * UNITS, SIZE.1 * UNITS);
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    draw(&area, kind, bars, (first..last, least..most)).ok()?;
    drop(area);
    // The backend's own first tag has a size in pixels; the page decides how large it is.
    let inner = svg.split_once("<svg ").and_then(|(_, rest)| rest.split_once(">\n"))?.1;
    let inner = inner.strip_suffix("</svg>\n").or_else(|| inner.strip_suffix("</svg>"))?;
    let view = format!("0 0 {} {}", size.0, size.1);
    Some(html! {
        svg viewBox=(view) role="img" aria-label=(about) { (PreEscaped(inner)) }
    })
}

fn draw(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    kind: Kind,
    bars: &[Bar],
    (months, values): (Range<i32>, Range<f64>),
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let font = ("sans-serif", 12 * UNITS).into_font();
    let mut chart = ChartBuilder::on(area)
        .margin(2 * UNITS)
        .margin_top(10 * UNITS)
        .margin_right(14 * UNITS)
        .x_label_area_size(18 * UNITS)
        .y_label_area_size(50 * UNITS)
        .build_cartesian_2d(
            months.clone().with_key_points(years(&months)),
            values.start..values.end * 1.05,
        )?;
    let year = |month: &i32| month.div_euclid(YEAR).to_string();
    let value = |value: &f64| kind.short(*value);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(1)
        .light_line_style(BLACK)
        .bold_line_style(BLACK)
        .axis_style(BLACK)
        .y_labels(3)
        .x_label_formatter(&year)
        .y_label_formatter(&value)
        .label_style(font)
        .draw()?;
    let top = values.end * 1.05;
    chart.draw_series(bars.iter().map(|bar| {
        let (color, value) = match bar.value {
            None => (HIDDEN, top),
            Some(value) if bar.is_still_to_come => (STILL_TO_COME, value),
            Some(value) => (BAR, value),
        };
        let style =
            plotters::style::ShapeStyle { color: color.into(), filled: true, stroke_width: 0 };
        Rectangle::new([(bar.months.start, 0.0), (bar.months.end, value)], style)
    }))?;
    Ok(())
}

/// Januaries, of which not too many are told.
fn years(months: &Range<i32>) -> Vec<i32> {
    let first = (months.start + YEAR - 1).div_euclid(YEAR);
    let last = (months.end - 1).div_euclid(YEAR);
    let step = ((last - first) / MOST_YEARS + 1).max(1);
    let years = (first..=last).filter(|year| (year - first) % step == 0);
    years.map(|year| year * YEAR).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_drawn_and_hidden_ones_are_told_apart() {
        let bar = |month, value| Bar {
            months: month..month + 1,
            value,
            is_still_to_come: month == 24_242,
        };
        let own = [bar(24_240, Some(5.0)), bar(24_241, None), bar(24_242, Some(3.0))];
        let svg = bars("a <chart>", Kind::Count, &own).unwrap().into_string();
        for color in ["#0B5FA5", "#9EC5E8", "#DDDDDD"] {
            assert_eq!(svg.matches(color).count(), 1, "{color} in {svg}");
        }
        assert!(svg.contains("a &lt;chart&gt;") && svg.contains("2020"), "{svg}");
        assert!(bars("", Kind::Count, &[]).is_none());
        assert!(bars("", Kind::Count, &[bar(24_240, None)]).is_none());
    }

    #[test]
    fn years_are_few() {
        assert_eq!(years(&(24_239..24_250)), [24_240]);
        assert!(years(&(0..1_200)).len() <= 6);
    }
}
