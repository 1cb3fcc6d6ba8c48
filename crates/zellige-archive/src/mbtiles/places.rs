//! The places of all tiles, in the order of their table.
//!
//! In:     places in the order of tile ids, which runs along a curve within each zoom.
//! Out:    the same places, ascending by key.
//! Keeps:  every place. Memory: [`CHUNK_PLACES`] of them; more wait in a [`Spool`], in sorted chunks, and are merged.
//!
//! ```text
//! place in the spool     key u64 | image u64     (little endian)
//! ```

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::Error;
use crate::spool::{Spool, SpoolReader};

/// Places that are sorted at once, 1 MiB of them.
const CHUNK_PLACES: usize = 1 << 16;
const PLACE_BYTES: usize = 16;
/// Bytes of each chunk that are read at once.
const READ_BYTES: usize = 4 << 10;

/// A tile and the number of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Zoom, column and row from the south, in this order from the highest bit on.
    pub(super) key: u64,
    pub(super) image: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Places {
    spool: Spool,
    /// The chunk that is not full.
    chunk: Vec<Place>,
}

impl Places {
    /// Returns no places; `temp` is where their temporary file is made, if they need one.
    pub(super) fn new(temp: &Path) -> Self {
        Self { spool: Spool::new(temp), chunk: Vec::new() }
    }

    /// Returns the number of places.
    pub(super) const fn len(&self) -> u64 {
        self.spool.len() / PLACE_BYTES as u64 + self.chunk.len() as u64
    }

    /// Takes a place.
    pub(super) fn push(&mut self, place: Place) -> Result<(), Error> {
        self.chunk.push(place);
        if self.chunk.len() < CHUNK_PLACES {
            return Ok(());
        }
        self.chunk.sort_unstable();
        for Place { key, image } in self.chunk.drain(..) {
            self.spool.push(&(u128::from(image) << 64 | u128::from(key)).to_le_bytes())?;
        }
        Ok(())
    }

    /// Calls `visit` with all places, ascending; its first error ends that.
    pub(super) fn for_each(
        &mut self,
        visit: &mut dyn FnMut(Place) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.chunk.sort_unstable();
        let chunk_bytes = (CHUNK_PLACES * PLACE_BYTES) as u64;
        let starts = (0..self.spool.len()).step_by(chunk_bytes as usize);
        let mut chunks: Vec<Chunk<'_>> = starts
            .map(|start| {
                Chunk::File(BufReader::with_capacity(
                    READ_BYTES,
                    self.spool.reader(start, start + chunk_bytes),
                ))
            })
            .collect();
        chunks.push(Chunk::Memory(self.chunk.iter()));
        let mut heap = BinaryHeap::with_capacity(chunks.len());
        for (nth, chunk) in chunks.iter_mut().enumerate() {
            let first = chunk.next().map_err(self.spool.failed())?;
            heap.extend(first.map(|place| Reverse((place, nth))));
        }
        while let Some(Reverse((place, nth))) = heap.pop() {
            visit(place)?;
            let next = chunks[nth].next().map_err(self.spool.failed())?;
            heap.extend(next.map(|place| Reverse((place, nth))));
        }
        Ok(())
    }
}

/// What is left of a sorted chunk.
enum Chunk<'p> {
    File(BufReader<SpoolReader<'p>>),
    Memory(std::slice::Iter<'p, Place>),
}

impl Chunk<'_> {
    fn next(&mut self) -> io::Result<Option<Place>> {
        match self {
            Self::Memory(places) => Ok(places.next().copied()),
            Self::File(bytes) => {
                let mut place = [0; PLACE_BYTES];
                match bytes.read_exact(&mut place) {
                    Ok(()) => {
                        let place = u128::from_le_bytes(place);
                        Ok(Some(Place { key: place as u64, image: (place >> 64) as u64 }))
                    }
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes so many places in a scattered order and gets them back sorted.
    fn check(n_places: u64) {
        let mut places = Places::new(&std::env::temp_dir());
        for nth in 0..n_places {
            let key = nth * 7919 % n_places;
            places.push(Place { key, image: key / 2 }).unwrap();
        }
        assert_eq!(places.len(), n_places);
        let mut expected = (0..n_places).map(|key| Place { key, image: key / 2 });
        places
            .for_each(&mut |place| {
                assert_eq!(Some(place), expected.next());
                Ok(())
            })
            .unwrap();
        assert_eq!(expected.next(), None);
    }

    #[test]
    fn places_come_back_sorted() {
        check(0);
        check(1000);
        check(CHUNK_PLACES as u64);
        check(3 * CHUNK_PLACES as u64 + 5);
    }
}
