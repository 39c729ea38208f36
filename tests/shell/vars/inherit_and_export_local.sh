f() { local -x E=1; bash -c 'echo ${E-none}'; }; f; bash -c 'echo ${E-none}'
