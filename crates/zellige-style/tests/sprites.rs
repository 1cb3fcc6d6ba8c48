//! Sprites of real icons, read back by another reader of images.

use serde_json::Value as Json;
use zellige_style::sprite::{Icon, Sheet, SpriteError, sprite};

/// Reads the icons of the style that lies beside the tests.
fn icons() -> Vec<Icon> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/style/icons");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it is read").path())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("names are text");
        Icon::read(name, &std::fs::read(path).expect("it is read")).expect("the icon is sound")
    };
    paths.iter().map(read).collect()
}

/// Compares an index with its image: all places inside, none overlapping, none empty; returns the names.
fn check(sheet: &Sheet, ratio: u64) -> Vec<String> {
    let decoder = png::Decoder::new(std::io::Cursor::new(&sheet.image));
    let mut reader = decoder.read_info().expect("the image has a header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("the image is small")];
    let info = reader.next_frame(&mut pixels).expect("the image is whole");
    let (width, height) = (u64::from(info.width), u64::from(info.height));
    assert_eq!(info.color_type, png::ColorType::Rgba);
    let index: Json = serde_json::from_str(&sheet.index).expect("the index is JSON");
    let mut owners = vec![0; (width * height) as usize];
    let places = index.as_object().expect("the index is an object");
    for (name, place) in places {
        let number = |key: &str| place[key].as_u64().expect("all members are numbers");
        assert_eq!(number("pixelRatio"), ratio);
        let (x, y) = (number("x"), number("y"));
        assert!(x + number("width") <= width && y + number("height") <= height, "{name}");
        let mut alpha = 0;
        for row in y..y + number("height") {
            for column in x..x + number("width") {
                let pixel = (row * width + column) as usize;
                owners[pixel] += 1;
                alpha += u64::from(pixels[4 * pixel + 3]);
            }
        }
        assert!(alpha > 0, "{name} is empty");
    }
    assert!(owners.iter().all(|owners| *owners < 2));
    places.keys().cloned().collect()
}

#[test]
fn icons_stand_where_the_index_says() {
    let icons = icons();
    let made = sprite(&icons).unwrap();
    let names: Vec<&str> = icons.iter().map(Icon::name).collect();
    assert_eq!(check(&made.single, 1), names);
    assert_eq!(check(&made.double, 2), names);
}

#[test]
fn the_order_of_icons_does_not_matter() {
    let mut turned = icons();
    turned.reverse();
    assert_eq!(sprite(&turned), sprite(&icons()));
}

#[test]
fn a_sprite_without_icons_has_its_files() {
    let made = sprite(&[]).unwrap();
    assert_eq!((made.single.index.as_str(), made.double.index.as_str()), ("{}", "{}"));
    assert_eq!(check(&made.single, 1), Vec::<String>::new());
    assert_eq!(check(&made.double, 2), Vec::<String>::new());
}

#[test]
fn limits_of_sprites_are_told() {
    let svg =
        |side: u32| format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}"/>"#);
    let many = |count: usize, side: u32| -> Vec<Icon> {
        (0..count).map(|n| Icon::read(&n.to_string(), svg(side).as_bytes()).expect("it is sound")).collect()
    };
    assert!(sprite(&many(1000, 1)).is_ok());
    assert_eq!(sprite(&many(1001, 1)), Err(SpriteError::Count { count: 1001 }));
    assert_eq!(sprite(&many(64, 512)), Err(SpriteError::Pixels { pixels: 64 << 20 }));
    let twins = ["a", "a"].map(|name| Icon::read(name, svg(1).as_bytes()).expect("it is sound"));
    assert_eq!(sprite(&twins), Err(SpriteError::Twice { name: "a".to_owned() }));
    for (name, is_fine) in
        [("", false), ("ä b", true), ("a\n", false), (&"x".repeat(254), true), (&"x".repeat(255), false)]
    {
        assert_eq!(Icon::read(name, svg(1).as_bytes()).is_ok(), is_fine, "{name}");
    }
}

#[test]
fn icons_of_the_style_are_all_there() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/style/style.json");
    let style = zellige_style::parse(&std::fs::read(path).unwrap()).unwrap();
    let icons = icons();
    let names: Vec<&str> = icons.iter().map(Icon::name).collect();
    let images = style.images();
    assert_eq!(images.open_layers, Vec::<String>::new());
    for name in &images.names {
        assert!(names.contains(&name.as_str()), "{name}");
    }
    for name in names {
        assert!(images.names.iter().any(|used| used == name), "{name}");
    }
    assert_eq!(style.fonts().stacks, [["Open Sans Regular"]]);
}
