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

/// A heading that links to itself, so that its address can be copied. `inner` is HTML without links.
pub(super) fn heading(level: u8, id: &str, inner: &str) -> String {
    format!("<h{level} id=\"{id}\"><a class=\"anchor\" href=\"#{id}\">{inner}</a></h{level}>")
}

/// A block of code with its language; it can be scrolled by keyboard.
pub(super) fn code(label: &str, text: &str) -> String {
    figure(&escape(label), text)
}

/// A file of `docs/samples/` with a way to have it.
pub(super) fn sample(name: &str, text: &str) -> String {
    let name = escape(name);
    figure(&format!("<span>{name}</span><a href=\"/docs/samples/{name}\" download>Download</a>"), text)
}

fn figure(caption: &str, text: &str) -> String {
    let text = escape(text.trim_end());
    format!(
        "<figure class=\"code\"><figcaption>{caption}</figcaption><pre tabindex=\"0\"><code>{text}</code></pre></figure>"
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

/// The text of HTML without its tags and without blocks of code.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let end = if rest[start..].starts_with("<pre") { "</pre>" } else { ">" };
        let Some(length) = rest[start..].find(end) else { return text };
        rest = &rest[start + length + end.len()..];
        text.push(' ');
    }
    text.push_str(rest);
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        text = text.replace(entity, character);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_neither_tags_nor_code() {
        let html =
            "<h2 id=\"a\">A &amp; B</h2><p>one\n<code>two</code></p><figure><pre x><code>no</code></pre></figure>end";
        assert_eq!(plain(html), "A & B one two end");
    }
}
