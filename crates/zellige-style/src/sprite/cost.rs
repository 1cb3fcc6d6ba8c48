//! What it takes to draw an icon, before it is drawn.
//!
//! In:     a tree, and its size in units.
//! Out:    nothing, or that it takes too much.
//! Source: how `resvg` draws: edges row by row, pixels, a layer for each group that is drawn apart.
//!
//! All is counted at two pixels a unit. Time follows from pixels painted, from rows that edges cross and from
//! edges that may cross each other, memory from layers that lie in each other. Content of masks and clips counts as
//! if it filled the canvas. Each bound alone was seen to take less than half a second.

use resvg::tiny_skia::Rect;
use resvg::usvg::{ClipPath, Group, Mask, Node, Paint, Path, Stroke, Tree};

use super::IconFault;

/// Pixels a unit in the larger image.
const RATIO: f64 = 2.0;
/// How far from the origin something may be drawn, units; the arithmetic of drawing ends not far beyond.
const REACH_UNITS_MAX: f32 = 4000.0;
/// How many pixels may be painted.
const PAINTED_PIXELS_MAX: f64 = 100e6;
/// How many rows the edges of all shapes may cross.
const EDGE_ROWS_MAX: f64 = 4e6;
/// How many pairs of edges of one shape there may be, over all shapes: each may cross, and is sorted then.
const EDGE_PAIRS_MAX: f64 = 200e6;
/// How many pixels the layers may have that lie in each other: 96 MB.
const LAYER_PIXELS_MAX: f64 = 24e6;
/// How many dashes all lines may have.
const DASHES_MAX: f64 = 5_000.0;
/// Pixels that a layer may have, in canvases: it may stick out.
const LAYER_CANVASES_MAX: f64 = 25.0;
/// A pixel of a gradient takes as long as so many of one color.
const GRADIENT_WEIGHT: f64 = 5.0;
/// An edge that is stroked becomes so many.
const STROKE_EDGES: f64 = 6.0;

/// Checks what drawing an icon would take.
pub(super) fn check(tree: &Tree, size: [u32; 2]) -> Result<(), IconFault> {
    let [width, height] = size.map(|side| f64::from(side) * RATIO);
    let mut cost = Cost { width, height, painted: 0.0, edge_rows: 0.0, edge_pairs: 0.0, dashes: 0.0 };
    let mut todo = vec![Part { group: tree.root(), layers: 0.0, is_hidden: false }];
    while let Some(part) = todo.pop() {
        let layers = part.layers + cost.layers(part);
        cost.painted += layers - part.layers;
        for node in part.group.children() {
            match node {
                Node::Group(group) => todo.push(Part { group, layers, ..part }),
                Node::Path(path) => cost.path(path, part.is_hidden),
                // Neither gets this far; were one of them here, it could not be judged.
                Node::Image(_) | Node::Text(_) => return Err(IconFault::Work),
            }
        }
        todo.extend(hidden(part.group).into_iter().map(|group| Part { group, layers, is_hidden: true }));
        if LAYER_PIXELS_MAX < layers || cost.is_too_much() {
            return Err(IconFault::Work);
        }
    }
    Ok(())
}

/// A group that is drawn, and what it is drawn into.
#[derive(Clone, Copy)]
struct Part<'t> {
    group: &'t Group,
    /// Pixels of the layers around it.
    layers: f64,
    /// Whether it belongs to a clip or a mask.
    is_hidden: bool,
}

/// Returns what a group draws into clips and masks, those of clips and masks themselves as well.
fn hidden(group: &Group) -> Vec<&Group> {
    let clips = std::iter::successors(group.clip_path(), |clip| clip.clip_path());
    let masks = std::iter::successors(group.mask(), |mask| mask.mask());
    clips.map(ClipPath::root).chain(masks.map(Mask::root)).collect()
}

struct Cost {
    /// Pixels of the canvas.
    width: f64,
    height: f64,
    painted: f64,
    edge_rows: f64,
    edge_pairs: f64,
    dashes: f64,
}

