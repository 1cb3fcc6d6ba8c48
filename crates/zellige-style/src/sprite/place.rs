//! Rectangles to places on one sheet.
//!
//! In:     sizes in units.
//! Out:    the upper left corner of each, and the size of the sheet; no two overlap.
//! Source: shelves: tall ones first, from left to right, a new shelf when one is full.

/// Where rectangles stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Width and height of the sheet, at least 1.
    pub size: [u32; 2],
    /// The upper left corner of each rectangle, in the order in which they came.
    pub corners: Vec<[u32; 2]>,
}

/// Places rectangles, so that the sheet is about square.
pub(super) fn place(sizes: &[[u32; 2]]) -> Layout {
    let area: u64 = sizes.iter().map(|[width, height]| u64::from(*width) * u64::from(*height)).sum();
    let widest = sizes.iter().map(|[width, _]| *width).max().unwrap_or(1);
    let shelf_width = widest.max((area as f64).sqrt().ceil() as u32);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|idx| std::cmp::Reverse(sizes[*idx][1]));
    let mut layout = Layout { size: [1, 1], corners: vec![[0, 0]; sizes.len()] };
    let ([mut x, mut y], mut shelf_height) = ([0, 0], 0);
    for idx in order {
        let [width, height] = sizes[idx];
        if shelf_width < x + width {
            (x, y) = (0, y + shelf_height);
        }
        if x == 0 {
            shelf_height = height;
        }
        layout.corners[idx] = [x, y];
        x += width;
        layout.size = [layout.size[0].max(x), y + shelf_height];
    }
    layout
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sizes: &[[u32; 2]], size: [u32; 2], corners: &[[u32; 2]]) {
        assert_eq!(place(sizes), Layout { size, corners: corners.to_vec() });
    }

    #[test]
    fn shelves_fill_from_the_left() {
        check(&[], [1, 1], &[]);
        check(&[[3, 5]], [3, 5], &[[0, 0]]);
        check(&[[2, 2], [2, 2], [2, 2], [2, 2]], [4, 4], &[[0, 0], [2, 0], [0, 2], [2, 2]]);
        check(&[[1, 1], [4, 3], [1, 2]], [4, 5], &[[1, 3], [0, 0], [0, 3]]);
    }

    #[test]
    fn no_two_overlap() {
        let sizes: Vec<[u32; 2]> = (0..200).map(|n: u32| [1 + n * 37 % 23, 1 + n * 53 % 31]).collect();
        let layout = place(&sizes);
        let mut owners = vec![0; (layout.size[0] * layout.size[1]) as usize];
        for ([width, height], [x, y]) in sizes.iter().zip(&layout.corners) {
            for (column, row) in
                (*x..x + width).flat_map(|column| (*y..y + height).map(move |row| (column, row)))
            {
                owners[(row * layout.size[0] + column) as usize] += 1;
            }
        }
        assert!(owners.iter().all(|owners| *owners < 2));
        assert!(owners.iter().sum::<u32>() * 10 > owners.len() as u32 * 8, "a sheet that is mostly full");
    }
}
