//! Any bytes as a style, an icon, a font, a tile: they are read or refused, and nothing else happens.

use zellige_testkit::corpus::replay;

mod font;
mod icon;
mod shave;
mod style;

#[test]
fn the_corpora_pass() {
    replay("style", style::run);
    replay("icon", icon::run);
    replay("font", font::run);
    replay("shave", shave::run);
}

/// Changes a few bytes of each seed in many ways, the same ones each time.
fn mutate(seeds: &[&[u8]], rounds: usize, body: impl Fn(&[u8])) {
    let mut state = 0_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for round in 0..rounds {
        let mut bytes = seeds[round % seeds.len()].to_vec();
        for _ in 0..=random(6) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..(at + random(20)).min(bytes.len()))),
                2 => {
                    let copied = bytes[at..(at + random(60)).min(bytes.len())].to_vec();
                    let to = random(bytes.len() + 1);
                    bytes.splice(to..to, copied);
                }
                _ if at < bytes.len() => bytes[at] = random(256) as u8,
                _ => {}
            }
        }
        body(&bytes);
    }
}

#[test]
fn changed_styles_are_read_or_refused() {
    let seeds = ["all-sources.json", "expressions.json"].map(|name| file(&format!("style/{name}")));
    mutate(&seeds.each_ref().map(Vec::as_slice), 3000, style::run);
}

#[test]
fn changed_icons_are_drawn_or_refused() {
    let seeds = ["links.svg", "paints.svg", "nested.svg"].map(|name| file(&format!("icon/{name}")));
    mutate(&seeds.each_ref().map(Vec::as_slice), 1500, icon::run);
}

#[test]
fn changed_fonts_are_drawn_or_refused() {
    let seeds = ["glyf.ttf", "cff.otf", "collection.ttc"].map(|name| file(&format!("font/{name}")));
    mutate(&seeds.each_ref().map(Vec::as_slice), 1500, font::run);
}

/// Reads a file of the corpora.
fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/../../testdata/fuzz/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("a file of the repository can be read")
}
