//! The tables and queues that commands need, and the sentence that says what to check when one can't be used.

use std::fmt;

use crate::failure::Failure;

/// A table or a queue of the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// Its name, or the URL of a queue when only that is known.
    pub(crate) name: String,
    /// The variable that names it instead of the stack.
    pub(crate) variable: &'static str,
    /// `in eu-west-1`, `at http://127.0.0.1:4566`.
    pub(crate) whereabouts: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Queue,
}

impl Kind {
    const fn service(self) -> &'static str {
        match self {
            Self::Table => "DynamoDB",
            Self::Queue => "SQS",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Table => "table",
            Kind::Queue => "queue",
        };
        write!(f, "the {kind} {} {}", self.name, self.whereabouts)
    }
}

/// Why a call was not carried out, by the error code of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    Missing,
    Forbidden,
    Credentials,
    NoAnswer,
    Other,
}

impl Obstacle {
    /// By the error code of a service, `None` if it did not answer.
    pub(crate) fn of(code: Option<&str>) -> Self {
        let Some(code) = code else { return Self::NoAnswer };
        // Services spell some codes differently, and SQS also has an older set of them.
        match code.strip_suffix("Exception").unwrap_or(code) {
            "ResourceNotFound"
            | "QueueDoesNotExist"
            | "AWS.SimpleQueueService.NonExistentQueue"
            | "NotFound"
            | "NoSuchEntity"
            | "TypeNotFound" => Self::Missing,
            "AccessDenied" | "AuthorizationError" => Self::Forbidden,
            "UnrecognizedClient"
            | "InvalidSignature"
            | "SignatureDoesNotMatch"
            | "InvalidClientTokenId"
            | "ExpiredToken"
            | "MissingAuthenticationToken"
            | "IncompleteSignature"
            | "InvalidAccessKeyId"
            | "RequestExpired" => Self::Credentials,
            _ => Self::Other,
        }
    }
}

impl Place {
    /// The failure of a call; `code` is the error code of the service, `None` if it did not answer.
    pub(crate) fn refused(&self, code: Option<&str>, cause: &str) -> Failure {
        let (variable, service) = (self.variable, self.kind.service());
        Failure::Aws(match Obstacle::of(code) {
            Obstacle::Missing => format!(
                "{self} does not exist; check --stack or {variable}, the region, and that the credentials belong to \
                 the right AWS account"
            ),
            Obstacle::Forbidden => {
                format!("{self} may not be used with these credentials; --help lists the permissions: {cause}")
            }
            Obstacle::Credentials => format!(
                "the credentials were not accepted for {self}; check that they have not expired (aws sts \
                 get-caller-identity): {cause}"
            ),
            Obstacle::NoAnswer => format!(
                "{service} did not answer for {self}; check the network, --region or AWS_REGION, and --endpoint-url or \
                 AWS_ENDPOINT_URL: {cause}"
            ),
            Obstacle::Other => format!("{service} refused a call on {self}: {cause}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(code: Option<&str>) -> String {
        let place = Place {
            kind: Kind::Table,
            name: "prod-api-keys".to_owned(),
            variable: "API_KEYS_TABLE",
            whereabouts: "in us-east-1".to_owned(),
        };
        place.refused(code, "the cause").to_string()
    }

    #[test]
    fn each_obstacle_says_what_to_check() {
        for (code, words) in [
            (Some("ResourceNotFoundException"), "does not exist; check --stack or API_KEYS_TABLE"),
            (Some("AccessDeniedException"), "may not be used with these credentials"),
            (Some("ExpiredTokenException"), "were not accepted"),
            (Some("ValidationException"), "DynamoDB refused a call"),
            (None, "DynamoDB did not answer"),
        ] {
            let sentence = sentence(code);
            assert!(
                sentence.contains(words) && sentence.contains("the table prod-api-keys in us-east-1"),
                "{sentence}"
            );
        }
    }

    #[test]
    fn both_sets_of_words_of_sqs_are_known() {
        for code in ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"] {
            assert_eq!(Obstacle::of(Some(code)), Obstacle::Missing);
        }
        assert_eq!(Obstacle::of(Some("AccessDenied")), Obstacle::Forbidden);
    }
}
