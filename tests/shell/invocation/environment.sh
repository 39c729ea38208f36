FOO=bar bash -c 'echo $FOO; unset FOO; bash -c "echo \${FOO-gone}"'
bash -c 'echo $SHLVL' | grep -c .
