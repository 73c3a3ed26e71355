//! Conditions: comparisons with `=`, `<>`, `<`, `<=`, `>`, `>=` and `IN`, `attribute_exists`, `attribute_not_exists`,
//! and `AND`, `OR`, `NOT`.

use std::cmp::Ordering;

use super::Stop;
use super::expression::{Given, Path, Token, Tokens};
use super::value::{Item, Value, whole};

#[derive(Debug)]
pub(super) enum Condition {
    Compare(Operand, Comparison, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    NotExists(Path),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

#[derive(Debug)]
pub(super) enum Operand {
    Path(Path),
    Value(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    pub(super) fn parse(tokens: &mut Tokens<'_>) -> Option<Self> {
        Self::chain(tokens, "OR", |tokens| Self::chain(tokens, "AND", Self::negated, Self::All), Self::Any)
    }

    /// Parts with this word between them.
    fn chain(
        tokens: &mut Tokens<'_>,
        word: &str,
        part: fn(&mut Tokens<'_>) -> Option<Self>,
        of: fn(Vec<Self>) -> Self,
    ) -> Option<Self> {
        let mut parts = vec![part(tokens)?];
        while tokens.eat(Token::Word(word)) {
            parts.push(part(tokens)?);
        }
        if parts.len() == 1 { parts.pop() } else { Some(of(parts)) }
    }

    fn negated(tokens: &mut Tokens<'_>) -> Option<Self> {
        if tokens.eat(Token::Word("NOT")) {
            return Self::negated(tokens).map(|condition| Self::Not(Box::new(condition)));
        }
        if tokens.eat(Token::Sign("(")) {
            let condition = Self::parse(tokens)?;
            return tokens.expect(")").map(|()| condition);
        }
        match tokens.call() {
            Some("attribute_exists") => Self::of_path(tokens, Self::Exists),
            Some("attribute_not_exists") => Self::of_path(tokens, Self::NotExists),
            Some(_) => None,
            None => Self::comparison(tokens),
        }
    }

    fn of_path(tokens: &mut Tokens<'_>, of: fn(Path) -> Self) -> Option<Self> {
        let path = tokens.path()?;
        tokens.expect(")").map(|()| of(path))
    }

    fn comparison(tokens: &mut Tokens<'_>) -> Option<Self> {
        let left = Operand::parse(tokens)?;
        if tokens.eat(Token::Word("IN")) {
            tokens.expect("(")?;
            let values = tokens.list(Operand::parse)?;
            return tokens.expect(")").map(|()| Self::In(left, values));
        }
        let Some(Token::Sign(sign)) = tokens.next() else { return None };
        let comparison = Comparison::parse(sign)?;
        Some(Self::Compare(left, comparison, Operand::parse(tokens)?))
    }

    /// Whether it holds for this item.
    pub(super) fn holds(&self, item: &Item, given: Given<'_>) -> Result<bool, Stop> {
        match self {
            Self::Compare(left, comparison, right) => match (left.find(item, given)?, right.find(item, given)?) {
                (Some(left), Some(right)) => comparison.holds(left, right),
                _ => Ok(*comparison == Comparison::NotEqual),
            },
            Self::In(operand, values) => {
                let Some(operand) = operand.find(item, given)? else { return Ok(false) };
                any(values, |value| value.find(item, given)?.map_or(Ok(false), |value| equal(operand, value)))
            }
            Self::Exists(path) => Ok(path.find(item, given)?.is_some()),
            Self::NotExists(path) => Ok(path.find(item, given)?.is_none()),
            Self::All(parts) => any(parts, |part| part.holds(item, given).map(|holds| !holds)).map(|fails| !fails),
            Self::Any(parts) => any(parts, |part| part.holds(item, given)),
            Self::Not(condition) => condition.holds(item, given).map(|holds| !holds),
        }
    }
}

/// Whether it is true for one of these, of which no more are looked at than needed.
fn any<T>(of: &[T], is_true: impl Fn(&T) -> Result<bool, Stop>) -> Result<bool, Stop> {
    for one in of {
        if is_true(one)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Operand {
    fn parse(tokens: &mut Tokens<'_>) -> Option<Self> {
        if let Some(Token::Value(_)) = tokens.peek(0) {
            return tokens.value().map(Self::Value);
        }
        tokens.path().map(Self::Path)
    }

    fn find<'a>(&self, item: &'a Item, given: Given<'a>) -> Result<Option<&'a Value>, Stop> {
        match self {
            Self::Path(path) => path.find(item, given),
            Self::Value(placeholder) => given.value(placeholder).map(Some),
        }
    }
}

impl Comparison {
    fn parse(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "<>" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, left: &Value, right: &Value) -> Result<bool, Stop> {
        match self {
            Self::Equal => equal(left, right),
            Self::NotEqual => equal(left, right).map(|equal| !equal),
            _ => Ok(order(left, right)?.is_some_and(|order| self.allows(order))),
        }
    }

    fn allows(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The order of two strings or two numbers; other values have none.
fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, Stop> {
    match (left, right) {
        (Value::S(left), Value::S(right)) => Ok(Some(left.cmp(right))),
        (Value::N(left), Value::N(right)) => Ok(Some(number(left)?.cmp(&number(right)?))),
        (Value::B(_), Value::B(_)) => Err(Stop::Leave),
        _ => Ok(None),
    }
}

fn equal(left: &Value, right: &Value) -> Result<bool, Stop> {
    match (left, right) {
        (Value::N(left), Value::N(right)) => Ok(number(left)? == number(right)?),
        (Value::L(left), Value::L(right)) => all_equal(left.len() == right.len(), left.iter().zip(right)),
        (Value::M(left), Value::M(right)) => all_equal(left.keys().eq(right.keys()), left.values().zip(right.values())),
        (Value::Strings(_), Value::Strings(_))
        | (Value::Numbers(_), Value::Numbers(_))
        | (Value::Binaries(_), Value::Binaries(_)) => Err(Stop::Leave),
        _ => Ok(left == right),
    }
}

fn all_equal<'a>(alike: bool, mut pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Result<bool, Stop> {
    Ok(alike && pairs.try_fold(true, |so_far, (left, right)| equal(left, right).map(|equal| so_far && equal))?)
}

fn number(text: &str) -> Result<i64, Stop> {
    whole(text).ok_or(Stop::Leave)
}
