//! Recipes as people write them.
//!
//! In:     a JSON value.
//! Out:    text: objects with a member a line, arrays and small objects in one line.
//! Keeps:  the order of members.
//! Source: –

use serde_json::Value;

/// Objects of no more bytes stand in one line.
const LINE_BYTES_MAX: usize = 60;
/// Spaces of each level.
const INDENT: usize = 2;

/// Returns the text of a recipe, with a newline at its end.
#[must_use]
pub fn to_text(recipe: &Value) -> String {
    let mut out = String::new();
    push(recipe, 0, &mut out);
    out.push('\n');
    out
}

/// Appends a value; as deep as the recipe that this program wrote itself.
fn push(value: &Value, depth: usize, out: &mut String) {
    let line = one_line(value);
    match value {
        Value::Object(members) if depth < 2 || line.len() > LINE_BYTES_MAX => {
            out.push_str("{\n");
            for (idx, (key, value)) in members.iter().enumerate() {
                out.push_str(&" ".repeat(INDENT * (depth + 1)));
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push_str(": ");
                push(value, depth + 1, out);
                out.push_str(if idx + 1 < members.len() { ",\n" } else { "\n" });
            }
            out.push_str(&" ".repeat(INDENT * depth));
            out.push('}');
        }
        _ => out.push_str(&line),
    }
}

/// Returns a value in one line, with spaces behind commas and colons.
fn one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), one_line(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_laid_out_and_means_the_same() {
        let recipe = json!({"version": 1, "layers": {"a": {"source": "mapbox://tileset-source/me/a", "minzoom": 0,
            "features": {"simplification": ["case", ["<", ["zoom"], 5], 4, 1]}}}});
        let text = to_text(&recipe);
        let expected = r#"{
  "version": 1,
  "layers": {
    "a": {
      "source": "mapbox://tileset-source/me/a",
      "minzoom": 0,
      "features": {"simplification": ["case", ["<", ["zoom"], 5], 4, 1]}
    }
  }
}
"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), recipe);
    }
}
