//! The query of a call for events.

use strongroom_engine::EventId;
use strongroom_wire::{admin::path, cloud_event::CloudEvent};

/// Events of one answer where the call does not say how many.
const USUAL: usize = 100;

/// Events of one answer at most.
pub const MOST_EVENTS: usize = 500;

/// What is wrong with the query of a call for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventsQueryError {
    /// A parameter that there is not, or one that is there twice.
    #[error("the query may have after and max, each once, and nothing else")]
    Parameter,
    /// `after` is no id.
    #[error("after must be the id of an event: 32 lower-case hexadecimal digits")]
    After,
    /// `max` is no number, or one out of its range.
    #[error("max must be a number from 1 to {MOST_EVENTS}")]
    Max,
}

/// Which events are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// The event before the first of them; none asks from the oldest on.
    pub(super) after: Option<EventId>,
    /// How many at most.
    pub(super) max: usize,
}

impl Asked {
    /// Parses what follows the `?`.
    pub(super) fn parse(query: &str) -> Result<Self, EventsQueryError> {
        let (mut after, mut max) = (None, None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*key {
                "after" => &mut after,
                "max" => &mut max,
                _ => return Err(EventsQueryError::Parameter),
            };
            if place.replace(value).is_some() {
                return Err(EventsQueryError::Parameter);
            }
        }
        let after = after.map(|id| id.parse().map_err(|_| EventsQueryError::After));
        let max = max.map_or(Ok(USUAL), |text| text.parse().map_err(|_| EventsQueryError::Max))?;
        if !(1..=MOST_EVENTS).contains(&max) {
            return Err(EventsQueryError::Max);
        }
        Ok(Self {
            after: after.transpose()?,
            max,
        })
    }

    /// Where the events behind `last` are.
    pub(super) fn next(self, last: &CloudEvent) -> String {
        let (path, max) = (path::EVENTS, self.max);
        format!("<{path}?after={}&max={max}>; rel=\"next\"", last.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_each_parameter_once_and_no_other() {
        let id = "0000000000000001abababababababab";
        let parsed = |after: Option<&str>, max| Asked {
            after: after.map(|id| id.parse().unwrap()),
            max,
        };
        for (query, expected) in [
            (String::new(), Ok(parsed(None, 100))),
            ("max=1".to_owned(), Ok(parsed(None, 1))),
            (format!("max=500&after={id}"), Ok(parsed(Some(id), 500))),
            ("max=0".to_owned(), Err(EventsQueryError::Max)),
            ("max=501".to_owned(), Err(EventsQueryError::Max)),
            ("max=-1".to_owned(), Err(EventsQueryError::Max)),
            ("max=".to_owned(), Err(EventsQueryError::Max)),
            ("after=".to_owned(), Err(EventsQueryError::After)),
            (format!("after={id}0"), Err(EventsQueryError::After)),
            ("max=1&max=1".to_owned(), Err(EventsQueryError::Parameter)),
            ("before=1".to_owned(), Err(EventsQueryError::Parameter)),
        ] {
            assert_eq!(Asked::parse(&query), expected, "{query}");
        }
    }
}
