//! The calls on portal links. A link can't make another one, or it would never end.

use domain::api_key::{NewKey, Scope};
use domain::clock::whole_seconds;
use domain::defect::{DefectCode, Defects};
use domain::ids;
use domain::portal_link::{DEFAULT_LIFE, LinkView, PREFIX, PortalLink, Theme, origin};
use inbound::http::{Facts, Reply};
use inbound::manage::PageRequest;
use inbound::manage::bodies::PORTAL_LINK;
use inbound::manage::body;
use inbound::manage::body::Form;
use inbound::manage::router::IdKind;
use inbound::problem::{Problem, ProblemCode};
use jiff::SignedDuration;
use lambda_http::Request;
use lambda_http::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use crate::Call;
use crate::calls::facts;

/// What a body asks for.
#[derive(Debug)]
struct Wanted {
    name: Option<String>,
    scopes: Vec<Scope>,
    read_only: bool,
    origins: Vec<String>,
    life: SignedDuration,
    theme: Theme,
}

impl Call<'_> {
    /// Makes a link. This response is the only one that has its token.
    pub(crate) async fn create_link(&self, body: Map<String, Value>, request: &Request) -> Result<Reply, Problem> {
        self.refuse_links()?;
        let wanted = Wanted::parse(body)?;
        if let Some(lacking) = wanted.scopes.iter().find(|scope| !self.caller.key.allows(**scope)) {
            let detail = format!("This key lacks the scope {}, so that its links can't have it.", lacking.as_str());
            return Err(Problem::new(ProblemCode::Forbidden, detail));
        }
        let token = NewKey::for_link(&self.function.environment);
        let link = PortalLink {
            id: ids::new_id(PREFIX, self.now),
            name: wanted.name,
            key_id: self.caller.key.id.clone(),
            scopes: wanted.scopes,
            read_only: wanted.read_only,
            origins: wanted.origins,
            hash: token.hash(),
            expires_at: whole_seconds(self.now) + wanted.life,
            created_at: whole_seconds(self.now),
        };
        self.function.keys.create_link(&self.caller.account, &link, self.log()).await?;
        let url = url(request.headers(), &link, &token, wanted.theme);
        Ok(Reply::new(StatusCode::CREATED, &LinkView::of(&link).with_url(&url))
            .with_header(header::LOCATION, &format!("/api/portal-links/{}", link.id))
            .with_facts(facts("created", &link.id)))
    }

    pub(crate) async fn link(&self, id: &str) -> Result<Reply, Problem> {
        self.refuse_links()?;
        let link = self.function.keys.link(self.account(), id).await?.ok_or_else(|| IdKind::LINK.not_found())?;
        Ok(Reply::ok(&LinkView::of(&link)).with_facts(Facts { id: Some(id.to_owned()), ..Facts::default() }))
    }

    /// One page of the account's links, newest first.
    pub(crate) async fn links(&self, page: &PageRequest) -> Result<Reply, Problem> {
        self.refuse_links()?;
        let mut found = self.function.keys.links(self.account(), page.after(), page.fetch()).await?;
        let next = page.cut(&mut found.links, found.next, |link| &link.id);
        let views: Vec<_> = found.links.iter().map(LinkView::of).collect();
        Ok(PageRequest::reply(&views, next.as_deref()))
    }

    /// Revokes a link.
    pub(crate) async fn delete_link(&self, id: &str) -> Result<Reply, Problem> {
        self.refuse_links()?;
        if self.function.keys.delete_link(self.account(), id, self.log()).await? {
            return Ok(Reply::no_content().with_facts(facts("deleted", id)));
        }
        Err(IdKind::LINK.not_found())
    }

    fn refuse_links(&self) -> Result<(), Problem> {
        if self.caller.link.is_none() {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::Forbidden, "Portal links are managed with an API key, not with a portal link."))
    }
}

impl Wanted {
    /// Reads a body and reports every defect.
    fn parse(sent: Map<String, Value>) -> Result<Self, Problem> {
        let mut defects = Defects::default();
        let read = body::read(&PORTAL_LINK, sent, Form::New, &mut defects);
        let texts = |name: &str| {
            let list = read.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>()
        };
        let mut origins = Vec::new();
        for (i, text) in texts("origins").into_iter().enumerate() {
            match origin(text) {
                Ok(origin) => origins.push(origin),
                Err(bad) => defects.push(format!("origins[{i}]"), DefectCode::InvalidFormat, bad.to_string()),
            }
        }
        if !defects.is_empty() {
            return Err(Problem::invalid(defects));
        }
        let text = |name: &str| read.get(name).and_then(Value::as_str);
        let scopes: Vec<Scope> = texts("scopes").into_iter().filter_map(Scope::parse).collect();
        Ok(Self {
            name: text("name").map(str::to_owned),
            scopes: if scopes.is_empty() { vec![Scope::ManageWebhooks] } else { scopes },
            read_only: read.get("readOnly").and_then(Value::as_bool).unwrap_or(true),
            origins,
            life: read.get("expiresIn").and_then(Value::as_i64).map_or(DEFAULT_LIFE, SignedDuration::from_secs),
            theme: text("theme").and_then(Theme::parse).unwrap_or_default(),
        })
    }
}

