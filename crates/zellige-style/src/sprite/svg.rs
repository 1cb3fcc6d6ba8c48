//! Bytes of an icon to a tree that is safe to draw.
//!
//! In:     bytes that somebody else wrote.
//! Out:    the tree and its size in whole units; or why not.
//! Source: the limits of the Styles API; `usvg` walks elements and links recursively, so both are measured first.
//!
//! Elements with all links followed make a graph. Its longest way bounds the depth of all recursion to come, the
//! number of its ways bounds the number of elements that are drawn. Both are computed without drawing.

use std::collections::HashMap;

use resvg::usvg::{self, roxmltree};
use roxmltree::{Document, Node, ParsingOptions};

use super::cost;
use super::{ICON_BYTES_MAX, ICON_SIDE_MAX, IconFault};

/// How deep elements may be nested and linked, levels.
const DEPTH_MAX: u32 = 64;
/// How many elements may be drawn, each use counted.
const ELEMENTS_MAX: u64 = 20_000;
/// How many attributes a tag may have; readers compare each with each.
const ATTRIBUTES_MAX: usize = 500;
/// How many rules of style sheets may be held against how many elements, multiplied.
const RULE_CHECKS_MAX: usize = 2_000_000;
/// How many nodes of XML are read.
const NODES_MAX: u32 = 100_000;

/// How many characters of an id are told.
const ID_CHARS_MAX: usize = 40;

/// What icons cannot have: text needs fonts, images and filters reach further than a drawing, patterns and
/// markers multiply what is drawn.
const REFUSED: [&str; 7] = ["text", "image", "foreignObject", "filter", "feImage", "pattern", "marker"];

/// Reads an icon; the size is in units, rounded up.
pub(super) fn read(svg: &[u8]) -> Result<(usvg::Tree, [u32; 2]), IconFault> {
    let not_svg = |what: String| IconFault::NotSvg { what };
    if ICON_BYTES_MAX <= svg.len() {
        return Err(IconFault::Bytes { bytes: svg.len() });
    }
    let text = std::str::from_utf8(svg).map_err(|error| not_svg(error.to_string()))?;
    if text.contains("<!ENTITY") {
        return Err(IconFault::Entities);
    }
    check_tags(text)?;
    let options = ParsingOptions { allow_dtd: true, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| not_svg(error.to_string()))?;
    let root = document.root_element().tag_name().name();
    if root != "svg" {
        return Err(not_svg(format!(
            "its outermost element is `{}`",
            root.chars().take(ID_CHARS_MAX).collect::<String>()
        )));
    }
    check_elements(&document)?;
    measure(&document)?;
    let tree = usvg::Tree::from_xmltree(&document, &sealed()).map_err(|error| not_svg(error.to_string()))?;
    let sides = [tree.size().width(), tree.size().height()].map(|side| f64::from(side).ceil() as u64);
    let [width, height] = sides;
    let size = sides.map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    if !size.iter().all(|side| (1..=ICON_SIDE_MAX).contains(side)) {
        return Err(IconFault::Size { width, height });
    }
    cost::check(&tree, size)?;
    Ok((tree, size))
}

/// Returns options by which nothing but the file itself is looked at.
fn sealed() -> usvg::Options<'static> {
    let nothing = usvg::ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(|_, _| None),
    };
    usvg::Options { image_href_resolver: nothing, ..usvg::Options::default() }
}

/// Refuses texts in which more tags are open than elements may be nested, or a tag has too many attributes, before
/// anything walks into them.
///
/// Counts as a careless reader does: comments and quoted signs count as well, so the bounds are generous.
fn check_tags(text: &str) -> Result<(), IconFault> {
    let mut depth = 0_u32;
    for tag in text.split('<').skip(1) {
        let body = tag.split('>').next().unwrap_or_default();
        if body.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !body.ends_with('/') && !body.starts_with(['!', '?']) {
            depth += 1;
        }
        if 4 * DEPTH_MAX < depth {
            return Err(IconFault::Depth);
        }
        if ATTRIBUTES_MAX < tag.matches('=').count() {
            return Err(IconFault::Work);
        }
    }
    Ok(())
}

/// Refuses elements that icons cannot have, and style sheets that bring links or take long.
fn check_elements(document: &Document<'_>) -> Result<(), IconFault> {
    let (mut n_elements, mut n_rules) = (0, 0);
    for node in document.descendants() {
        let name = node.tag_name().name();
        if let Some(name) = REFUSED.into_iter().find(|refused| *refused == name) {
            return Err(IconFault::Element { name });
        }
        n_elements += usize::from(node.is_element());
        let is_sheet = node.is_text() && node.parent().is_some_and(|parent| parent.has_tag_name("style"));
        let sheet = node.text().filter(|_| is_sheet).unwrap_or_default();
        n_rules += sheet.matches(['{', ',']).count();
        // Its links would be seen at no element.
        if sheet.contains("url(") {
            return Err(IconFault::External);
        }
    }
    if RULE_CHECKS_MAX < n_elements * n_rules { Err(IconFault::Work) } else { Ok(()) }
}

