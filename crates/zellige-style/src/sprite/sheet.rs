//! Placed icons to an image and an index.
//!
//! In:     icons sorted by name, their places, pixels a unit.
//! Out:    PNG with 8 bits a channel, and JSON in the order of the names.
//! Keeps:  each icon inside of its rectangle.

use resvg::tiny_skia::{Pixmap, PixmapPaint, Transform};
use serde_json::{Map, Value as Json, json};

use super::place::Layout;
use super::{Icon, Sheet, SpriteError};

/// Draws the sheet of `ratio` pixels a unit.
pub(super) fn draw(icons: &[&Icon], layout: &Layout, ratio: u32) -> Result<Sheet, SpriteError> {
    let failed = |what: &str| SpriteError::Image { what: what.to_owned() };
    let [width, height] = if icons.is_empty() { [1, 1] } else { layout.size.map(|side| side * ratio) };
    let mut image = Pixmap::new(width, height).ok_or_else(|| failed("no memory"))?;
    let mut index = Map::new();
    for (icon, corner) in icons.iter().zip(&layout.corners) {
        let [width, height] = icon.size.map(|side| side * ratio);
        let [x, y] = corner.map(|start| start * ratio);
        let mut picture = Pixmap::new(width, height).ok_or_else(|| failed("no memory"))?;
        let scale = Transform::from_scale(ratio as f32, ratio as f32);
        resvg::render(&icon.tree, scale, &mut picture.as_mut());
        let paint = PixmapPaint::default();
        image.draw_pixmap(x as i32, y as i32, picture.as_ref(), &paint, Transform::identity(), None);
        let place = json!({"width": width, "height": height, "x": x, "y": y, "pixelRatio": ratio});
        index.insert(icon.name.clone(), place);
    }
    let image = image.encode_png().map_err(|error| failed(&error.to_string()))?;
    Ok(Sheet { index: Json::Object(index).to_string(), image })
}
