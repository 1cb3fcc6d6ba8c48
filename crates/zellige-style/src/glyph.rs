//! Glyph ranges: fonts to signed distance fields.
//!
//! In:     faces of TTF, OTF and TTC files, in order of preference; a range of 256 code points.
//! Out:    a message with one stack: a bitmap of distances and metrics for each code point that a face has.
//! Keeps:  code points ascending; of several faces the first that has one; the same bytes on every platform.
//! Source: the glyph format of the style specification: 24 pixels to the em, border 3, radius 8, cutoff 0.25.
//!
//! Fonts are not trusted: their outlines are bounded in points and crossings, and a glyph beyond the bounds is left
//! out or empty. A range draws each glyph once.

use std::collections::HashMap;

use skrifa::raw::{FileRef, ReadError};
use skrifa::string::StringId;
use skrifa::{FontRef, MetadataProvider};

use crate::range::GlyphRange;

mod outline;
mod field;
mod message;

use outline::Outline;

/// Pixels to the em.
pub const EM_PIXELS: u32 = 24;
/// Pixels around the box of a glyph that its bitmap has beside.
pub const BORDER_PIXELS: u32 = 3;
/// The longest side of a glyph's box, pixels; engines keep their metrics in bytes.
pub const GLYPH_SIDE_MAX: u32 = 255;
/// How many faces of a collection are read.
pub const FACES_MAX: usize = 256;
/// How many characters of a name are read.
const NAME_CHARS_MAX: usize = 200;

/// The face that is always there.
static OPEN_SANS: &[u8] = include_bytes!("../assets/open-sans/OpenSans-Regular.ttf");

/// Why bytes are no font.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FontError {
    /// They are neither TTF nor OTF nor TTC.
    #[error("reading the font failed")]
    Unreadable(#[source] ReadError),
    /// They have no face at all, or none with what drawing takes.
    #[error("the font has no face that maps characters to outlines")]
    NoFace,
}

/// One face of a font file.
#[derive(Clone)]
pub struct Face<'a> {
    font: FontRef<'a>,
    name: String,
}

impl std::fmt::Debug for Face<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Face").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Face<'a> {
    /// Returns the faces of a file: one of a TTF or OTF, several of a collection. Which one is meant is for the
    /// caller to say.
    ///
    /// # Errors
    ///
    /// [`FontError`] when the file is no font, or has no face to draw with.
    pub fn all(bytes: &'a [u8]) -> Result<Vec<Self>, FontError> {
        let file = FileRef::new(bytes).map_err(FontError::Unreadable)?;
        let usable =
            |font: &FontRef<'a>| font.charmap().has_map() && font.outline_glyphs().format().is_some();
        let faces: Vec<Self> = file
            .fonts()
            .take(FACES_MAX)
            .filter_map(Result::ok)
            .filter(usable)
            .map(|font| Self { name: name(&font), font })
            .collect();
        if faces.is_empty() { Err(FontError::NoFace) } else { Ok(faces) }
    }

    /// Returns family and style, such as `Open Sans Regular`; styles name fonts so.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Face<'static> {
    /// Returns Open Sans Regular, which is built in and stands in for fonts that nobody gave.
    ///
    /// # Panics
    ///
    /// Never; the face is part of the program.
    #[must_use]
    pub fn open_sans() -> Self {
        let mut faces = Self::all(OPEN_SANS).expect("the face that is built in is sound");
        faces.swap_remove(0)
    }
}

/// Returns family and style of a font, the typographic ones before those of old systems.
fn name(font: &FontRef<'_>) -> String {
    let read = |ids: [StringId; 2]| {
        let found = ids.into_iter().find_map(|id| font.localized_strings(id).english_or_first());
        found.map(|text| text.chars().take(NAME_CHARS_MAX).collect::<String>()).unwrap_or_default()
    };
    let family = read([StringId::TYPOGRAPHIC_FAMILY_NAME, StringId::FAMILY_NAME]);
    let style = read([StringId::TYPOGRAPHIC_SUBFAMILY_NAME, StringId::SUBFAMILY_NAME]);
    format!("{family} {style}").trim().to_owned()
}

/// Returns the faces for the names of a font stack: by name, letters of any case; names that nobody gave
/// lead to Open Sans Regular.
#[must_use]
pub fn stack<'f, 'a, S: AsRef<str>>(
    names: &[S],
    faces: &'f [Face<'a>],
    default: &'f Face<'a>,
) -> Vec<&'f Face<'a>> {
    let mut stack: Vec<&Face<'a>> = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        let found = faces.iter().find(|face| face.name.eq_ignore_ascii_case(name)).unwrap_or(default);
        if !stack.iter().any(|face| std::ptr::eq(*face, found)) {
            stack.push(found);
        }
    }
    stack
}

/// Returns the glyph message of a range: for each code point the glyph of the first face that has it.
///
/// A range without glyphs is a stack of name and range only. `name` is that of the stack: the names of its
/// fonts joined by `, `.
///
/// # Examples
///
/// ```
/// use zellige_style::GlyphRange;
/// use zellige_style::glyph::{Face, glyph_range};
///
/// let face = Face::open_sans();
/// let empty = glyph_range("Open Sans Regular", &[&face], GlyphRange::new(78));
/// assert_eq!(empty, b"\x0a\x20\x0a\x11Open Sans Regular\x12\x0b19968-20223");
/// ```
#[must_use]
pub fn glyph_range(name: &str, faces: &[&Face<'_>], range: GlyphRange) -> Vec<u8> {
    let mut glyphs = Vec::new();
    let readers: Vec<_> = faces.iter().map(|face| outline::Reader::new(&face.font)).collect();
    let mut outline = Outline::default();
    let mut drawn = HashMap::new();
    for code_point in range.start()..=range.last() {
        let found =
            readers.iter().enumerate().find_map(|(idx, reader)| Some((idx, reader.glyph(code_point)?)));
        let Some((idx, glyph)) = found else { continue };
        // Many code points may lead to one glyph, in hostile fonts all of them.
        let drawn = drawn.entry((idx, glyph)).or_insert_with(|| {
            let metrics = readers[idx].read(glyph, &mut outline);
            field::draw(code_point, metrics, &outline)
        });
        glyphs.extend(drawn.clone().map(|drawn| message::Glyph { id: code_point, ..drawn }));
    }
    message::encode(name, range, glyphs)
}