/// What an element comes to, with all its children and links.
#[derive(Clone, Copy, Debug)]
enum Measure {
    /// Stands on the way from the root to the element at hand.
    Open,
    /// Is measured, and so is all below it.
    Done { depth: u32, elements: u64 },
}

/// Measures depth and number of elements with all links followed, by a walk with a stack of its own.
fn measure(document: &Document<'_>) -> Result<(), IconFault> {
    let with_ids = document.descendants().filter_map(|node| Some((node.attribute("id")?, node)));
    let ids: HashMap<&str, Node<'_, '_>> = with_ids.collect();
    let mut measures: HashMap<usize, Measure> = HashMap::new();
    let mut way = vec![document.root_element()];
    while let Some(node) = way.last().copied() {
        let id = node.id().get_usize();
        if let Some(Measure::Done { .. }) = measures.get(&id) {
            way.pop();
            continue;
        }
        measures.insert(id, Measure::Open);
        let (mut depth, mut elements) = (1, 1_u64);
        for next in following(node, &ids)? {
            match measures.get(&next.id().get_usize()) {
                None => way.push(next),
                Some(Measure::Done { depth: below, elements: more }) => {
                    depth = depth.max(below + 1);
                    elements = elements.saturating_add(*more);
                }
                Some(Measure::Open) => {
                    let id = next.attribute("id").unwrap_or_default().chars().take(ID_CHARS_MAX).collect();
                    return Err(IconFault::Cycle { id });
                }
            }
        }
        if DEPTH_MAX < depth {
            return Err(IconFault::Depth);
        }
        if ELEMENTS_MAX < elements {
            return Err(IconFault::Elements);
        }
        if way.last() == Some(&node) {
            measures.insert(id, Measure::Done { depth, elements });
        }
    }
    Ok(())
}

