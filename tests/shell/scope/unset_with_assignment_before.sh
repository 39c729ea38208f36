x=42
x=tmp unset x
echo "${x-none}"
f() { local x=5; x=tmp unset x; echo "${x-none}"; }
f
x=tmp eval 'unset x; echo "${x-none}"'
