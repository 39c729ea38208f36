s='hello world'
echo "${s/o/0} ${s//o/0} ${s/#hello/bye} ${s/%world/all} ${s/nothing/x}"
echo "${s// /_} ${s//[aeiou]/} ${s//l} ${s/l*/X}"
p=a/b/c; echo "${p//\//:} ${p////|}"
e=; echo "<${e/x/y}>" "<${e/#/pre}>"
echo "${s/world/&!} ${s/world/\&!} ${s/world/"&"!}"
r='x&y'; echo "${s/o/$r}" "${s/o/"$r"}"
