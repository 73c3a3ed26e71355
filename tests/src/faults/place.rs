//! Names of calls, and what can go wrong with them; each is also a word that a command line takes.

use std::fmt;
use std::str::FromStr;

/// A call of AWS, named alike in every run of the same requests: `deliverer:UpdateItem:deliveries#1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The function that calls.
    pub function: String,
    /// The operation.
    pub operation: String,
    /// The tables, the queue, the topic or the key.
    pub resource: String,
    /// The how many-th call it is that the function makes of this operation on this resource, from 1 on.
    pub number: usize,
}

impl Place {
    /// Whether the call changes nothing.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(
            &*self.operation,
            "GetItem" | "BatchGetItem" | "Query" | "Scan" | "Decrypt" | "GenerateMac" | "VerifyMac" | "GenerateDataKey"
        )
    }

    /// Whether it is of several things of which a part can be left undone.
    #[must_use]
    pub fn is_batch(&self) -> bool {
        self.operation.contains("Batch")
    }

    /// Whether other writes of the same items can get into its way.
    #[must_use]
    pub fn can_conflict(&self) -> bool {
        matches!(&*self.operation, "TransactWriteItems" | "UpdateItem" | "PutItem" | "DeleteItem")
    }

    /// The same call the next time that it is made.
    #[must_use]
    pub fn following(&self) -> Self {
        Self { number: self.number + 1, ..self.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}#{}", self.function, self.operation, self.resource, self.number)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("{text} is no call like deliverer:UpdateItem:deliveries#1");
        let (call, number) = text.rsplit_once('#').ok_or_else(malformed)?;
        let [function, operation, resource] = call.split(':').collect::<Vec<_>>()[..] else { return Err(malformed()) };
        Ok(Self {
            function: function.to_owned(),
            operation: operation.to_owned(),
            resource: resource.to_owned(),
            number: number.parse().map_err(|_| malformed())?,
        })
    }
}

/// Declares an enum whose variants have words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its word on the command line.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|one| one.word() == text);
                found.copied().ok_or_else(|| format!("{text} is none of those: {}", [$($word),*].join(", ")))
            }
        }
    };
}

words! {
    /// What can go wrong with a call.
    Kind {
        /// Not carried out: the service answers that it has failed, 5xx.
        #[default]
        Refused = "refused",
        /// Not carried out: access is denied, which the SDK does not try again.
        Denied = "denied",
        /// Not carried out: the service answers that there is too much to do.
        Throttled = "throttled",
        /// Not carried out, and not answered until the time is over.
        Unanswered = "unanswered",
        /// Not answered in time, and carried out after the next call, or when the function has ended.
        Late = "late",
        /// Carried out, and the answer is lost.
        Lost = "lost",
        /// Carried out twice; the second answer arrives.
        Twice = "twice",
        /// Of a batch, one thing is left undone.
        Partly = "partly",
        /// Not carried out: another write of the same item was under way.
        Conflict = "conflict",
        /// Not carried out, since the function is killed.
        KilledBefore = "killed-before",
        /// Carried out, and the function is killed before it has the answer.
        KilledAfter = "killed-after",
    }
}

words! {
    /// How stream and queues hand their batches over.
    Carriage {
        /// As they are.
        #[default]
        Once = "once",
        /// Each twice, one after the other.
        Twice = "twice",
        /// Each to two processes at the same time.
        AtOnce = "at-once",
        /// In the opposite order.
        Reversed = "reversed",
        /// All of them once more when everything is done.
        Again = "again",
    }
}

/// What goes wrong with a call, in one try of it or in each that the SDK makes: `lost`, `lost-always`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// Whether it does so in each try.
    pub always: bool,
}

const ALWAYS: &str = "-always";

impl Fault {
    /// All faults that make a difference for the call at `place`.
    #[must_use]
    pub fn all_of(place: &Place) -> Vec<Self> {
        let faults = Kind::ALL.iter().flat_map(|kind| [false, true].map(|always| Self { kind: *kind, always }));
        faults.filter(|fault| fault.fits(place)).collect()
    }

    fn fits(self, place: &Place) -> bool {
        let is_write = !place.is_read();
        match self.kind {
            Kind::Throttled => true,
            // In a single try they are the same to the SDK as being throttled.
            Kind::Refused | Kind::Unanswered => self.always,
            // The SDK does not try again.
            Kind::Denied | Kind::KilledBefore => !self.always,
            // Whether a read was carried out makes no difference.
            Kind::Twice | Kind::KilledAfter => is_write && !self.always,
            Kind::Late | Kind::Lost => is_write,
            Kind::Partly => place.is_batch() && !self.always,
            Kind::Conflict => place.can_conflict() && !self.always,
        }
    }

    /// Whether it is another thing to the function than any other: of calls that fail, one kind stands for all.
    #[must_use]
    pub fn is_hard(self) -> bool {
        match self.kind {
            Kind::Refused | Kind::Denied | Kind::Unanswered => false,
            Kind::Throttled => self.always,
            _ => true,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.word(), if self.always { ALWAYS } else { "" })
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, always) = text.strip_suffix(ALWAYS).map_or((text, false), |word| (word, true));
        Ok(Self { kind: word.parse()?, always })
    }
}
