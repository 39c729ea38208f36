drop() { unset -v "$1"; }
f() { local v=local; drop v; echo "${v-unset}"; }
v=global
f; echo "$v"
g() { local v=local; unset v; echo "${v-unset}"; v=again; echo "$v"; }
g; echo "$v"
