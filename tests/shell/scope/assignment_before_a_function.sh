f() { echo "v=$v"; v=changed; echo "v=$v"; unset v; echo "v=${v-none}"; }
v=global
v=before f
echo "$v"
unset v
v=before f
echo "${v-none}"
