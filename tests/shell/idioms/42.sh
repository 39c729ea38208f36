get() { eval "echo \${$1:-none}"; }; foo=1; get foo; get bar; v=foo; echo ${!v}
