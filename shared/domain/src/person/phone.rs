//! Phone numbers: whether two of them are the same, and where a text has one.

use std::ops::Range;

/// Fewer digits are nobody's own number.
const FEWEST_DIGITS: usize = 7;
/// A number without its country has at least as many digits, and is compared with the end of one that has it.
const FEWEST_NATIONAL: usize = 8;
/// A country code has at most as many digits.
const LONGEST_COUNTRY: usize = 3;
/// A number has at most as many characters, its extension included.
const LONGEST: usize = 40;
/// How an extension begins, the longest first.
const EXTENSIONS: [&str; 4] = ["ext.", "ext", "x", "#"];
/// An extension has at most as many digits.
const LONGEST_EXTENSION: usize = 6;

/// A phone number, however it is written. With another extension, or without one, it is another number.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Phone {
    /// Without what is dialled before it, such as `00` or `0`.
    digits: String,
    /// Whether the digits begin with the country's.
    has_country: bool,
    extension: String,
}

impl Phone {
    /// `None` for a text that is no phone number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let number_end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        let (number, rest) = text.split_at(number_end);
        let extension = if rest.is_empty() { "" } else { extension(rest).filter(|(_, end)| *end == rest.len())?.0 };
        // `+44 (0)20 ...`: the zero is dialled within the country only.
        let digits: String = number.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
        if digits.len() < FEWEST_DIGITS {
            return None;
        }
        Some(Self {
            has_country: number.starts_with('+') || digits.starts_with("00"),
            digits: digits.trim_start_matches('0').to_owned(),
            extension: extension.to_owned(),
        })
    }

    /// Whether both are the same number, of which one may lack its country.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let (short, long) = if self.digits.len() <= other.digits.len() { (self, other) } else { (other, self) };
        let is_national = !short.has_country
            && short.digits.len() >= FEWEST_NATIONAL
            && long.digits.len() - short.digits.len() <= LONGEST_COUNTRY;
        self.extension == other.extension
            && (short.digits == long.digits || (is_national && long.digits.ends_with(&short.digits)))
    }

    /// Where a text has the number from a position on, and not as a part of a longer one.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<Range<usize>> {
        let starts =
            text.char_indices().filter(|(start, c)| *start >= from && (c.is_ascii_digit() || "+(".contains(*c)));
        starts.filter(|(start, _)| !ends_in_word(&text[..*start])).find_map(|(start, _)| {
            let here = ends(&text[start..])
                .filter(|end| Self::parse(&text[start..start + end]).is_some_and(|found| self.is_same(&found)));
            here.max().map(|end| start..start + end)
        })
    }
}

/// Where a number that begins with the text may end.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    let number = text.char_indices().take_while(|(_, c)| is_part(*c)).take(LONGEST);
    number.filter(|(_, c)| c.is_ascii_digit()).filter_map(|(at, _)| {
        let (end, rest) = (at + 1, &text[at + 1..]);
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        match extension(&rest[blanks..]) {
            Some((_, length)) => Some(end + blanks + length),
            None => (!begins_with_word(rest)).then_some(end),
        }
    })
}

/// The digits of the extension that a text begins with, and where it ends.
fn extension(text: &str) -> Option<(&str, usize)> {
    let word =
        EXTENSIONS.iter().find(|word| text.get(..word.len()).is_some_and(|own| own.eq_ignore_ascii_case(word)))?;
    let rest = text[word.len()..].trim_start_matches(' ');
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let is_whole = !begins_with_word(&rest[length..]);
    ((1..=LONGEST_EXTENSION).contains(&length) && is_whole).then(|| (&rest[..length], text.len() - rest.len() + length))
}

fn is_part(c: char) -> bool {
    c.is_ascii_digit() || "+ -./()\u{a0}".contains(c)
}

fn begins_with_word(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphanumeric() || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written_and_with_its_country_or_not() {
        for (one, other) in [
            ("+1 512 555 0147", "5125550147"),
            ("+1 512 555 0147", "(512) 555-0147"),
            ("+1 512 555 0147", "001 512.555.0147"),
            ("+44 20 7946 0958", "020 7946 0958"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("555-0147", "555 0147"),
            ("512-555-0188 x12", "+1 512 555 0188 Ext. 12"),
        ] {
            assert!(phone(one).is_same(&phone(other)) && phone(other).is_same(&phone(one)), "{one} {other}");
        }
        for (one, other) in [
            ("+1 512 555 0147", "+52 512 555 0147"),
            ("+1 512 555 0147", "512 555 0148"),
            ("+1 512 555 0147", "555 0147"),
            ("512-555-0188 x12", "512-555-0188"),
            ("512-555-0188 x12", "512-555-0188 x13"),
            ("1234567890123456", "0123456"),
        ] {
            assert!(!phone(one).is_same(&phone(other)) && !phone(other).is_same(&phone(one)), "{one} {other}");
        }
        for none in ["", "555 014", "E-5125550147", "512 555 0147 or so", "512 555 0147 x", "ana@acme.test"] {
            assert!(Phone::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_text_has_a_number_among_others_and_as_a_whole() {
        let found = |text: &str| phone("+1 512 555 0147").find(text, 0).map(|place| text[place].to_owned());
        for (text, number) in [
            ("call 512-555-0147.", "512-555-0147"),
            ("2025-11-03 (512) 555-0147 2025", "(512) 555-0147"),
            ("ü+1 512 555 0147", "512 555 0147"),
            ("ü: +1 512 555 0147, or", "+1 512 555 0147"),
            ("PO5125550147", ""),
            ("51255501470", ""),
            ("512 555 0147 x12", ""),
            ("512 555 0147xyz", ""),
        ] {
            assert_eq!(found(text), (!number.is_empty()).then(|| number.to_owned()), "{text}");
        }
        assert_eq!(phone("512 555 0188x7").find("or 512 555 0188 ext 7!", 0), Some(3..21));
    }
}
