//! Small pieces of HTML.

/// Text as it stands between tags and in attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// What a heading is linked by.
pub(super) fn slug(heading: &str) -> String {
    let words = heading.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// A block of code with its language or file name; it can be scrolled by keyboard.
pub(super) fn code(label: &str, text: &str) -> String {
    let (label, text) = (escape(label), escape(text.trim_end()));
    format!(
        "<figure class=\"code\"><figcaption>{label}</figcaption><pre tabindex=\"0\"><code>{text}</code></pre></figure>"
    )
}

/// A table that scrolls by itself where it does not fit.
pub(super) fn table(label: &str, head: &[&str], rows: &str) -> String {
    let head = format!("<th scope=\"col\">{}</th>", head.join("</th><th scope=\"col\">"));
    let label = escape(label);
    format!(
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><table><thead><tr>{head}</tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    )
}
