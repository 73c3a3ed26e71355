//! What conditions and updates have in common: tokens, document paths, and the parsed expressions by their text.

use std::collections::HashMap;
use std::sync::Arc;

use super::Stop;
use super::value::{Item, Value};

/// How many texts are kept. There are far fewer, unless somebody writes values into them.
const KEPT: usize = 1_000;
/// How long a text may be, as in DynamoDB.
const LONGEST: usize = 4_096;
/// How many brackets it may open, since each may be a call of a function here.
const BRACKETS: usize = 100;

/// The names and values that a request gives for the placeholders of its expressions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) names: &'a HashMap<String, String>,
    pub(super) values: &'a HashMap<String, Value>,
}

impl<'a> Given<'a> {
    fn name(self, step: &'a str) -> Result<&'a str, Stop> {
        if step.starts_with('#') { self.names.get(step).map(String::as_str).ok_or(Stop::Leave) } else { Ok(step) }
    }

    /// The value of a placeholder.
    pub(super) fn value(self, placeholder: &str) -> Result<&'a Value, Stop> {
        self.values.get(placeholder).ok_or(Stop::Leave)
    }
}

/// A document path of attribute names, or placeholders of names. List indexes are left to `dynoxide`.
#[derive(Debug, PartialEq)]
pub(super) struct Path(Vec<String>);

impl Path {
    /// The path with its placeholders replaced.
    pub(super) fn resolved<'a>(&'a self, given: Given<'a>) -> Result<Vec<&'a str>, Stop> {
        self.0.iter().map(|step| given.name(step)).collect()
    }

    /// What lies there.
    pub(super) fn find<'i>(&self, item: &'i Item, given: Given<'_>) -> Result<Option<&'i Value>, Stop> {
        let mut within = Some(item);
        let mut found = None;
        for step in &self.0 {
            let name = given.name(step)?;
            found = within.and_then(|map| map.get(name));
            within = if let Some(Value::M(map)) = found { Some(map) } else { None };
        }
        Ok(found)
    }
}

/// A part of an expression's text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    /// A name, keyword or function.
    Word(&'a str),
    /// `#name`
    Name(&'a str),
    /// `:value`
    Value(&'a str),
    /// An operator, a bracket, a comma or a dot.
    Sign(&'a str),
}

/// Reads an expression from left to right. `None` anywhere means that it is left to `dynoxide`.
pub(super) struct Tokens<'a> {
    all: Vec<Token<'a>>,
    at: usize,
    references: References,
}

/// The placeholders of an expression, each as often as it occurs.
#[derive(Debug, Default)]
pub(super) struct References {
    pub(super) names: Vec<String>,
    pub(super) values: Vec<String>,
}

/// An expression that this module understands.
#[derive(Debug)]
pub(super) struct Parsed<T> {
    pub(super) expression: T,
    pub(super) references: References,
    /// The length of its text.
    pub(super) length: usize,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Option<Self> {
        let (mut all, mut rest) = (Vec::new(), text.trim_start());
        while !rest.is_empty() {
            let (token, length) = first(rest)?;
            all.push(token);
            rest = rest.get(length..)?.trim_start();
        }
        let brackets = all.iter().filter(|token| **token == Token::Sign("(")).count();
        (brackets <= BRACKETS).then(|| Self { all, at: 0, references: References::default() })
    }

    /// The token after the next, if `ahead` is 1.
    pub(super) fn peek(&self, ahead: usize) -> Option<Token<'a>> {
        self.all.get(self.at + ahead).copied()
    }

    /// The next token, which is used up.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        self.at += 1;
        self.all.get(self.at - 1).copied()
    }

    /// Uses up the next token if it is this one.
    pub(super) fn eat(&mut self, token: Token<'_>) -> bool {
        let is_next = self.peek(0) == Some(token);
        self.at += usize::from(is_next);
        is_next
    }

    /// Uses up this sign.
    pub(super) fn expect(&mut self, sign: &str) -> Option<()> {
        self.eat(Token::Sign(sign)).then_some(())
    }

    /// The function whose call begins here, behind its opening bracket.
    pub(super) fn call(&mut self) -> Option<&'a str> {
        let (Some(Token::Word(function)), Some(Token::Sign("("))) = (self.peek(0), self.peek(1)) else { return None };
        self.at += 2;
        Some(function)
    }

    pub(super) fn path(&mut self) -> Option<Path> {
        let mut steps = vec![self.step()?];
        while self.eat(Token::Sign(".")) {
            steps.push(self.step()?);
        }
        Some(Path(steps))
    }

    fn step(&mut self) -> Option<String> {
        match self.next()? {
            Token::Word(word) if !is_keyword(word) => Some(word.to_owned()),
            Token::Name(name) => {
                self.references.names.push(name.to_owned());
                Some(name.to_owned())
            }
            _ => None,
        }
    }

    /// A placeholder of a value.
    pub(super) fn value(&mut self) -> Option<String> {
        let Some(Token::Value(value)) = self.next() else { return None };
        self.references.values.push(value.to_owned());
        Some(value.to_owned())
    }

    /// One part, and those that follow it after commas.
    pub(super) fn list<T>(&mut self, part: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut parts = vec![part(self)?];
        while self.eat(Token::Sign(",")) {
            parts.push(part(self)?);
        }
        Some(parts)
    }
}

