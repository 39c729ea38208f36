mkdir g; touch g/a1 g/a2 'g/b c'
for f in g/*; do echo "$f"; done
set -- g/a*; echo $#
arr=(g/*); echo "${#arr[@]} ${arr[2]}"
x=g/*; echo "$x"; echo $x
[ -e g/a? ] 2>/dev/null || echo many
case g/a1 in g/*) echo case;; esac
echo "g/"* g/'a'*
