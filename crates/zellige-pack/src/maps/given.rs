//! What the caller has for the making of a maps pack.

use std::path::PathBuf;

use zellige_style::sprite::Sprite;

/// What of tiles is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// All of it.
    #[default]
    Whole,
    /// What the style can draw: fewer layers, features and attributes, and the same map.
    Drawn,
}

/// What a style draws, by the names that the style has for it.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The text of the style, version 8.
    pub style: Vec<u8>,
    /// Tilesets with their archives. The name is an id such as `me.roads`, or the URL or template that stands in
    /// the style for sources that are no `mapbox://` ones.
    pub tilesets: Vec<(String, PathBuf)>,
    /// The sprite; without one the style's has no images.
    pub sprite: Option<Sprite>,
    /// Fonts with the names of their files: the content of TTF, OTF or TTC files. A name that a style has and no
    /// face bears is drawn with Open Sans Regular.
    pub fonts: Vec<(String, Vec<u8>)>,
    /// What of tiles is packed.
    pub detail: Detail,
    /// Files with the URLs that the style has for them: GeoJSON, images.
    pub files: Vec<(String, PathBuf)>,
}
