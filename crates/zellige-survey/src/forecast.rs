//! How large a tileset would be, judged by samples of its sources.
//!
//! In:     a [`Plan`], a [`Sample`] of each source, the limits of the job.
//! Out:    a [`Forecast`]: tiles, bytes and full tiles, by layer and zoom and for whole tiles.
//! Keeps:  exact numbers where everything is looked at: small sources at zooms of few tiles.
//! Source: two samples, one inside the other, both even. *Features*: those of the sample. *Tiles*: at each zoom so many
//!         of those that the features touch (see [`Sieve`](zellige_tile::sieve::Sieve)). Sampled features are sliced
//!         into sampled tiles, which are encoded and compressed, all by the stages that a job has. Then counts grow by
//!         what was left out:
//!
//! ```text
//!         tiles     those seen, and those that only other features touch (see `unseen`), by the step of the sieve
//!         bytes     per tile + per feature; the two parts follow from the tiles with all units and with half of them
//! ```

use std::collections::BTreeMap;

use zellige_model::{TileCoord, Zoom};
use zellige_recipe::Plan;
use zellige_tile::budget::share;

use crate::sample::Sample;
use crate::{Error, is_same_source};

mod draft;
mod unseen;

use draft::{Draft, Drawn};

/// Bytes of a gzip member beside what is compressed.
const GZIP_BYTES: f64 = 18.0;

/// What a job will do to tiles.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Upper bound of a whole tile, uncompressed.
    pub tile_bytes_max: u64,
    /// How hard tiles are compressed, 1 to 12.
    pub compression_level: u8,
}

/// How large a tileset would be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// By zoom: whole tiles.
    pub zooms: BTreeMap<Zoom, ZoomForecast>,
    /// By layer of the plan, by zoom: the layer alone.
    pub layers: Vec<BTreeMap<Zoom, ZoomForecast>>,
}

/// How large a zoom of a tileset or of one of its layers would be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ZoomForecast {
    /// How many tiles.
    pub tiles: u64,
    /// Bytes of all tiles.
    pub bytes: u64,
    /// Bytes of all tiles, each compressed; equal tiles count each time, though archives store them once.
    pub compressed_bytes: u64,
    /// Bytes of the largest tile that was looked at, as it would be with all features.
    pub max_bytes: u64,
    /// How many tiles lose features to a size limit.
    pub capped: u64,
}

impl Forecast {
    /// Returns the sums over all zooms.
    #[must_use]
    pub fn total(&self) -> ZoomForecast {
        let mut total = ZoomForecast::default();
        for zoom in self.zooms.values() {
            total.tiles += zoom.tiles;
            total.bytes += zoom.bytes;
            total.compressed_bytes += zoom.compressed_bytes;
            total.max_bytes = total.max_bytes.max(zoom.max_bytes);
            total.capped += zoom.capped;
        }
        total
    }
}

/// Forecasts what `plan` makes of the sources that these samples were taken from.
///
/// # Errors
///
/// [`Error::NoSample`] when a source of the plan has none, [`Error::Expression`] when an expression meets a value that
/// it cannot use.
pub fn forecast(plan: &Plan, samples: &[Sample], settings: &Settings) -> Result<Forecast, Error> {
    let drafts = plan.layers.iter().map(|layer| {
        let sample = samples.iter().find(|sample| is_same_source(&layer.source, &sample.id));
        let sample = sample.ok_or_else(|| Error::NoSample { id: layer.source.clone() })?;
        Draft::new(plan, layer, sample, settings.compression_level)
    });
    let drafts = drafts.collect::<Result<Vec<Draft>, Error>>()?;
    let mut forecast = Forecast { zooms: BTreeMap::new(), layers: vec![BTreeMap::new(); drafts.len()] };
    let (minzoom, maxzoom) = plan.zooms();
    for zoom in minzoom.to(maxzoom) {
        let grown: Vec<Option<Grown<'_>>> = drafts.iter().map(|draft| Grown::new(draft, zoom)).collect();
        let mut tiles: BTreeMap<TileCoord, Vec<usize>> = BTreeMap::new();
        for (number, grown) in grown.iter().enumerate() {
            for tile in grown.iter().flat_map(|grown| grown.drawn.keys()) {
                tiles.entry(*tile).or_default().push(number);
            }
        }
        let mut sums = Sums::new(plan, &grown, settings);
        for (tile, numbers) in &tiles {
            sums.add(*tile, numbers);
        }
        sums.finish(zoom, &mut forecast);
    }
    Ok(forecast)
}

/// A layer at a zoom, with what is known of the part that was not looked at.
struct Grown<'d> {
    drawn: &'d BTreeMap<TileCoord, Drawn>,
    /// How many tiles of the layer stand behind each that was looked at.
    step: f64,
    /// The share of features that were looked at.
    share: f64,
    /// How many more tiles only other features touch, behind those that were looked at.
    n_unseen: f64,
    /// Bytes of a tile that do not grow with its features.
    base: f64,
    base_compressed: f64,
}

