//! The table of contents, in the order of every page's sidebar.

use std::fmt::Write as _;

use super::Article;
use super::html::escape;

/// A part of the contents.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Slugs below `/docs/` with their titles; whole paths begin with a slash.
    pub(super) pages: &'static [(&'static str, &'static str)],
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "Start here",
        pages: &[
            ("getting-started", "Getting started"),
            ("authentication", "Authentication"),
            ("portal-links", "Portal links"),
            ("audit-log", "Audit log"),
            ("rate-limits", "Rate limits"),
            ("errors", "Errors"),
            ("explorer", "API explorer"),
            ("cli", "Command line"),
        ],
    },
    Section {
        title: "Sending records",
        pages: &[
            ("inbound", "How records are written"),
            ("batches", "Batches and dry runs"),
            ("resources/workorder", "Work orders"),
            ("resources/project", "Projects"),
            ("resources/employee", "Employees"),
            ("resources/vendor", "Vendors"),
            ("resources/timeoff", "Time off"),
        ],
    },
    Section {
        title: "Receiving events",
        pages: &[
            ("events-explained", "What an event is"),
            ("events", "Event catalog"),
            ("filters", "Filters and loops"),
            ("formats", "Formats: thin, CloudEvents"),
            ("verifying-signatures", "Verifying signatures"),
            ("receiving-well", "Receiving well"),
            ("frameworks", "Receivers in your framework"),
            ("local-development", "Localhost and tunnels"),
            ("retries", "Retries and idempotency"),
            ("catching-up", "Catching up"),
            ("rotating-secrets", "Rotating secrets"),
            ("troubleshooting", "Troubleshooting"),
        ],
    },
    Section {
        title: "Going live",
        pages: &[
            ("testing", "Testing"),
            ("go-live", "Checklist"),
            ("limits", "Limits"),
            ("versions", "Versions and deprecation"),
            ("changelog", "Changelog"),
            ("support", "Support"),
        ],
    },
    Section {
        title: "Integrations",
        pages: &[
            ("integrations", "Zapier, Make, n8n, Power Automate"),
            ("dynamics-365", "Dynamics 365"),
            ("quickbooks", "QuickBooks Online"),
        ],
    },
];

/// Whether a slug is that of a page of Markdown.
pub(super) fn is_guide(slug: &str) -> bool {
    SECTIONS.iter().flat_map(|section| section.pages).any(|(page, _)| *page == slug)
}

/// The home page: all pages by section.
pub(super) fn home() -> Article {
    let mut body = String::from(
        "<h1>WorkSkedge Webhooks</h1><p class=\"lead\">Send work orders, projects, employees, vendors and time-off \
         requests; receive signed events about all of them.</p><p class=\"actions\"><a class=\"button\" \
         href=\"/docs/getting-started\">Getting started</a> <a class=\"button plain\" href=\"/docs/explorer\">API \
         explorer</a> <a class=\"button plain\" href=\"/\">Console</a></p><div class=\"cards\">",
    );
    for section in SECTIONS {
        let _ = write!(body, "<section><h2>{}</h2><ul>", escape(section.title));
        for (slug, title) in section.pages {
            let _ = write!(body, "<li><a href=\"/docs/{slug}\">{}</a></li>", escape(title));
        }
        body.push_str("</ul></section>");
    }
    body.push_str("</div>");
    Article { title: "Docs".to_owned(), body }
}
