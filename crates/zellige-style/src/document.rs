//! Style documents: JSON to a checked [`Style`], or every problem at once.
//!
//! In:     the text of a style, version 8.
//! Out:    sources, sprites and layers with every default filled in; or [`StyleRefused`].
//! Keeps:  the order of sources and layers; filters, layout and paint as they were written.
//! Source: the style specification, version 8; the limits of the Styles API (15 sources, 1 MB).
//!
//! What is checked is what a pack or a shaved tile could get wrong: structure, sources, layers, and the filters
//! down to the types of their expressions. Values of paint and layout are left to whoever draws.

use serde_json::{Map, Value as Json};
use zellige_recipe::Problem;

mod check;
mod filter;
mod refer;

pub(crate) use filter::is_expression;
pub use refer::{FONT_STACK_DEFAULT, Fonts, Images};

/// How large a style may be, bytes.
pub const STYLE_BYTES_MAX: usize = 1 << 20;
/// How many sources a style may refer to; the tilesets of a composite count one by one.
pub const SOURCES_MAX: usize = 15;
/// How many problems are listed before the check ends.
pub const PROBLEMS_MAX: usize = 1000;
/// The highest zoom that a layer or a source may name.
pub const ZOOM_MAX: f64 = 24.0;

/// A style that was checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Style {
    /// Its name for people; may be empty.
    pub name: String,
    /// Where data comes from, in document order.
    pub sources: Vec<Source>,
    /// The sprites; a `sprite` that is a text is one with the id `default`.
    pub sprites: Vec<Sprite>,
    /// The template of glyph ranges, with `{fontstack}` and `{range}`.
    pub glyphs: Option<String>,
    /// The layers from the ground up; what a `ref` takes from another layer is filled in.
    pub layers: Vec<Layer>,
}

/// Where data comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The name by which layers call it.
    pub id: String,
    /// What it holds.
    pub kind: SourceKind,
    /// Where its TileJSON is; of an image, where the image is.
    pub url: Option<String>,
    /// Templates of tile URLs that stand in the style itself.
    pub tiles: Vec<String>,
    /// Files that it names: the GeoJSON `data` when that is a URL, or the `urls` of a video.
    pub files: Vec<String>,
    /// The lowest zoom with tiles, when the style says so.
    pub minzoom: Option<u8>,
    /// The highest zoom with tiles, when the style says so.
    pub maxzoom: Option<u8>,
    /// Pixels along one side of a raster tile when drawn: 512 unless the style says otherwise.
    pub tile_size: u32,
    /// Whether rows of its own `tiles` count from the south.
    pub is_tms: bool,
    /// Attributes that serve as feature ids: as the style names them, of any layer.
    pub promote_ids: Vec<String>,
}

/// What a source holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Vector tiles.
    Vector,
    /// Image tiles.
    Raster,
    /// Image tiles of heights.
    RasterDem,
    /// GeoJSON.
    GeoJson,
    /// One image.
    Image,
    /// One video.
    Video,
}

impl SourceKind {
    /// All kinds with the names that styles give them.
    const NAMES: [(&str, Self); 6] = [
        ("vector", Self::Vector),
        ("raster", Self::Raster),
        ("raster-dem", Self::RasterDem),
        ("geojson", Self::GeoJson),
        ("image", Self::Image),
        ("video", Self::Video),
    ];

    /// Whether the source comes in tiles.
    #[must_use]
    pub const fn is_tiled(self) -> bool {
        matches!(self, Self::Vector | Self::Raster | Self::RasterDem)
    }
}

/// A sprite that a style names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sprite {
    /// The prefix of its images; `default` has none.
    pub id: String,
    /// The URL without suffix, see [`sprite_urls`](crate::url::sprite_urls).
    pub url: String,
}

/// A layer of a style.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name; no other layer has it.
    pub id: String,
    /// How it is drawn.
    pub kind: LayerKind,
    /// The id of its source; nothing for backgrounds and skies.
    pub source: Option<String>,
    /// The layer of the source's tiles; nothing unless the source is vector tiles.
    pub source_layer: Option<String>,
    /// The zoom from which on it is drawn, 0 to 24.
    pub minzoom: f64,
    /// The zoom from which on it is not drawn any more, 0 to 24.
    pub maxzoom: f64,
    /// Which features it draws; all without one.
    pub filter: Option<Json>,
    /// The layout properties.
    pub layout: Map<String, Json>,
    /// The paint properties.
    pub paint: Map<String, Json>,
}

/// How a layer is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// The ground.
    Background,
    /// The sky above the horizon.
    Sky,
    /// Filled polygons.
    Fill,
    /// Stroked lines.
    Line,
    /// Texts and icons.
    Symbol,
    /// Circles.
    Circle,
    /// A density of points.
    Heatmap,
    /// Extruded polygons.
    FillExtrusion,
    /// Image tiles.
    Raster,
    /// Shaded heights.
    Hillshade,
    /// Heights in colors.
    ColorRelief,
}

impl LayerKind {
    /// All kinds with the names that styles give them.
    const NAMES: [(&str, Self); 11] = [
        ("background", Self::Background),
        ("sky", Self::Sky),
        ("fill", Self::Fill),
        ("line", Self::Line),
        ("symbol", Self::Symbol),
        ("circle", Self::Circle),
        ("heatmap", Self::Heatmap),
        ("fill-extrusion", Self::FillExtrusion),
        ("raster", Self::Raster),
        ("hillshade", Self::Hillshade),
        ("color-relief", Self::ColorRelief),
    ];

    /// Whether the layer draws without a source.
    #[must_use]
    pub const fn is_sourceless(self) -> bool {
        matches!(self, Self::Background | Self::Sky)
    }

    /// Returns the kinds of source that it can draw.
    const fn sources(self) -> &'static [SourceKind] {
        use SourceKind::{GeoJson, Image, Raster, RasterDem, Vector, Video};
        match self {
            Self::Background | Self::Sky => &[],
            Self::Raster => &[Raster, Image, Video],
            Self::Hillshade | Self::ColorRelief => &[RasterDem],
            _ => &[Vector, GeoJson],
        }
    }
}

/// Why a style cannot be used: all reasons at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the style is refused: {}", .problems.iter().map(told).collect::<Vec<_>>().join("; "))]
pub struct StyleRefused {
    /// The problems, at least one and at most [`PROBLEMS_MAX`]; their messages are in lower case without full stop.
    /// [`render_problem`](zellige_recipe::render_problem) shows one to people.
    pub problems: Vec<Problem>,
}

fn told(problem: &Problem) -> String {
    let Problem { message, pointer, .. } = problem;
    if pointer.is_empty() { message.clone() } else { format!("{pointer}: {message}") }
}

/// Reads and checks a style.
///
/// # Errors
///
/// [`StyleRefused`] with every problem of the text.
pub fn parse(text: &[u8]) -> Result<Style, StyleRefused> {
    check::check(text).map_err(|problems| StyleRefused { problems })
}
