//! The few elements that are read of answers in XML: elements with text and no attributes.

/// The texts of all elements with this name, in their order.
pub(super) fn all(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let texts = xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close));
    texts.map(|(text, _)| unescaped(text)).collect()
}

/// The text of the first element with this name.
pub(super) fn first(xml: &str, name: &str) -> Option<String> {
    all(xml, name).into_iter().next()
}

/// `&amp;` last, or `&amp;lt;` would become `<`.
fn unescaped(text: &str) -> String {
    let plain = text.replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'").replace("&#34;", "\"");
    plain.replace("&lt;", "<").replace("&gt;", ">").replace("&#xD;", "\r").replace("&#xA;", "\n").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_were_written() {
        let xml = "<A><B>1</B><C>x &amp;lt; &quot;y&quot;</C><B></B><BB>3</BB></A>";
        assert_eq!(all(xml, "B"), ["1", ""]);
        assert_eq!(first(xml, "C").unwrap(), "x &lt; \"y\"");
        assert_eq!(first(xml, "D"), None);
    }
}
