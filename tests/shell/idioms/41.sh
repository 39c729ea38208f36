set -- a b c; while (($#)); do echo $1; shift; done; echo $#
