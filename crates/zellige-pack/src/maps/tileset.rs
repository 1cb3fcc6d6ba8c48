//! The tiles of a source, wherever they come from.
//!
//! In:     archives of one source, in order; the place of a tile.
//! Out:    its bytes, uncompressed; empty where no archive has anything.
//! Keeps:  bytes as they are stored wherever one archive has the tile itself; what is no vector tile is an error.
//! Source: composite sources are the layers of all their tilesets; a tileset that ends above the place is cut from
//!         its deepest ancestor, or from the one at `fillzoom` where it left that out.

use zellige_archive::ReadTiles;
use zellige_model::{TileCoord, Zoom};
use zellige_tile::decode::join::join;
use zellige_tile::decode::overzoom::Overzoom;
use zellige_tile::decode::recode::recode;
use zellige_tile::decode::{DecodeError, DecodedTile, check, decode};

use super::plan::TiledSource;
use crate::Error;

/// The open archives of a source; a worker has its own.
pub(super) struct Archives {
    name: String,
    open: Vec<Box<dyn ReadTiles>>,
    /// The deepest zoom that comes along.
    maxzoom: u8,
    /// Whether each archive had something in a tile of that zoom.
    has_drawn: Vec<bool>,
    overzoom: Overzoom,
    /// The ancestor that was decoded last, and its archive: neighbours mostly have the same.
    ancestor: Option<(usize, TileCoord, DecodedTile)>,
}

impl Archives {
    /// Opens the archives of a source.
    pub(super) fn open(source: &TiledSource) -> Result<Self, Error> {
        let mut open = Vec::with_capacity(source.archives.len());
        for (path, name) in source.archives.iter().zip(&source.tiled.tilesets) {
            open.push(zellige_archive::open(path).map_err(Error::archive("open tileset", name))?);
        }
        Ok(Self {
            name: source.name(),
            maxzoom: source.maxzoom(),
            has_drawn: vec![false; open.len()],
            open,
            overzoom: Overzoom::default(),
            ancestor: None,
        })
    }

    /// Returns the tile at a place; empty when there is nothing.
    pub(super) fn tile(&mut self, tile: TileCoord) -> Result<Vec<u8>, Error> {
        let mut parts = Vec::new();
        for archive_idx in 0..self.open.len() {
            let Some(part) = self.part(archive_idx, tile)? else { continue };
            self.has_drawn[archive_idx] |= tile.zoom().get() == self.maxzoom && !part.is_empty();
            parts.push(part);
        }
        let whole = if parts.len() < 2 {
            parts.pop().unwrap_or_default()
        } else {
            join(&parts).map_err(self.unreadable(tile))?
        };
        // It goes into the pack as it is, and nobody has read all of it.
        check(&whole).map_err(self.unreadable(tile))?;
        Ok(whole)
    }

    /// Returns for each archive whether a tile of the deepest zoom, of those that were asked for, had something of it.
    pub(super) fn has_drawn(&self) -> &[bool] {
        &self.has_drawn
    }

    /// Returns what one archive has at a place, itself or in an ancestor.
    fn part(&mut self, archive_idx: usize, tile: TileCoord) -> Result<Option<Vec<u8>>, Error> {
        let archive = &self.open[archive_idx];
        let (maxzoom, fillzoom) = (archive.tileset().maxzoom, archive.tileset().fillzoom);
        if tile.zoom() <= maxzoom {
            let own = archive.tile(tile).map_err(Error::archive("read tileset", &self.name))?;
            if own.is_some() || tile.zoom() < maxzoom {
                return Ok(own);
            }
        }
        for zoom in [Some(maxzoom), fillzoom].into_iter().flatten().filter(|zoom| *zoom < tile.zoom()) {
            if let Some(cut) = self.cut(archive_idx, tile, zoom)? {
                return Ok(Some(cut));
            }
        }
        Ok(None)
    }

    /// Cuts a tile from its ancestor at `zoom`; nothing when the archive does not have that one.
    fn cut(&mut self, archive_idx: usize, tile: TileCoord, zoom: Zoom) -> Result<Option<Vec<u8>>, Error> {
        let levels = tile.zoom().get() - zoom.get();
        let Some(place) = TileCoord::new(zoom, tile.x() >> levels, tile.y() >> levels) else {
            return Ok(None);
        };
        let is_known = |(known_idx, known, _): &(usize, TileCoord, DecodedTile)| {
            (*known_idx, *known) == (archive_idx, place)
        };
        if !self.ancestor.as_ref().is_some_and(is_known) {
            let bytes =
                self.open[archive_idx].tile(place).map_err(Error::archive("read tileset", &self.name))?;
            let Some(bytes) = bytes else { return Ok(None) };
            self.ancestor = Some((archive_idx, place, decode(&bytes).map_err(self.unreadable(place))?));
        }
        let Some((_, _, ancestor)) = &self.ancestor else { return Ok(None) };
        let mut out = Vec::new();
        recode(&self.overzoom.cut(ancestor, place, tile), &mut out);
        Ok(Some(out))
    }

    fn unreadable(&self, tile: TileCoord) -> impl FnOnce(DecodeError) -> Error + use<> {
        let name = self.name.clone();
        move |source| Error::Tile { tile, name, source }
    }
}
