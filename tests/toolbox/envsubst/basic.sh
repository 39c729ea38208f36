X=5 envsubst <<< 'v=$X ${X} $Y. $1 ${ $'; X=1 Z=2 envsubst '$X' <<< '$X $Z'; envsubst -v '$A ${B}'; printf 'a\r\nb\r\n' > dos; rev <<< abc; echo $?
