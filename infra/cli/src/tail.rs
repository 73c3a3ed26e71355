//! `events tail`: events as they happen.

use crate::api::Api;
use crate::arguments::Which;
use crate::failure::Failure;
use crate::feed::{Feed, Place};
use crate::output::{Output, printable};

/// Prints events until it is interrupted; with `--once` until there are no more.
pub(crate) async fn tail(api: &Api, which: &Which, output: &mut Output<'_>) -> Result<bool, Failure> {
    let now = api.clock.now();
    let feed = Feed::new(api, &which.events);
    let mut place = Place::Since(which.since.map_or(now, |since| since.time(now)));
    loop {
        let page = feed.page(&place, output).await?;
        for event in page.data.iter().filter(|event| feed.wants(&event.event)) {
            let line = format!("{}  {}  {}  {}", event.time(), event.event, event.about(), event.id);
            output.entry(&printable(&line), &event.json())?;
        }
        place = page.end(&place);
        if !page.has_more() && which.once {
            return Ok(true);
        }
        feed.wait(&page).await;
    }
}
