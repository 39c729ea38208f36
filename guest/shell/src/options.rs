//! The options of `set` and `shopt`.

/// Declares a set of named flags and the ways to look them up.
macro_rules! flags {
    ($(#[$doc:meta])* $type:ident { $($field:ident = $name:literal, $letter:literal, $default:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $type {
            $(pub(crate) $field: bool,)*
        }

        impl Default for $type {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        #[expect(
            clippy::allow_attributes,
            reason = "not every set of flags has letters that are asked for"
        )]
        #[allow(dead_code, reason = "see above")]
        impl $type {
            /// Names and states in bash's order.
            pub(crate) fn list(&self) -> Vec<(&'static str, bool)> {
                vec![$(($name, self.$field),)*]
            }

            pub(crate) fn by_name(&mut self, name: &[u8]) -> Option<&mut bool> {
                $(if name == $name.as_bytes() {
                    return Some(&mut self.$field);
                })*
                None
            }

            /// The flag with this single-letter name.
            pub(crate) fn by_letter(&mut self, letter: u8) -> Option<&mut bool> {
                $(if letter != 0 && letter == $letter {
                    return Some(&mut self.$field);
                })*
                None
            }

            /// The letters of all flags that are on.
            pub(crate) fn letters(&self) -> Vec<u8> {
                let mut letters = Vec::new();
                $(if self.$field && $letter != 0 {
                    letters.push($letter);
                })*
                // As in bash, small ones come first.
                letters.sort_by_key(|letter: &u8| (letter.is_ascii_uppercase(), *letter));
                letters
            }
        }
    };
}

flags! {
    /// What `set -o` lists.
    Options {
        allexport = "allexport", b'a', false;
        braceexpand = "braceexpand", b'B', true;
        emacs = "emacs", 0, false;
        errexit = "errexit", b'e', false;
        errtrace = "errtrace", b'E', false;
        functrace = "functrace", b'T', false;
        hashall = "hashall", b'h', true;
        histexpand = "histexpand", b'H', false;
        history = "history", 0, false;
        ignoreeof = "ignoreeof", 0, false;
        interactive_comments = "interactive-comments", 0, true;
        keyword = "keyword", b'k', false;
        monitor = "monitor", b'm', false;
        noclobber = "noclobber", b'C', false;
        noexec = "noexec", b'n', false;
        noglob = "noglob", b'f', false;
        nolog = "nolog", 0, false;
        notify = "notify", b'b', false;
        nounset = "nounset", b'u', false;
        onecmd = "onecmd", b't', false;
        physical = "physical", b'P', false;
        pipefail = "pipefail", 0, false;
        posix = "posix", 0, false;
        privileged = "privileged", b'p', false;
        verbose = "verbose", b'v', false;
        vi = "vi", 0, false;
        xtrace = "xtrace", b'x', false;
    }
}

flags! {
    /// What `shopt` lists. Flags that only matter to interactive shells can be set, to no effect.
    Shopts {
        autocd = "autocd", 0, false;
        assoc_expand_once = "assoc_expand_once", 0, false;
        cdable_vars = "cdable_vars", 0, false;
        cdspell = "cdspell", 0, false;
        checkhash = "checkhash", 0, false;
        checkjobs = "checkjobs", 0, false;
        checkwinsize = "checkwinsize", 0, true;
        cmdhist = "cmdhist", 0, true;
        compat31 = "compat31", 0, false;
        compat32 = "compat32", 0, false;
        compat40 = "compat40", 0, false;
        compat41 = "compat41", 0, false;
        compat42 = "compat42", 0, false;
        compat43 = "compat43", 0, false;
        compat44 = "compat44", 0, false;
        complete_fullquote = "complete_fullquote", 0, true;
        direxpand = "direxpand", 0, false;
        dirspell = "dirspell", 0, false;
        dotglob = "dotglob", 0, false;
        execfail = "execfail", 0, false;
        expand_aliases = "expand_aliases", 0, false;
        extdebug = "extdebug", 0, false;
        extglob = "extglob", 0, false;
        extquote = "extquote", 0, true;
        failglob = "failglob", 0, false;
        force_fignore = "force_fignore", 0, true;
        globasciiranges = "globasciiranges", 0, true;
        globskipdots = "globskipdots", 0, true;
        globstar = "globstar", 0, false;
        gnu_errfmt = "gnu_errfmt", 0, false;
        histappend = "histappend", 0, false;
        histreedit = "histreedit", 0, false;
        histverify = "histverify", 0, false;
        hostcomplete = "hostcomplete", 0, true;
        huponexit = "huponexit", 0, false;
        inherit_errexit = "inherit_errexit", 0, false;
        interactive_comments = "interactive_comments", 0, true;
        lastpipe = "lastpipe", 0, false;
        lithist = "lithist", 0, false;
        localvar_inherit = "localvar_inherit", 0, false;
        localvar_unset = "localvar_unset", 0, false;
        login_shell = "login_shell", 0, false;
        mailwarn = "mailwarn", 0, false;
        no_empty_cmd_completion = "no_empty_cmd_completion", 0, false;
        nocaseglob = "nocaseglob", 0, false;
        nocasematch = "nocasematch", 0, false;
        noexpand_translation = "noexpand_translation", 0, false;
        nullglob = "nullglob", 0, false;
        patsub_replacement = "patsub_replacement", 0, true;
        progcomp = "progcomp", 0, true;
        progcomp_alias = "progcomp_alias", 0, false;
        promptvars = "promptvars", 0, true;
        restricted_shell = "restricted_shell", 0, false;
        shift_verbose = "shift_verbose", 0, false;
        sourcepath = "sourcepath", 0, true;
        varredir_close = "varredir_close", 0, false;
        xpg_echo = "xpg_echo", 0, false;
    }
}
