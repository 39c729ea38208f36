mkdir -p s/a/b s/empty; echo one > s/a/1.txt; echo two > s/a/b/2.txt; ln -s 1.txt s/a/l; touch s/zero; chmod 750 s/a/1.txt
f() { find "$@" | sort; echo "-- $?"; }
f s; f s -name '*.txt'; f s -iname '*.TXT'; f s -type d; f s -type l; f s -type f -size 0; f s -empty; f s -maxdepth 1; f s -mindepth 2 -type f
f s -name b -prune -o -type f -print; f s -perm -100 -type f; f s -perm 750; f s -path '*/b/*'; f s ! -type d -a ! -name '*.txt'
f s '(' -name 1.txt -o -name 2.txt ')'; f s -regex '.*/[0-9]\.txt'; f s -newer s/a/1.txt -name nosuch
touch -d '3 days ago' s/zero; f s -mtime +1 -type f; f s -type f -mtime -1; f s -size -2 -type f; f s -links 1 -type l
find s -printf '%f %y %d %m %P\n' | sort
find nope 2>&1; echo $?; find s -nosuch 2>/dev/null; echo $?; find s -name 2>/dev/null; echo $?
find s/a -name '*.txt' -print0 | sort -z | tr '\0' '\n'
find s -name zero -delete; find s -name zero; find s -depth -name b -o -name 2.txt | head -2
