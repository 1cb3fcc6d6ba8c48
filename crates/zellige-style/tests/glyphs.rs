//! Glyph ranges against those of another maker, and against fonts that are none.

use std::collections::BTreeMap;

use prost::Message;
use zellige_style::GlyphRange;
use zellige_style::glyph::{Face, glyph_range, stack};

/// The format as its description has it, apart from the code under test.
#[derive(Message)]
struct Glyphs {
    #[prost(message, repeated, tag = "1")]
    stacks: Vec<Stack>,
}

#[derive(Message)]
struct Stack {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    range: Option<String>,
    #[prost(message, repeated, tag = "3")]
    glyphs: Vec<Glyph>,
}

#[derive(Message)]
struct Glyph {
    #[prost(uint32, optional, tag = "1")]
    id: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "2")]
    bitmap: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "3")]
    width: Option<u32>,
    #[prost(uint32, optional, tag = "4")]
    height: Option<u32>,
    #[prost(sint32, optional, tag = "5")]
    left: Option<i32>,
    #[prost(sint32, optional, tag = "6")]
    top: Option<i32>,
    #[prost(uint32, optional, tag = "7")]
    advance: Option<u32>,
}

impl Glyph {
    /// Returns left, top, width and height; all metrics have to be there.
    fn frame(&self) -> [i32; 4] {
        let [width, height] =
            [self.width, self.height].map(|side| side.expect("every glyph has its sides") as i32);
        let [left, top] = [self.left, self.top].map(|side| side.expect("every glyph has its place"));
        [left, top, width, height]
    }

    /// Returns the distance at a pixel that counts from the pen, x east and y north; none outside of the bitmap.
    fn at(&self, x: i32, y: i32) -> Option<u8> {
        let [left, top, width, height] = self.frame();
        let (column, row) = (x - left + 3, top + 3 - y);
        let is_inside = 0 <= column && column < width + 6 && 0 <= row && row < height + 6;
        self.bitmap.as_ref().filter(|_| is_inside).map(|bitmap| bitmap[(row * (width + 6) + column) as usize])
    }
}

fn read(bytes: &[u8]) -> Stack {
    let mut glyphs = Glyphs::decode(bytes).expect("the message is whole");
    assert_eq!(glyphs.stacks.len(), 1);
    glyphs.stacks.swap_remove(0)
}

fn by_id(stack: Stack) -> BTreeMap<u32, Glyph> {
    stack.glyphs.into_iter().map(|glyph| (glyph.id.expect("every glyph has an id"), glyph)).collect()
}

#[test]
fn glyphs_are_those_of_another_maker() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/glyph/open-sans.pbf");
    let expected = read(&std::fs::read(path).unwrap());
    let face = Face::open_sans();
    let found = read(&glyph_range(face.name(), &[&face], GlyphRange::new(0)));
    assert_eq!((&found.name, &found.range), (&expected.name, &expected.range));
    let (found, expected) = (by_id(found), by_id(expected));
    let (mut pixels, mut difference, mut equal_sides, mut largest) = (0_u64, 0_u64, 0_u64, 0);
    for (id, theirs) in &expected {
        let ours = &found[id];
        assert_eq!((ours.frame(), ours.advance), (theirs.frame(), theirs.advance), "{id}");
        assert_eq!(ours.bitmap.is_some(), theirs.bitmap.is_some(), "{id}");
        let [left, top, width, height] = theirs.frame();
        for (x, y) in
            (left - 3..left + width + 3).flat_map(|x| (top - height - 2..=top + 3).map(move |y| (x, y)))
        {
            let (Some(ours), Some(theirs)) = (ours.at(x, y), theirs.at(x, y)) else { continue };
            pixels += 1;
            difference += u64::from(ours.abs_diff(theirs));
            largest = largest.max(ours.abs_diff(theirs));
            equal_sides += u64::from((191 < ours) == (191 < theirs));
        }
    }
    assert!(30_000 < pixels, "{pixels} pixels");
    assert!(largest <= 12, "largest difference {largest} of 255");
    assert!(difference < pixels, "mean difference {} of 255", difference as f64 / pixels as f64);
    assert!((pixels - equal_sides) * 200 < pixels, "{equal_sides} of {pixels} on the same side");
}

