//! How many tiles a whole source touches, judged by those that a part of it touches.
//!
//! In:     how many tiles are touched by exactly 1, 2, 3, … units of a sample; the share of units that were sampled.
//! Out:    how many more tiles the units that were not sampled touch.
//! Keeps:  0 when everything was sampled.
//! Source: species that are not seen yet. Half and a quarter of the sample would have shown so many tiles: that is
//!         known exactly (Hurlbert 1971, rarefaction). A curve through the three numbers goes on beyond the sample:
//!         that of Fisher, Corbet and Williams 1943 with the extended shapes of Engen 1974. It grows like a line on an
//!         empty map and comes to an end on a crowded one.

/// The shapes that are tried, from the longest growth to the shortest; 0 is the logarithm.
const SHAPES: [f64; 14] = [-0.99, -0.9, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0];
/// Natural logarithms of the smallest and the largest crowding that is looked for.
const CROWDING: (f64, f64) = (-20.0, 30.0);
/// How often the range of crowding is halved.
const HALVINGS: usize = 60;

/// Returns how many tiles are still to come; `n_tiles[i]` of those seen are touched by `i + 1` units.
pub(super) fn unseen(n_tiles: &[u64], share: f64) -> f64 {
    let n_seen = rarefied(n_tiles, 1.0);
    if share >= 1.0 || n_seen <= 0.0 {
        return 0.0;
    }
    let (half, quarter) = (rarefied(n_tiles, 0.5), rarefied(n_tiles, 0.25));
    // Each unit has its own tiles, so far as can be seen.
    let linear = n_seen / share - n_seen;
    let fits = SHAPES.into_iter().filter_map(|shape| {
        let curve = Curve::through(n_seen / half, shape)?;
        let error = (curve.at(0.5) / curve.at(0.25) - half / quarter).abs();
        Some((error, curve))
    });
    let best = fits.min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(linear, |(_, curve)| n_seen * (curve.at(1.0 / share) / curve.at(1.0) - 1.0))
        .clamp(0.0, linear)
}

/// Returns how many tiles a part of the sample would have shown.
fn rarefied(n_tiles: &[u64], part: f64) -> f64 {
    let mut missed = 1.0;
    let shown = n_tiles.iter().map(|n| {
        missed *= 1.0 - part;
        *n as f64 * (1.0 - missed)
    });
    shown.sum()
}

/// Tiles by units, up to a factor: `(1 − (1 + crowding × units)^−shape) / shape`.
#[derive(Clone, Copy, Debug)]
struct Curve {
    crowding: f64,
    shape: f64,
}

impl Curve {
    /// Returns the curve of a shape that grows by `ratio` from a half to the whole sample, if there is one.
    fn through(ratio: f64, shape: f64) -> Option<Self> {
        let curve = |logarithm: f64| Self { crowding: logarithm.exp(), shape };
        let is_above = |curve: Self| curve.at(1.0) / curve.at(0.5) > ratio;
        let (mut low, mut high) = CROWDING;
        if is_above(curve(high)) || !is_above(curve(low)) {
            return None;
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            *if is_above(curve(middle)) { &mut low } else { &mut high } = middle;
        }
        Some(curve(f64::midpoint(low, high)))
    }

    fn at(self, units: f64) -> f64 {
        let logarithm = (self.crowding * units).ln_1p();
        if self.shape == 0.0 { logarithm } else { -(-self.shape * logarithm).exp_m1() / self.shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws `n_units` units that touch tiles by turns, and judges all tiles by a part of the units.
    fn check(n_units: u64, n_tiles: u64, stride: u64, tolerance: f64) {
        // A finalizer of hashes: neighbours land far from each other.
        let mix = |at: u64, by: u64| (at ^ (at >> 31)).wrapping_mul(by);
        let tile_of = |unit| mix(mix(unit + 1, 0xbf58_476d_1ce4_e5b9), 0x94d0_49bb_1331_11eb) % n_tiles;
        let count = |stride: u64| {
            let mut touches = vec![0_usize; n_tiles as usize];
            (0..n_units).step_by(stride as usize).for_each(|unit| touches[tile_of(unit) as usize] += 1);
            let mut by_times = vec![0_u64; touches.iter().max().copied().unwrap_or(0)];
            touches.into_iter().filter(|times| *times > 0).for_each(|times| by_times[times - 1] += 1);
            by_times
        };
        let expected = count(1).iter().sum::<u64>() as f64;
        let seen = count(stride);
        let found = seen.iter().sum::<u64>() as f64 + unseen(&seen, 1.0 / stride as f64);
        let error = found / expected - 1.0;
        assert!(error.abs() <= tolerance, "{n_units} {n_tiles} 1/{stride}: {found} for {expected}");
    }

    #[test]
    fn whole_samples_leave_nothing_unseen() {
        check(5_000, 1_000, 1, 0.0);
    }

    #[test]
    fn sparse_and_crowded_maps_are_judged_by_their_parts() {
        for stride in [2, 4, 8] {
            check(20_000, 2_000_000, stride, 0.02);
            check(20_000, 20_000, stride, 0.15);
            check(20_000, 4_000, stride, 0.15);
            check(20_000, 200, stride, 0.02);
        }
    }
}
