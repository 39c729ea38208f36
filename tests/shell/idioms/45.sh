printf '%s ' {10..1..3} {a..i..4}; echo; echo {,x}{y,} pre{1,2}post
