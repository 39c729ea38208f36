f() { local v; echo "${v-unset}"; v=inner; echo "$v"; }
v=global
f
v=before f
echo "$v"
export v
f
g() { f; }
v=outer g
