echo "A=${A:-unset}" ; A=1 eval 'echo $A'; echo "A=${A:-unset}"; A=2 : ; echo ${A:-unset}; A=3 true; echo ${A:-unset}
