//! What can end the making of a pack.

use std::io;
use std::path::{Path, PathBuf};

use zellige_model::TileCoord;
use zellige_style::StyleRefused;
use zellige_style::glyph::FontError;
use zellige_style::shave::NotATile;
use zellige_style::sprite::{IconRefused, SpriteError};
use zellige_tile::decode::DecodeError;

use crate::progress::Stopped;
use crate::region::{RegionId, RegionRefused};

/// Says what was attempted, and where; the cause is its `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration of the region is refused, or what it asks for is too much.
    #[error(transparent)]
    Region(#[from] RegionRefused),
    /// A maps pack was to be made of a region that asks for none.
    #[error("the region asks for no maps pack")]
    NoMaps,
    /// The style is refused.
    #[error("cannot use the style")]
    Style(#[source] StyleRefused),
    /// The region or its style leads to data that nobody gave.
    #[error("the region needs what was not given: {}", .missing.join(", "))]
    Missing {
        /// What is missing, tilesets and files as the style calls them; at least one.
        missing: Vec<String>,
    },
    /// The style draws what packs cannot hold.
    #[error("source `{id}` of the style is {found}, expected vector tiles or GeoJSON")]
    UnsupportedSource {
        /// The source of the style.
        id: String,
        /// What it is.
        found: &'static str,
    },
    /// A font cannot be read.
    #[error("cannot read font `{name}`")]
    Font {
        /// The name of its file.
        name: String,
        /// Why.
        #[source]
        source: FontError,
    },
    /// An icon is refused.
    #[error(transparent)]
    Icon(#[from] IconRefused),
    /// The images of the style make no sprite.
    #[error("cannot make the sprite")]
    Sprite(#[source] SpriteError),
    /// A tileset cannot be opened or read, or a pack cannot be started or put in its place.
    #[error("cannot {deed} `{name}`")]
    Archive {
        /// The operation as a verb.
        deed: &'static str,
        /// The tileset as the style calls it, or the path of the pack.
        name: String,
        /// Why.
        #[source]
        source: Box<zellige_archive::Error>,
    },
    /// A tile is no vector tile.
    #[error("cannot read tile `{tile}` of `{name}`")]
    Tile {
        /// The tile.
        tile: TileCoord,
        /// The tileset, or tilesets, as the style calls them.
        name: String,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// A file that the style names is not what clients expect.
    #[error("cannot pack file `{url}`: {found}")]
    Unfit {
        /// The URL of the file.
        url: String,
        /// What is wrong with it.
        found: String,
    },
    /// A tile, from which what is not drawn was to be taken, is no vector tile.
    #[error("cannot optimize tile `{tile}` of `{name}`")]
    Shave {
        /// The tile.
        tile: TileCoord,
        /// The tileset, or tilesets, as the style calls them.
        name: String,
        /// Why.
        #[source]
        source: NotATile,
    },
    /// A file operation failed.
    #[error("cannot {deed} `{}`", path.display())]
    Io {
        /// The operation as a verb.
        deed: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file has more bytes than one of its kind may have.
    #[error("`{}` has more than {bytes_max} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        bytes_max: usize,
    },
    /// `SQLite` refused an operation on a maps pack.
    #[error("cannot {deed} maps pack `{}`", path.display())]
    Database {
        /// The operation as a verb.
        deed: &'static str,
        /// The pack.
        path: PathBuf,
        /// What `SQLite` said.
        #[source]
        source: Box<rusqlite::Error>,
    },
    /// The navigation pack cannot be made.
    #[error(transparent)]
    Navigation(Box<crate::navigation::Error>),
    /// A folder holds a `region.json` that describes no region, so nothing is added to it.
    #[error("`{}` describes no region", path.display())]
    RegionFile {
        /// The file.
        path: PathBuf,
    },
    /// A folder holds packs of another region, which would be removed in time.
    #[error("`{}` describes region `{found}`, expected `{expected}`", path.display())]
    OtherRegion {
        /// The file.
        path: PathBuf,
        /// The id of the region that is there.
        found: RegionId,
        /// The id of the region whose packs were to be made.
        expected: RegionId,
    },
    /// Threads could not be started.
    #[error("cannot start threads")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// Whoever watched wants no pack any more.
    #[error("cancelled")]
    Stopped,
}

impl From<crate::navigation::Error> for Error {
    fn from(error: crate::navigation::Error) -> Self {
        match error {
            crate::navigation::Error::Stopped => Self::Stopped,
            error => Self::Navigation(Box::new(error)),
        }
    }
}

impl From<Stopped> for Error {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl Error {
    /// Returns the error of a file operation, for use in `map_err`.
    pub(crate) fn io(deed: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { deed, path: path.into(), source }
    }

    /// Returns the error of an SQL operation, for use in `map_err`.
    pub(crate) fn database(deed: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Database { deed, path: path.into(), source: Box::new(source) }
    }

    /// Returns the error of an archive, for use in `map_err`.
    pub(crate) fn archive(deed: &'static str, name: &str) -> impl FnOnce(zellige_archive::Error) -> Self {
        move |source| Self::Archive { deed, name: name.into(), source: Box::new(source) }
    }
}
