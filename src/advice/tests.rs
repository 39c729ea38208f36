use proptest::prelude::*;

use super::lexer::read;
use super::reason;

/// The commands that a text calls, with their lines.
fn called(text: &str) -> String {
    let found = read(text);
    let calls = found.calls.iter().map(|call| format!("{}:{}", call.line, call.words.join(" ")));
    let functions = found.functions.iter().map(|name| format!("{name}()"));
    calls.chain(functions).collect::<Vec<_>>().join(", ")
}

#[test]
fn commands_are_told_from_other_words() {
    for (text, expected) in [
        ("docker build .", "0:docker build ."),
        ("echo docker", ""),
        ("ls docker", "0:ls docker"),
        ("# docker build", ""),
        ("ls # docker", "0:ls"),
        ("ls 'a; docker' \"b; docker\"", "0:ls a; docker b; docker"),
        ("a && docker x || b; c | d & e", "0:a, 0:docker x, 0:b, 0:c, 0:d, 0:e"),
        ("if docker info; then x; fi", "0:docker info, 0:x"),
        (
            "if true\nthen\n  docker x\nelse docker y\nfi\nls",
            "0:true, 2:docker x, 3:docker y, 5:ls",
        ),
        ("for i in docker podman; do ls $i; done", "0:ls "),
        ("for i in docker\ndo\nls; done", "2:ls"),
        ("while ! docker info; do :; done", "0:docker info, 0::"),
        (
            "case $X in docker) ls;; (podman|x) cat ;; *) docker y; esac; tr",
            "0:ls, 0:cat, 0:docker y, 0:tr",
        ),
        ("case x in\n  a)\n    docker a\n    ;;\nesac\nls", "2:docker a, 5:ls"),
        ("docker() { ls; }; docker x", "0:ls, 0:docker x, docker()"),
        ("function docker { ls; }\ndocker", "0:ls, 1:docker, docker()"),
        ("A=docker B=(docker x) C+=y docker z", "0:docker z"),
        ("A=$(docker ps)", "0:docker ps"),
        ("ls \"$(docker ps | wc -l)\"", "0:docker ps, 0:wc -l, 0:ls "),
        ("ls `docker ps`", "0:docker ps, 0:ls "),
        ("ls ${A:-$(docker ps)} ${B}", "0:docker ps, 0:ls  "),
        ("ls $((docker + 1)); ((docker++))", "0:ls "),
        ("(docker x); { docker y; }", "0:docker x, 0:docker y"),
        ("cat <<EOF\ndocker x\nEOF\nls", "0:cat, 3:ls"),
        ("cat <<-'E F'\n\tdocker x\n\tE F\nls", "0:cat, 3:ls"),
        ("cat <<< docker >docker 2>docker", "0:cat"),
        ("cat < <(docker x) &> docker", "0:docker x, 0:cat"),
        ("ls 2>&1 | cat 2>/dev/null x", "0:ls, 0:cat x"),
        ("[[ -f docker && x =~ docker ]] && ls", "0:ls"),
        ("[ -f docker ] && ls", "0:[ -f docker ], 0:ls"),
        ("ls \\\n  docker", "0:ls docker"),
        ("$DOCKER run", ""),
        ("\"docker\" run", "0:docker run"),
        ("/usr/bin/docker run; ./docker run", "0:docker run, 0:./docker run"),
        ("X=1 time docker", "0:docker"),
        ("command -v docker", ""),
        ("which docker || type docker", ""),
        ("command docker x; exec docker y", "0:docker x, 0:docker y"),
        ("env -i A=1 docker x", "0:docker x"),
        ("timeout -k 5 10 docker x; nice -n 5 docker y", "0:docker x, 0:docker y"),
        ("ls | xargs -n 1 docker rm", "0:ls, 0:docker rm"),
        ("bash -ec 'ls; docker x'; sh run.sh", "0:ls, 0:docker x, 0:sh run.sh"),
        ("eval \"docker x\"", "0:docker x"),
        ("echo $'it\\'s docker'; docker", "0:docker"),
        ("esac ) docker", "0:docker"),
        ("'unclosed docker", ""),
        ("", ""),
    ] {
        assert_eq!(called(text), expected, "{text}");
    }
}

#[test]
fn reasons_are_for_what_cannot_work() {
    let network = |text: &str| {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        reason(&words).map(|reason| reason.network)
    };
    for (text, expected) in [
        ("docker build", Some(false)),
        ("apt-get install x", Some(false)),
        ("sudo ls", Some(false)),
        ("curl -f x", Some(true)),
        ("curl --version", None),
        ("git clone x", Some(true)),
        ("git -C x fetch", Some(true)),
        ("git log", None),
        ("git commit -m push", None),
        ("pip install x", Some(true)),
        ("python -m pip install x", Some(true)),
        ("python3 -m unittest", None),
        ("npm test", None),
        ("npm ci", Some(true)),
        ("ls", None),
    ] {
        assert_eq!(network(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn every_text_is_read_to_its_end(text in "[a-c `'\"$(){}\\[\\]<>;&|#=\\\\\n!-]{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn any_bytes_too(text: String) {
        let _ = read(&text);
    }

    #[test]
    fn quotes_hide_everything(text in "[a-z ;&|(){}\n#]{0,30}") {
        prop_assert_eq!(called(&format!("ls '{text}'")).matches(", ").count(), 0);
    }
}
