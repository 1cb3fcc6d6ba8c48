//! Sprites: SVG icons to an image and an index, at one and at two pixels a unit.
//!
//! In:     icons by name, each a small SVG file.
//! Out:    `sprite.json` and `sprite.png`, `sprite@2x.json` and `sprite@2x.png`.
//! Keeps:  colors and transparency; the same icons give the same bytes in whatever order they come.
//! Source: the sprite part of the style specification; the limits of the Styles API.
//!
//! Icons are not trusted: what could take long, take much memory or look beyond the file is refused before it is
//! drawn. No file is opened and no font is looked for.

mod svg;
mod cost;
mod place;
mod sheet;

use resvg::usvg;

use place::place;

/// How many icons a sprite may have.
pub const ICONS_MAX: usize = 1000;
/// How large the file of an icon may be, bytes: it has to be smaller.
pub const ICON_BYTES_MAX: usize = 400_000;
/// The longest side of an icon, units.
pub const ICON_SIDE_MAX: u32 = 512;
/// How long the name of an icon may be, characters: it has to be shorter.
pub const NAME_CHARS_MAX: usize = 255;
/// How many pixels an image may have: 128 MiB while it is made.
pub const SHEET_PIXELS_MAX: u64 = 1 << 25;

/// An icon that was read and can be drawn.
#[derive(Debug)]
pub struct Icon {
    name: String,
    tree: usvg::Tree,
    size: [u32; 2],
}

/// An icon that is refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("icon `{name}` is refused: {reason}")]
pub struct IconRefused {
    /// The name, at most as long as names may be.
    pub name: String,
    /// The reason.
    pub reason: IconFault,
}

/// Why an icon is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IconFault {
    /// The name is empty, too long, or has characters that do not print.
    #[error("its name has to have 1 to 254 printable characters")]
    Name,
    /// The file is too large.
    #[error("it has {bytes} bytes, expected fewer than 400000")]
    Bytes {
        /// The size of the file.
        bytes: usize,
    },
    /// The file is no SVG.
    #[error("it is no SVG: {what}")]
    NotSvg {
        /// What a reader of XML or SVG says.
        what: String,
    },
    /// The icon is larger than icons may be, or has no size.
    #[error("it is {width} by {height} units, expected 1 to 512 each way")]
    Size {
        /// Its width, rounded up.
        width: u64,
        /// Its height, rounded up.
        height: u64,
    },
    /// The file has an element that icons cannot have.
    #[error("it has an element `{name}`, which icons cannot have; draw it with paths")]
    Element {
        /// The element.
        name: &'static str,
    },
    /// The file declares entities.
    #[error("it declares entities")]
    Entities,
    /// The file refers to another one.
    #[error("it refers to another file")]
    External,
    /// An element refers to itself, maybe in a roundabout way.
    #[error("element `{id}` refers to itself")]
    Cycle {
        /// The id of the element.
        id: String,
    },
    /// Elements are nested or linked too deeply.
    #[error("its elements are nested deeper than 64 levels")]
    Depth,
    /// There are too many elements once all uses are drawn.
    #[error("it draws more than 20000 elements")]
    Elements,
    /// Drawing it would take too long or too much memory.
    #[error("drawing it takes too much work")]
    Work,
}

/// Why a sprite cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpriteError {
    /// There are too many icons.
    #[error("sprite has {count} icons, expected at most 1000")]
    Count {
        /// How many there are.
        count: usize,
    },
    /// Two icons have the same name.
    #[error("sprite has two icons named `{name}`")]
    Twice {
        /// The name.
        name: String,
    },
    /// The image would be too large.
    #[error("sprite has {pixels} pixels, expected at most 33554432")]
    Pixels {
        /// The pixels of the image at two pixels a unit.
        pixels: u64,
    },
    /// An image could not be written.
    #[error("writing the image of the sprite failed: {what}")]
    Image {
        /// What the writer of images says.
        what: String,
    },
}

/// The files of a sprite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sprite {
    /// `sprite.json` and `sprite.png`.
    pub single: Sheet,
    /// `sprite@2x.json` and `sprite@2x.png`.
    pub double: Sheet,
}

/// An image with its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// JSON: by name, where each icon stands, `{"width", "height", "x", "y", "pixelRatio"}` in pixels.
    pub index: String,
    /// PNG.
    pub image: Vec<u8>,
}

impl Icon {
    /// Reads an icon; `name` is that of its file, without `.svg`.
    ///
    /// # Errors
    ///
    /// [`IconRefused`] when it breaks a limit, or cannot be drawn safely.
    pub fn read(name: &str, svg: &[u8]) -> Result<Self, IconRefused> {
        let refused = |reason| IconRefused { name: name.chars().take(NAME_CHARS_MAX).collect(), reason };
        if name.is_empty() || NAME_CHARS_MAX <= name.chars().count() || name.contains(char::is_control) {
            return Err(refused(IconFault::Name));
        }
        let (tree, size) = svg::read(svg).map_err(refused)?;
        Ok(Self { name: name.to_owned(), tree, size })
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns width and height in units, 1 to 512.
    #[must_use]
    pub const fn size(&self) -> [u32; 2] {
        self.size
    }
}

/// Draws a sprite. Without icons its index is `{}` and its image one transparent pixel, so that clients find
/// both.
///
/// # Errors
///
/// [`SpriteError`] when there are too many icons, two have the same name, or the image would be too large.
///
/// # Examples
///
/// ```
/// use zellige_style::sprite::{Icon, sprite};
///
/// let square = br#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M1 1h6v6h-6z"/></svg>"#;
/// let sprite = sprite(&[Icon::read("square", square)?])?;
/// assert_eq!(sprite.double.index, r#"{"square":{"width":16,"height":16,"x":0,"y":0,"pixelRatio":2}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sprite(icons: &[Icon]) -> Result<Sprite, SpriteError> {
    if ICONS_MAX < icons.len() {
        return Err(SpriteError::Count { count: icons.len() });
    }
    let mut icons: Vec<&Icon> = icons.iter().collect();
    icons.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = icons.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(SpriteError::Twice { name: pair[0].name.clone() });
    }
    let sizes: Vec<[u32; 2]> = icons.iter().map(|icon| icon.size).collect();
    let layout = place(&sizes);
    let pixels = layout.size.iter().map(|side| 2 * u64::from(*side)).product();
    if SHEET_PIXELS_MAX < pixels {
        return Err(SpriteError::Pixels { pixels });
    }
    Ok(Sprite { single: sheet::draw(&icons, &layout, 1)?, double: sheet::draw(&icons, &layout, 2)? })
}
