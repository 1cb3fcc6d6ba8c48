//! Draws a tile so that a person can look at it.
//!
//! In:     a decoded tile.
//! Out:    a picture of [`SIDE_PX`] by [`SIDE_PX`] pixels, as PNG or as SVG: the tile square in a thin
//!         frame, and around it as much of the buffer as the geometry uses.
//! Keeps:  the order of layers; areas lie below lines, and lines below points.
//! Source: –
//!
//! Colors go by the order of layers, so one layer has one color in both forms and in every tile of a
//! tileset whose tiles have all layers. Names are in the legend of the SVG; the PNG has no text.

use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};
use zellige::model::{Geometry, GeometryKind, Grid};
use zellige::tile::decode::{DecodedLayer, DecodedTile};

use crate::show::put;

/// The width and height of a picture in pixels.
const SIDE_PX: u16 = 1024;
/// The least and the most of the tile's side that is shown beyond each edge.
const MARGIN: std::ops::RangeInclusive<f32> = 1.0 / 64.0..=1.0 / 4.0;
/// How far beyond the picture, in pixels, a vertex is still drawn where it is.
const FAR_PX: f32 = 16.0 * SIDE_PX as f32;
const LINE_PX: f32 = 1.5;
const OUTLINE_PX: f32 = 1.0;
const FRAME_PX: f32 = 1.0;
/// Radius of points, and of those in a crowd.
const DOT_PX: f32 = 3.5;
const SMALL_DOT_PX: f32 = 1.5;
/// From so many points on a tile is crowded.
const CROWD: usize = 1000;
/// How opaque areas are, of 255.
const AREA_ALPHA: u8 = 80;
const BACKGROUND: [u8; 3] = [250, 249, 245];
const FRAME: [u8; 3] = [120, 120, 120];
/// One color a layer, over and over.
const PALETTE: [[u8; 3]; 10] = [
    [31, 98, 178],
    [199, 74, 32],
    [38, 130, 62],
    [132, 60, 150],
    [176, 124, 0],
    [0, 134, 148],
    [196, 44, 100],
    [98, 92, 30],
    [84, 84, 200],
    [110, 70, 50],
];
/// What is drawn first and what lies on top.
const KINDS: [GeometryKind; 3] = [GeometryKind::Polygon, GeometryKind::LineString, GeometryKind::Point];

/// Returns `tile` as a PNG file.
pub(crate) fn png(tile: &DecodedTile) -> Vec<u8> {
    let view = View::of(tile);
    let mut canvas = Pixmap::new(SIDE_PX.into(), SIDE_PX.into()).expect("the side is not zero");
    let [red, green, blue] = BACKGROUND;
    canvas.fill(Color::from_rgba8(red, green, blue, 255));
    for kind in KINDS {
        for (layer, color) in layers(tile) {
            let scale = view.scale(layer);
            for geometry in geometries(layer, kind) {
                paint(&mut canvas, &view, geometry, scale, color);
            }
        }
    }
    let (min, side) = (view.edge_px(), view.tile_px);
    let frame = Rect::from_xywh(min, min, side, side).expect("the tile square has a side");
    stroke(&mut canvas, &PathBuilder::from_rect(frame), FRAME, FRAME_PX);
    canvas.encode_png().expect("a picture in memory can be encoded")
}

fn paint(canvas: &mut Pixmap, view: &View, geometry: &Geometry<Grid>, scale: f32, color: [u8; 3]) {
    let mut path = PathBuilder::new();
    match geometry.kind {
        GeometryKind::Point => {
            for point in &geometry.points {
                let (x, y) = view.place(*point, scale);
                path.push_circle(x, y, view.dot_px);
            }
        }
        GeometryKind::LineString | GeometryKind::Polygon => {
            for part in geometry.parts() {
                for (idx, point) in part.iter().enumerate() {
                    let (x, y) = view.place(*point, scale);
                    if idx == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
                }
                if geometry.kind == GeometryKind::Polygon {
                    path.close();
                }
            }
        }
    }
    let Some(path) = path.finish() else { return };
    match geometry.kind {
        GeometryKind::Point => fill(canvas, &path, color, 255),
        GeometryKind::LineString => stroke(canvas, &path, color, LINE_PX),
        GeometryKind::Polygon => {
            fill(canvas, &path, color, AREA_ALPHA);
            stroke(canvas, &path, color, OUTLINE_PX);
        }
    }
}

fn fill(canvas: &mut Pixmap, path: &Path, color: [u8; 3], alpha: u8) {
    canvas.fill_path(path, &ink(color, alpha), FillRule::EvenOdd, Transform::identity(), None);
}

fn stroke(canvas: &mut Pixmap, path: &Path, color: [u8; 3], width: f32) {
    let stroke = Stroke { width, ..Stroke::default() };
    canvas.stroke_path(path, &ink(color, 255), &stroke, Transform::identity(), None);
}

