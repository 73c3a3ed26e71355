//! Updates: `SET` with `+`, `-`, `if_not_exists` and `list_append`, `REMOVE`, and `ADD` to numbers.

use super::Stop;
use super::expression::{Given, Parsed, Path, Token, Tokens};
use super::value::{Item, Value, whole};

/// What DynamoDB counts for each character of an update's text at most, before what its placeholders stand for: some 90
/// bytes for `a=b-c,`.
const CHARGE: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Update {
    set: Vec<(Path, Expression)>,
    remove: Vec<Path>,
    add: Vec<(Path, String)>,
}

#[derive(Debug)]
enum Expression {
    Term(Term),
    Sum(Term, Term),
    Difference(Term, Term),
}

#[derive(Debug)]
enum Term {
    Path(Path),
    Value(String),
    IfNotExists(Path, Box<Term>),
    ListAppend(Box<Term>, Box<Term>),
}

impl Update {
    pub(super) fn parse(tokens: &mut Tokens<'_>) -> Option<Self> {
        let mut update = Self::default();
        while let Some(Token::Word(clause)) = tokens.peek(0) {
            tokens.next();
            match clause {
                "SET" if update.set.is_empty() => update.set = tokens.list(set)?,
                "REMOVE" if update.remove.is_empty() => update.remove = tokens.list(Tokens::path)?,
                "ADD" if update.add.is_empty() => update.add = tokens.list(add)?,
                _ => return None,
            }
        }
        Some(update)
    }

    /// The paths that it changes.
    fn targets(&self) -> impl Iterator<Item = &Path> {
        self.set.iter().map(|(path, _)| path).chain(&self.remove).chain(self.add.iter().map(|(path, _)| path))
    }

    /// Whether it may be carried out with these values whatever the item holds: no path lies within another or in a key,
    /// and operands have a type that fits.
    pub(super) fn check(&self, given: Given<'_>, keys: &[String]) -> Result<(), Stop> {
        let mut paths = self.targets().map(|path| path.resolved(given)).collect::<Result<Vec<_>, _>>()?;
        paths.sort_unstable();
        // What begins with a path follows it at once in this order.
        let overlap = paths.windows(2).any(|pair| pair[1].starts_with(&pair[0]));
        let changes_key = paths.iter().any(|path| path.first().is_some_and(|name| keys.iter().any(|key| key == name)));
        if overlap || changes_key {
            return Err(Stop::Leave);
        }
        self.set.iter().try_for_each(|(_, expression)| expression.check(given))?;
        self.add.iter().try_for_each(|(_, value)| number(given.value(value)?).map(drop))
    }

    /// The item after the update, of which every part sees the item before it.
    pub(super) fn apply(&self, mut item: Item, given: Given<'_>) -> Result<Item, Stop> {
        let mut new = Vec::with_capacity(self.set.len() + self.add.len());
        for (path, expression) in &self.set {
            new.push((path, expression.value(&item, given)?));
        }
        for (path, by) in &self.add {
            let by = number(given.value(by)?)?;
            let sum = path.find(&item, given)?.map_or(Ok(by), |value| number(value).map(|number| number + by))?;
            new.push((path, Value::N(sum.to_string())));
        }
        for (path, value) in new {
            let (map, name) = place(&mut item, path, given)?;
            map.insert(name.to_owned(), value);
        }
        for path in &self.remove {
            let (map, name) = place(&mut item, path, given)?;
            map.remove(name);
        }
        Ok(item)
    }

    /// The changed attributes of the new item, if none of them lies in a map.
    pub(super) fn changed(&self, item: &Item, given: Given<'_>) -> Result<Item, Stop> {
        let mut changed = Item::new();
        for path in self.targets() {
            let [name] = path.resolved(given)?[..] else { return Err(Stop::Leave) };
            changed.extend(item.get_key_value(name).map(|(name, value)| (name.clone(), value.clone())));
        }
        Ok(changed)
    }
}

impl Parsed<Update> {
    /// At least what DynamoDB counts for an update by itself, which has the limit of an item.
    pub(super) fn charge(&self, given: Given<'_>) -> usize {
        let values = self.references.values.iter().filter_map(|value| given.values.get(value)).map(Value::size);
        let names = self.references.names.iter().filter_map(|name| given.names.get(name)).map(String::len);
        CHARGE * self.length + values.chain(names).sum::<usize>()
    }
}