/// Keywords in any case, as `dynoxide` reads them.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 10] = ["AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE", "SIZE"];
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// The first token of a text that does not begin with white space, and its length.
fn first(text: &str) -> Option<(Token<'_>, usize)> {
    const SIGNS: [&str; 12] = ["<>", "<=", ">=", "<", ">", "=", "(", ")", ",", ".", "+", "-"];
    let word = |from: usize| text.bytes().skip(from).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    match text.bytes().next()? {
        sigil @ (b'#' | b':') => {
            let length = 1 + word(1).count();
            let token = text.get(..length).filter(|_| length > 1)?;
            Some((if sigil == b'#' { Token::Name(token) } else { Token::Value(token) }, length))
        }
        byte if byte.is_ascii_alphabetic() || byte == b'_' => {
            let length = word(0).count();
            text.get(..length).map(|token| (Token::Word(token), length))
        }
        _ => {
            let sign = SIGNS.into_iter().find(|sign| text.starts_with(sign))?;
            Some((Token::Sign(sign), sign.len()))
        }
    }
}

/// Parsed expressions by their text.
///
/// A text is used only after `dynoxide` has accepted a request with it, so that it is `dynoxide` which refuses reserved
/// words, needless brackets, and whatever else can be wrong with a text.
pub(super) struct Expressions<T> {
    known: HashMap<String, Known<T>>,
    parse: fn(&mut Tokens<'_>) -> Option<T>,
    /// What `dynoxide` is just being asked about.
    asked: Vec<String>,
}

struct Known<T> {
    parsed: Option<Arc<Parsed<T>>>,
    accepted: bool,
}

impl<T> Expressions<T> {
    pub(super) fn new(parse: fn(&mut Tokens<'_>) -> Option<T>) -> Self {
        Self { known: HashMap::new(), parse, asked: Vec::new() }
    }

    /// The expression with this text.
    pub(super) fn get(&mut self, text: &str) -> Result<Arc<Parsed<T>>, Stop> {
        if text.len() > LONGEST {
            return Err(Stop::Leave);
        }
        if !self.known.contains_key(text) {
            if self.known.len() >= KEPT {
                self.known.clear();
            }
            let parsed = self.parsed(text).map(Arc::new);
            self.known.insert(text.to_owned(), Known { parsed, accepted: false });
        }
        match self.known.get(text) {
            Some(Known { parsed: Some(parsed), accepted: true }) => Ok(Arc::clone(parsed)),
            Some(Known { parsed: Some(_), .. }) => {
                self.asked.push(text.to_owned());
                Err(Stop::Leave)
            }
            _ => Err(Stop::Leave),
        }
    }

    fn parsed(&self, text: &str) -> Option<Parsed<T>> {
        let mut tokens = Tokens::new(text)?;
        let expression = (self.parse)(&mut tokens)?;
        let is_whole = tokens.at == tokens.all.len();
        is_whole.then_some(Parsed { expression, references: tokens.references, length: text.len() })
    }

    /// Whether `dynoxide` has accepted the request that was left to it.
    pub(super) fn learn(&mut self, accepted: bool) {
        for text in self.asked.drain(..).filter(|_| accepted) {
            if let Some(known) = self.known.get_mut(&text) {
                known.accepted = true;
            }
        }
    }
}
