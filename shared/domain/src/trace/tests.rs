use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

#[test]
fn a_traceparent_is_read_and_written_alike() {
    for flags in ["00", "01"] {
        let text = format!("00-{TRACE}-{SPAN}-{flags}");
        assert_eq!(TraceContext::parse(&text).unwrap().to_string(), text);
    }
    let unknown_flags = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-ff")).unwrap();
    assert_eq!(unknown_flags.to_string(), format!("00-{TRACE}-{SPAN}-01"));
    let later = TraceContext::parse(&format!("cc-{TRACE}-{SPAN}-01-what-comes-later")).unwrap();
    assert_eq!(later.to_string(), format!("00-{TRACE}-{SPAN}-01"));
}

#[test]
fn what_the_recommendation_calls_invalid_is_ignored() {
    let (no_trace, no_span) = ("0".repeat(32), "0".repeat(16));
    for text in [
        String::new(),
        "00".to_owned(),
        format!("00-{TRACE}-{SPAN}"),
        format!("00-{TRACE}-{SPAN}-01-more"),
        format!("00-{TRACE}-{SPAN}-01-"),
        format!("00-{TRACE}-{SPAN}-1"),
        format!("00-{TRACE}-{SPAN}-zz"),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{no_trace}-{SPAN}-01"),
        format!("00-{TRACE}-{no_span}-01"),
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        format!("00-{TRACE}0-{SPAN}-01"),
        format!("00_{TRACE}_{SPAN}_01"),
        format!("01-{TRACE}-{SPAN}-01,01-{TRACE}-{SPAN}-01"),
        format!(" 00-{TRACE}-{SPAN}-01"),
        format!("00-é{TRACE}-{SPAN}-01"),
    ] {
        assert_eq!(TraceContext::parse(&text), Err(NotATraceparent), "{text}");
    }
}

#[test]
fn an_invocation_of_lambda_is_a_step_of_the_trace_that_x_ray_shows() {
    let sampled = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a:0";
    let trace = TraceContext::from_xray(sampled).unwrap();
    assert_eq!(trace.to_string(), "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
    let root = TraceContext::from_xray("Root=1-5759e988-bd862e3fe1be46a994272793").unwrap();
    assert_eq!(root.trace_id(), trace.trace_id());
    for other in [
        "",
        "Root=",
        "Root=1-5759e988",
        "Root=2-5759e988-bd862e3fe1be46a994272793",
        "Root=1-5759e98-8bd862e3fe1be46a994272793",
    ] {
        assert_eq!(TraceContext::from_xray(other), None, "{other}");
    }
}

#[test]
fn each_delivery_is_a_hop_further() {
    let first = TraceContext::start();
    assert_eq!((first.hops(), first.child().hops()), (0, 0));
    let delivered = first.delivered();
    assert_eq!((delivered.trace_id(), delivered.tracestate()), (first.trace_id(), "workskedge=h:1".to_owned()));
    assert_ne!(delivered.span_id(), first.span_id());
    assert_eq!(delivered.with_hops(8).delivered().tracestate(), "workskedge=h:9");
    assert_eq!(delivered.with_hops(u8::MAX).delivered().hops(), u8::MAX);
}

#[test]
fn hops_are_found_among_what_others_say() {
    for (headers, hops) in [
        (&["workskedge=h:3"][..], 3),
        (&["congo=t61rcWkgMzE, workskedge=h:12 ,rojo=00f067aa0ba902b7"], 12),
        (&["congo=t61rcWkgMzE", "workskedge=h:7"], 7),
        (&["workskedge=h:999"], 255),
        (&["workskedge=h:4,workskedge=h:5"], 4),
        (&["workskedge=h:", "workskedge=h:-1", "workskedge=3", "other=workskedge=h:3", "WORKSKEDGE=h:3"], 0),
        (&["workskedge=h:99999999999", ""], 0),
        (&[], 0),
    ] {
        assert_eq!(hops_in(headers.iter().copied()), hops, "{headers:?}");
    }
}

#[test]
fn a_step_is_new_and_its_trace_goes_on() {
    let first = TraceContext::start();
    let next = first.child();
    assert_eq!(first.trace_id(), next.trace_id());
    assert_ne!(first.span_id(), next.span_id());
    assert_ne!(first.trace_id(), TraceContext::start().trace_id());
    assert_eq!(TraceContext::parse(&first.to_string()), Ok(first));
}