#[test]
fn space_has_an_advance_only() {
    let face = Face::open_sans();
    let glyphs = by_id(read(&glyph_range("x", &[&face], GlyphRange::new(0))));
    let space = &glyphs[&32];
    assert_eq!((space.frame(), space.advance, space.bitmap.is_none()), ([0, -26, 0, 0], Some(6), true));
}

#[test]
fn stacks_fall_back_to_the_default_once() {
    let (faces, default) = ([Face::open_sans()], Face::open_sans());
    let found = |names: &[&str]| stack(names, &faces, &default).len();
    assert_eq!(found(&["Open Sans Regular"]), 1);
    assert_eq!(found(&["open sans regular", "Nobody Bold", "Somebody Italic"]), 2);
    assert_eq!(found(&[]), 0);
}

#[test]
fn what_is_no_font_is_refused() {
    for bytes in [&b""[..], b"\0", b"\0\x01\0\0", b"ttcf\0\x01\0\0\xff\xff\xff\xff", &[0; 1000]] {
        assert!(Face::all(bytes).is_err());
    }
}

/// Damages a font in many places and draws what is left of it.
#[test]
fn damaged_fonts_are_read_or_refused() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/open-sans/OpenSans-Regular.ttf");
    let whole = std::fs::read(path).unwrap();
    let mut random = 1_u64;
    for round in 0..40 {
        let mut font = whole.clone();
        for _ in 0..=round % 40 {
            // A linear congruence, to have the same damage each time.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let reach = if round % 2 == 0 { 400 } else { font.len() };
            let place = (random >> 33) as usize % reach;
            font[place] = (random >> 20) as u8;
        }
        font.truncate(font.len() - (round % 7) * 1000);
        let Ok(faces) = Face::all(&font) else { continue };
        read(&glyph_range("x", &[&faces[0]], GlyphRange::new(0)));
    }
}

#[test]
fn fonts_of_all_kinds_draw_the_same_letters() {
    let read_file = |name: &str| {
        let path = format!("{}/../../testdata/fuzz/font/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).expect("a file of the repository can be read")
    };
    let (glyf, cff, collection) = (read_file("glyf.ttf"), read_file("cff.otf"), read_file("collection.ttc"));
    let faces = |font| Face::all(font).expect("the font is sound");
    assert_eq!((faces(&glyf).len(), faces(&cff).len(), faces(&collection).len()), (1, 1, 2));
    assert_eq!(faces(&cff)[0].name(), "T R");
    let glyphs = |face: &Face<'_>| by_id(read(&glyph_range("x", &[face], GlyphRange::new(0))));
    let whole = glyphs(&Face::open_sans());
    for face in [&faces(&glyf)[0], &faces(&collection)[1], &faces(&cff)[0]] {
        let letters = glyphs(face);
        assert_eq!(
            letters.keys().copied().collect::<Vec<_>>(),
            [u32::from('8'), u32::from('A'), u32::from('Å')]
        );
        for (id, letter) in &letters {
            assert_eq!((letter.frame(), letter.advance), (whole[id].frame(), whole[id].advance), "{id}");
            let pairs = letter.bitmap.iter().flatten().zip(whole[id].bitmap.iter().flatten());
            assert!(pairs.clone().all(|(a, b)| a.abs_diff(*b) <= 6), "{id}");
        }
    }
}

#[test]
fn the_first_face_that_has_a_letter_draws_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/fuzz/font/glyf.ttf");
    let bytes = std::fs::read(path).unwrap();
    let (few, all) = (Face::all(&bytes).unwrap().swap_remove(0), Face::open_sans());
    let draw = |faces: &[&Face<'_>]| by_id(read(&glyph_range("x", faces, GlyphRange::new(0)))).len();
    assert_eq!((draw(&[&few]), draw(&[&all]), draw(&[&few, &all])), (3, 191, 191));
}
