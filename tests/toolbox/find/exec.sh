mkdir -p s/t; echo 1 > s/1; echo 2 > s/t/2
find s -type f -exec echo got {} \; | sort
find s -type f -exec echo {} + | wc -w
find s -type f -execdir echo {} \; | sort
find s -type f -exec grep -q 1 {} \; -print
find s -type f -exec false {} \; ; echo $?
find s -type f -exec false {} + ; echo $?
find s -type f -exec nosuchcommand {} \; 2>/dev/null; echo $?
find s -type f -exec sh -c 'echo "$0: $(cat "$0")"' {} \; | sort
find s -name 1 -exec rm {} \; ; ls s
