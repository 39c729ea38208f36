//! Other names of images, from the settings.

use std::fmt;

use globset::{Glob, GlobBuilder, GlobMatcher};

use super::reference::Reference;
use crate::settings::{ImageAlias, Settings};

/// How many names may stand for each other.
const MAX_DEPTH: usize = 16;
/// Images that one may be made of.
const MAX_PARTS: usize = 32;

/// Which images a name stands for.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    /// The most specific first.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    pattern: String,
    /// None for a name without wildcards.
    matcher: Option<GlobMatcher>,
    alias: ImageAlias,
}

/// What a name of an image stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The name.
    pub name: String,
    /// The images that it is made of, as they are written.
    pub parts: Vec<String>,
    /// The entrypoint, if the settings set one.
    pub entrypoint: Option<Vec<String>>,
    /// Where the settings say so; empty if the name stands for itself.
    pub places: Vec<String>,
}

impl Aliases {
    /// The aliases of the settings. A pattern that is none is told.
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let mut entries = Vec::new();
        for (pattern, alias) in &settings.images {
            let has_wildcard = pattern.contains(['*', '?', '[', '{']);
            let matcher = if has_wildcard {
                let glob: Glob = GlobBuilder::new(pattern)
                    .literal_separator(false)
                    .backslash_escape(true)
                    .build()
                    .map_err(|error| format!("{}: {pattern:?}: {}", alias.place, error.kind()))?;
                Some(glob.compile_matcher())
            } else {
                None
            };
            entries.push(Entry { pattern: pattern.clone(), matcher, alias: alias.clone() });
        }
        // Later ones first among equals; sorting keeps their order.
        entries.reverse();
        entries.sort_by_key(|entry| {
            let literal = entry.pattern.chars().filter(|c| !"*?[]{}".contains(*c)).count();
            (entry.matcher.is_some(), std::cmp::Reverse(literal))
        });
        Ok(Self { entries })
    }

    /// Follows a name to what it stands for.
    pub(super) fn resolve(&self, name: &str) -> Result<Resolved, String> {
        let mut resolved = Resolved {
            name: name.to_owned(),
            parts: Vec::new(),
            entrypoint: None,
            places: Vec::new(),
        };
        self.follow(name, &mut Vec::new(), &mut resolved)?;
        Ok(resolved)
    }

    fn follow(
        &self,
        name: &str,
        through: &mut Vec<usize>,
        resolved: &mut Resolved,
    ) -> Result<(), String> {
        let Some((index, entry)) =
            self.entries.iter().enumerate().find(|(_, entry)| entry.matches(name))
        else {
            resolved.parts.push(name.to_owned());
            return Ok(());
        };
        if through.contains(&index) {
            // `"php:*" = "php:8-wasm"`: what it stands for is not to be looked up once more.
            if entry.matcher.is_some() || entry.alias.from == [name] {
                resolved.parts.push(name.to_owned());
                return Ok(());
            }
            return Err(format!(
                "the name leads back to itself, through {:?} ({})",
                entry.pattern, entry.alias.place
            ));
        }
        if through.len() == MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} names stand for each other"));
        }
        if !resolved.places.contains(&entry.alias.place) {
            resolved.places.push(entry.alias.place.clone());
        }
        if resolved.entrypoint.is_none() {
            resolved.entrypoint.clone_from(&entry.alias.entrypoint);
        }
        through.push(index);
        for part in &entry.alias.from {
            if resolved.parts.len() >= MAX_PARTS {
                return Err(format!("it is made of more than {MAX_PARTS} images"));
            }
            self.follow(part, through, resolved)?;
        }
        through.pop();
        Ok(())
    }
}

impl Entry {
    fn matches(&self, name: &str) -> bool {
        match &self.matcher {
            // A pattern is for names; what says itself where it comes from is not meant by `*`.
            Some(matcher) => {
                let scheme = self.pattern.split(['*', '?', '[', '{']).next().unwrap_or("");
                (!Reference::is_explicit(name) || Reference::is_explicit(scheme))
                    && matcher.is_match(name)
            }
            None => self.pattern == name,
        }
    }
}

impl Resolved {
    /// Whether the settings make it another image than its name says.
    pub fn is_alias(&self) -> bool {
        !self.places.is_empty()
    }
}

impl fmt::Display for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "image {} is {}", self.name, self.parts.join(" and "))?;
        if self.places.is_empty() { Ok(()) } else { write!(f, " ({})", self.places.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(aliases: &[(&str, &[&str])], name: &str) -> String {
        let mut settings = Settings::default();
        for (line, (pattern, from)) in aliases.iter().enumerate() {
            let alias = ImageAlias {
                from: from.iter().map(|part| (*part).to_owned()).collect(),
                entrypoint: None,
                place: format!("f:{}", line + 1),
            };
            settings.images.insert((*pattern).to_owned(), alias);
        }
        match Aliases::new(&settings).and_then(|aliases| aliases.resolve(name)) {
            Ok(resolved) => resolved.to_string(),
            Err(reason) => format!("error: {reason}"),
        }
    }

    #[test]
    fn the_most_specific_pattern_wins() {
        let aliases: &[(&str, &[&str])] = &[
            ("*", &["npm:any"]),
            ("php:*", &["npm:php"]),
            ("php:8*", &["npm:php8"]),
            ("php:8.2", &["./php82"]),
            ("hub.example/*/php:*", &["php:8.1"]),
            ("both?", &["npm:first"]),
            ("?both", &["npm:second"]),
        ];
        for (name, expected) in [
            ("php:8.2", "./php82 (f:4)"),
            ("php:8.2-cli", "npm:php8 (f:3)"),
            ("php:7", "npm:php (f:2)"),
            ("node", "npm:any (f:1)"),
            ("hub.example/a/b/php:x", "npm:php8 (f:5, f:3)"),
            ("bboth", "npm:second (f:7)"),
            ("npm:x", "npm:x"),
            ("./x", "./x"),
        ] {
            assert_eq!(resolve(aliases, name), format!("image {name} is {expected}"));
        }
    }

    #[test]
    fn images_are_made_of_others_and_names_end_somewhere() {
        let web: &[(&str, &[&str])] = &[
            ("web", &["tools", "npm:ruby"]),
            ("tools", &["npm:python", "./own"]),
            ("npm:ruby", &["./ruby.wasm"]),
        ];
        let expected = "image web is npm:python and ./own and ./ruby.wasm (f:1, f:2, f:3)";
        assert_eq!(resolve(web, "web"), expected);
        let circle: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["a"])];
        assert!(resolve(circle, "a").contains("leads back to itself, through \"a\" (f:1)"));
        let own: &[(&str, &[&str])] = &[("php:*", &["php:8"])];
        assert_eq!(resolve(own, "php:7"), "image php:7 is php:8 (f:1)");
        let wide = (0..9).map(|_| "web").collect::<Vec<_>>();
        let bomb: &[(&str, &[&str])] = &[("x", &wide), ("web", &["./a", "./b", "./c", "./d"])];
        assert!(resolve(bomb, "x").contains("more than 32 images"));
        assert!(resolve(&[("a[", &["b"])], "a").starts_with("error: f:1: \"a[\""));
    }
}
