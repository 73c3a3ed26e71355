//! A page by its headings.

use super::html::plain;

/// What stands under one heading, up to the next of the second or third order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section<'a> {
    /// 2 or 3; 1 for what comes before the first of them, the title of the page included.
    pub(super) level: u8,
    /// What the heading is linked by; empty for the first section.
    pub(super) id: &'a str,
    /// The heading as text; empty for the first section.
    pub(super) title: String,
    /// The HTML after the heading.
    pub(super) body: &'a str,
}

/// The sections of a page, in their order. There is always a first one.
pub(super) fn sections(body: &str) -> Vec<Section<'_>> {
    let found = [(2, "<h2 id=\""), (3, "<h3 id=\"")];
    let mut starts: Vec<(usize, u8)> =
        found.iter().flat_map(|(level, tag)| body.match_indices(tag).map(move |(at, _)| (at, *level))).collect();
    starts.push((0, 1));
    starts.sort_unstable();
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([body.len()]);
    starts.iter().zip(ends).filter_map(|((start, level), end)| section(*level, &body[*start..end])).collect()
}

fn section(level: u8, html: &str) -> Option<Section<'_>> {
    if level == 1 {
        return Some(Section { level, id: "", title: String::new(), body: html });
    }
    let (id, rest) = html.split_once("id=\"")?.1.split_once('"')?;
    let (title, rest) = rest.split_once('>')?.1.split_once("</h")?;
    Some(Section { level, id, title: plain(title), body: rest.split_once('>')?.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_at_its_headings() {
        let body = "<h1>P</h1>lead<h2 id=\"a\"><a href=\"#a\">A <code>b</code></a></h2>one<h3 id=\"c\">C</h3>two";
        let all: Vec<_> = sections(body).into_iter().map(|s| (s.level, s.id, s.title, s.body)).collect();
        let expected = [(1, "", "", "<h1>P</h1>lead"), (2, "a", "A b", "one"), (3, "c", "C", "two")]
            .map(|(level, id, title, body)| (level, id, title.to_owned(), body));
        assert_eq!(all, expected);
        assert_eq!(sections("<p>none</p>").len(), 1);
    }
}