/// The map in which this path ends, and the name in it.
fn place<'i, 'p>(item: &'i mut Item, path: &'p Path, given: Given<'p>) -> Result<(&'i mut Item, &'p str), Stop> {
    let path = path.resolved(given)?;
    let (name, outer) = path.split_last().ok_or(Stop::Leave)?;
    let mut map = item;
    for step in outer {
        let Some(Value::M(inner)) = map.get_mut(*step) else { return Err(Stop::Leave) };
        map = inner;
    }
    Ok((map, *name))
}

fn set(tokens: &mut Tokens<'_>) -> Option<(Path, Expression)> {
    let path = tokens.path()?;
    tokens.expect("=")?;
    let left = Term::parse(tokens)?;
    let expression = if tokens.eat(Token::Sign("+")) {
        Expression::Sum(left, Term::parse(tokens)?)
    } else if tokens.eat(Token::Sign("-")) {
        Expression::Difference(left, Term::parse(tokens)?)
    } else {
        Expression::Term(left)
    };
    Some((path, expression))
}

fn add(tokens: &mut Tokens<'_>) -> Option<(Path, String)> {
    Some((tokens.path()?, tokens.value()?))
}

impl Expression {
    fn check(&self, given: Given<'_>) -> Result<(), Stop> {
        match self {
            Self::Term(term) => term.check(given),
            Self::Sum(left, right) | Self::Difference(left, right) => [left, right].into_iter().try_for_each(|term| {
                if let Term::Value(value) = term {
                    number(given.value(value)?)?;
                }
                term.check(given)
            }),
        }
    }

    fn value(&self, item: &Item, given: Given<'_>) -> Result<Value, Stop> {
        let number = |term: &Term| number(&term.value(item, given)?);
        Ok(match self {
            Self::Term(term) => return term.value(item, given),
            Self::Sum(left, right) => Value::N((number(left)? + number(right)?).to_string()),
            Self::Difference(left, right) => Value::N((number(left)? - number(right)?).to_string()),
        })
    }
}

impl Term {
    fn parse(tokens: &mut Tokens<'_>) -> Option<Self> {
        if let Some(Token::Value(_)) = tokens.peek(0) {
            return tokens.value().map(Self::Value);
        }
        let term = match tokens.call() {
            None => return tokens.path().map(Self::Path),
            Some("if_not_exists") => {
                let path = tokens.path()?;
                tokens.expect(",")?;
                Self::IfNotExists(path, Box::new(Self::parse(tokens)?))
            }
            Some("list_append") => {
                let first = Self::parse(tokens)?;
                tokens.expect(",")?;
                Self::ListAppend(Box::new(first), Box::new(Self::parse(tokens)?))
            }
            Some(_) => return None,
        };
        tokens.expect(")").map(|()| term)
    }

    fn check(&self, given: Given<'_>) -> Result<(), Stop> {
        match self {
            Self::Path(_) | Self::Value(_) => Ok(()),
            Self::IfNotExists(_, other) => other.check(given),
            Self::ListAppend(first, second) => [first, second].into_iter().try_for_each(|term| match &**term {
                Self::Value(value) => matches!(given.value(value)?, Value::L(_)).then_some(()).ok_or(Stop::Leave),
                term => term.check(given),
            }),
        }
    }

    fn value(&self, item: &Item, given: Given<'_>) -> Result<Value, Stop> {
        match self {
            Self::Path(path) => path.find(item, given)?.cloned().ok_or(Stop::Leave),
            Self::Value(value) => given.value(value).cloned(),
            Self::IfNotExists(path, other) => {
                path.find(item, given)?.map_or_else(|| other.value(item, given), |value| Ok(value.clone()))
            }
            Self::ListAppend(first, second) => match (first.value(item, given)?, second.value(item, given)?) {
                (Value::L(mut list), Value::L(more)) => {
                    list.extend(more);
                    Ok(Value::L(list))
                }
                _ => Err(Stop::Leave),
            },
        }
    }
}

fn number(value: &Value) -> Result<i64, Stop> {
    if let Value::N(number) = value { whole(number).ok_or(Stop::Leave) } else { Err(Stop::Leave) }
}
