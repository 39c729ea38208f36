touch 'a b' 'a*' ab '[x]'
p='a*' q='a\*' r='[[]x]'
for f in $p; do echo "<$f>"; done
echo "$p" $q $r "${p}"
set -f; echo $p; set +f
echo ./$p