/// Returns the children of an element and the elements that it links to.
fn following<'d, 'i>(
    node: Node<'d, 'i>,
    ids: &HashMap<&str, Node<'d, 'i>>,
) -> Result<Vec<Node<'d, 'i>>, IconFault> {
    let mut found: Vec<Node<'d, 'i>> = node.children().filter(Node::is_element).collect();
    for attribute in node.attributes() {
        let value = attribute.value();
        if attribute.name() == "href" && !node.has_tag_name("a") {
            let id = value.trim().strip_prefix('#').ok_or(IconFault::External)?;
            found.extend(ids.get(id));
        }
        for part in value.split("url(").skip(1) {
            let link = part.split(')').next().unwrap_or_default().trim_matches([' ', '"', '\'']);
            let id = link.strip_prefix('#').ok_or(IconFault::External)?;
            found.extend(ids.get(id));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an icon of 8 by 8 units with this inside; compares what is wrong with it, or its size.
    fn check(inside: &str, expected: &str) {
        check_file(
            &format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8">{inside}</svg>"#),
            expected,
        );
    }

    fn check_file(file: &str, expected: &str) {
        let found = match read(file.as_bytes()) {
            Ok((_, [width, height])) => format!("{width} by {height}"),
            Err(fault) => fault.to_string(),
        };
        let (shown, _) = file.split_at(file.floor_char_boundary(500));
        assert_eq!(found, expected, "{shown}");
    }

    fn joined(numbers: std::ops::Range<usize>, part: impl Fn(usize) -> String) -> String {
        numbers.map(part).collect::<Vec<_>>().concat()
    }

    /// Wraps `inside` in so many groups.
    fn nested(levels: usize, inside: &str) -> String {
        "<g>".repeat(levels) + inside + &"</g>".repeat(levels)
    }

    #[test]
    fn drawings_are_read() {
        check("", "8 by 8");
        check(
            r#"<defs><linearGradient id="a"><stop/></linearGradient></defs><path d="M0 0h4" fill="url(#a)"/>"#,
            "8 by 8",
        );
        check(r##"<g id="a"><path d="M1 1h2v2z"/></g><use href="#a" x="3"/>"##, "8 by 8");
        check("<style>path { fill: red }</style><title>A text</title>", "8 by 8");
        check(&nested(60, ""), "8 by 8");
        check_file(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 15.2 12"/>"#, "16 by 12");
        check_file(
            "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\
             <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"2\"/>",
            "1 by 2",
        );
    }

    #[test]
    fn what_is_no_drawing_is_refused() {
        check_file("", "it is no SVG: the document does not have a root node");
        check_file("<html/>", "it is no SVG: its outermost element is `html`");
        check_file(&" ".repeat(ICON_BYTES_MAX), "it has 400000 bytes, expected fewer than 400000");
        check_file(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="513" height="1"/>"#,
            "it is 513 by 1 units, expected 1 to 512 each way",
        );
        check_file(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="1e9" height="1e9"/>"#,
            "it is 1000000000 by 1000000000 units, expected 1 to 512 each way",
        );
    }

    #[test]
    fn entities_are_refused() {
        let laughs = joined(1..10, |n| format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10)));
        check_file(
            &format!("<!DOCTYPE svg [<!ENTITY a0 \"ha\">{laughs}]><svg>&a9;</svg>"),
            "it declares entities",
        );
        check_file(
            "<!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><svg>&a;</svg>",
            "it declares entities",
        );
    }

    #[test]
    fn what_reaches_beyond_the_file_is_refused() {
        check(r#"<use href="other.svg#a"/>"#, "it refers to another file");
        check(r#"<path fill="url(http://example.org/a.svg#b)"/>"#, "it refers to another file");
        check("<style>path { fill: url(#a) }</style>", "it refers to another file");
        check(
            r#"<image href="a.png"/>"#,
            "it has an element `image`, which icons cannot have; draw it with paths",
        );
        check("<text>a</text>", "it has an element `text`, which icons cannot have; draw it with paths");
        check("<filter/>", "it has an element `filter`, which icons cannot have; draw it with paths");
    }

    #[test]
    fn elements_that_use_themselves_are_refused() {
        check(r##"<use id="a" href="#a"/>"##, "element `a` refers to itself");
        check(
            r##"<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>"##,
            "element `b` refers to itself",
        );
        check(r#"<clipPath id="a" clip-path="url(#a)"/>"#, "element `a` refers to itself");
    }

    #[test]
    fn deep_drawings_are_refused() {
        check(&nested(65, ""), "its elements are nested deeper than 64 levels");
        check(&nested(40_000, ""), "its elements are nested deeper than 64 levels");
        let masks = joined(0..100, |n| format!(r#"<mask id="m{n}" mask="url(#m{})"/>"#, n + 1));
        check(&masks, "its elements are nested deeper than 64 levels");
    }

    #[test]
    fn uses_of_uses_are_refused() {
        let uses = joined(1..9, |n| {
            let use_ = format!(r##"<use href="#a{}"/>"##, n - 1);
            format!(r#"<g id="a{n}">{}</g>"#, use_.repeat(10))
        });
        check(&format!(r#"<g id="a0"><path d="M0 0h1v1z"/></g>{uses}"#), "it draws more than 20000 elements");
    }

    #[test]
    fn heavy_drawings_are_refused() {
        let zigzag = joined(0..20_000, |n| format!("L{} {}", n % 512, n % 2 * 512));
        let file = |inside: &str| {
            format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512">{inside}</svg>"#)
        };
        check_file(&file(&format!(r#"<path d="M0 0{zigzag}"/>"#)), "drawing it takes too much work");
        let crowd = joined(0..20_000, |n| format!("L{} {}", n % 512, n % 2 * 20));
        check_file(&file(&format!(r#"<path d="M0 0{crowd}"/>"#)), "drawing it takes too much work");
        let wide = joined(0..3000, |n| format!("L{} {}", n % 50, n % 2));
        check_file(
            &file(&format!(r#"<path d="M0 0{wide}" stroke="red" stroke-width="300"/>"#)),
            "drawing it takes too much work",
        );
        let attributes = joined(0..600, |n| format!(r#" a{n}="""#));
        check_file(&file(&format!("<path{attributes}/>")), "drawing it takes too much work");
        let rules = joined(0..2000, |n| format!(".a{n}{{fill:red}}"));
        let elements = "<g/>".repeat(2000);
        check_file(&file(&format!("<style>{rules}</style>{elements}")), "drawing it takes too much work");
        check_file(&file(r#"<path d="M0 0h9V-31111111111111z"/>"#), "drawing it takes too much work");
        let dashes = r#"<path d="M0 0H500" stroke="red" stroke-dasharray="0.0001"/>"#;
        check_file(&file(dashes), "drawing it takes too much work");
        check_file(
            &file(&r#"<path d="M0 0h512v512h-512z"/>"#.repeat(5000)),
            "drawing it takes too much work",
        );
        let layers = |levels: usize| {
            let open = r#"<g opacity="0.5">"#.repeat(levels);
            format!("{open}<path d=\"M0 0h512v512h-512z\"/>{}", "</g>".repeat(levels))
        };
        check_file(&file(&layers(4)), "512 by 512");
        check_file(&file(&layers(40)), "drawing it takes too much work");
    }
}
