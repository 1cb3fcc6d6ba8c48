//! Outlines of a face to straight edges.
//!
//! In:     a face and a code point.
//! Out:    metrics, and the edges around what is filled, in pixels with y up: none of them lies inside.
//! Keeps:  shapes to a sixty-fourth of a pixel.
//! Source: the non-zero rule of fonts; `i_overlay` unites contours that overlap, as those of variable fonts do,
//!         since the distance to an edge inside would draw a seam.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::i_float::int::point::IntPoint;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::outline::{DrawSettings, OutlineGlyphCollection, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};

use super::EM_PIXELS;

/// Units of a pixel in which contours are united.
const UNITS: f32 = 1024.0;
/// How far a point may lie from the pen, pixels; beyond it no glyph can be drawn.
const REACH_PIXELS: f32 = 4096.0;
/// How far edges may leave their curve, pixels.
const TOLERANCE_PIXELS: f32 = 1.0 / 64.0;
/// How many edges a curve may become.
const CURVE_EDGES_MAX: f32 = 64.0;
/// How many points a glyph may have; ornaments reach some thousands.
const POINTS_MAX: usize = 1 << 14;
/// How many pairs of edges beside each other are looked at for crossings.
const PAIRS_MAX: usize = 1 << 24;
/// How many pairs of edges may meet, those that follow each other among them: the union cuts each there.
const MEETINGS_MAX: usize = 1 << 16;
/// Parts of a pixel that fonts count in.
const PARTS: f64 = 64.0;

/// A point in pixels, y up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub x: f32,
    pub y: f32,
}

/// The edges around a glyph.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Both ends of each edge; around what is filled in one direction, around holes in the other.
    pub edges: Vec<[Point; 2]>,
    contours: Vec<Vec<IntPoint<i32>>>,
}

/// Metrics of a glyph in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Metrics {
    /// How far the pen goes on.
    pub advance: i32,
    /// From the baseline to the top of the face.
    pub ascender: i32,
}

/// Reads glyphs of one face.
pub(super) struct Reader<'a> {
    charmap: Charmap<'a>,
    outlines: OutlineGlyphCollection<'a>,
    advances: GlyphMetrics<'a>,
    ascender: i32,
    /// Pixels of a unit of the face.
    scale: f64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(font: &FontRef<'a>) -> Self {
        let metrics = font.metrics(Size::unscaled(), LocationRef::default());
        let scale = f64::from(EM_PIXELS) / f64::from(metrics.units_per_em.max(1));
        Self {
            charmap: font.charmap(),
            outlines: font.outline_glyphs(),
            advances: font.glyph_metrics(Size::unscaled(), LocationRef::default()),
            ascender: ((f64::from(metrics.ascent) * scale * PARTS).round() / PARTS).ceil() as i32,
            scale,
        }
    }

    /// Returns the glyph of a code point; nothing when the face has none.
    pub(super) fn glyph(&self, code_point: u32) -> Option<GlyphId> {
        self.charmap.map(code_point)
    }

    /// Reads a glyph into `out`.
    ///
    /// A glyph that cannot be read, or has more points or crossings than any glyph needs, has no edges.
    pub(super) fn read(&self, glyph: GlyphId, out: &mut Outline) -> Metrics {
        let advance = f64::from(self.advances.advance_width(glyph).unwrap_or_default());
        let advance = ((advance * self.scale * PARTS).round() / PARTS).floor() as i32;
        out.edges.clear();
        out.contours.clear();
        if let Some(outline) = self.outlines.get(glyph) {
            let settings = DrawSettings::unhinted(Size::new(EM_PIXELS as f32), LocationRef::default());
            let mut pen = Pen { contours: &mut out.contours, at: Point { x: 0.0, y: 0.0 }, n_points: 0 };
            let is_read = outline.draw(settings, &mut pen).is_ok();
            if is_read && pen.n_points <= POINTS_MAX {
                out.unite();
            }
        }
        Metrics { advance, ascender: self.ascender }
    }
}

impl Outline {
    /// Makes edges of the union of the contours; none when it would take too much.
    fn unite(&mut self) {
        if !self.is_bounded() {
            return;
        }
        let n_points = self.contours.iter().map(Vec::len).sum();
        let mut overlay =
            Overlay::<i32>::new_custom(n_points, IntOverlayOptions::default(), Solver::default());
        overlay.add_source(&self.contours, ShapeType::Subject);
        let shapes = overlay.overlay(OverlayRule::Subject, FillRule::NonZero);
        for contour in shapes.iter().flatten() {
            let ends = contour.iter().zip(contour.iter().cycle().skip(1));
            self.edges.extend(ends.map(|(from, to)| [pixels(*from), pixels(*to)]));
        }
    }
}