/// The link: the console under the address of this call. Everything secret, and what the page is to look like, is in its
/// fragment, which browsers send to nobody.
fn url(headers: &HeaderMap, link: &PortalLink, token: &NewKey, theme: Theme) -> String {
    let scopes: Vec<&str> = link.scopes.iter().map(|scope| scope.as_str()).collect();
    let mut url = format!("{}/portal/{}#token={}&scopes={}", base(headers), link.id, token.expose(), scopes.join(","));
    if link.read_only {
        url.push_str("&readOnly=true");
    }
    if theme != Theme::Auto {
        url.push_str("&theme=");
        url.push_str(theme.as_str());
    }
    url
}

/// Scheme and host as the caller knows them; nothing where the request does not say, so that the link is a path.
fn base(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_authority = |host: &&str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        !host.is_empty() && host.bytes().all(is_part)
    };
    // API Gateway says so; on a laptop nobody does.
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    text("host").filter(is_authority).map_or_else(String::new, |host| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use lambda_http::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn parse(body: &Value) -> Result<Wanted, Vec<String>> {
        Wanted::parse(body.as_object().unwrap().clone()).map_err(|problem| {
            problem.errors.iter().map(|defect| format!("{} {:?}", defect.field, defect.code)).collect()
        })
    }

    #[test]
    fn without_a_word_a_link_can_only_look_for_an_hour_and_in_no_frame() {
        let wanted = parse(&json!({})).unwrap();
        assert_eq!((wanted.read_only, wanted.life, wanted.origins.len()), (true, DEFAULT_LIFE, 0));
        assert_eq!((wanted.scopes.as_slice(), wanted.theme), (&[Scope::ManageWebhooks][..], Theme::Auto));
    }

    #[test]
    fn what_outlives_a_link_and_what_breaks_out_of_a_header_is_refused() {
        let body = json!({"scopes": ["webhooks:manage", "keys:manage", "inbound"], "expiresIn": 59, "theme": "pink",
            "origins": ["https://app.example.com", "https://x.example; script-src *", "*"], "readOnly": "no", "token": "x"});
        assert_eq!(
            parse(&body).unwrap_err(),
            [
                "expiresIn OutOfRange",
                "origins[1] InvalidFormat",
                "origins[2] InvalidFormat",
                "readOnly InvalidType",
                "scopes[1] InvalidValue",
                "scopes[2] InvalidValue",
                "theme InvalidValue",
                "token UnknownField",
            ]
        );
    }

    #[test]
    fn the_token_stands_behind_the_hash_alone() {
        let headers = |more: &[(&'static str, &'static str)]| -> HeaderMap {
            more.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
        };
        let token = NewKey::for_link("test");
        let link = PortalLink {
            id: "lnk_1".to_owned(),
            name: None,
            key_id: "key_1".to_owned(),
            scopes: vec![Scope::ManageWebhooks, Scope::ReadRecords],
            read_only: true,
            origins: Vec::new(),
            hash: token.hash(),
            expires_at: Timestamp::UNIX_EPOCH,
            created_at: Timestamp::UNIX_EPOCH,
        };
        let of = |more: &[(&'static str, &'static str)]| url(&headers(more), &link, &token, Theme::Dark);
        let deployed = of(&[("host", "hooks.example.com"), ("x-forwarded-proto", "https")]);
        let (page, fragment) = deployed.split_once('#').unwrap();
        assert_eq!(page, "https://hooks.example.com/portal/lnk_1");
        let rest = fragment.strip_prefix(&format!("token={}", token.expose())).unwrap();
        assert_eq!(rest, "&scopes=webhooks:manage,records:read&readOnly=true&theme=dark");
        assert!(of(&[("host", "127.0.0.1:3000")]).starts_with("http://127.0.0.1:3000/portal/lnk_1#"));
        assert!(of(&[("host", "evil.example/x?")]).starts_with("/portal/lnk_1#"), "only a host can be one");
    }
}
