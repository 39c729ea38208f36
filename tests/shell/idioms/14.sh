str="key=value=more"; echo "${str%%=*} ${str#*=}"
