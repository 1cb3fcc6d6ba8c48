//! Flat geometry: one list of points and the places where its parts end.
//!
//! A part is a line or a ring. Rings are stored *open* in every space: the last point is joined
//! to the first and is not repeated. No geometry owns a list per part, so buffers are reused from
//! feature to feature without allocation.

/// What a geometry is made of; single and multi forms are the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GeometryKind {
    /// One or more points.
    Point,
    /// One or more lines of at least two points.
    LineString,
    /// One or more polygons, each an outer ring followed by its holes.
    Polygon,
}

impl GeometryKind {
    /// Returns the name that GeoJSON and the expression `geometry-type` use for the single form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::LineString => "LineString",
            Self::Polygon => "Polygon",
        }
    }
}

/// Points, lines or polygons in the space of `P`.
#[derive(Debug, PartialEq)]
pub struct Geometry<P> {
    /// What the points make.
    pub kind: GeometryKind,
    /// All points, part after part.
    pub points: Vec<P>,
    /// For lines and polygons: end of each line or ring, as an index into `points`; ascending.
    /// Empty for points.
    pub part_ends: Vec<u32>,
    /// For polygons: end of each polygon, as an index into `part_ends`; ascending. Empty otherwise.
    pub polygon_ends: Vec<u32>,
}

impl<P: Clone> Clone for Geometry<P> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind,
            points: self.points.clone(),
            part_ends: self.part_ends.clone(),
            polygon_ends: self.polygon_ends.clone(),
        }
    }

    /// Becomes a copy of `source` in its own buffers; a derived one would ask for new ones.
    fn clone_from(&mut self, source: &Self) {
        self.kind = source.kind;
        self.points.clone_from(&source.points);
        self.part_ends.clone_from(&source.part_ends);
        self.polygon_ends.clone_from(&source.polygon_ends);
    }
}

impl<P> Default for Geometry<P> {
    fn default() -> Self {
        Self {
            kind: GeometryKind::Point,
            points: Vec::new(),
            part_ends: Vec::new(),
            polygon_ends: Vec::new(),
        }
    }
}

impl<P> Geometry<P> {
    /// Empties the geometry, keeps its buffers and makes it of `kind`.
    pub fn reset(&mut self, kind: GeometryKind) {
        self.kind = kind;
        self.points.clear();
        self.part_ends.clear();
        self.polygon_ends.clear();
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Ends the line or ring that the latest points make.
    pub fn end_part(&mut self) {
        self.part_ends.push(self.points.len() as u32);
    }

    /// Ends the polygon that the latest rings make.
    pub fn end_polygon(&mut self) {
        self.polygon_ends.push(self.part_ends.len() as u32);
    }

    /// Returns the number of points of the line or ring that is not ended yet.
    #[must_use]
    pub fn open_part_len(&self) -> usize {
        self.points.len() - self.part_ends.last().map_or(0, |end| *end as usize)
    }

    /// Returns the lines or rings in order.
    #[must_use]
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &[P]> + Clone {
        (0..self.part_ends.len()).map(|part_idx| self.part(part_idx))
    }

    /// Returns the line or ring `part_idx`.
    ///
    /// # Panics
    ///
    /// When there is no such part.
    #[must_use]
    pub fn part(&self, part_idx: usize) -> &[P] {
        let start = if part_idx == 0 { 0 } else { self.part_ends[part_idx - 1] as usize };
        &self.points[start..self.part_ends[part_idx] as usize]
    }

    /// Returns for each polygon the range of its rings among the parts; the first is the outer one.
    #[must_use]
    pub fn polygons(&self) -> impl ExactSizeIterator<Item = std::ops::Range<usize>> + Clone {
        (0..self.polygon_ends.len()).map(|polygon_idx| {
            let start = if polygon_idx == 0 { 0 } else { self.polygon_ends[polygon_idx - 1] as usize };
            start..self.polygon_ends[polygon_idx] as usize
        })
    }
}
