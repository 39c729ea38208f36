trap 'echo debug $BASH_COMMAND' DEBUG
x=1
echo a
f() { echo in f; }
f
for i in 1 2; do echo $i; done
case x in x) echo c;; esac
((x++))
[[ x == x ]]
if true; then echo t; fi
(echo sub)
echo a | cat