impl Cost {
    fn is_too_much(&self) -> bool {
        let is_within = |number: f64, max: f64| number <= max;
        !(is_within(self.painted, PAINTED_PIXELS_MAX)
            && is_within(self.edge_rows, EDGE_ROWS_MAX)
            && is_within(self.edge_pairs, EDGE_PAIRS_MAX)
            && is_within(self.dashes, DASHES_MAX))
    }

    fn canvas(&self) -> f64 {
        self.width * self.height
    }

    /// Returns the pixels of the layers that a group takes for itself, its clips and its masks.
    fn layers(&self, part: Part<'_>) -> f64 {
        if !part.group.should_isolate() {
            return 0.0;
        }
        let bounds = part.group.abs_layer_bounding_box().to_rect();
        let largest = LAYER_CANVASES_MAX * self.canvas();
        let one = if part.is_hidden { largest } else { (area(bounds) * RATIO * RATIO).min(largest) };
        one * (1 + 2 * hidden(part.group).len()) as f64
    }

    fn path(&mut self, path: &Path, is_hidden: bool) {
        let bounds = path.abs_stroke_bounding_box();
        let sides = [bounds.left(), bounds.top(), bounds.right(), bounds.bottom()];
        if !sides.iter().all(|side| side.abs() <= REACH_UNITS_MAX) {
            self.painted = f64::INFINITY;
        }
        let pixels =
            if is_hidden { self.canvas() } else { (area(bounds) * RATIO * RATIO).min(self.canvas()) };
        let n_edges = path.data().points().len() as f64;
        if let Some(fill) = path.fill().filter(|_| n_edges > 2.0) {
            self.painted += pixels * weight(fill.paint());
            self.edge_rows += self.rows(path, is_hidden, 0.0);
            self.edge_pairs += n_edges * n_edges;
        }
        if let Some(stroke) = path.stroke() {
            let (scale_x, scale_y) = path.abs_transform().get_scale();
            let scale = RATIO * f64::from(scale_x.max(scale_y).max(1.0));
            let (way, width) = (length(path) * scale, f64::from(stroke.width().get()) * scale + 2.0);
            let dashes = dashes(path, stroke);
            // Each dash is a shape of its own, as wide as the stroke.
            let rows = self.rows(path, is_hidden, width) + dashes * width.min(self.height);
            let stroked = if is_hidden { pixels } else { pixels.min((way + width) * width) };
            self.painted += stroked * weight(stroke.paint());
            self.edge_rows += rows * STROKE_EDGES;
            self.edge_pairs += ((n_edges + dashes) * STROKE_EDGES).powi(2);
            self.dashes += dashes;
        }
    }

    /// Returns the rows that the edges of a path cross, those of curves by their control points, when each is
    /// `more` rows higher.
    fn rows(&self, path: &Path, is_hidden: bool, more: f64) -> f64 {
        let points = path.data().points();
        if is_hidden {
            return points.len() as f64 * self.height;
        }
        let transform = path.abs_transform();
        let y = |x: f32, y: f32| f64::from(transform.ky * x + transform.sy * y) * RATIO;
        let crossed = points.windows(2).map(|ends| (y(ends[1].x, ends[1].y) - y(ends[0].x, ends[0].y)).abs());
        crossed.map(|rows| 1.0 + (rows + more).min(self.height)).sum()
    }
}

fn area(bounds: Rect) -> f64 {
    // Layers are two pixels larger on each side.
    (f64::from(bounds.width()) + 4.0) * (f64::from(bounds.height()) + 4.0)
}

fn weight(paint: &Paint) -> f64 {
    if matches!(paint, Paint::Color(_)) { 1.0 } else { GRADIENT_WEIGHT }
}

/// Returns the length of a path in units, that of curves by their control points.
fn length(path: &Path) -> f64 {
    path.data().points().windows(2).map(|ends| f64::from((ends[1] - ends[0]).length())).sum()
}

/// Returns how many dashes a stroke has.
fn dashes(path: &Path, stroke: &Stroke) -> f64 {
    let Some(lengths) = stroke.dasharray() else { return 0.0 };
    let period: f64 = lengths.iter().map(|length| f64::from(*length)).sum();
    length(path) / period * lengths.len() as f64
}
