//! Commands of the settings that stand for others: small scripts.

use std::fs::File;
use std::io::Write;

use rustix::fs::MemfdFlags;

use crate::sandbox::OwnCommand;
use crate::settings::Settings;

/// Makes the commands. Each is a script that the sandbox's shell runs.
///
/// # Errors
/// If commands stand for each other in a circle, or there is no memory for them.
pub(super) fn commands(settings: &Settings) -> Result<Vec<OwnCommand>, String> {
    let mut commands = Vec::new();
    for (name, wrapper) in &settings.commands {
        let mut at = wrapper;
        for _ in 0..settings.commands.len() {
            let Some(next) = settings.commands.get(&at.words[0]) else { break };
            if at.words[0] == *name {
                return Err(format!(
                    "{}: the command `{name}` leads back to itself; call what it stands for by its \
                     path",
                    wrapper.place
                ));
            }
            at = next;
        }
        let words: Vec<String> = wrapper.words.iter().map(|word| quoted(word)).collect();
        let script = format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "));
        let file = in_memory(script.as_bytes())
            .map_err(|error| format!("cannot make the command `{name}`: {error}"))?;
        commands.push(OwnCommand { name: name.clone(), file, shown: wrapper.place.clone() });
    }
    Ok(commands)
}

fn in_memory(bytes: &[u8]) -> std::io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("command", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    Ok(file)
}

/// A word as a shell reads it unchanged.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Wrapper;

    #[test]
    fn scripts_keep_their_words_and_circles_are_told() {
        let mut settings = Settings::default();
        let mut add = |name: &str, words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            settings.commands.insert(name.to_owned(), Wrapper { words, place: "f:1".to_owned() });
        };
        add("it's", &["php", "a 'b' $c"]);
        add("php", &["php-cgi", "-q"]);
        let made = commands(&settings).expect("no circle");
        let text = std::io::read_to_string(&made[0].file).expect("text");
        let read_from_start = {
            use std::os::unix::fs::FileExt;
            let mut bytes = vec![0; 100];
            let length = made[0].file.read_at(&mut bytes, 0).expect("reads");
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        };
        assert_eq!(text, "");
        assert_eq!(read_from_start, "#!/bin/sh\nexec 'php' 'a '\\''b'\\'' $c' \"$@\"\n");
        for (name, words) in [("php-cgi", ["php"]), ("self", ["self"])] {
            let mut circle = settings.clone();
            let words = words.map(str::to_owned).to_vec();
            circle.commands.insert(name.to_owned(), Wrapper { words, place: "f:9".to_owned() });
            let error = commands(&circle).expect_err("a circle");
            assert!(error.contains("leads back to itself"), "{error}");
        }
    }
}