impl Outline {
    /// Whether the edges of the contours meet within the bounds: a sweep from left to right.
    fn is_bounded(&self) -> bool {
        let ends = |contour: &'_ Vec<IntPoint<i32>>| {
            let ends = contour.iter().zip(contour.iter().cycle().skip(1));
            ends.map(|(from, to)| if from.x < to.x { [*from, *to] } else { [*to, *from] }).collect::<Vec<_>>()
        };
        let mut edges: Vec<[IntPoint<i32>; 2]> = self.contours.iter().flat_map(ends).collect();
        edges.sort_unstable_by_key(|[left, _]| left.x);
        let (mut n_pairs, mut n_meetings) = (0, 0);
        for (idx, edge) in edges.iter().enumerate() {
            for other in edges[idx + 1..].iter().take_while(|other| other[0].x <= edge[1].x) {
                n_pairs += 1;
                n_meetings += usize::from(meet(*edge, *other));
                if PAIRS_MAX < n_pairs || MEETINGS_MAX < n_meetings {
                    return false;
                }
            }
        }
        true
    }
}

/// Whether two edges meet that have some `x` in common.
fn meet([a, b]: [IntPoint<i32>; 2], [c, d]: [IntPoint<i32>; 2]) -> bool {
    // Coordinates have 23 bits, so products are exact.
    let side = |from: IntPoint<i32>, to: IntPoint<i32>, point: IntPoint<i32>| {
        let [dx, dy] = [to.x - from.x, to.y - from.y].map(i64::from);
        let [px, py] = [point.x - from.x, point.y - from.y].map(i64::from);
        (dx * py - dy * px).signum()
    };
    a.y.min(b.y) <= c.y.max(d.y)
        && c.y.min(d.y) <= a.y.max(b.y)
        && side(a, b, c) * side(a, b, d) <= 0
        && side(c, d, a) * side(c, d, b) <= 0
}

fn pixels(point: IntPoint<i32>) -> Point {
    Point { x: point.x as f32 / UNITS, y: point.y as f32 / UNITS }
}

/// Takes an outline as it is drawn, and flattens its curves.
struct Pen<'o> {
    contours: &'o mut Vec<Vec<IntPoint<i32>>>,
    at: Point,
    n_points: usize,
}

impl Pen<'_> {
    fn push(&mut self, to: Point) {
        self.at = to;
        self.n_points += 1;
        if POINTS_MAX < self.n_points {
            return;
        }
        let unit = |pixel: f32| (pixel.clamp(-REACH_PIXELS, REACH_PIXELS) * UNITS).round() as i32;
        if let Some(contour) = self.contours.last_mut() {
            contour.push(IntPoint::new(unit(to.x), unit(to.y)));
        }
    }

    /// Draws a curve through `point(t)`, whose second derivative is at most `bend`.
    fn curve(&mut self, bend: f32, point: impl Fn(f32) -> Point) {
        let n_edges = (bend / (8.0 * TOLERANCE_PIXELS)).sqrt().ceil().clamp(1.0, CURVE_EDGES_MAX);
        for idx in 1..=n_edges as u32 {
            self.push(point(idx as f32 / n_edges));
        }
    }
}

/// Returns the length of the second difference of three points.
fn bend(a: Point, b: Point, c: Point) -> f32 {
    let (x, y) = (a.x - 2.0 * b.x + c.x, a.y - 2.0 * b.y + c.y);
    (x * x + y * y).sqrt()
}

fn between(a: Point, b: Point, t: f32) -> Point {
    Point { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t }
}

