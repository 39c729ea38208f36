//! Downloads, against a server that does everything a server can do wrong.

mod server;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenroom::http::{Client, Config, Error, Problem, Request, Timing};
use server::{Answer, Server};

fn client() -> Client {
    Client::new(Config { timing: quick(), ..Config::default() })
}

fn quick() -> Timing {
    Timing {
        connect: Duration::from_secs(2),
        stall: Duration::from_millis(300),
        total: Duration::from_secs(20),
        attempts: 3,
        pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(60),
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("threads").block_on(future)
}

fn get(url: &str, limit: u64) -> Result<Vec<u8>, Error> {
    run(client().fetch(&Request::get(url, limit))).map(|response| response.body)
}

/// Answers by the number of the request.
fn in_turn(answers: Vec<Answer>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let index = next.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        answers[index].clone()
    })
}

#[test]
fn a_busy_server_is_asked_again() {
    for status in [429, 500, 502, 503, 504] {
        let busy = Answer::status(status);
        let server = in_turn(vec![busy.clone(), busy.clone(), Answer::ok("late")]);
        assert_eq!(get(&server.url("/x"), 10).expect("the third time"), b"late");
        let server = in_turn(vec![busy]);
        let error = get(&server.url("/x"), 10).expect_err("it stays busy");
        assert_eq!((error.status(), error.attempts), (Some(status), 3), "{error}");
        assert!(error.to_string().ends_with("(tried 3 times)"), "{error}");
    }
}

