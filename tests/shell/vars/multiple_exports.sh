export A=1 B="two words" C; C=3; bash -c 'echo "$A $B $C"'
declare -x D=4; bash -c 'echo $D'; typeset +x D; bash -c 'echo ${D-none}'