fn ink([red, green, blue]: [u8; 3], alpha: u8) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, alpha);
    paint
}

/// Returns `tile` as an SVG document.
pub(crate) fn svg(tile: &DecodedTile) -> String {
    let view = View::of(tile);
    let mut out = String::new();
    put(
        &mut out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{SIDE_PX}\" height=\"{SIDE_PX}\" \
         viewBox=\"0 0 {SIDE_PX} {SIDE_PX}\">\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
            hex(BACKGROUND)
        ),
    );
    for kind in KINDS {
        for (layer, color) in layers(tile) {
            let color = hex(color);
            let style = match kind {
                GeometryKind::Polygon => format!(
                    "fill=\"{color}\" fill-opacity=\"{:.2}\" fill-rule=\"evenodd\" \
                     stroke=\"{color}\" stroke-width=\"{OUTLINE_PX}\"",
                    f32::from(AREA_ALPHA) / 255.0
                ),
                GeometryKind::LineString => {
                    format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"{LINE_PX}\"")
                }
                GeometryKind::Point => format!("fill=\"{color}\""),
            };
            put(&mut out, format_args!("<g {style}>\n"));
            for geometry in geometries(layer, kind) {
                write_geometry(&mut out, &view, geometry, view.scale(layer));
            }
            out.push_str("</g>\n");
        }
    }
    let (min, side) = (view.edge_px(), view.tile_px);
    put(
        &mut out,
        format_args!(
            "<rect x=\"{min:.2}\" y=\"{min:.2}\" width=\"{side:.2}\" height=\"{side:.2}\" fill=\"none\" \
         stroke=\"{}\" stroke-width=\"{FRAME_PX}\"/>\n",
            hex(FRAME)
        ),
    );
    write_legend(&mut out, tile);
    out.push_str("</svg>\n");
    out
}

fn write_geometry(out: &mut String, view: &View, geometry: &Geometry<Grid>, scale: f32) {
    if geometry.kind == GeometryKind::Point {
        for point in &geometry.points {
            let (x, y) = view.place(*point, scale);
            put(out, format_args!("<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{}\"/>\n", view.dot_px));
        }
        return;
    }
    out.push_str("<path d=\"");
    for part in geometry.parts() {
        for (idx, point) in part.iter().enumerate() {
            let (x, y) = view.place(*point, scale);
            put(out, format_args!("{}{x:.2} {y:.2}", if idx == 0 { 'M' } else { 'L' }));
        }
        if geometry.kind == GeometryKind::Polygon {
            out.push('Z');
        }
    }
    out.push_str("\"/>\n");
}

fn write_legend(out: &mut String, tile: &DecodedTile) {
    out.push_str("<g font-family=\"sans-serif\" font-size=\"14\" fill=\"#222222\">\n");
    for (idx, (layer, color)) in layers(tile).enumerate() {
        let (y, color) = (12 + 20 * idx, hex(color));
        put(out, format_args!("<rect x=\"12\" y=\"{y}\" width=\"14\" height=\"14\" fill=\"{color}\"/>"));
        put(out, format_args!("<text x=\"32\" y=\"{}\">{}</text>\n", y + 12, escape(&layer.name)));
    }
    out.push_str("</g>\n");
}

/// Where tiles lie in the picture.
struct View {
    /// The side of the tile square in pixels.
    tile_px: f32,
    /// The radius of points in pixels.
    dot_px: f32,
}

impl View {
    /// Returns the view that shows the tile square and, within [`MARGIN`], the buffer that is in use.
    fn of(tile: &DecodedTile) -> Self {
        let mut margin = *MARGIN.start();
        for layer in &tile.layers {
            let side = layer.extent as f32;
            for point in layer.features.iter().flat_map(|feature| &feature.geometry.points) {
                let (x, y) = (point.x as f32 / side, point.y as f32 / side);
                margin = margin.max(-x).max(-y).max(x - 1.0).max(y - 1.0);
            }
        }
        let points = tile.layers.iter().flat_map(|layer| geometries(layer, GeometryKind::Point));
        let n_points: usize = points.map(|geometry| geometry.points.len()).sum();
        Self {
            tile_px: f32::from(SIDE_PX) / (1.0 + 2.0 * margin.min(*MARGIN.end())),
            dot_px: if n_points < CROWD { DOT_PX } else { SMALL_DOT_PX },
        }
    }

    /// Returns how far the tile's left and upper edge lie from those of the picture, in pixels.
    fn edge_px(&self) -> f32 {
        (f32::from(SIDE_PX) - self.tile_px) / 2.0
    }

    /// Returns the pixels of a unit of `layer`.
    fn scale(&self, layer: &DecodedLayer) -> f32 {
        self.tile_px / layer.extent as f32
    }