impl OutlinePen for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.contours.push(Vec::new());
        self.push(Point { x, y });
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.push(Point { x, y });
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (a, b, c) = (self.at, Point { x: cx, y: cy }, Point { x, y });
        self.curve(2.0 * bend(a, b, c), |t| between(between(a, b, t), between(b, c, t), t));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.at, Point { x: cx0, y: cy0 }, Point { x: cx1, y: cy1 }, Point { x, y });
        self.curve(6.0 * bend(a, b, c).max(bend(b, c, d)), |t| {
            let (ab, bc, cd) = (between(a, b, t), between(b, c, t), between(c, d, t));
            between(between(ab, bc, t), between(bc, cd, t), t)
        });
    }

    fn close(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws contours of corners, and compares the edges that are left, each as its two ends.
    fn check(contours: &[&[[f32; 2]]], expected: &[[[f32; 2]; 2]]) {
        let mut outline = Outline::default();
        let mut pen = Pen { contours: &mut outline.contours, at: Point { x: 0.0, y: 0.0 }, n_points: 0 };
        for contour in contours {
            let [[x, y], rest @ ..] = contour else { panic!("a contour has corners") };
            pen.move_to(*x, *y);
            for [x, y] in rest {
                pen.line_to(*x, *y);
            }
            pen.close();
        }
        outline.unite();
        let mut found: Vec<_> =
            outline.edges.iter().map(|ends| ends.map(|point| [point.x, point.y])).collect();
        found.sort_by(|a, b| a.as_flattened().partial_cmp(b.as_flattened()).unwrap());
        assert_eq!(found, expected);
    }

    #[test]
    fn edges_go_around_what_is_filled() {
        check(
            &[&[[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0]]],
            &[
                [[0.0, 0.0], [4.0, 0.0]],
                [[0.0, 2.0], [0.0, 0.0]],
                [[4.0, 0.0], [4.0, 2.0]],
                [[4.0, 2.0], [0.0, 2.0]],
            ],
        );
    }

    #[test]
    fn contours_that_overlap_leave_no_edge_inside() {
        check(
            &[
                &[[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0]],
                &[[3.0, 0.0], [8.0, 0.0], [8.0, 2.0], [3.0, 2.0]],
            ],
            &[
                [[0.0, 0.0], [8.0, 0.0]],
                [[0.0, 2.0], [0.0, 0.0]],
                [[8.0, 0.0], [8.0, 2.0]],
                [[8.0, 2.0], [0.0, 2.0]],
            ],
        );
    }

    #[test]
    fn contours_that_turn_back_are_holes() {
        let mut outline = Outline::default();
        let mut pen = Pen { contours: &mut outline.contours, at: Point { x: 0.0, y: 0.0 }, n_points: 0 };
        for corners in [
            [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]],
            [[3.0, 3.0], [3.0, 6.0], [6.0, 6.0], [6.0, 3.0]],
        ] {
            pen.move_to(corners[0][0], corners[0][1]);
            for [x, y] in &corners[1..] {
                pen.line_to(*x, *y);
            }
        }
        outline.unite();
        assert_eq!(outline.edges.len(), 8);
    }

    #[test]
    fn curves_stay_within_the_tolerance() {
        let mut outline = Outline::default();
        let mut pen = Pen { contours: &mut outline.contours, at: Point { x: 0.0, y: 0.0 }, n_points: 0 };
        // A quarter of a circle of radius 16, to within 0.03 %.
        let k = 16.0 * 0.552_284_8;
        pen.move_to(16.0, 0.0);
        pen.curve_to(16.0, k, k, 16.0, 0.0, 16.0);
        let contour = &outline.contours[0];
        let middles = contour.windows(2).map(|ends| {
            let [a, b] = [pixels(ends[0]), pixels(ends[1])];
            f32::midpoint(a.x, b.x).hypot(f32::midpoint(a.y, b.y))
        });
        assert!(middles.clone().all(|radius| (radius - 16.0).abs() < 2.0 * TOLERANCE_PIXELS), "{middles:?}");
        assert!(contour.len() < 40, "{} edges", contour.len());
    }

    #[test]
    fn crossings_are_bounded() {
        // Each way to and fro crosses all others.
        let n_edges = |n_ways: u16| {
            let mut outline = Outline::default();
            let mut pen = Pen { contours: &mut outline.contours, at: Point { x: 0.0, y: 0.0 }, n_points: 0 };
            pen.move_to(0.0, 0.0);
            for way in (0..n_ways).map(f32::from) {
                pen.line_to(200.0, 200.0 - way / 4.0);
                pen.line_to(0.0, way / 4.0);
            }
            outline.unite();
            outline.edges.len()
        };
        assert!(n_edges(20) > 20);
        assert_eq!(n_edges(600), 0);
    }

    #[test]
    fn outlines_are_bounded() {
        let mut outline = Outline::default();
        let mut pen = Pen { contours: &mut outline.contours, at: Point { x: 0.0, y: 0.0 }, n_points: 0 };
        pen.move_to(f32::NAN, f32::INFINITY);
        for n in 0..2 * POINTS_MAX {
            pen.line_to(n as f32 * 1e30, 0.0);
        }
        assert!(pen.n_points > POINTS_MAX);
        assert!(outline.contours[0].len() <= POINTS_MAX);
    }
}
