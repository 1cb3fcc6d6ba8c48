//! What the caller has for the making of a maps pack.
//!
//! In:     texts, bytes and paths, by the names that the style has for them; a folder of icons.
//! Out:    one value; the sprite of the icons.
//! Keeps:  icons in the order of their names, whatever the folder says.
//! Source: –

use std::path::{Path, PathBuf};
use std::{fs, io};

use zellige_style::sprite::{ICON_BYTES_MAX, Icon, Sprite, sprite};

use crate::{Error, file};

/// Files that a folder of icons may have.
const FOLDER_FILES_MAX: usize = 10_000;

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
    /// the style for sources that are no `mapbox://` ones. Of two with the same name the first counts.
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

/// Makes the sprite of a folder of SVG files, each icon named by its file; other files are passed over.
///
/// # Errors
///
/// [`Error::Io`] when the folder or a file cannot be read; [`Error::TooLarge`], [`Error::Icon`] and [`Error::Sprite`]
/// when an icon or all of them break a limit.
pub fn read_icons(folder: &Path) -> Result<Sprite, Error> {
    let paths = fs::read_dir(folder).and_then(|entries| {
        entries.take(FOLDER_FILES_MAX).map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()
    });
    let mut paths = paths.map_err(Error::io("list", folder))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg")));
    paths.sort_unstable();
    let mut icons = Vec::with_capacity(paths.len());
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let svg = file::read(&path, ICON_BYTES_MAX)?;
        icons.push(Icon::read(&name, &svg)?);
    }
    sprite(&icons).map_err(Error::Sprite)
}
