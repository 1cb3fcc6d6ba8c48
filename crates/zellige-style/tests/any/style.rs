//! Any bytes as a style: it ends in problems that can be shown and found again, or in a style that can be used.
//!
//! The fuzz target `style` runs this too.

use zellige_recipe::{raw, render_problem};
use zellige_style::shave::Shaver;
use zellige_style::{GlyphRange, url};

/// A tile with one point that has two attributes.
const TILE: &[u8] = b"\x1a\x28\x0a\x01x\x12\x0f\x08\x07\x12\x04\x00\x00\x01\x01\x18\x01\x22\x03\x09\x02\x02\x1a\x01a\x1a\x01c\x22\x02\x28\x01\x22\x03\x0a\x01e\x28\x80\x20x\x02";

/// Reads a style, and asks it everything.
pub(crate) fn run(text: &[u8]) {
    let style = match zellige_style::parse(text) {
        Ok(style) => style,
        Err(refused) => {
            assert!(!refused.problems.is_empty() && !refused.to_string().is_empty());
            let json = raw::parse(text).ok().map(|document| document.root().to_json());
            for problem in &refused.problems {
                assert!(problem.span.end <= text.len() && problem.span.start <= problem.span.end);
                assert!(
                    json.as_ref().is_none_or(|json| json.pointer(&problem.pointer).is_some()),
                    "{problem:?}"
                );
                assert!(!render_problem(text, problem).is_empty());
            }
            return;
        }
    };
    let fonts = style.fonts();
    for stack in &fonts.stacks {
        let template = style.glyphs.as_deref().expect("text needs a template of glyphs");
        assert!(
            !url::glyphs_url(template, stack, GlyphRange::new(0)).contains("{fontstack}")
                || template.contains("{{")
        );
    }
    drop(style.images());
    let sources: Vec<&str> = style.sources.iter().map(|source| source.id.as_str()).collect();
    let shaver = Shaver::new(&style, &sources);
    for zoom in [0, 5, 12, 14] {
        let (bytes, saved) = shaver.shave(TILE, zoom, 14).expect("the tile is sound");
        assert_eq!(saved.features, u64::from(bytes.is_empty()));
    }
}
