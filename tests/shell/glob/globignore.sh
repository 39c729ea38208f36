mkdir d; touch a.txt b.md .hidden d/c.txt d/e.md
echo *
GLOBIGNORE='*.txt'; echo * d/*
GLOBIGNORE='*.txt:d/e*:b.*'; echo * d/*
GLOBIGNORE='*'; echo *
unset GLOBIGNORE; echo *