    /// Returns where `point` lies in the picture; what lies far beyond is drawn nearer.
    fn place(&self, point: Grid, scale: f32) -> (f32, f32) {
        let place = |units: i32| (self.edge_px() + units as f32 * scale).clamp(-FAR_PX, FAR_PX);
        (place(point.x), place(point.y))
    }
}

fn layers(tile: &DecodedTile) -> impl Iterator<Item = (&DecodedLayer, [u8; 3])> {
    tile.layers.iter().zip(PALETTE.into_iter().cycle())
}

fn geometries(layer: &DecodedLayer, kind: GeometryKind) -> impl Iterator<Item = &Geometry<Grid>> {
    layer.features.iter().filter(move |feature| feature.kind == Some(kind)).map(|feature| &feature.geometry)
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Returns `text` for the inside of an XML element; characters that XML forbids become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ if letter.is_control() => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use zellige::tile::decode::DecodedFeature;

    use super::*;

    /// A tile of extent 8 with a feature of each part, in one layer a part.
    fn tile(parts: &[(GeometryKind, &[[i32; 2]])]) -> DecodedTile {
        let layers = parts.iter().map(|(kind, points)| {
            let mut geometry = Geometry::default();
            geometry.reset(*kind);
            geometry.points.extend(points.iter().map(|[x, y]| Grid::new(*x, *y)));
            if *kind != GeometryKind::Point {
                geometry.end_part();
            }
            if *kind == GeometryKind::Polygon {
                geometry.end_polygon();
            }
            let feature = DecodedFeature { kind: Some(*kind), geometry, ..DecodedFeature::default() };
            let name = "a<b>&\u{1}".to_owned();
            DecodedLayer { name, version: 2, extent: 8, features: vec![feature], ..DecodedLayer::default() }
        });
        DecodedTile { layers: layers.collect() }
    }

    /// The red, green and blue of a pixel at `x`, `y` of a tile of extent 8 without a buffer.
    fn pixel(canvas: &Pixmap, x: f32, y: f32) -> [u8; 3] {
        let view = View::of(&DecodedTile::default());
        let place = |units: f32| (view.edge_px() + units / 8.0 * view.tile_px) as u32;
        let color = canvas.pixel(place(x), place(y)).unwrap().demultiply();
        [color.red(), color.green(), color.blue()]
    }

    #[test]
    fn every_kind_leaves_its_color_where_it_lies() {
        let tile = tile(&[
            (GeometryKind::Point, &[[6, 6]]),
            (GeometryKind::LineString, &[[0, 2], [8, 2]]),
            (GeometryKind::Polygon, &[[1, 3], [5, 3], [5, 7], [1, 7]]),
        ]);
        let canvas = Pixmap::decode_png(&png(&tile)).unwrap();
        assert_eq!((canvas.width(), canvas.height()), (1024, 1024));
        assert_eq!(pixel(&canvas, 6.0, 6.0), PALETTE[0]);
        assert_eq!(pixel(&canvas, 4.0, 2.0), PALETTE[1]);
        assert_eq!(pixel(&canvas, 7.0, 7.0), BACKGROUND);
        let area = pixel(&canvas, 3.0, 5.0);
        assert!(area != BACKGROUND && area != PALETTE[2], "{area:?} is translucent");
        assert_eq!(pixel(&canvas, 0.0, 5.0), FRAME);
    }

    #[test]
    fn picture_grows_with_the_buffer_up_to_a_bound() {
        let tile_px = |x| View::of(&tile(&[(GeometryKind::Point, &[[x, 0]])])).tile_px;
        assert!(tile_px(8) > tile_px(9));
        assert!(tile_px(9) > tile_px(10));
        assert_eq!(tile_px(i32::MIN).total_cmp(&tile_px(i32::MAX)), std::cmp::Ordering::Equal);
    }

    #[test]
    fn farthest_coordinates_can_be_drawn() {
        let (low, high) = (i32::MIN, i32::MAX);
        let corners = [[low, low], [high, low], [high, high], [low, high]];
        let far = tile(&[(GeometryKind::Polygon, &corners), (GeometryKind::LineString, &corners)]);
        let canvas = Pixmap::decode_png(&png(&far)).unwrap();
        assert_ne!(canvas.pixel(512, 300).unwrap().demultiply().red(), BACKGROUND[0]);
    }

    #[test]
    fn vector_picture_names_its_layers() {
        let svg = svg(&tile(&[(GeometryKind::Polygon, &[[0, 0], [8, 0], [8, 8]])]));
        assert!(svg.contains("<path d=\"M15.52 15.52L1008.48 15.52L1008.48 1008.48Z\"/>"), "{svg}");
        assert!(svg.contains(">a&lt;b&gt;&amp;\u{fffd}</text>"), "{svg}");
        assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
    }
}
