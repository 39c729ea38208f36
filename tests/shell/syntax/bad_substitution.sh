echo ${x!} ; echo same line
echo next line $?
