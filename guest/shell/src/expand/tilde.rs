//! `~`.

use crate::state::Shell;

impl Shell {
    /// What a tilde prefix stands for; an unknown one stands for itself.
    pub(super) fn tilde(&self, text: &[u8]) -> Vec<u8> {
        let value = |name: &[u8]| self.vars.get(name).and_then(|v| v.scalar()).map(<[u8]>::to_vec);
        let found = match text {
            b"~" => value(b"HOME").or_else(|| Some(b"/root".to_vec())),
            b"~+" => Some(self.cwd.clone()),
            b"~-" => value(b"OLDPWD"),
            // The sandbox has one user.
            b"~root" => Some(b"/root".to_vec()),
            [b'~', sign @ (b'+' | b'-'), digits @ ..] => {
                let number = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<usize>().ok());
                number.and_then(|n| self.directory_at(n, *sign == b'-'))
            }
            _ => None,
        };
        found.unwrap_or_else(|| text.to_vec())
    }

    /// An entry of the directory stack, counted from its top or from its bottom.
    pub(crate) fn directory_at(&self, n: usize, from_bottom: bool) -> Option<Vec<u8>> {
        let total = self.directories.len() + 1;
        let index = if from_bottom { total.checked_sub(n + 1)? } else { n };
        match index {
            0 => Some(self.cwd.clone()),
            _ => self.directories.get(index - 1).cloned(),
        }
    }
}