#[test]
fn a_refusal_is_final_and_says_what_the_server_said() {
    for (status, body, expected) in [
        (401, "", "answers 401 (not authorised: credentials are missing or wrong)"),
        (404, "<html>no</html>", "answers 404 (not found)"),
        (403, r#"{"errors":[{"code":"DENIED","message":"pay first"}]}"#, "(forbidden): pay first"),
        (404, r#"{"error":"no such package"}"#, "(not found): no such package"),
        (400, "bad\u{1b}[31m request\nmore", "answers 400: bad\u{fffd}[31m request"),
    ] {
        let mut answer = Answer::status(status);
        answer.body = body.as_bytes().to_vec();
        let server = in_turn(vec![answer, Answer::ok("not asked")]);
        let error = get(&server.url("/x?token=secret"), 10).expect_err("refused");
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn retry_after_is_heeded_within_reason() {
    let server = in_turn(vec![
        Answer::status(429).header("Retry-After", "3600"),
        Answer::status(503).header("Retry-After", "Sun, 06 Nov 2094 08:49:37 GMT"),
        Answer::ok("x"),
    ]);
    let start = Instant::now();
    assert_eq!(get(&server.url("/"), 10).expect("the third time"), b"x");
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(120) && waited < Duration::from_secs(5), "{waited:?}");
}

#[test]
fn what_breaks_off_is_taken_up_where_it_was() {
    let body: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
    let whole = body.clone();
    let server = Server::start(move |incoming| {
        let from = incoming.header("range").map(|range| {
            range
                .trim_start_matches("bytes=")
                .trim_end_matches('-')
                .parse::<usize>()
                .expect("a range")
        });
        match from {
            None => Answer { cut_after: Some(60_000), ..Answer::ok(whole.clone()) },
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
                let part = Answer { status: 206, ..Answer::ok(&whole[from..]) };
                part.header("Content-Range", &range)
            }
        }
    });
    let request = Request::get(server.url("/blob"), 1 << 20).expect_size(100_000);
    assert!(run(client().fetch(&request)).expect("two parts").body == body);
    assert_eq!(server.seen().len(), 2);
    // A server that ignores the range begins anew.
    let cut = Answer { cut_after: Some(500), ..Answer::ok(&body[..1000]) };
    let server = in_turn(vec![cut, Answer::ok(&body[..1000])]);
    let request = Request::get(server.url("/blob"), 1 << 20).expect_size(1000);
    assert!(run(client().fetch(&request)).expect("again").body == body[..1000]);
}

#[test]
fn what_stays_broken_is_told() {
    let stall = Answer { stall_after: Some(3), ..Answer::ok("abcdef") };
    let cut = Answer { cut_after: Some(3), ..Answer::ok("abcdef") };
    let server = in_turn(vec![stall]);
    let start = Instant::now();
    let error = get(&server.url("/"), 10).expect_err("it stalls");
    assert!(matches!(error.problem, Problem::Stalled(_)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
    let server = in_turn(vec![cut]);
    let error = get(&server.url("/"), 10).expect_err("it is cut");
    assert!(matches!(error.problem, Problem::CutShort(_)), "{error}");
    let error = get("http://127.0.0.1:1/", 10).expect_err("nobody listens");
    assert!(matches!(error.problem, Problem::Connect(_)) && error.attempts == 3, "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn too_much_is_refused_before_it_is_there() {
    let huge = Answer { announce: Some(10 << 30), ..Answer::ok("abc") };
    let server = in_turn(vec![huge]);
    let error = get(&server.url("/"), 1 << 20).expect_err("10 GiB");
    let announced = Some(10 << 30);
    assert!(matches!(error.problem, Problem::TooLarge { announced: a, .. } if a == announced));
    let endless = Answer { endless: true, ..Answer::ok(vec![b'x'; 1 << 16]) };
    let server = in_turn(vec![endless]);
    let error = get(&server.url("/"), 1 << 20).expect_err("no end");
    assert!(matches!(error.problem, Problem::TooLarge { announced: None, .. }), "{error}");
    // Other than what was promised elsewhere.
    let server = in_turn(vec![Answer::ok("abc")]);
    let request = Request::get(server.url("/"), 100).expect_size(4);
    let error = run(client().fetch(&request)).expect_err("a byte is missing");
    assert!(error.to_string().contains("it has 3 bytes, and should have 4"), "{error}");
}

#[test]
fn redirects_have_an_end_and_stay_encrypted() {
    let server = Server::start(|incoming| match incoming.path.as_str() {
        "/a" => Answer::redirect("/b"),
        "/b" => Answer::redirect("/c").header("X", "y"),
        "/c" => Answer::ok("there"),
        "/circle" => Answer::redirect("/circle2"),
        "/circle2" => Answer::redirect("/circle"),
        "/plain" => Answer::redirect("http://example.org/x"),
        "/file" => Answer::redirect("file:///etc/passwd"),
        path => Answer::redirect(&format!("{path}x")),
    });
    assert_eq!(get(&server.url("/a"), 10).expect("two steps"), b"there");
    for (path, expected) in [
        ("/circle", "its redirects lead in a circle"),
        ("/more", "it redirects more than 10 times"),
        ("/plain", "http://example.org is not encrypted"),
        ("/file", "answers 302"),
    ] {
        let error = get(&server.url(path), 10).expect_err(path);
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
        assert_eq!(error.attempts, 1, "{text}");
    }
}

#[test]
fn credentials_stay_with_their_host() {
    let other = in_turn(vec![Answer::ok("x")]);
    let elsewhere = format!("http://localhost:{}/", other.host().rsplit(':').next().unwrap());
    let server = in_turn(vec![Answer::redirect(&elsewhere)]);
    let request = Request::get(server.url("/"), 10)
        .header(greenroom::http::header::AUTHORIZATION, "Bearer secret");
    run(client().fetch(&request)).expect("redirected");
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer secret"));
    assert_eq!(other.seen()[0].header("authorization"), None);
}

#[test]
fn only_named_hosts_are_reached_without_encryption() {
    for url in ["http://example.org/", "http://127.0.0.1.example.org/", "ftp://example.org/", "x"] {
        let error = get(url, 10).expect_err(url);
        assert!(matches!(error.problem, Problem::Url(_)), "{error}");
    }
    let plain_hosts = BTreeSet::from(["registry.invalid:5000".to_owned()]);
    let client = Client::new(Config { plain_hosts, timing: quick(), ..Config::default() });
    let error = run(client.fetch(&Request::get("http://registry.invalid:5000/", 1)));
    assert!(matches!(error.expect_err("no such host").problem, Problem::Connect(_)));
    let error = run(client.fetch(&Request::get("http://registry.invalid:5001/", 1)));
    assert!(matches!(error.expect_err("another port").problem, Problem::Url(_)));
}

#[test]
fn certificates_that_cannot_be_used_are_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let empty = dir.path().join("empty.pem");
    std::fs::write(&empty, "nothing").expect("writes");
    for path in [empty, dir.path().join("none.pem")] {
        let certificates = vec![path.clone()];
        let client = Client::new(Config { certificates, timing: quick(), ..Config::default() });
        let error = run(client.fetch(&Request::get("https://127.0.0.1:1/", 1)));
        let error = error.expect_err("no certificate").to_string();
        assert!(error.contains("cannot use the certificates in"), "{error}");
    }
}
