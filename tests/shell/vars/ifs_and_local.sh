f() { local IFS=,; local a="1,2"; set -- $a; echo $#; }; f; set -- 1,2; echo $#
