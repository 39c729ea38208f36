echo ${undefined?} 2>/dev/null; echo not
