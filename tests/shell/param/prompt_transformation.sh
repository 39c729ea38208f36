foo=value
PS1='\\ \n-\v \045 \D{%%} $foo $(echo cmd) \w'
cd /; x=${PS1@P}; printf '%s\n' "$x"
p='\[a\]\j\z'; echo "${p@P}"
