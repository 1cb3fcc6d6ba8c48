//! Shares the whole-tile limit among the layers of a tile.
//!
//! In:     the framed length of every layer, each already within its own `layer_size`.
//! Out:    for every layer the bytes it may take.
//! Keeps:  layers that are small enough for an even share stay whole; the large ones share what is
//!         left evenly. The sum never exceeds the limit.
//! Source: recipe 2.7 bounds a layer, the limit of the job bounds the tile; the division is ours: any
//!         rule by layer order would let one crowded layer erase all that come after it.

/// Returns the bytes that each of `lens` may take so that all together take at most `bytes_max`.
#[must_use]
pub fn share(lens: &[u64], bytes_max: u64) -> Vec<u64> {
    let mut by_len: Vec<usize> = (0..lens.len()).collect();
    by_len.sort_by_key(|layer| (lens[*layer], *layer));
    let mut shares = vec![0; lens.len()];
    let mut left = bytes_max;
    for (nth, layer) in by_len.iter().enumerate() {
        let even = left / (lens.len() - nth) as u64;
        shares[*layer] = lens[*layer].min(even);
        left -= shares[*layer];
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_layers_stay_whole_and_large_ones_share() {
        assert_eq!(share(&[10, 20, 30], 100), [10, 20, 30]);
        assert_eq!(share(&[10, 500, 25, 600], 100), [10, 32, 25, 33]);
        assert_eq!(share(&[500, 600], 99), [49, 50]);
    }

    #[test]
    fn no_share_is_wasted_on_a_layer_that_does_not_need_it() {
        let lens = [3, 999, 17, 400, 80];
        let shares = share(&lens, 700);
        assert_eq!(shares.iter().sum::<u64>(), 700);
        assert!(shares.iter().zip(lens).all(|(share, len)| *share <= len));
    }
}