impl<'d> Grown<'d> {
    fn new(draft: &'d Draft, zoom: Zoom) -> Option<Self> {
        let drawn = draft.zooms.get(&zoom)?;
        let n_seen = drawn.len() as f64;
        let mut by_units = Vec::new();
        let (mut n_half, mut bytes, mut half, mut compressed, mut half_compressed) =
            (0.0, 0.0, 0.0, 0.0, 0.0);
        for tile in drawn.values() {
            let n_units = tile.n_units as usize;
            if by_units.len() < n_units {
                by_units.resize(n_units, 0);
            }
            by_units[n_units - 1] += 1;
            n_half += f64::from(u8::from(tile.half_bytes > 0));
            bytes += tile.bytes as f64;
            half += tile.half_bytes as f64;
            compressed += tile.compressed_bytes as f64;
            half_compressed += tile.half_compressed_bytes as f64;
        }
        // bytes = base × tiles + rest, and half = base × tiles of the half + rest / 2
        let base = |bytes: f64, half: f64| {
            let spread: f64 = 2.0 * n_half - n_seen;
            if spread <= 0.0 { 0.0 } else { ((2.0 * half - bytes) / spread).clamp(0.0, bytes / n_seen) }
        };
        Some(Self {
            drawn,
            step: f64::from(draft.sieve(zoom).step()),
            share: draft.share,
            n_unseen: unseen::unseen(&by_units, draft.share),
            base: base(bytes, half),
            base_compressed: base(compressed, half_compressed),
        })
    }

    /// Returns bytes of a tile with all features, uncompressed and compressed.
    fn whole(&self, tile: &Drawn) -> (f64, f64) {
        let grow = |bytes: u64, base: f64| {
            let base = base.min(bytes as f64);
            base + (bytes as f64 - base) / self.share
        };
        (grow(tile.bytes, self.base), grow(tile.compressed_bytes, self.base_compressed))
    }
}

/// What adds up over the tiles of a zoom that were looked at.
struct Sums<'g> {
    grown: &'g [Option<Grown<'g>>],
    layer_bytes_max: Vec<u64>,
    tile_bytes_max: u64,
    whole: Sum,
    layers: Vec<Sum>,
    /// By layer: how many of its tiles have another layer too.
    n_shared: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    tiles: f64,
    bytes: f64,
    compressed: f64,
    max_bytes: f64,
    capped: f64,
}

impl Sum {
    fn to_forecast(self) -> ZoomForecast {
        let Self { tiles, bytes, compressed, max_bytes, capped } = self;
        ZoomForecast {
            tiles: tiles.round() as u64,
            bytes: bytes.round() as u64,
            compressed_bytes: compressed.round() as u64,
            max_bytes: max_bytes.round() as u64,
            capped: capped.round() as u64,
        }
    }
}

impl<'g> Sums<'g> {
    fn new(plan: &Plan, grown: &'g [Option<Grown<'g>>], settings: &Settings) -> Self {
        Self {
            grown,
            layer_bytes_max: plan.layers.iter().map(|layer| u64::from(layer.layer_bytes_max)).collect(),
            tile_bytes_max: settings.tile_bytes_max,
            whole: Sum::default(),
            layers: vec![Sum::default(); grown.len()],
            n_shared: vec![0.0; grown.len()],
        }
    }

    /// Adds a tile that has these layers.
    fn add(&mut self, tile: TileCoord, numbers: &[usize]) {
        let layers = numbers.iter().filter_map(|number| Some((*number, self.grown[*number].as_ref()?)));
        let layers: Vec<(usize, &Grown<'g>)> = layers.collect();
        let wholes: Vec<(f64, f64)> =
            layers.iter().map(|(_, grown)| grown.whole(&grown.drawn[&tile])).collect();
        let within = |(number, (bytes, _)): (&usize, &(f64, f64))| {
            (bytes.round() as u64).min(self.layer_bytes_max[*number])
        };
        let lens: Vec<u64> = numbers.iter().zip(&wholes).map(within).collect();
        let shares = share(&lens, self.tile_bytes_max);
        // Sieves of layers may differ; the coarser one chooses from what the finer one does.
        let step = layers.iter().map(|(_, grown)| grown.step).fold(f64::INFINITY, f64::min);
        let (mut bytes_all, mut compressed_all, mut whole_all) = (0.0, 0.0, 0.0);
        let mut is_capped = false;
        for (((number, grown), (bytes, compressed)), share) in layers.iter().zip(wholes).zip(shares) {
            let kept = bytes.round().min(share as f64);
            let is_cut = kept < bytes.round();
            let compressed = compressed * kept / bytes.max(1.0);
            let sum = &mut self.layers[*number];
            sum.tiles += grown.step;
            sum.bytes += kept * grown.step;
            sum.compressed += compressed * grown.step;
            sum.max_bytes = sum.max_bytes.max(bytes);
            sum.capped += if is_cut { grown.step } else { 0.0 };
            self.n_shared[*number] += if layers.len() > 1 { grown.step } else { 0.0 };
            bytes_all += kept;
            compressed_all += compressed;
            whole_all += bytes;
            is_capped |= is_cut;
        }
        compressed_all -= GZIP_BYTES * (layers.len() - 1) as f64;
        self.whole.tiles += step;
        self.whole.bytes += bytes_all * step;
        self.whole.compressed += compressed_all * step;
        self.whole.max_bytes = self.whole.max_bytes.max(whole_all);
        self.whole.capped += if is_capped { step } else { 0.0 };
    }

    /// Adds what was not seen, and writes the zoom into the forecast.
    fn finish(mut self, zoom: Zoom, forecast: &mut Forecast) {
        for (number, grown) in self.grown.iter().enumerate() {
            let Some(grown) = grown else { continue };
            let sum = &mut self.layers[number];
            let is_shared = if sum.tiles > 0.0 { self.n_shared[number] / sum.tiles } else { 0.0 };
            let more = grown.n_unseen * grown.step;
            sum.tiles += more;
            sum.bytes += more * grown.base;
            sum.compressed += more * grown.base_compressed;
            self.whole.tiles += more * (1.0 - is_shared);
            self.whole.bytes += more * grown.base;
            self.whole.compressed += more * grown.base_compressed;
            if sum.tiles > 0.0 {
                forecast.layers[number].insert(zoom, sum.to_forecast());
            }
        }
        if self.whole.tiles > 0.0 {
            forecast.zooms.insert(zoom, self.whole.to_forecast());
        }
    }
}
